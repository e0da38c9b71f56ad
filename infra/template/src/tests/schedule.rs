//! Schedule expressions.

use crate::model::Schedule;
use crate::schedule::parse;

#[test]
fn rates_are_seconds() {
    let table = [
        ("rate(1 minute)", 60),
        ("rate(5 minutes)", 300),
        ("rate(1 hour)", 3_600),
        ("rate(2 days)", 172_800),
    ];
    for (text, seconds) in table {
        assert_eq!(parse(text).unwrap(), Schedule::Rate(seconds), "{text}");
    }
    for text in [
        "rate(0 minutes)",
        "rate(1 minutes)",
        "rate(2 minute)",
        "rate(1 week)",
        "rate(5minutes)",
        "rate(-1 hours)",
    ] {
        assert!(parse(text).is_err(), "{text}");
    }
}

#[test]
fn crons_have_six_fields_of_which_one_day_is_open() {
    let right = [
        "0/5 * * * ? *",
        "0 3 ? * MON-FRI *",
        "0 9 1,15 JAN-MAR ? 2026-2030",
        "0 0 L * ? *",
        "0 0 15W * ? *",
        "0 0 ? * 6L *",
        "0 0 ? * 3#2 *",
    ];
    for fields in right {
        assert_eq!(
            parse(&format!("cron({fields})")).unwrap(),
            Schedule::Cron(fields.to_owned())
        );
    }
    let wrong = [
        "* * * * *",
        "* * * * * *",
        "* * ? * ? *",
        "60 * * * ? *",
        "* 24 * * ? *",
        "* * 0 * ? *",
        "* * * 13 ? *",
        "* * ? * 8 *",
        "* * ? * 3#6 *",
        "5-1 * * * ? *",
        "*/0 * * * ? *",
        "* * * * ? 1969",
    ];
    for fields in wrong {
        assert!(parse(&format!("cron({fields})")).is_err(), "{fields}");
    }
    assert!(parse("at(2026-11-21T00:00:00)").is_err());
}
