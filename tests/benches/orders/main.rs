//! Orders through the whole platform: how many in a second, what one costs, and whether it costs more as tables fill.
//!
//! `cargo bench -p tests --bench orders`, with `-- --quick` for a look, with `-- speed` or `-- growth` for a part. It only prints: what is asserted about orders
//! is asserted by the tests. The platform runs on a runtime of its own, so that its CPU time is told apart from that of
//! the clients and the doubles, which share its process and its cores.
#![expect(clippy::expect_used, clippy::indexing_slicing, reason = "a bench fails by panicking")]

mod clones;
mod cpu;
mod drive;
mod growth;
mod report;
mod stage;
mod throughput;
mod units;
mod watch;

use std::path::Path;

use local::Storage;
use tokio::runtime::{Builder, Runtime};

use crate::stage::Stage;

/// How much is measured.
#[derive(Debug, Clone, Copy)]
struct Extent {
    /// Orders that are driven for each number of clients.
    orders: usize,
    /// Orders that are measured step by step at each size of the tables.
    sampled: usize,
    /// Orders in the tables.
    sizes: &'static [usize],
}

/// Numbers of clients.
const CLIENTS: [usize; 4] = [1, 2, 4, 8];
/// What `--quick` measures.
const QUICK: Extent = Extent {
    orders: 16,
    sampled: 3,
    sizes: &[100, 1_000],
};
/// What is measured else.
const FULL: Extent = Extent {
    orders: 200,
    sampled: 20,
    sizes: &[100, 1_000, 10_000, 100_000],
};

fn main() {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    let extent = if arguments.iter().any(|argument| argument == "--quick") {
        QUICK
    } else {
        FULL
    };
    let named: Vec<&str> = arguments
        .iter()
        .map(String::as_str)
        .filter(|argument| !argument.starts_with('-'))
        .collect();
    let wanted = |part: &str| named.is_empty() || named.contains(&part);
    let (hosting, outside) = (runtime(cpu::PLATFORM), runtime(cpu::OUTSIDE));
    let folder = std::env::temp_dir().join(format!("tradepost-bench-{}", uuid::Uuid::now_v7()));
    if wanted("speed") {
        outside.block_on(speed(&hosting, extent, &folder));
    }
    if wanted("growth") {
        outside.block_on(growth(&hosting, extent, &folder));
    }
    if let Err(error) = std::fs::remove_dir_all(&folder) {
        eprintln!("{} stays: {error}", folder.display());
    }
}

/// Two worker threads, as the machine of the published figures has cores.
fn runtime(name: &str) -> Runtime {
    Builder::new_multi_thread()
        .worker_threads(2)
        .thread_name(name)
        .enable_all()
        .build()
        .expect("a runtime starts")
}

async fn speed(hosting: &Runtime, extent: Extent, folder: &Path) {
    for (storage, name) in [
        (Storage::Ephemeral, "in memory"),
        (Storage::Directory(folder.join("speed")), "on a data directory"),
    ] {
        println!("## Speed, state {name}\n");
        let stage = Stage::set(hosting, storage, true).await;
        throughput::run(&stage, &CLIENTS, extent.orders).await;
        stage.strike(hosting).await;
    }
}

async fn growth(hosting: &Runtime, extent: Extent, folder: &Path) {
    let stage = Stage::set(hosting, Storage::Directory(folder.join("growth")), false).await;
    growth::run(&stage, extent.sizes, extent.sampled).await;
    stage.strike(hosting).await;
}
