//! Points in time, as reports hold them.

use std::fmt;
use std::str::FromStr;
use std::time::{Duration, SystemTime, UNIX_EPOCH};

use serde::{Deserialize, Serialize};

/// A point in time, to the nanosecond. Text and JSON are RFC 3339 in UTC.
///
/// ```
/// use reach365_model::Timestamp;
///
/// let moment: Timestamp = "2026-11-21T09:00:00+01:00".parse()?;
/// assert_eq!(moment.to_string(), "2026-11-21T08:00:00Z");
/// # Ok::<(), reach365_model::time::TimeError>(())
/// ```
#[derive(
    Debug, Clone, Copy, Default, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize,
)]
#[serde(transparent)]
pub struct Timestamp(jiff::Timestamp);

/// Text that is not a time in RFC 3339.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("not a time such as 2026-11-21T09:00:00+01:00")]
#[non_exhaustive]
pub struct TimeError;

impl Timestamp {
    /// Seconds since 1970 began; `None` outside the years -9999 to 9999.
    pub fn from_second(second: i64) -> Option<Self> {
        jiff::Timestamp::from_second(second).ok().map(Self)
    }

    /// The value of an HTTP header such as `Date`.
    pub fn from_http_date(text: &str) -> Option<Self> {
        let moment = jiff::fmt::rfc2822::parse(text).ok()?;
        Some(Self(moment.timestamp()))
    }

    /// Date and time of day in UTC, such as `2031-05-01 08:00:00.000`, without any zone behind it.
    // The parser of dsregcmd needs it; it is not part of the public API.
    #[doc(hidden)]
    pub fn from_utc_text(text: &str) -> Option<Self> {
        let moment: jiff::civil::DateTime = text.parse().ok()?;
        jiff::tz::Offset::UTC.to_timestamp(moment).ok().map(Self)
    }

    /// Whole seconds since 1970 began.
    pub fn as_second(self) -> i64 {
        self.0.as_second()
    }

    /// Whole milliseconds since 1970 began.
    pub fn as_millisecond(self) -> i64 {
        self.0.as_millisecond()
    }

    /// Later, or earlier, by milliseconds; `None` outside the years -9999 to 9999.
    pub fn checked_add_ms(self, milliseconds: i64) -> Option<Self> {
        let distance = jiff::SignedDuration::from_millis(milliseconds);
        self.0.checked_add(distance).ok().map(Self)
    }

    /// How much later this is than `earlier`; `None` if it is not.
    pub fn duration_since(self, earlier: Self) -> Option<Duration> {
        Duration::try_from(self.0.duration_since(earlier.0)).ok()
    }

    /// How many whole seconds this is later than `other`; negative if it is earlier.
    pub fn seconds_since(self, other: Self) -> i64 {
        self.0.duration_since(other.0).as_secs()
    }

    /// Date and time of day in UTC in a format of `strftime`, such as `%F %T`.
    pub fn format_utc(self, format: &str) -> String {
        let written = jiff::fmt::strtime::format(format, self.0);
        written.unwrap_or_else(|_| self.to_string())
    }

    /// The same point in time for the standard library, where this platform can hold it.
    pub fn to_system_time(self) -> Option<SystemTime> {
        let distance = self.0.duration_since(jiff::Timestamp::UNIX_EPOCH);
        if distance.is_negative() {
            UNIX_EPOCH.checked_sub(distance.unsigned_abs())
        } else {
            UNIX_EPOCH.checked_add(distance.unsigned_abs())
        }
    }
}

impl From<SystemTime> for Timestamp {
    /// A clock beyond the years -9999 to 9999 is held at their end.
    fn from(time: SystemTime) -> Self {
        let end = if time < UNIX_EPOCH {
            jiff::Timestamp::MIN
        } else {
            jiff::Timestamp::MAX
        };
        Self(jiff::Timestamp::try_from(time).unwrap_or(end))
    }
}

impl fmt::Display for Timestamp {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.fmt(formatter)
    }
}

