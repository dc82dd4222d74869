//! When a business is open: hours of the week in a zone.
//!
//! A zone is an offset from UTC, and where clocks are changed the rule by which they are. A pack
//! carries the changes themselves, of the years from 2024 to 2050, so that no hop needs to know
//! the rules.

/// Hours of the week in a zone.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Schedule {
    /// Where the hours are told.
    pub zone: Zone,
    /// From when until before when it is open, in minutes from the start of Monday; ascending,
    /// apart from each other. The last may end after the week does.
    pub weekly: Vec<(u16, u16)>,
}

/// How local time differs from UTC.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Zone {
    /// Minutes ahead of UTC, in winter where there is one.
    pub offset_minutes: i16,
    change: Change,
}

/// When clocks are an hour ahead.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Change {
    Never,
    /// From the last Sunday of March to the last of October, at 01:00 UTC.
    Europe,
    /// From the second Sunday of March to the first of November, at 02:00 local time.
    America,
    /// From the first Sunday of October to the first of April, at 02:00 standard time.
    Australia,
}

/// Years of which a pack knows the changes.
const YEARS: core::ops::RangeInclusive<i64> = 2024..=2050;

use Change::{America, Australia, Europe, Never};

const ZONES: [(&str, i16, Change); 48] = [
    ("UTC", 0, Never),
    ("Africa/Cairo", 120, Never),
    ("Africa/Johannesburg", 120, Never),
    ("Africa/Lagos", 60, Never),
    ("Africa/Nairobi", 180, Never),
    ("America/Argentina/Buenos_Aires", -180, Never),
    ("America/Bogota", -300, Never),
    ("America/Chicago", -360, America),
    ("America/Denver", -420, America),
    ("America/Lima", -300, Never),
    ("America/Los_Angeles", -480, America),
    ("America/Mexico_City", -360, Never),
    ("America/New_York", -300, America),
    ("America/Phoenix", -420, Never),
    ("America/Sao_Paulo", -180, Never),
    ("America/Toronto", -300, America),
    ("America/Vancouver", -480, America),
    ("Asia/Bangkok", 420, Never),
    ("Asia/Dubai", 240, Never),
    ("Asia/Ho_Chi_Minh", 420, Never),
    ("Asia/Hong_Kong", 480, Never),
    ("Asia/Jakarta", 420, Never),
    ("Asia/Karachi", 300, Never),
    ("Asia/Kolkata", 330, Never),
    ("Asia/Kuala_Lumpur", 480, Never),
    ("Asia/Macau", 480, Never),
    ("Asia/Manila", 480, Never),
    ("Asia/Riyadh", 180, Never),
    ("Asia/Seoul", 540, Never),
    ("Asia/Shanghai", 480, Never),
    ("Asia/Singapore", 480, Never),
    ("Asia/Taipei", 480, Never),
    ("Asia/Tokyo", 540, Never),
    ("Asia/Urumqi", 360, Never),
    ("Australia/Brisbane", 600, Never),
    ("Australia/Perth", 480, Never),
    ("Australia/Sydney", 600, Australia),
    ("Europe/Amsterdam", 60, Europe),
    ("Europe/Athens", 120, Europe),
    ("Europe/Berlin", 60, Europe),
    ("Europe/Istanbul", 180, Never),
    ("Europe/Lisbon", 0, Europe),
    ("Europe/London", 0, Europe),
    ("Europe/Madrid", 60, Europe),
    ("Europe/Moscow", 180, Never),
    ("Europe/Paris", 60, Europe),
    ("Europe/Rome", 60, Europe),
    ("Europe/Warsaw", 60, Europe),
];

impl Zone {
    /// The zone of this name, or at this offset (`+08:00`).
    #[must_use]
    pub fn named(name: &str) -> Option<Self> {
        if let Some((_, offset_minutes, change)) = ZONES.iter().find(|(zone, ..)| *zone == name) {
            return Some(Self {
                offset_minutes: *offset_minutes,
                change: *change,
            });
        }
        let sign = match name.as_bytes().first()? {
            b'+' => 1,
            b'-' => -1,
            _ => return None,
        };
        let minutes = time(name.get(1..)?).filter(|minutes| *minutes <= 14 * 60)?;
        Some(Self {
            offset_minutes: sign * minutes as i16,
            change: Never,
        })
    }

    pub(super) fn names() -> String {
        ZONES.map(|(name, ..)| name).join(", ")
    }

    /// When clocks are put an hour ahead, back, ahead and so on, in minutes since 1970 began in
    /// UTC, ascending.
    #[must_use]
    pub fn changes(self) -> Vec<u32> {
        let minutes = |day: i64, minute: i64| (day * 1440 + minute) as u32;
        let offset = i64::from(self.offset_minutes);
        let mut changes = Vec::new();
        for year in YEARS {
            match self.change {
                Never => {}
                Europe => {
                    changes.push(minutes(sunday_from(year, 3, 25), 60));
                    changes.push(minutes(sunday_from(year, 10, 25), 60));
                }
                America => {
                    changes.push(minutes(sunday_from(year, 3, 8), 120 - offset));
                    changes.push(minutes(sunday_from(year, 11, 1), 60 - offset));
                }
                Australia => {
                    // The first is a change back: the year starts an hour ahead.
                    changes.push(minutes(sunday_from(year, 4, 1), 120 - offset));
                    changes.push(minutes(sunday_from(year, 10, 1), 120 - offset));
                }
            }
        }
        if self.change == Australia {
            changes.insert(0, 0);
        }
        changes
    }
}

/// Days since 1970 began until the first Sunday of a month that is not before `day`.
fn sunday_from(year: i64, month: i64, day: i64) -> i64 {
    let start = days_from_civil(year, month, day);
    // 1970 began on a Thursday.
    start + (10 - (start % 7)) % 7
}

