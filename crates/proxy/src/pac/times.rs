//! Functions that look at the clock, with the arithmetic of the library: its dates overflow as
//! JavaScript's do, which is why `dateRange("SEP", "FEB")` is true on the first days of March.

use super::value::{Argument, Objection, Reply, argument};

const MONTHS: [&str; 12] = [
    "JAN", "FEB", "MAR", "APR", "MAY", "JUN", "JUL", "AUG", "SEP", "OCT", "NOV", "DEC",
];
const DAYS: [&str; 7] = ["SUN", "MON", "TUE", "WED", "THU", "FRI", "SAT"];
const SECONDS_PER_DAY: i64 = 86_400;
/// Larger numbers make no date.
const LARGEST: f64 = 1e6;

/// The time, and by how much local time is ahead of it.
#[derive(Debug, Clone, Copy)]
pub(super) struct LocalClock {
    /// Milliseconds since 1970 began in UTC.
    pub(super) utc_ms: i64,
    /// Local time less UTC, in seconds.
    pub(super) offset: i32,
}

/// Now, here and in Greenwich, and the arguments without a final `GMT`.
struct Question<'a> {
    arguments: &'a [Argument],
    here: Moment,
    greenwich: Moment,
    in_greenwich: bool,
}

impl<'a> Question<'a> {
    /// `None` without any argument, which is false for every function.
    fn read(arguments: &'a [Argument], now: LocalClock) -> Option<Self> {
        let (last, before) = arguments.split_last()?;
        let in_greenwich = last.text() == "GMT";
        let greenwich = now.utc_ms.div_euclid(1_000);
        Some(Self {
            arguments: if in_greenwich { before } else { arguments },
            here: Moment::from_second(greenwich.saturating_add(now.offset.into())),
            greenwich: Moment::from_second(greenwich),
            in_greenwich,
        })
    }

    fn asked(&self) -> Moment {
        if self.in_greenwich {
            self.greenwich
        } else {
            self.here
        }
    }

    /// The moment that ranges are compared with: the library sets the parts of Greenwich one by one.
    fn compared(&self) -> Option<Moment> {
        let mut moment = self.here;
        if self.in_greenwich {
            let there = self.greenwich;
            let (year, month, day) = there.date();
            moment.set_year(year as f64)?;
            moment.set_month(month as f64)?;
            moment.set_day(day as f64)?;
            moment.seconds = there.seconds;
        }
        Some(moment)
    }
}

/// `weekdayRange(day[, day][, "GMT"])`; a range may go over the end of the week.
pub(super) fn weekday_range(arguments: &[Argument], now: LocalClock) -> Reply {
    let Some(question) = Question::read(arguments, now) else {
        return Reply::Boolean(false);
    };
    let today = question.asked().weekday();
    let from = index_of(argument(arguments, 0), &DAYS);
    let to = match question.arguments.len() {
        2 => index_of(argument(arguments, 1), &DAYS),
        _ => from,
    };
    let (Some(from), Some(to)) = (from, to) else {
        return Reply::Boolean(false);
    };
    Reply::Boolean(within(&from, &today, &to))
}

/// `dateRange` with one to six arguments and `"GMT"`.
pub(super) fn date_range(arguments: &[Argument], now: LocalClock) -> Reply {
    let Some(question) = Question::read(arguments, now) else {
        return Reply::Boolean(false);
    };
    if let [only] = question.arguments {
        return Reply::Boolean(is_date(only, question.asked()));
    }
    Reply::Boolean(between_dates(&question).unwrap_or(false))
}

/// `timeRange` with one, two, four or six arguments and `"GMT"`.
pub(super) fn time_range(arguments: &[Argument], now: LocalClock) -> Result<Reply, Objection> {
    let Some(question) = Question::read(arguments, now) else {
        return Ok(Reply::Boolean(false));
    };
    let asked = question.asked().hour();
    let hour = asked as f64;
    let known = match question.arguments {
        [only] => !matches!(only, Argument::Null) && is_exactly(only.number(), asked),
        [from, to] => from.number() <= hour && hour <= to.number(),
        [_, _, _, _] | [_, _, _, _, _, _] => between_times(&question).unwrap_or(false),
        _ => return Err(Objection::Thrown("timeRange: bad number of arguments")),
    };
    Ok(Reply::Boolean(known))
}

