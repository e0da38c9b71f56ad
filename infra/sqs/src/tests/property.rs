//! Random operations against a model: order within groups, nothing lost, nothing given twice at a time.

use std::collections::BTreeMap;

use proptest::prelude::*;

use super::durability::File;
use super::{Bench, START_MS, grouped, message};
use crate::Receive;

#[derive(Clone, Copy, Debug)]
enum Step {
    Send { group: u8 },
    Receive { max: usize, visibility_s: i64 },
    Delete { held: usize },
    GiveBack { held: usize },
    Advance { ms: i64 },
    Restart,
}

fn step() -> impl Strategy<Value = Step> {
    prop_oneof![
        4 => (0_u8..3).prop_map(|group| Step::Send { group }),
        4 => (1_usize..5, 1_i64..4).prop_map(|(max, visibility_s)| Step::Receive { max, visibility_s }),
        3 => any::<usize>().prop_map(|held| Step::Delete { held }),
        1 => any::<usize>().prop_map(|held| Step::GiveBack { held }),
        2 => (0_i64..2_500).prop_map(|ms| Step::Advance { ms }),
        1 => Just(Step::Restart),
    ]
}

/// What the queue should hold: bodies in order, by group.
#[derive(Default)]
struct Model {
    left: BTreeMap<u8, Vec<u32>>,
    sent: u32,
    held: Vec<Held>,
}

#[derive(Clone)]
struct Held {
    group: u8,
    body: u32,
    handle: String,
    until_ms: i64,
}

struct Run {
    bench: Bench,
    model: Model,
    fifo: bool,
    file: Option<File>,
}

