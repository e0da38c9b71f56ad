//! Schedule expressions: `rate(…)` and `cron(…)`, checked as EventBridge checks them.

use std::ops::RangeInclusive;

use crate::model::Schedule;

const USAGE: &str =
    "supported are rate(<n> minutes|hours|days) and cron(minutes hours day-of-month month day-of-week year)";

/// Minutes of ten years; no schedule of ours is rarer.
const RATE_MAX: u64 = 5_256_000;

const MONTHS: &[&str] = &[
    "JAN", "FEB", "MAR", "APR", "MAY", "JUN", "JUL", "AUG", "SEP", "OCT", "NOV", "DEC",
];
const DAYS: &[&str] = &["SUN", "MON", "TUE", "WED", "THU", "FRI", "SAT"];

/// Parses an expression.
pub(crate) fn parse(text: &str) -> Result<Schedule, String> {
    let inner = |prefix: &str| text.strip_prefix(prefix).and_then(|rest| rest.strip_suffix(')'));
    if let Some(rate) = inner("rate(") {
        self::rate(rate)
    } else if let Some(fields) = inner("cron(") {
        cron(fields)?;
        Ok(Schedule::Cron(fields.to_owned()))
    } else {
        Err(format!("`{text}` is not a schedule expression; {USAGE}"))
    }
}

fn rate(text: &str) -> Result<Schedule, String> {
    let wrong = || format!("`rate({text})` is not a rate; {USAGE}");
    let (count, unit) = text.split_once(' ').ok_or_else(wrong)?;
    let count: u64 = count.parse().map_err(|_| wrong())?;
    let seconds = match unit {
        "minute" | "minutes" => 60,
        "hour" | "hours" => 3_600,
        "day" | "days" => 86_400,
        _ => return Err(wrong()),
    };
    if count == 0 || count > RATE_MAX || (count == 1) == unit.ends_with('s') {
        return Err(format!("{}; one minute, but two minutes", wrong()));
    }
    Ok(Schedule::Rate(count.saturating_mul(seconds)))
}

fn cron(text: &str) -> Result<(), String> {
    let wrong = |what: String| format!("`cron({text})`: {what}");
    let fields: Vec<&str> = text.split(' ').filter(|field| !field.is_empty()).collect();
    let [minutes, hours, day, month, weekday, year] = fields.as_slice() else {
        return Err(wrong(format!("six fields are needed, not {}", fields.len())));
    };
    field("minutes", minutes, 0..=59, &[]).map_err(wrong)?;
    field("hours", hours, 0..=23, &[]).map_err(wrong)?;
    field("month", month, 1..=12, MONTHS).map_err(wrong)?;
    field("year", year, 1970..=2199, &[]).map_err(wrong)?;
    match (*day, *weekday) {
        ("?", "?") => Err(wrong("only one of day-of-month and day-of-week may be `?`".to_owned())),
        (_, "?") => day_of_month(day).map_err(wrong),
        ("?", _) => day_of_week(weekday).map_err(wrong),
        _ => Err(wrong("one of day-of-month and day-of-week must be `?`".to_owned())),
    }
}

/// `L` is the last day, `15W` the weekday nearest to the 15th.
fn day_of_month(text: &str) -> Result<(), String> {
    if text == "L" || text == "LW" {
        return Ok(());
    }
    field("day-of-month", text.strip_suffix('W').unwrap_or(text), 1..=31, &[])
}

/// `6L` is the last Friday, `3#2` the second Tuesday.
fn day_of_week(text: &str) -> Result<(), String> {
    if text == "L" {
        return Ok(());
    }
    let day = match text.split_once('#') {
        Some((day, "1" | "2" | "3" | "4" | "5")) => day,
        Some(_) => return Err(format!("`{text}` in day-of-week names no week of the month")),
        None => text.strip_suffix('L').unwrap_or(text),
    };
    field("day-of-week", day, 1..=7, DAYS)
}

/// `*`, values, ranges and steps, in a comma-separated list.
fn field(name: &str, text: &str, range: RangeInclusive<u32>, words: &[&str]) -> Result<(), String> {
    let wrong = || format!("`{text}` in {name} is not {} to {}", range.start(), range.end());
    let value = |text: &str| -> Result<u32, String> {
        let word = words.iter().position(|word| word.eq_ignore_ascii_case(text));
        let number = match word.and_then(|index| u32::try_from(index).ok()) {
            Some(index) => index.saturating_add(1),
            None => text.parse().map_err(|_| wrong())?,
        };
        if range.contains(&number) {
            Ok(number)
        } else {
            Err(wrong())
        }
    };
    for part in text.split(',') {
        let (span, step) = part
            .split_once('/')
            .map_or((part, None), |(span, step)| (span, Some(step)));
        if step.is_some_and(|step| step.parse::<u32>().map_or(true, |step| step == 0)) {
            return Err(wrong());
        }
        match span.split_once('-') {
            _ if span == "*" => {}
            None => {
                value(span)?;
            }
            Some((from, to)) => {
                if value(from)? > value(to)? {
                    return Err(wrong());
                }
            }
        }
    }
    Ok(())
}
