//! The screen, in Leptos.
//!
//! In: the replica (through [`desk::Desk`], which drives it) and what the agent does. Out: DOM,
//! of text nodes only. Invariant: nothing here decides what a command causes or whether it is
//! allowed; views show what the replica holds and redraw when it changes.
//! Start reading at [`app`], then [`desk`], then [`workspace`].

// Leptos makes what it generates for a component public, however private the component is.
#![allow(unreachable_pub)]

mod account;
mod app;
mod composer;
mod conversation;
mod desk;
mod details;
mod dialogs;
mod entries;
mod entry;
mod icons;
mod keys;
mod knowledge;
mod list;
mod nav;
mod workspace;

/// Shows the console in the page.
pub fn start() {
    leptos::mount::mount_to_body(app::App);
}
