//! The widget for sites that bundle it: makes the element that the launcher makes for others.

use wasm_bindgen::JsError;
use wasm_bindgen::closure::Closure;
use wasm_bindgen::prelude::wasm_bindgen;

use crate::api::{Given, Widget, start};

const STYLE: &str = include_str!("../style/widget.css");

#[wasm_bindgen(typescript_custom_section)]
const TYPES: &str = "
/** Adds the widget to this page. */
export function mount(options: Options): Widget;
";

#[wasm_bindgen(module = "/js/host.js")]
extern "C" {
    /// `ownHost` of `js/host.js`.
    #[wasm_bindgen(js_name = ownHost)]
    fn own_host(options: Given, style: &str) -> Given;

    /// The launcher's button.
    type Button;

    #[wasm_bindgen(method, setter)]
    fn set_onclick(this: &Button, pressed: wasm_bindgen::JsValue);
}

/// Adds the widget to the page.
///
/// # Errors
/// If the options name no server or no inbox.
#[wasm_bindgen(skip_typescript)]
pub fn mount(options: Given) -> Result<Widget, JsError> {
    let given = own_host(options, STYLE);
    let button: Button = wasm_bindgen::JsCast::unchecked_into(given.button());
    let widget = start(given)?;
    let pressed = widget.clone();
    button.set_onclick(Closure::<dyn Fn()>::new(move || pressed.toggle()).into_js_value());
    Ok(widget)
}