impl Run {
    fn queue(&self) -> &'static str {
        if self.fifo { "q.fifo" } else { "q" }
    }

    async fn start(fifo: bool, file: Option<File>) -> Self {
        let bench = Bench::on(file.as_ref().map(File::path), START_MS);
        let run = Self {
            bench,
            model: Model::default(),
            fifo,
            file,
        };
        run.bench.create(run.queue(), &[]).await;
        run
    }

    async fn act(&mut self, step: Step) {
        let now_ms = self.bench.now_ms();
        match step {
            Step::Send { group } => {
                let body = format!("{group}:{}", self.model.sent);
                let new = if self.fifo {
                    grouped(&group.to_string(), &body)
                } else {
                    message(&body)
                };
                self.bench.sqs.send(self.queue(), new).await.unwrap();
                self.model.left.entry(group).or_default().push(self.model.sent);
                self.model.sent += 1;
            }
            Step::Receive { max, visibility_s } => self.receive(max, visibility_s).await,
            Step::Delete { held } if !self.model.held.is_empty() => {
                let held = self.model.held.swap_remove(held % self.model.held.len());
                let deleted = self.bench.sqs.delete(self.queue(), &held.handle).await;
                let again = self.model.held.iter().any(|other| other.body == held.body);
                assert_eq!(deleted.is_ok(), !self.fifo || held.until_ms > now_ms);
                if deleted.is_ok() && !again {
                    self.model
                        .left
                        .get_mut(&held.group)
                        .unwrap()
                        .retain(|body| *body != held.body);
                }
            }
            Step::GiveBack { held } if !self.model.held.is_empty() => {
                let index = held % self.model.held.len();
                let held = &mut self.model.held[index];
                if held.until_ms > now_ms {
                    let queue = if self.fifo { "q.fifo" } else { "q" };
                    self.bench.sqs.change_visibility(queue, &held.handle, 0).await.unwrap();
                    held.until_ms = now_ms;
                }
            }
            Step::Delete { .. } | Step::GiveBack { .. } => {}
            Step::Advance { ms } => self.bench.advance(ms),
            Step::Restart => self.restart(),
        }
    }

    fn restart(&mut self) {
        if let Some(file) = &self.file {
            // The old service must be gone before the file opens again.
            let now_ms = self.bench.now_ms();
            self.bench = Bench::new();
            self.bench = Bench::on(Some(file.path()), now_ms);
        }
    }

    async fn receive(&mut self, max: usize, visibility_s: i64) {
        let now_ms = self.bench.now_ms();
        let wish = Receive {
            max,
            visibility_s: Some(visibility_s),
            wait_s: Some(0),
            attempt_id: None,
        };
        let received = self.bench.sqs.receive(self.queue(), &wish).await.unwrap();
        let mut by_group: BTreeMap<u8, Vec<u32>> = BTreeMap::new();
        let held: Vec<_> = self
            .model
            .held
            .iter()
            .filter(|held| held.until_ms > now_ms)
            .cloned()
            .collect();
        for one in &received {
            let (group, body) = one.content.body.split_once(':').unwrap();
            let (group, body): (u8, u32) = (group.parse().unwrap(), body.parse().unwrap());
            assert!(self.model.left[&group].contains(&body), "a deleted message came again");
            assert!(
                held.iter().all(|held| held.body != body),
                "a message in flight was given again"
            );
            assert!(
                !self.fifo || held.iter().all(|held| held.group != group),
                "a blocked group was given"
            );
            by_group.entry(group).or_default().push(body);
            // An older handle of a standard queue's message no longer counts.
            self.model.held.retain(|held| held.body != body);
            let until_ms = now_ms + visibility_s * 1_000;
            self.model.held.push(Held {
                group,
                body,
                handle: one.receipt_handle.clone(),
                until_ms,
            });
        }
        if self.fifo {
            for (group, bodies) in by_group {
                assert!(
                    self.model.left[&group].starts_with(&bodies),
                    "{bodies:?} are not the head of group {group}"
                );
            }
        }
        let free = |group: &u8| !self.fifo || held.iter().all(|held| held.group != *group);
        let available: usize = self
            .model
            .left
            .iter()
            .filter(|(group, _)| free(group))
            .map(|(_, bodies)| {
                bodies
                    .iter()
                    .filter(|body| held.iter().all(|held| held.body != **body))
                    .count()
            })
            .sum();
        assert_eq!(
            received.len(),
            max.min(available),
            "a message that was ready was missed"
        );
    }

    /// Consumes what is left and compares it with the model.
    async fn drain(mut self) {
        self.restart();
        self.bench.advance(10_000_000 - (self.bench.now_ms() - START_MS));
        let mut rest: BTreeMap<u8, Vec<u32>> = BTreeMap::new();
        loop {
            let received = self.bench.receive(self.queue(), 10).await;
            if received.is_empty() {
                break;
            }
            for one in received {
                let (group, body) = one.content.body.split_once(':').unwrap();
                rest.entry(group.parse().unwrap())
                    .or_default()
                    .push(body.parse().unwrap());
                self.bench.sqs.delete(self.queue(), &one.receipt_handle).await.unwrap();
            }
        }
        if !self.fifo {
            for bodies in rest.values_mut() {
                bodies.sort_unstable();
            }
        }
        self.model.left.retain(|_, bodies| !bodies.is_empty());
        assert_eq!(rest, self.model.left);
        assert_eq!(
            self.bench.sqs.statistics(self.queue()).unwrap(),
            crate::Statistics::default()
        );
    }
}

fn check(steps: &[Step], fifo: bool, file: Option<File>) {
    let runtime = tokio::runtime::Builder::new_current_thread()
        .enable_time()
        .build()
        .unwrap();
    runtime.block_on(async {
        let mut run = Run::start(fifo, file).await;
        for step in steps {
            run.act(*step).await;
        }
        run.drain().await;
    });
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 128, ..ProptestConfig::default() })]

    #[test]
    fn a_fifo_queue_keeps_the_order_of_each_group_and_loses_nothing(steps in prop::collection::vec(step(), 1..120)) {
        check(&steps, true, None);
    }

    #[test]
    fn a_standard_queue_loses_nothing_and_gives_nothing_twice_at_a_time(steps in prop::collection::vec(step(), 1..120)) {
        check(&steps, false, None);
    }
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 12, ..ProptestConfig::default() })]

    #[test]
    fn order_and_completeness_hold_over_restarts(steps in prop::collection::vec(step(), 1..60), fifo: bool) {
        check(&steps, fifo, Some(File::new("property")));
    }
}
