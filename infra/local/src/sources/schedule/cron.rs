//! AWS's six-field cron expressions, in UTC: `minutes hours day-of-month month day-of-week year`.
//!
//! Exactly one of day-of-month and day-of-week is `?`, as AWS demands. `L`, `W` and `#` are refused by name.

use std::collections::BTreeSet;

use jiff::Timestamp;
use jiff::civil::Date;
use jiff::tz::TimeZone;

/// The last year that a field may name.
const YEAR_MAX: i16 = 2_199;
const YEAR_MIN: i16 = 1_970;
/// Entries in one comma-separated list.
const LIST_MAX: usize = 64;

const MONTHS: [&str; 12] = [
    "JAN", "FEB", "MAR", "APR", "MAY", "JUN", "JUL", "AUG", "SEP", "OCT", "NOV", "DEC",
];
const WEEKDAYS: [&str; 7] = ["SUN", "MON", "TUE", "WED", "THU", "FRI", "SAT"];

/// Why an expression is refused.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum CronError {
    /// Not six fields.
    #[error("cron takes six fields, not {0}")]
    Fields(usize),
    /// A field that is no cron.
    #[error("cron field {field}: {text} is not understood")]
    Syntax {
        /// `minutes`, `hours`, …
        field: &'static str,
        /// The part at fault.
        text: String,
    },
    /// A number out of the field's range, or a range that runs backwards.
    #[error("cron field {field}: {text} is out of range")]
    Range {
        /// `minutes`, `hours`, …
        field: &'static str,
        /// The part at fault.
        text: String,
    },
    /// AWS has it, this platform does not.
    #[error("cron field {field}: {text}: L, W and # are not supported by the local platform")]
    Unsupported {
        /// `day-of-month` or `day-of-week`.
        field: &'static str,
        /// The part at fault.
        text: String,
    },
    /// Both or neither of day-of-month and day-of-week are `?`.
    #[error("cron: exactly one of day-of-month and day-of-week is ?")]
    Days,
}

/// A parsed expression.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Cron {
    minutes: BTreeSet<i16>,
    hours: BTreeSet<i16>,
    months: BTreeSet<i16>,
    years: BTreeSet<i16>,
    days: Days,
}

#[derive(Debug, Clone, PartialEq, Eq)]
enum Days {
    OfMonth(BTreeSet<i16>),
    /// Sunday is 1.
    OfWeek(BTreeSet<i16>),
}

struct Field {
    name: &'static str,
    least: i16,
    most: i16,
    names: &'static [&'static str],
}

const MINUTES: Field = Field {
    name: "minutes",
    least: 0,
    most: 59,
    names: &[],
};
const HOURS: Field = Field {
    name: "hours",
    least: 0,
    most: 23,
    names: &[],
};
const DAY_OF_MONTH: Field = Field {
    name: "day-of-month",
    least: 1,
    most: 31,
    names: &[],
};
const MONTH: Field = Field {
    name: "month",
    least: 1,
    most: 12,
    names: &MONTHS,
};
const DAY_OF_WEEK: Field = Field {
    name: "day-of-week",
    least: 1,
    most: 7,
    names: &WEEKDAYS,
};
const YEAR: Field = Field {
    name: "year",
    least: YEAR_MIN,
    most: YEAR_MAX,
    names: &[],
};

impl Cron {
    /// Parses the six fields, without the `cron(…)` around them.
    pub fn parse(expression: &str) -> Result<Self, CronError> {
        let fields: Vec<&str> = expression.split_whitespace().collect();
        let [minutes, hours, day_of_month, month, day_of_week, year] = fields.as_slice() else {
            return Err(CronError::Fields(fields.len()));
        };
        let days = match (*day_of_month, *day_of_week) {
            ("?", "?") => return Err(CronError::Days),
            ("?", day_of_week) => Days::OfWeek(DAY_OF_WEEK.parse(day_of_week)?),
            (day_of_month, "?") => Days::OfMonth(DAY_OF_MONTH.parse(day_of_month)?),
            (_, _) => return Err(CronError::Days),
        };
        Ok(Self {
            minutes: MINUTES.parse(minutes)?,
            hours: HOURS.parse(hours)?,
            months: MONTH.parse(month)?,
            years: YEAR.parse(year)?,
            days,
        })
    }

