//! Units, requests and invocations per order, by step and by access pattern.

use std::collections::BTreeMap;

use local::front::Count;

use crate::{
    drive::{Buyer, Step},
    report::{self, per},
    stage::Stage,
};

/// One access pattern as it is seen from outside.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) struct Pattern {
    pub(crate) step: Step,
    /// Logical id.
    pub(crate) function: String,
    pub(crate) service: &'static str,
    pub(crate) operation: String,
    /// Table, table and index, or queue, by logical id.
    pub(crate) target: String,
}

/// What some orders took, all together.
#[derive(Debug, Default)]
pub(crate) struct Sample {
    pub(crate) orders: u64,
    pub(crate) patterns: BTreeMap<Pattern, Count>,
    invocations: BTreeMap<(Step, String), u64>,
}

/// Takes orders one after the other from search to door, each step to its last consequence, then fires the schedules.
///
/// One at a time is the dearest way: nothing shares a batch with anything else.
pub(crate) async fn sample(stage: &Stage, first: usize, orders: usize) -> Sample {
    let mut sample = Sample::default();
    for nth in first..first.saturating_add(orders) {
        let mut buyer = Buyer::new(stage, nth);
        for step in Step::SALE.into_iter().chain(Step::DELIVERY) {
            sample.take(stage, &mut buyer, step).await;
        }
        sample.orders += 1;
        if sample.orders == 1 {
            // The first firing after a pause looks at every minute of it; the second is the one that happens each minute.
            buyer.take(Step::Sweep).await;
            sample.take(stage, &mut buyer, Step::Sweep).await;
        }
    }
    sample
}

impl Sample {
    async fn take(&mut self, stage: &Stage, buyer: &mut Buyer<'_>, step: Step) {
        stage.settle().await;
        let invoker = &stage.platform.handles.invoker;
        let before = invoker.statistics();
        stage.platform.meter.reset();
        buyer.take(step).await;
        stage.settle().await;
        for row in stage.platform.meter.read() {
            if row.subject.service == "secretsmanager" {
                continue;
            }
            let pattern = Pattern {
                step,
                function: row.subject.caller,
                service: row.subject.service,
                operation: row.subject.operation,
                target: short(&row.subject.target),
            };
            add(self.patterns.entry(pattern).or_default(), &row.count);
        }
        for (function, after) in invoker.statistics() {
            let more = after.invocations - before[&function].invocations;
            if more > 0 {
                *self.invocations.entry((step, function)).or_default() += more;
            }
        }
    }

    /// Orders among which a step's counts are shared: a firing of the schedules is one.
    fn among(&self, step: Step) -> u64 {
        if step == Step::Sweep { 1 } else { self.orders }
    }

    /// Requests, read units and write units of a pattern per order.
    pub(crate) fn each(&self, pattern: &Pattern) -> [String; 3] {
        let count = self.patterns.get(pattern).copied().unwrap_or_default();
        self.shares(pattern.step, &count)
    }

    fn shares(&self, step: Step, count: &Count) -> [String; 3] {
        let thousandths = [count.requests * 1_000, count.read_milliunits, count.write_milliunits];
        thousandths.map(|number| per(number, self.among(step)))
    }

    /// Every access pattern.
    pub(crate) fn print_patterns(&self) {
        let row = |pattern: &Pattern| {
            let named = [
                pattern.step.name().to_owned(),
                name(&pattern.function).to_owned(),
                pattern.operation.clone(),
                pattern.target.clone(),
            ];
            named.into_iter().chain(self.each(pattern)).collect()
        };
        let rows: Vec<Vec<String>> = self.patterns.keys().map(row).collect();
        let head = [
            "step",
            "function",
            "operation",
            "table, index or queue",
            "requests",
            "reads",
            "writes",
        ];
        report::table(&head, &rows);
    }

    /// Each step, with everything that followed from it, and the order as a whole.
    pub(crate) fn print_steps(&self) {
        let mut rows = Vec::new();
        let steps = Step::SALE.into_iter().chain(Step::DELIVERY);
        for step in steps.clone().chain([Step::Sweep]) {
            rows.push(self.step_row(step.name(), &[step]));
        }
        rows.push(self.step_row("**until paid**", &Step::SALE));
        rows.push(self.step_row("**to the door**", &steps.collect::<Vec<_>>()));
        let head = [
            "step",
            "invocations",
            "DynamoDB requests",
            "reads",
            "writes",
            "SQS requests",
        ];
        report::table(&head, &rows);
    }

    fn step_row(&self, name: &str, steps: &[Step]) -> Vec<String> {
        let sum = |service: &str| {
            let mut sum = Count::default();
            let of = |pattern: &Pattern| steps.contains(&pattern.step) && pattern.service == service;
            for (_, count) in self.patterns.iter().filter(|(pattern, _)| of(pattern)) {
                add(&mut sum, count);
            }
            self.shares(steps[0], &sum)
        };
        let ([requests, reads, writes], [sent, ..]) = (sum("dynamodb"), sum("sqs"));
        let ran = self.invocations.iter().filter(|((step, _), _)| steps.contains(step));
        let ran = per(ran.map(|(_, ran)| ran * 1_000).sum(), self.among(steps[0]));
        vec![name.to_owned(), ran, requests, reads, writes, sent]
    }

    /// Invocations of each function over a whole order.
    pub(crate) fn print_invocations(&self) {
        let mut sums: BTreeMap<&str, u64> = BTreeMap::new();
        for ((step, function), ran) in &self.invocations {
            if *step != Step::Sweep {
                *sums.entry(name(function)).or_default() += ran * 1_000;
            }
        }
        let rows: Vec<_> = sums
            .into_iter()
            .map(|(function, ran)| vec![function.to_owned(), per(ran, self.orders)])
            .collect();
        report::table(&["function", "invocations"], &rows);
    }

    /// Read and write units of each table, indexes included, over a whole order in thousandths.
    pub(crate) fn tables(&self) -> BTreeMap<String, [u64; 2]> {
        let mut tables: BTreeMap<String, [u64; 2]> = BTreeMap::new();
        let counted = |pattern: &Pattern| pattern.service == "dynamodb" && pattern.step != Step::Sweep;
        for (pattern, count) in self.patterns.iter().filter(|(pattern, _)| counted(pattern)) {
            let table = pattern.target.split('/').next().unwrap_or_default().to_owned();
            let [reads, writes] = tables.entry(table).or_default();
            *reads += count.read_milliunits;
            *writes += count.write_milliunits;
        }
        tables
    }
}

fn add(sum: &mut Count, count: &Count) {
    sum.requests += count.requests;
    sum.errors += count.errors;
    sum.read_milliunits += count.read_milliunits;
    sum.write_milliunits += count.write_milliunits;
}

/// A function as its folder is named, nearly.
fn name(function: &str) -> &str {
    function.strip_suffix("Function").unwrap_or(function)
}

/// Physical names begin with the stack's.
fn short(target: &str) -> String {
    target.replace("tradepost-", "")
}
