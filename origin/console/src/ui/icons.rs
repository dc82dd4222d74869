//! The icons: strokes on a 24 by 24 grid, in the text's colour, unseen by screen readers.

use leptos::prelude::*;

/// The drawing of an icon, as an SVG path.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Icon(&'static str);

pub(super) const CLOCK: Icon = Icon("M12 3a9 9 0 1 0 0 18 9 9 0 0 0 0-18Zm0 4.5V12l3 2");
pub(super) const PERSON: Icon =
    Icon("M12 12a4 4 0 1 0 0-8 4 4 0 0 0 0 8Zm-7.5 8c.6-3.6 3.7-5.5 7.5-5.5s6.9 1.9 7.5 5.5");
pub(super) const STACK: Icon = Icon("M4 6.500h16M4 12h16M4 17.500h10");
pub(super) const DONE: Icon = Icon("M12 3a9 9 0 1 0 0 18 9 9 0 0 0 0-18Zm-4 9.3 2.8 2.7 5.2-5.5");
pub(super) const CHECK: Icon = Icon("m5 12.5 4.5 4.500L19 7.5");
pub(super) const CHECKS: Icon = Icon("m2.5 12.8 4 4L15 8m-3 7.8 1.2 1L21.5 8");
pub(super) const BACK: Icon = Icon("M19 12H5m6-6.500L4.5 12l6.5 6.5");
pub(super) const CROSS: Icon = Icon("m6 6 12 12M18 6 6 18");
pub(super) const INFO: Icon = Icon("M12 3a9 9 0 1 0 0 18 9 9 0 0 0 0-18Zm0 8v5.500M12 7.500v.1");
pub(super) const LOCK: Icon = Icon(
    "M6.5 10.500h11a1 1 0 0 1 1 1V19a1 1 0 0 1-1 1h-11a1 1 0 0 1-1-1v-7.500a1 1 0 0 1 1-1Zm2 0V8a3.5 3.5 0 0 1 7 0v2.5",
);
pub(super) const WARNING: Icon = Icon("M12 4 2.8 19.500h18.400L12 4Zm0 6v4.500m0 2.400v.1");
pub(super) const SHIELD: Icon = Icon(
    "M12 3 5 5.800v5.400c0 4.5 2.9 7.8 7 9.8 4.1-2 7-5.3 7-9.800V5.800L12 3Zm-3.2 9 2.4 2.3 4.1-4.4",
);
pub(super) const SPARK: Icon = Icon(
    "M8 9.500h8a2.5 2.5 0 0 1 2.5 2.500v4A2.5 2.5 0 0 1 16 18.500H8A2.5 2.5 0 0 1 5.5 16v-4A2.5 2.5 0 0 1 8 9.500Zm4 0V6m0-1.800v.1M9.5 13.500v1m5-1v1M3 13v2m18-2v2",
);
pub(super) const SEND: Icon = Icon("M4.5 12 3.8 4.3 21 12 3.8 19.7 4.5 12Zm0 0h8");
pub(super) const SETTINGS: Icon = Icon(
    "M4 7h9m5 0h2M4 17h2m5 0h9M15.5 4.800a2.2 2.2 0 1 0 0 4.4 2.2 2.2 0 0 0 0-4.400Zm-7 10a2.2 2.2 0 1 0 0 4.4 2.2 2.2 0 0 0 0-4.400Z",
);
pub(super) const CLOUD_OFF: Icon = Icon(
    "M3.5 3.500l17 17M9 6.300A6 6 0 0 1 17.8 11 4 4 0 0 1 20 17.700M6.6 9.900A4.3 4.3 0 0 0 7.5 18.500h8.8",
);
pub(super) const DOWN: Icon = Icon("M12 5v14m-6-6 6 6 6-6");
pub(super) const KEYBOARD: Icon = Icon(
    "M4.5 6.500h15a1.5 1.5 0 0 1 1.5 1.500v8a1.5 1.5 0 0 1-1.5 1.500h-15A1.5 1.5 0 0 1 3 16V8a1.5 1.5 0 0 1 1.5-1.500ZM7 10v.1M10.3 10v.1M13.7 10v.1M17 10v.1M8.5 14h7",
);
pub(super) const EXIT: Icon = Icon(
    "M14 4.500H6.500A1.5 1.5 0 0 0 5 6v12a1.5 1.5 0 0 0 1.5 1.500H14M10.5 12H20m-3.5-4 4 4-4 4",
);
pub(super) const GLOBE: Icon = Icon(
    "M12 3a9 9 0 1 0 0 18 9 9 0 0 0 0-18Zm-9 9h18M12 3c2.5 2.6 3.7 5.6 3.7 9S14.5 18.4 12 21c-2.5-2.6-3.7-5.6-3.7-9S9.5 5.6 12 3Z",
);
pub(super) const INBOX: Icon =
    Icon("M4 13.5 6.5 5h11L20 13.500V19H4v-5.500Zm0 0h4.500l1.5 2.500h4l1.5-2.500H20");

pub(super) const BOOK: Icon = Icon(
    "M12 6.500C10 5 7 4.500 4 4.500v13c3 0 6 .5 8 2 2-1.500 5-2 8-2v-13c-3 0-6 .5-8 2Zm0 0v13",
);
pub(super) const BUBBLE: Icon = Icon(
    "M5.5 5h13A1.5 1.5 0 0 1 20 6.500v8a1.5 1.5 0 0 1-1.5 1.500H12l-4.500 3.500V16h-2A1.5 1.5 0 0 1 4 14.500v-8A1.5 1.5 0 0 1 5.5 5Zm3 4.200h7M8.5 12H13",
);
pub(super) const RULE: Icon =
    Icon("M6 4v16M6 12h5l4-5h4m-8 5 4 5h4m-2.500-12.500L20 7l-3.500 2.500m0 5L20 17l-3.500 2.500");
pub(super) const SAME: Icon = Icon("M5 9h14M5 15h14");
pub(super) const TAG: Icon = Icon("M4 5.500A1.5 1.5 0 0 1 5.5 4H12l8 8-8 8-8-8V5.500Zm4.500 3v.1");
pub(super) const SEARCH: Icon = Icon("M10.5 4.500a6 6 0 1 0 0 12 6 6 0 0 0 0-12Zm4.500 10.500 5 5");
pub(super) const PLUS: Icon = Icon("M12 5v14M5 12h14");
pub(super) const CHEVRON: Icon = Icon("m7 10 5 5 5-5");
pub(super) const PLAY: Icon = Icon(
    "M9.500 9.300a2.6 2.6 0 1 1 3.600 2.900c-.7.3-1.100.9-1.100 1.600m0 2.700v.1M12 3a9 9 0 1 0 0 18 9 9 0 0 0 0-18Z",
);
pub(super) const BIN: Icon =
    Icon("M5 7h14M10 7V4.500h4V7m-7.500 0 .8 12.500h9.400L17.500 7M10.500 11v5m3-5v5");
pub(super) const ARROW: Icon = Icon("M5 12h14m-5-5 5 5-5 5");

/// Draws it.
pub(super) fn icon(icon: Icon) -> impl IntoView {
    view! {
        <svg class="icon" viewBox="0 0 24 24" aria-hidden="true" focusable="false">
            <path d=icon.0></path>
        </svg>
    }
}