    /// The first due time after `after_s` (seconds since 1970); `None` when there is none up to 2199.
    pub fn next_after(&self, after_s: i64) -> Option<i64> {
        let start_s = after_s.div_euclid(60).checked_add(1)?.checked_mul(60)?;
        let start = Timestamp::from_second(start_s).ok()?.to_zoned(TimeZone::UTC).datetime();
        let mut day = start.date();
        let mut from = (i16::from(start.hour()), i16::from(start.minute()));
        while day.year() <= YEAR_MAX {
            if self.falls_on(day)
                && let Some((hour, minute)) = self.first_time(from)
            {
                let due = day.at(i8::try_from(hour).ok()?, i8::try_from(minute).ok()?, 0, 0);
                return due.to_zoned(TimeZone::UTC).ok().map(|due| due.timestamp().as_second());
            }
            day = day.tomorrow().ok()?;
            from = (0, 0);
        }
        None
    }

    fn falls_on(&self, day: Date) -> bool {
        let of_day = match &self.days {
            Days::OfMonth(days) => days.contains(&i16::from(day.day())),
            Days::OfWeek(days) => days.contains(&i16::from(day.weekday().to_sunday_one_offset())),
        };
        of_day && self.months.contains(&i16::from(day.month())) && self.years.contains(&day.year())
    }

    /// The first hour and minute of a day, not before `from`.
    fn first_time(&self, from: (i16, i16)) -> Option<(i16, i16)> {
        let times = self
            .hours
            .range(from.0..)
            .flat_map(|hour| self.minutes.iter().map(|minute| (*hour, *minute)));
        times.into_iter().find(|time| *time >= from)
    }
}

impl Field {
    fn parse(&self, text: &str) -> Result<BTreeSet<i16>, CronError> {
        let parts: Vec<&str> = text.split(',').collect();
        if parts.len() > LIST_MAX {
            return Err(self.range(text));
        }
        let mut values = BTreeSet::new();
        for part in parts {
            let (range, step) = match part.split_once('/') {
                None => (part, None),
                Some((range, step)) => {
                    let number: i16 = step.parse().map_err(|_| self.syntax(part))?;
                    if number < 1 || number > self.most {
                        return Err(self.range(part));
                    }
                    (range, Some(number))
                }
            };
            let (first, last) = match (range, range.split_once('-')) {
                ("*" | "", _) => (self.least, self.most),
                (_, Some((first, last))) => (self.value(first)?, self.value(last)?),
                // `5/15` starts at 5 and goes on to the end.
                (single, None) if step.is_some() => (self.value(single)?, self.most),
                (single, None) => (self.value(single)?, self.value(single)?),
            };
            if first > last || part.is_empty() {
                return Err(self.range(part));
            }
            let step = usize::try_from(step.unwrap_or(1)).unwrap_or(1);
            values.extend((first..=last).step_by(step));
        }
        Ok(values)
    }

    fn value(&self, text: &str) -> Result<i16, CronError> {
        let upper = text.to_ascii_uppercase();
        if let Some(index) = self.names.iter().position(|name| *name == upper) {
            return i16::try_from(index)
                .map(|index| index.saturating_add(1))
                .map_err(|_| self.range(text));
        }
        let number: i16 = match text.parse() {
            Ok(number) => number,
            Err(_) if text.contains(['L', 'W', '#']) => {
                return Err(CronError::Unsupported {
                    field: self.name,
                    text: text.to_owned(),
                });
            }
            Err(_) => return Err(self.syntax(text)),
        };
        if (self.least..=self.most).contains(&number) {
            Ok(number)
        } else {
            Err(self.range(text))
        }
    }

    fn syntax(&self, text: &str) -> CronError {
        CronError::Syntax {
            field: self.name,
            text: text.to_owned(),
        }
    }

