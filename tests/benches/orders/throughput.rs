//! Orders in a second, what each costs the processor, and how long buyers wait.

use std::{
    sync::{
        Arc,
        atomic::{AtomicUsize, Ordering},
    },
    time::Duration,
};

use tokio::task::JoinSet;

use crate::{
    cpu::{Used, now},
    drive::{Buyer, Step},
    report::{self, micros, per},
    stage::Stage,
};

/// Orders before anything is measured.
const WARM_UP: usize = 8;

/// How long a buyer waited.
struct Waits {
    completing: Duration,
    placed_to_paid: Duration,
}

/// Drives orders by each number of clients, and prints.
pub(crate) async fn run(stage: &Arc<Stage>, clients: &[usize], orders: usize) {
    drive(stage, 2, WARM_UP).await;
    stage.settle().await;
    let mut rows = Vec::new();
    for clients in clients {
        let (before, begun) = (Used::now(), now());
        let waits = drive(stage, *clients, orders).await;
        let took = now() - begun;
        stage.settle().await;
        let used = Used::now().since(before);
        rows.push(row(*clients, orders, took, used, &waits));
    }
    report::table(
        &[
            "clients",
            "orders",
            "orders/s",
            "CPU ms/order: platform",
            "of it DynamoDB",
            "clients and doubles",
            "complete p50 ms",
            "p99",
            "placed to paid p50 ms",
            "p99",
        ],
        &rows,
    );
}

fn row(clients: usize, orders: usize, took: Duration, used: Used, waits: &[Waits]) -> Vec<String> {
    let count = u64::try_from(orders).unwrap_or(u64::MAX);
    let rate = count.saturating_mul(1_000_000_000) / micros(took).max(1);
    let platform = used.process.saturating_sub(used.outside);
    let [c50, c99] = percentiles(waits.iter().map(|wait| wait.completing));
    let [p50, p99] = percentiles(waits.iter().map(|wait| wait.placed_to_paid));
    let each = |used: Duration| per(micros(used), count);
    vec![
        clients.to_string(),
        orders.to_string(),
        per(rate, 1),
        each(platform),
        each(used.dynamodb),
        each(used.outside),
        c50,
        c99,
        p50,
        p99,
    ]
}

/// Clients that each take the next order until there are enough.
async fn drive(stage: &Arc<Stage>, clients: usize, orders: usize) -> Vec<Waits> {
    let next = Arc::new(AtomicUsize::new(0));
    let mut running = JoinSet::new();
    for _ in 0..clients {
        let (stage, next) = (Arc::clone(stage), Arc::clone(&next));
        running.spawn(async move {
            let mut waits = Vec::new();
            loop {
                let nth = next.fetch_add(1, Ordering::SeqCst);
                if nth >= orders {
                    return waits;
                }
                waits.push(buy(&stage, nth).await);
            }
        });
    }
    running.join_all().await.into_iter().flatten().collect()
}

async fn buy(stage: &Stage, nth: usize) -> Waits {
    let mut buyer = Buyer::new(stage, nth);
    let mut placed = now();
    for step in Step::SALE {
        buyer.take(step).await;
        if step == Step::Complete {
            placed = now();
        }
    }
    let paid = stage.watch.paid(&buyer.order).await;
    Waits {
        completing: buyer.completing,
        placed_to_paid: paid - placed,
    }
}

/// The middle and the hundredth from the top, in milliseconds.
fn percentiles(waits: impl Iterator<Item = Duration>) -> [String; 2] {
    let mut sorted: Vec<Duration> = waits.collect();
    sorted.sort();
    [50, 99].map(|percent| {
        let at = (sorted.len() * percent).div_ceil(100).saturating_sub(1);
        per(micros(sorted[at]), 1)
    })
}
