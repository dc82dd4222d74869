//! The agents' console: the shared inbox, in the agents' browsers.
//!
//! In: the origin's frames (`firsthop_core::protocol::agent`) and what the agent does. Out:
//! commands and the screen. Invariant: whatever decides anything is plain Rust without a browser
//! ([`replica`], [`knowledge`], [`inert`], [`route`], [`words`], [`rest`]) and is tested natively; what needs
//! one is a thin layer over it, compiled for wasm only (`browser`: socket, clock, storage;
//! `ui`: the screen, in Leptos). Start reading at [`replica`], then `ui::app`.
//! Not here: the origin's side of the socket, which serves this console and checks everything.

pub mod inert;
pub mod knowledge;
pub mod replica;
pub mod rest;
pub mod route;
pub mod visitor_name;
pub mod words;

#[cfg(target_arch = "wasm32")]
mod browser;
#[cfg(target_arch = "wasm32")]
mod ui;

#[cfg(target_arch = "wasm32")]
pub use ui::start;
