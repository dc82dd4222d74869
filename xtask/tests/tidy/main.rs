//! What must be true of the tree itself, whatever the code does.
//!
//! Each test names the file or package that breaks the rule, and what would be right.

mod core_is_pure;
mod documents;
mod licences;
mod sources;
mod tree;
