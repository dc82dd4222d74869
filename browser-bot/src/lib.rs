//! The widget: a chat panel on a shop's page that answers in the visitor's browser, and passes
//! on what it can't answer.
//!
//! In: what the visitor does, frames from the hop above, what other tabs did, calls of the
//! page's script. Out: the panel, frames, what is stored on the device. It is a shell around
//! [`firsthop_core::hop::client::Client`], which decides everything about delivery.
//!
//! Start reading at [`api`] (what the launcher calls), then `shell` (the one loop), then
//! `scene` (what is shown). What the browser does for it all (storage, sockets,
//! other tabs) is `platform` with `js/platform.js`; the panel is `view` with
//! `js/view.js`; the launcher is `js/launcher.js`.
//!
//! Invariants: nothing is stored before the visitor does something; no text is ever taken for
//! markup; whatever the browser refuses (storage, sockets, locks), the rest works.

pub mod api;
mod clock;
mod i18n;
mod knowledge;
#[cfg(feature = "npm")]
pub mod npm;
mod platform;
mod scene;
mod shell;
mod view;

#[cfg(target_family = "wasm")]
#[global_allocator]
static ALLOCATOR: rlsf::SmallGlobalTlsf = rlsf::SmallGlobalTlsf::new();
