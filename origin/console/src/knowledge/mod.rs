//! Knowledge in the console, without the screen: what the requests carry, an item as a document
//! with fields, and two editors' changes put together.
//!
//! In and out: plain Rust values and JSON. Start reading at [`wire`], then [`doc`]. Not here:
//! requests (`browser::http`), views (`ui::knowledge`), and what is right or wrong in an item,
//! which the origin decides.

pub mod condition;
pub mod doc;
pub mod edit;
pub mod explain;
pub mod merge;
pub mod schema;
pub mod wire;
pub mod work;