/// Days since 1970 began of a day of the Gregorian calendar: years start in March here, so that
/// the leap day is a year's last.
fn days_from_civil(year: i64, month: i64, day: i64) -> i64 {
    let year = if month <= 2 { year - 1 } else { year };
    let month = (month + 9) % 12;
    let in_year = (153 * month + 2) / 5 + day - 1;
    365 * year + year / 4 - year / 100 + year / 400 + in_year - 719_468
}

const DAYS: [&str; 7] = ["mon", "tue", "wed", "thu", "fri", "sat", "sun"];

const DAY: u16 = 1440;

/// `mon`, `mon-fri`, `fri-mon`: days of the week, Monday is 0.
pub(super) fn days(text: &str) -> Option<Vec<u16>> {
    let day = |name: &str| {
        let name = name.trim().to_ascii_lowercase();
        DAYS.iter().position(|day| *day == name)
    };
    let (first, last) = match text.split_once('-') {
        Some((first, last)) => (day(first)?, day(last)?),
        None => (day(text)?, day(text)?),
    };
    let count = (last + 7 - first) % 7 + 1;
    Some((0..count).map(|step| ((first + step) % 7) as u16).collect())
}

/// `09:00-18:00`: minutes of the day; what ends before it starts ends on the next day.
pub(super) fn hours(text: &str) -> Option<(u16, u16)> {
    let (from, to) = text.split_once(['-', '–'])?;
    let (from, to) = (time(from)?, time(to)?);
    if from >= DAY || from == to {
        return None;
    }
    Some((from, if to <= from { to + DAY } else { to }))
}

/// `09:00`: minutes of the day, `24:00` included.
fn time(text: &str) -> Option<u16> {
    let (hour, minute) = text.trim().split_once(':')?;
    let number = |text: &str| {
        let digits = (1..=2).contains(&text.len()) && text.bytes().all(|b| b.is_ascii_digit());
        digits.then(|| text.parse::<u16>().ok()).flatten()
    };
    let (hour, minute) = (number(hour)?, number(minute)?);
    let minutes = hour * 60 + minute;
    (minute < 60 && minutes <= DAY).then_some(minutes)
}

/// The stretches of the week that these hours are on these days.
pub(super) fn intervals(days: &[u16], (from, to): (u16, u16)) -> Vec<(u16, u16)> {
    let stretch = |day: &u16| {
        let (start, end) = (day * DAY + from, day * DAY + to);
        let week = 7 * DAY;
        // Sunday night is also the start of the week.
        [(start, end.min(week)), (0, end.saturating_sub(week))]
    };
    let all = days.iter().flat_map(stretch);
    all.filter(|(start, end)| start < end).collect()
}

/// Ascending, those that touch as one.
pub(super) fn merged(mut open: Vec<(u16, u16)>) -> Vec<(u16, u16)> {
    open.sort_unstable();
    let mut merged: Vec<(u16, u16)> = Vec::new();
    for (start, end) in open {
        match merged.last_mut() {
            Some((_, last)) if start <= *last => *last = end.max(*last),
            _ => merged.push((start, end)),
        }
    }
    merged
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn days_and_hours_are_read() {
        assert_eq!(days("mon-wed"), Some(vec![0, 1, 2]));
        assert_eq!(days("Sat-Mon"), Some(vec![5, 6, 0]));
        assert_eq!(days("sun"), Some(vec![6]));
        assert_eq!(days("someday"), None);
        assert_eq!(hours("09:00-18:30"), Some((540, 1110)));
        assert_eq!(hours("22:00 - 02:00"), Some((1320, 1560)));
        assert_eq!(hours("00:00-24:00"), Some((0, 1440)));
        for wrong in [
            "9-18",
            "09:00",
            "09:60-10:00",
            "25:00-26:00",
            "09:00-09:00",
            "+9:00-10:00",
        ] {
            assert_eq!(hours(wrong), None, "{wrong}");
        }
        let nights = intervals(&[6], (1320, 1560));
        assert_eq!(merged(nights), [(0, 120), (6 * 1440 + 1320, 7 * 1440)]);
        assert_eq!(merged(vec![(60, 90), (0, 60), (80, 100)]), [(0, 100)]);
    }

    #[test]
    fn clocks_change_when_they_do() {
        // 2026-03-29 01:00 UTC and 2026-10-25 01:00 UTC, in minutes.
        let berlin = Zone::named("Europe/Berlin")
            .map(Zone::changes)
            .unwrap_or_default();
        assert_eq!(berlin.get(4..6), Some([29_579_100, 29_881_500].as_slice()));
        // 2026-03-08 07:00 UTC and 2026-11-01 06:00 UTC.
        let new_york = Zone::named("America/New_York")
            .map(Zone::changes)
            .unwrap_or_default();
        assert_eq!(
            new_york.get(4..6),
            Some([29_549_220, 29_891_880].as_slice())
        );
        // 2026-04-04 16:00 UTC and 2026-10-03 16:00 UTC.
        let sydney = Zone::named("Australia/Sydney")
            .map(Zone::changes)
            .unwrap_or_default();
        assert_eq!(sydney.get(5..7), Some([29_588_640, 29_850_720].as_slice()));
        assert!(Zone::named("Asia/Shanghai").is_some_and(|zone| zone.changes().is_empty()));
        assert_eq!(
            Zone::named("-03:30").map(|zone| zone.offset_minutes),
            Some(-210)
        );
        for wrong in ["Mars/Olympus", "+25:00", "08:00", "+8"] {
            assert_eq!(Zone::named(wrong), None, "{wrong}");
        }
    }
}
