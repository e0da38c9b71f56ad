//! Signed payment notices at a fixed rate, whatever the platform does: how long each answer takes, what is refused, and
//! whether what was answered 2xx survives a `kill -9`.
//!
//! `cargo bench -p tests --bench webhooks`, with `-- 100 1000` for other rates (notices a second). It only prints. The
//! platform runs in a child process, this program again. A time runs from when a notice was due, not from when it was sent:
//! a client that waits for a slow server would hide its slowness.
#![expect(
    clippy::expect_used,
    clippy::indexing_slicing,
    clippy::disallowed_methods,
    clippy::print_stdout,
    reason = "a bench fails by panicking, measures time, and prints"
)]

mod child;
mod load;

use std::{collections::BTreeSet, path::Path, time::Duration};

use crate::{child::Child, load::Measured};

/// Notices a second.
const RATES: [u64; 5] = [50, 100, 250, 500, 1_000];
/// How long each rate is kept up.
const LASTS: Duration = Duration::from_secs(10);
/// How long the restarted platform may take to settle what it kept.
const SETTLES: Duration = Duration::from_mins(5);

fn main() {
    if child::is_meant() {
        child::run();
        return;
    }
    let rates: Vec<u64> = std::env::args()
        .skip(1)
        .filter_map(|argument| argument.parse().ok())
        .collect();
    let rates = if rates.is_empty() { RATES.to_vec() } else { rates };
    let folder = std::env::temp_dir().join(format!("tradepost-bench-{}", uuid::Uuid::now_v7()));
    std::fs::create_dir_all(&folder).expect("the temporary folder can be written");
    let runtime = tokio::runtime::Builder::new_multi_thread()
        .worker_threads(2)
        .enable_all()
        .build()
        .expect("a runtime starts");
    runtime.block_on(run(&rates, &folder));
    if let Err(error) = std::fs::remove_dir_all(&folder) {
        eprintln!("{} stays: {error}", folder.display());
    }
}

async fn run(rates: &[u64], folder: &Path) {
    println!("| offered/s | sent | 2xx | 4xx | 5xx | no answer | p50 ms | p90 ms | p99 ms | max ms | answered/s |");
    println!("|---|---|---|---|---|---|---|---|---|---|---|");
    for rate in rates {
        let data = folder.join(rate.to_string());
        std::fs::create_dir_all(&data).expect("the temporary folder can be written");
        let child = Child::begin(&data);
        let measured = load::offer(&child.base_url, *rate, LASTS).await;
        child.kill();
        row(*rate, &measured);
        survived(&data, &measured.taken).await;
    }
}

fn row(rate: u64, measured: &Measured) {
    let mut times = measured.times.clone();
    times.sort_unstable();
    let at = |hundredths: usize| {
        let place = (times.len() * hundredths).div_ceil(100).saturating_sub(1);
        times.get(place).map_or(0, Duration::as_millis)
    };
    let status = |class: u16| measured.statuses.get(&class).copied().unwrap_or_default();
    println!(
        "| {rate} | {} | {} | {} | {} | {} | {} | {} | {} | {} | {} |",
        measured.sent,
        status(2),
        status(4),
        status(5),
        measured.unanswered,
        at(50),
        at(90),
        at(99),
        at(100),
        u128::try_from(times.len() * 1_000).unwrap_or_default() / measured.lasted.as_millis().max(1),
    );
}

/// Starts again on the same data, lets everything settle, and looks for each notice that was answered 2xx.
async fn survived(data: &Path, taken: &BTreeSet<String>) {
    let child = Child::begin(data);
    let deadline = std::time::Instant::now() + SETTLES;
    let (mut kept, mut cases) = (BTreeSet::new(), BTreeSet::new());
    while std::time::Instant::now() < deadline {
        (kept, cases) = (BTreeSet::new(), BTreeSet::new());
        for item in testkit::scan(&child.aws_url, &child.payments_table).await {
            let text = |name: &str| item.get(name).and_then(|value| value.as_s().ok()).cloned();
            let (pk, sk) = (text("pk").unwrap_or_default(), text("sk").unwrap_or_default());
            if let Some(delivery) = pk.strip_prefix("notice#stripe#") {
                kept.insert(delivery.to_owned());
            } else if let (true, Some(delivery)) = (pk.starts_with("cases#"), sk.split('#').nth(1)) {
                cases.insert(delivery.to_owned());
            }
        }
        if taken.is_subset(&cases) {
            break;
        }
        tokio::time::sleep(Duration::from_millis(500)).await;
    }
    println!(
        "  after kill -9 and restart: of {} answered 2xx, {} are kept and {} have had their effect",
        taken.len(),
        taken.intersection(&kept).count(),
        taken.intersection(&cases).count()
    );
    child.kill();
}