impl FromStr for Timestamp {
    type Err = TimeError;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        text.parse().map(Self).map_err(|_| TimeError)
    }
}

#[cfg(feature = "schema")]
impl schemars::JsonSchema for Timestamp {
    fn inline_schema() -> bool {
        true
    }

    fn schema_name() -> std::borrow::Cow<'static, str> {
        "Timestamp".into()
    }

    fn json_schema(_: &mut schemars::SchemaGenerator) -> schemars::Schema {
        schemars::json_schema!({ "type": "string", "format": "date-time" })
    }
}

/// A point in time, and what clocks on the wall said then.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct LocalTime {
    /// The point in time.
    pub moment: Timestamp,
    /// Local time less UTC, in seconds.
    pub utc_offset: i32,
}

impl FromStr for LocalTime {
    type Err = TimeError;

    /// RFC 3339; its offset is what local time is.
    fn from_str(text: &str) -> Result<Self, Self::Err> {
        let pieces = jiff::fmt::temporal::Pieces::parse(text).map_err(|_| TimeError)?;
        let offset = pieces.to_numeric_offset().ok_or(TimeError)?;
        Ok(Self {
            moment: text.parse()?,
            utc_offset: offset.seconds(),
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn time(text: &str) -> Timestamp {
        text.parse().unwrap()
    }

    #[test]
    fn json_and_text_are_rfc_3339_to_the_nanosecond() {
        for text in [
            "2026-11-21T08:00:00Z",
            "2026-11-21T08:00:00.123456789Z",
            "-000044-03-15T00:00:00Z",
        ] {
            let json = format!("\"{text}\"");
            let read: Timestamp = serde_json::from_str(&json).unwrap();
            assert_eq!(serde_json::to_string(&read).unwrap(), json);
            assert_eq!(read, time(text));
            assert_eq!(read.to_string(), text);
        }
        assert_eq!("yesterday".parse::<Timestamp>(), Err(TimeError));
        let fraction = time("2026-11-21T08:00:00.9Z");
        assert_eq!(format!("{fraction:.0}"), "2026-11-21T08:00:00Z");
    }

    #[test]
    fn the_standard_library_holds_the_same_moment() {
        for text in ["2026-11-21T08:00:00.1234567Z", "1969-12-31T23:59:59.5Z"] {
            let there = time(text).to_system_time().unwrap();
            assert_eq!(Timestamp::from(there), time(text));
        }
    }

    #[test]
    fn distances_have_a_sign_and_end_with_the_calendar() {
        let (early, late) = (time("2026-11-21T08:00:00Z"), time("2026-11-21T08:00:01.5Z"));
        assert_eq!(late.seconds_since(early), 1);
        assert_eq!(early.seconds_since(late), -1);
        assert_eq!(
            late.duration_since(early),
            Some(Duration::from_millis(1_500))
        );
        assert_eq!(early.duration_since(late), None);
        assert_eq!(early.checked_add_ms(1_500), Some(late));
        assert_eq!(late.checked_add_ms(-1_500), Some(early));
        assert_eq!(late.checked_add_ms(i64::MAX), None);
        assert_eq!(Timestamp::from_second(i64::MAX), None);
    }

    #[test]
    fn a_local_time_keeps_its_offset() {
        let here: LocalTime = "2026-11-21T09:00:00-03:30".parse().unwrap();
        assert_eq!(here.utc_offset, -12_600);
        assert_eq!(here.moment, time("2026-11-21T12:30:00Z"));
        assert_eq!("2026-11-21T09:00:00".parse::<LocalTime>(), Err(TimeError));
    }

    #[test]
    fn a_faulty_format_gives_the_whole_time() {
        let moment = time("2026-11-21T08:00:00Z");
        assert_eq!(moment.format_utc("%F %H:%M"), "2026-11-21 08:00");
        assert_eq!(moment.format_utc("%!"), "2026-11-21T08:00:00Z");
    }
}
