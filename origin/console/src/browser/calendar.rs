//! Dates, times and languages as the browser writes them in the console's language.

use firsthop_core::Timestamp;
use js_sys::{Array, Date, Function, Object, Reflect};
use wasm_bindgen::{JsCast, JsValue};

use crate::words::Lang;

fn date(at: Timestamp) -> Date {
    Date::new(&JsValue::from_f64(at.as_millis() as f64))
}

fn write(at: Timestamp, lang: Lang, options: &[(&str, &str)]) -> String {
    let object = Object::new();
    for (name, value) in options {
        let _ = Reflect::set(&object, &JsValue::from_str(name), &JsValue::from_str(value));
    }
    date(at).to_locale_string(lang.tag(), &object).into()
}

/// A number that differs between days, in the browser's time zone.
pub(crate) fn day(at: Timestamp) -> u32 {
    let date = date(at);
    date.get_full_year() * 512 + date.get_month() * 32 + date.get_date()
}

/// `14:05`.
pub(crate) fn time(at: Timestamp, lang: Lang) -> String {
    write(
        at,
        lang,
        &[
            ("hour", "2-digit"),
            ("minute", "2-digit"),
            ("hourCycle", "h23"),
        ],
    )
}

/// The time if it was today, otherwise the date, briefly.
pub(crate) fn brief(at: Timestamp, now: Timestamp, lang: Lang) -> String {
    if day(at) == day(now) {
        time(at, lang)
    } else if date(at).get_full_year() == date(now).get_full_year() {
        write(at, lang, &[("day", "numeric"), ("month", "short")])
    } else {
        write(
            at,
            lang,
            &[("day", "numeric"), ("month", "short"), ("year", "numeric")],
        )
    }
}

/// The day, in full.
pub(crate) fn long_day(at: Timestamp, lang: Lang) -> String {
    write(
        at,
        lang,
        &[
            ("weekday", "long"),
            ("day", "numeric"),
            ("month", "long"),
            ("year", "numeric"),
        ],
    )
}

/// Day and time.
pub(crate) fn moment(at: Timestamp, lang: Lang) -> String {
    write(
        at,
        lang,
        &[
            ("day", "numeric"),
            ("month", "short"),
            ("year", "numeric"),
            ("hour", "2-digit"),
            ("minute", "2-digit"),
            ("hourCycle", "h23"),
        ],
    )
}

/// What a locale such as `zh-CN` is called; the locale itself where the browser can't tell.
pub(crate) fn language(tag: &str, lang: Lang) -> String {
    display_name(tag, lang).unwrap_or_else(|_| tag.to_owned())
}

/// `new Intl.DisplayNames(lang, { type: "language" }).of(tag)`; it throws on a malformed tag,
/// which visitors may send.
fn display_name(tag: &str, lang: Lang) -> Result<String, JsValue> {
    let constructor: Function = Reflect::get(&js_sys::global(), &"Intl".into())
        .and_then(|intl| Reflect::get(&intl, &"DisplayNames".into()))?
        .dyn_into()?;
    let options = Object::new();
    Reflect::set(&options, &"type".into(), &"language".into())?;
    let names = Reflect::construct(&constructor, &Array::of2(&lang.tag().into(), &options))?;
    let of: Function = Reflect::get(&names, &"of".into())?.dyn_into()?;
    of.call1(&names, &tag.into())?
        .as_string()
        .ok_or(JsValue::UNDEFINED)
}