    fn range(&self, text: &str) -> CronError {
        CronError::Range {
            field: self.name,
            text: text.to_owned(),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn seconds(text: &str) -> i64 {
        text.parse::<Timestamp>().unwrap().as_second()
    }

    fn next(expression: &str, after: &str) -> Option<String> {
        let due = Cron::parse(expression).unwrap().next_after(seconds(after))?;
        Some(Timestamp::from_second(due).unwrap().to_string())
    }

    #[test]
    fn due_times_are_awss() {
        // 2026-11-21 is a Saturday.
        let table = [
            ("* * * * ? *", "2026-11-21T10:00:00Z", "2026-11-21T10:01:00Z"),
            ("* * * * ? *", "2026-11-21T10:00:59Z", "2026-11-21T10:01:00Z"),
            ("0 10 * * ? *", "2026-11-21T10:00:00Z", "2026-11-22T10:00:00Z"),
            ("15 12 * * ? *", "2026-11-21T10:00:00Z", "2026-11-21T12:15:00Z"),
            ("0 18 ? * MON-FRI *", "2026-11-21T10:00:00Z", "2026-11-23T18:00:00Z"),
            ("0 18 ? * 2-6 *", "2026-11-21T10:00:00Z", "2026-11-23T18:00:00Z"),
            ("0 8 1 * ? *", "2026-11-21T10:00:00Z", "2026-12-01T08:00:00Z"),
            ("0/15 * * * ? *", "2026-11-21T10:16:00Z", "2026-11-21T10:30:00Z"),
            ("5/15 * * * ? *", "2026-11-21T10:50:00Z", "2026-11-21T11:05:00Z"),
            ("*/20 * * * ? *", "2026-11-21T10:40:00Z", "2026-11-21T11:00:00Z"),
            ("10-20/5 * * * ? *", "2026-11-21T10:16:00Z", "2026-11-21T10:20:00Z"),
            ("0,30 9,17 * * ? *", "2026-11-21T09:30:00Z", "2026-11-21T17:00:00Z"),
            ("0 0 29 2 ? *", "2026-11-21T10:00:00Z", "2028-02-29T00:00:00Z"),
            ("0 0 1 JAN,jul ? *", "2026-11-21T10:00:00Z", "2027-01-01T00:00:00Z"),
            ("0 0 1 1 ? 2030-2031", "2026-11-21T10:00:00Z", "2030-01-01T00:00:00Z"),
            ("0 0 ? * SUN *", "2026-11-21T10:00:00Z", "2026-11-22T00:00:00Z"),
        ];
        for (expression, after, due) in table {
            assert_eq!(
                next(expression, after).as_deref(),
                Some(due),
                "{expression} after {after}"
            );
        }
    }

    #[test]
    fn an_expression_may_have_no_due_time_left() {
        assert_eq!(next("0 0 1 1 ? 2020", "2026-11-21T10:00:00Z"), None);
        assert_eq!(next("0 0 31 2 ? *", "2026-11-21T10:00:00Z"), None);
    }

    #[test]
    fn a_wrong_expression_is_refused_by_name() {
        let range = |field, text: &str| CronError::Range {
            field,
            text: text.to_owned(),
        };
        let syntax = |field, text: &str| CronError::Syntax {
            field,
            text: text.to_owned(),
        };
        let unsupported = |field, text: &str| CronError::Unsupported {
            field,
            text: text.to_owned(),
        };
        let table = [
            ("* * * * *", CronError::Fields(5)),
            ("* * * * * *", CronError::Days),
            ("* * ? * ? *", CronError::Days),
            ("60 * * * ? *", range("minutes", "60")),
            ("* 24 * * ? *", range("hours", "24")),
            ("* * 0 * ? *", range("day-of-month", "0")),
            ("* * * 13 ? *", range("month", "13")),
            ("* * ? * 8 *", range("day-of-week", "8")),
            ("* * * * ? 2200", range("year", "2200")),
            ("20-10 * * * ? *", range("minutes", "20-10")),
            ("0/0 * * * ? *", range("minutes", "0/0")),
            (", * * * ? *", range("minutes", "")),
            ("x * * * ? *", syntax("minutes", "x")),
            ("* * L * ? *", unsupported("day-of-month", "L")),
            ("* * 15W * ? *", unsupported("day-of-month", "15W")),
            ("* * ? * 6#3 *", unsupported("day-of-week", "6#3")),
        ];
        for (expression, error) in table {
            assert_eq!(Cron::parse(expression), Err(error), "{expression}");
        }
    }
}
