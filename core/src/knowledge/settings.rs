//! The settings line: what holds for the whole knowledge.

use super::item::{Fields, Reader, taker};
use super::{
    KnowledgeError, KnowledgeErrorCode as Code, Schedule, Settings, Source, Zone, schedule,
};
use crate::json::Json;
use crate::limits::WORD_BYTES_MAX;

const SETTINGS: [&str; 3] = ["zone", "hours", "small_talk"];

impl Settings {
    /// The error that there are settings already.
    pub(super) fn twice(&self, first: &Source) -> KnowledgeError {
        KnowledgeError {
            file: self.source.file.clone(),
            line: self.source.line,
            field: "settings".into(),
            code: Code::DuplicateId,
            message: format!(
                "there are settings already in {}:{}: put all of them there",
                first.file, first.line
            ),
        }
    }
}

impl Reader<'_> {
    pub(super) fn settings(&mut self, fields: Fields, settings: &mut Settings) {
        self.known(&fields, &["settings"]);
        let mut read = Settings {
            source: self.source(),
            ..Settings::default()
        };
        match taker(fields)("settings") {
            Some(Json::Object(fields)) => self.each_setting(fields, &mut read),
            Some(other) => {
                let message = format!("an object is expected, not {}", other.kind());
                self.error("settings", Code::WrongType, message);
            }
            None => {}
        }
        if settings.source.line == 0 {
            *settings = read;
        } else {
            let error = read.twice(&settings.source);
            self.error(&error.field, error.code, error.message);
        }
    }

    fn each_setting(&mut self, fields: Fields, settings: &mut Settings) {
        for (name, _) in &fields {
            if !SETTINGS.contains(&name.as_str()) {
                let message = format!("unknown setting; known are {}", SETTINGS.join(", "));
                self.error(&format!("settings.{name}"), Code::UnknownField, message);
            }
        }
        let mut take = taker(fields);
        settings.schedule = self.schedule(take("zone"), take("hours"));
        if let Some(value) = take("small_talk") {
            settings.small_talk = self.small_talk(value);
        }
    }

    fn schedule(&mut self, zone: Option<Json>, hours: Option<Json>) -> Option<Schedule> {
        let hours = hours?;
        let zone = match zone {
            Some(zone) => self.zone(zone),
            None => {
                let message = "business hours need the zone that they are told in, such as `Asia/Shanghai` or `+08:00`".into();
                self.error("settings.zone", Code::MissingField, message);
                None
            }
        };
        let before = self.errors.len();
        let weekly = self.weekly(hours);
        (self.errors.len() == before).then_some(Schedule {
            zone: zone?,
            weekly,
        })
    }

    fn zone(&mut self, value: Json) -> Option<Zone> {
        let name = self.text("settings.zone", value, WORD_BYTES_MAX)?;
        let zone = Zone::named(&name);
        if zone.is_none() {
            let message = format!(
                "the zone `{name}` is not known; an offset from UTC is expected, such as `+08:00`, or one of {}",
                Zone::names()
            );
            self.error("settings.zone", Code::BadValue, message);
        }
        zone
    }

    /// By day or days, when the business is open, in minutes of the week.
    fn weekly(&mut self, value: Json) -> Vec<(u16, u16)> {
        let Json::Object(fields) = value else {
            let message = format!(
                "an object of hours by day is expected, not {}",
                value.kind()
            );
            self.error("settings.hours", Code::WrongType, message);
            return Vec::new();
        };
        let mut open = Vec::new();
        for (days, hours) in fields {
            let field = format!("settings.hours.{days}");
            let Some(days) = schedule::days(&days) else {
                let message =
                    "a day (`mon`, `tue`, … `sun`) or several (`mon-fri`) are expected".into();
                self.error(&field, Code::BadValue, message);
                continue;
            };
            for text in self.texts(&field, hours, WORD_BYTES_MAX) {
                match schedule::hours(&text) {
                    Some(hours) => open.extend(schedule::intervals(&days, hours)),
                    None => {
                        let message = format!("hours are told like `09:00-18:00`, not `{text}`");
                        self.error(&field, Code::BadValue, message);
                    }
                }
            }
        }
        schedule::merged(open)
    }
}