fn is_date(wanted: &Argument, today: Moment) -> bool {
    let (year, month, day) = today.date();
    match wanted.leading_integer() {
        None => index_of(wanted, &MONTHS) == Some(month),
        Some(number) if number < 32.0 => is_exactly(number, day),
        Some(number) => is_exactly(number, year),
    }
}

fn between_dates(question: &Question<'_>) -> Option<bool> {
    let (year, month, _) = question.here.date();
    let count = question.arguments.len();
    let (first, last) = question.arguments.split_at(count / 2);
    let mut from = Moment::new(year, 0, 1, 0);
    let mut to = Moment::new(year, 11, 31, SECONDS_PER_DAY - 1);
    let mut this_month = false;
    for part in first {
        this_month = from.set(part)?.unwrap_or(this_month) && count <= 2;
    }
    for part in last {
        to.set(part)?;
    }
    if this_month {
        from.set_month(month as f64)?;
        to.set_month(month as f64)?;
    }
    Some(within(&from, &question.compared()?, &to))
}

fn between_times(question: &Question<'_>) -> Option<bool> {
    let arguments = question.arguments;
    let middle = arguments.len() / 2;
    let mut from = question.here;
    let mut to = from;
    if middle == 3 {
        from.set_clock(2, &arguments[2])?;
        to.set_clock(2, &arguments[5])?;
    }
    from.set_clock(0, &arguments[0])?;
    from.set_clock(1, &arguments[1])?;
    to.set_clock(0, &arguments[middle])?;
    to.set_clock(1, &arguments[middle + 1])?;
    if middle == 2 {
        to.set_clock(2, &Argument::Number(59.0))?;
    }
    Some(within(&from, &question.compared()?, &to))
}

/// Between two ends, both included; a range whose end lies before its start wraps around.
fn within<T: PartialOrd>(from: &T, now: &T, to: &T) -> bool {
    if from <= to {
        from <= now && now <= to
    } else {
        to >= now || now >= from
    }
}

fn index_of(wanted: &Argument, names: &[&str]) -> Option<i64> {
    let wanted = wanted.text();
    let found = names.iter().position(|name| *name == wanted);
    found.and_then(|index| i64::try_from(index).ok())
}

/// A moment of a calendar without zones whose parts may be set beyond their ranges.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
struct Moment {
    /// Days since 1970.
    day: i64,
    seconds: i64,
}

impl Moment {
    /// Seconds since 1970 began.
    fn from_second(second: i64) -> Self {
        Self {
            day: second.div_euclid(SECONDS_PER_DAY),
            seconds: second.rem_euclid(SECONDS_PER_DAY),
        }
    }

    /// The day of the week, Sunday first, from 0. The first of January 1970 was a Thursday.
    fn weekday(self) -> i64 {
        (self.day + 4).rem_euclid(7)
    }

    fn hour(self) -> i64 {
        self.seconds / 3_600
    }

    /// The month counts from 0; month and day may lie beyond their ranges.
    fn new(year: i64, month: i64, day: i64, seconds: i64) -> Self {
        let first = first_of_month(year + month.div_euclid(12), month.rem_euclid(12));
        Self {
            day: first + day - 1,
            seconds,
        }
    }

    /// Year, month from 0, day of the month.
    fn date(self) -> (i64, i64, i64) {
        let (year, month) = month_of_day(self.day);
        (year, month, self.day - first_of_month(year, month) + 1)
    }

