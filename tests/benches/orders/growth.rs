//! Whether an order costs more when the tables hold more orders.

use std::{collections::BTreeSet, sync::Arc};

use crate::{
    clones::Moulds,
    cpu::now,
    drive::{Buyer, Step},
    report::{self, per},
    stage::Stage,
    units::{self, Pattern, Sample},
};

/// Of so many orders one waits for its payment; the others were delivered.
const OPEN_EACH: usize = 10;

/// Fills the tables to each size, measures orders at it, and prints.
pub(crate) async fn run(stage: &Arc<Stage>, sizes: &[usize], each: usize) {
    let moulds = moulds(stage).await;
    let mut held = moulds.orders();
    let mut samples = Vec::new();
    for size in sizes {
        let begun = now();
        let items = moulds.fill(stage, held, *size).await;
        println!(
            "Filled to {size} orders: {items} items more in {} s.\n",
            (now() - begun).as_secs()
        );
        held = held.max(*size);
        samples.push(units::sample(stage, held, each).await);
        held += each;
    }
    let Some(first) = samples.first() else { return };
    println!("## Access patterns of one order, {} orders in the tables\n", sizes[0]);
    first.print_patterns();
    println!("## Steps with all that follows from them\n");
    first.print_steps();
    first.print_invocations();
    println!("## Units per order by orders in the tables: reads / writes\n");
    print_tables(sizes, &samples);
    print_grown(sizes, &samples);
}

/// An order that was delivered and one that waits, each as all the items that came into being with it. One more before
/// them makes what orders share.
async fn moulds(stage: &Stage) -> Moulds {
    let mut moulds = Moulds::default();
    let (all, placed): (Vec<Step>, _) = (Step::SALE.into_iter().chain(Step::DELIVERY).collect(), &Step::SALE[..3]);
    for (nth, steps, each) in [(0, &all[..], 0), (1, &all[..], 1), (2, placed, OPEN_EACH)] {
        stage.settle().await;
        moulds.before(stage).await;
        let mut buyer = Buyer::new(stage, nth);
        for step in steps {
            buyer.take(*step).await;
            stage.settle().await;
        }
        moulds.after(stage, each).await;
    }
    moulds
}

fn print_tables(sizes: &[usize], samples: &[Sample]) {
    let by_size: Vec<_> = samples.iter().map(Sample::tables).collect();
    let names: BTreeSet<_> = by_size.iter().flat_map(|tables| tables.keys()).collect();
    let cell = |at: usize, name: &str| {
        let [reads, writes] = by_size[at].get(name).copied().unwrap_or_default();
        format!(
            "{} / {}",
            per(reads, samples[at].orders),
            per(writes, samples[at].orders)
        )
    };
    let mut rows: Vec<Vec<String>> = Vec::new();
    for name in names {
        let cells = (0..samples.len()).map(|at| cell(at, name));
        rows.push(std::iter::once(name.clone()).chain(cells).collect());
    }
    let all = by_size.iter().zip(samples).map(|(tables, sample)| {
        let sum = |at: usize| tables.values().map(|units| units[at]).sum::<u64>();
        format!("{} / {}", per(sum(0), sample.orders), per(sum(1), sample.orders))
    });
    rows.push(std::iter::once("**all**".to_owned()).chain(all).collect());
    let sizes: Vec<String> = sizes.iter().map(usize::to_string).collect();
    let head: Vec<&str> = std::iter::once("table")
        .chain(sizes.iter().map(String::as_str))
        .collect();
    report::table(&head, &rows);
}

/// The access patterns that are not the same at every size.
fn print_grown(sizes: &[usize], samples: &[Sample]) {
    let patterns: BTreeSet<&Pattern> = samples.iter().flat_map(|sample| sample.patterns.keys()).collect();
    let mut rows = Vec::new();
    for pattern in &patterns {
        let cells: Vec<String> = samples.iter().map(|sample| sample.each(pattern).join(" / ")).collect();
        if cells.iter().any(|cell| *cell != cells[0]) {
            let named = [
                pattern.step.name(),
                &pattern.function,
                &pattern.operation,
                &pattern.target,
            ];
            let named = named.into_iter().map(str::to_owned);
            rows.push(named.chain(cells).collect());
        }
    }
    if rows.is_empty() {
        println!(
            "All {} access patterns take the same units at every size.",
            patterns.len()
        );
        return;
    }
    println!(
        "{} of {} access patterns differ (requests / reads / writes):\n",
        rows.len(),
        patterns.len()
    );
    let sizes: Vec<String> = sizes.iter().map(usize::to_string).collect();
    let head = ["step", "function", "operation", "table, index or queue"];
    let head: Vec<&str> = head.into_iter().chain(sizes.iter().map(String::as_str)).collect();
    report::table(&head, &rows);
}
