//! Tables in Markdown, and numbers without floats.

use std::time::Duration;

/// Prints a table.
pub(crate) fn table(head: &[&str], rows: &[Vec<String>]) {
    println!("| {} |", head.join(" | "));
    println!("|{}|", head.iter().map(|_| "---").collect::<Vec<_>>().join("|"));
    for row in rows {
        println!("| {} |", row.join(" | "));
    }
    println!();
}

/// Thousandths shared among some, to two places, rounded.
pub(crate) fn per(thousandths: u64, among: u64) -> String {
    let tenfold = among.max(1).saturating_mul(10);
    let hundredths = thousandths.saturating_add(tenfold / 2) / tenfold;
    format!("{}.{:02}", hundredths / 100, hundredths % 100)
}

/// Microseconds: thousandths of a millisecond.
pub(crate) fn micros(time: Duration) -> u64 {
    u64::try_from(time.as_micros()).unwrap_or(u64::MAX)
}