    /// Sets the part that an argument of `dateRange` means. Says whether it was a day, or
    /// nothing where the library leaves that question alone; `None` makes it no date at all.
    #[allow(clippy::option_option, reason = "two different absences")]
    fn set(&mut self, part: &Argument) -> Option<Option<bool>> {
        match part.leading_integer() {
            None => {
                let month = index_of(part, &MONTHS).unwrap_or(-1);
                self.set_month(month as f64)?;
                Some(None)
            }
            Some(number) if number < 32.0 => {
                self.set_day(number)?;
                Some(Some(true))
            }
            Some(number) => {
                self.set_year(number)?;
                Some(None)
            }
        }
    }

    fn set_year(&mut self, year: f64) -> Option<()> {
        let (_, month, day) = self.date();
        *self = Self::new(whole(year)?, month, day, self.seconds);
        Some(())
    }

    fn set_month(&mut self, month: f64) -> Option<()> {
        let (year, _, day) = self.date();
        *self = Self::new(year, whole(month)?, day, self.seconds);
        Some(())
    }

    fn set_day(&mut self, day: f64) -> Option<()> {
        let (year, month, _) = self.date();
        *self = Self::new(year, month, whole(day)?, self.seconds);
        Some(())
    }

    /// Sets hours (0), minutes (1) or seconds (2); what is too much goes over into the next day.
    fn set_clock(&mut self, unit: usize, value: &Argument) -> Option<()> {
        let mut parts = [
            self.seconds / 3_600,
            self.seconds / 60 % 60,
            self.seconds % 60,
        ];
        parts[unit] = whole(value.number())?;
        let seconds = parts[0] * 3_600 + parts[1] * 60 + parts[2];
        self.day += seconds.div_euclid(SECONDS_PER_DAY);
        self.seconds = seconds.rem_euclid(SECONDS_PER_DAY);
        Some(())
    }
}

fn is_exactly(number: f64, wanted: i64) -> bool {
    number.fract() == 0.0 && whole(number) == Some(wanted)
}

fn whole(number: f64) -> Option<i64> {
    let fits = number.is_finite() && number.abs() <= LARGEST;
    fits.then_some(number.trunc() as i64)
}

/// Day, counted from 1970, on which a month begins.
fn first_of_month(year: i64, month: i64) -> i64 {
    // Years that begin in March have their odd day at the end.
    let shifted_year = if month < 2 { year - 1 } else { year };
    let shifted_month = (month + 10) % 12;
    let days_before = (153 * shifted_month + 2) / 5;
    let leap_days =
        shifted_year.div_euclid(4) - shifted_year.div_euclid(100) + shifted_year.div_euclid(400);
    shifted_year * 365 + leap_days + days_before - 719_468
}

/// Year and month, from 0, in which a day lies.
fn month_of_day(day: i64) -> (i64, i64) {
    // Not later than the year that is looked for.
    let mut year = 1970 + day.div_euclid(if day < 0 { 365 } else { 366 });
    while first_of_month(year + 1, 0) <= day {
        year += 1;
    }
    let later = (1..12).take_while(|month| first_of_month(year, *month) <= day);
    (year, later.last().unwrap_or(0))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn days_become_dates_and_dates_become_days() {
        for (year, month, day, number) in [
            (1970, 0, 1, 0),
            (2000, 1, 29, 11_016),
            (2026, 10, 21, 20_778),
            (1969, 11, 31, -1),
        ] {
            let moment = Moment::new(year, month, day, 0);
            assert_eq!(moment.day, number);
            assert_eq!(moment.date(), (year, month, day));
        }
    }

    #[test]
    fn parts_overflow_into_the_next() {
        let mut moment = Moment::new(2026, 11, 31, 0);
        moment.set_month(1.0).unwrap();
        assert_eq!(moment.date(), (2026, 2, 3));
        moment.set_month(-1.0).unwrap();
        assert_eq!(moment.date(), (2025, 11, 3));
        moment.set_clock(0, &Argument::Number(25.0)).unwrap();
        assert_eq!((moment.date(), moment.seconds), ((2025, 11, 4), 3_600));
        assert_eq!(moment.set_year(1e9), None);
    }
}
