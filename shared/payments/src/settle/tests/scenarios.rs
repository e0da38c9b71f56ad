//! For every provider, every scenario: all permutations of its notices, and up to three copies of each, lead to one state,
//! with our own refunds among them; the ledger is balanced and equal to the fold after every step.

use super::*;

/// What happens: the provider tells something, or staff ask for a refund.
#[derive(Debug, Clone)]
enum Event {
    Told(Vec<Fact>),
    Asked(i64),
}

use Event::{Asked, Told};

/// Our own refund, as it will be named when it is the first that is asked for.
fn ours() -> ObjectId {
    RefundId::from_parts(at(), [1; 10]).to_string().parse().unwrap()
}

struct Scenario {
    name: &'static str,
    orders: Vec<OrderStanding>,
    events: Vec<Event>,
}

struct Teller {
    provider: Provider,
}

impl Teller {
    fn told(&self, payment: &str, kind: FactKind) -> Event {
        Told(vec![self.fact(payment, kind)])
    }
    fn fact(&self, payment: &str, kind: FactKind) -> Fact {
        Fact {
            provider: self.provider,
            payment: id(payment),
            kind,
        }
    }
    fn captured(&self, payment: &str, amount: i64) -> Event {
        self.told(payment, FactKind::Captured { received: cny(amount) })
    }
    /// Alipay tells a refund as the payment once more, with a running total.
    fn total(&self, payment: &str, captured: i64, total: i64) -> Event {
        let running = self.fact(payment, FactKind::RefundTotal { total: cny(total) });
        if self.provider == Provider::Alipay {
            let received = cny(captured);
            return Told(vec![self.fact(payment, FactKind::Captured { received }), running]);
        }
        Told(vec![running])
    }
    fn pending(&self, refund: ObjectId, amount: i64) -> Event {
        let amount = cny(amount);
        self.told("pay_1", FactKind::RefundPending { refund, amount })
    }
    fn abnormal(&self, refund: ObjectId, amount: i64) -> Event {
        let amount = cny(amount);
        self.told("pay_1", FactKind::RefundAbnormal { refund, amount })
    }
    fn succeeded(&self, refund: ObjectId, amount: i64) -> Event {
        let amount = cny(amount);
        self.told("pay_1", FactKind::RefundSucceeded { refund, amount })
    }
    fn failed(&self, refund: ObjectId, amount: i64) -> Event {
        let amount = cny(amount);
        self.told("pay_1", FactKind::RefundFailed { refund, amount })
    }
    fn disputed(&self) -> [Event; 4] {
        let (dispute, amount) = (id("dp_1"), cny(DUE));
        [
            FactKind::DisputeInquiry {
                dispute: dispute.clone(),
            },
            FactKind::DisputeOpened {
                dispute: dispute.clone(),
                amount,
            },
            FactKind::DisputeWon {
                dispute: dispute.clone(),
            },
            FactKind::DisputeLost { dispute, amount },
        ]
        .map(|kind| self.told("pay_1", kind))
    }

    #[expect(clippy::too_many_lines, reason = "a table")]
    fn scenarios(&self) -> Vec<Scenario> {
        let open = || vec![OrderStanding::Open];
        let every = || {
            vec![
                OrderStanding::Open,
                OrderStanding::Expired { stock: true },
                OrderStanding::Expired { stock: false },
                OrderStanding::Cancelled,
            ]
        };
        let of = |name, orders, events| Scenario { name, orders, events };
        let step = |step| self.told("pay_1", FactKind::Progress { step });
        let pay = || self.captured("pay_1", DUE);
        let [inquiry, opened, won, lost] = self.disputed();
        let theirs = || id("re_theirs");
        vec![
            of(
                "payment, or late payment",
                every(),
                vec![pay(), step(Step::Processing), step(Step::Failed), step(Step::Expired)],
            ),
            of(
                "too little, then the rest",
                every(),
                vec![
                    self.captured("pay_1", 4_000),
                    self.captured("pay_2", 6_000),
                    step(Step::Failed),
                ],
            ),
            of(
                "too much",
                every(),
                vec![self.captured("pay_1", DUE + 700), step(Step::Processing)],
            ),
            of(
                "double payment",
                every(),
                vec![
                    pay(),
                    self.captured("pay_2", DUE),
                    self.captured("pay_3", 300),
                    step(Step::Failed),
                ],
            ),
            of(
                "partial refund of ours",
                open(),
                vec![
                    pay(),
                    Asked(3_000),
                    self.pending(ours(), 3_000),
                    self.succeeded(ours(), 3_000),
                    self.total("pay_1", DUE, 3_000),
                ],
            ),
            of(
                "failed refund of ours",
                open(),
                vec![
                    pay(),
                    Asked(3_000),
                    self.pending(ours(), 3_000),
                    self.succeeded(ours(), 3_000),
                    self.total("pay_1", DUE, 3_000),
                    self.failed(ours(), 3_000),
                ],
            ),
            of(
                "refund of ours that needs a person",
                open(),
                vec![
                    pay(),
                    Asked(3_000),
                    self.abnormal(ours(), 3_000),
                    self.succeeded(ours(), 3_000),
                ],
            ),
            of(
                "partial refunds made at the provider's",
                every(),
                vec![
                    pay(),
                    self.succeeded(theirs(), 1_000),
                    self.total("pay_1", DUE, 1_000),
                    self.succeeded(id("re_2"), 500),
                    self.total("pay_1", DUE, 1_500),
                ],
            ),
            of(
                "failed refund made at the provider's",
                open(),
                vec![
                    pay(),
                    self.succeeded(theirs(), 1_000),
                    self.failed(theirs(), 1_000),
                    self.total("pay_1", DUE, 1_000),
                    self.succeeded(id("re_2"), 500),
                    self.total("pay_1", DUE, 1_500),
                ],
            ),
            of(
                "dispute won",
                every(),
                vec![pay(), inquiry.clone(), opened.clone(), won.clone()],
            ),
            of(
                "dispute lost",
                open(),
                vec![pay(), inquiry, opened.clone(), won.clone(), lost.clone()],
            ),
            of(
                "dispute beside a refund of ours",
                open(),
                vec![pay(), Asked(2_500), self.succeeded(ours(), 2_500), opened, lost],
            ),
        ]
    }
}

/// Staff can ask once the money is there, and a refund is told of once it was asked for.
fn possible(events: &[Event], order: &[usize]) -> bool {
    let at = |index: usize| order.iter().position(|position| *position == index).unwrap();
    let asked = events.iter().position(|event| matches!(event, Asked(_)));
    let Some(asked) = asked else { return true };
    events.iter().enumerate().all(|(index, event)| match event {
        Asked(_) => true,
        Told(facts) => facts.iter().all(|fact| match &fact.kind {
            FactKind::Captured { .. } if facts.len() == 1 => at(index) < at(asked),
            FactKind::DisputeOpened { .. }
            | FactKind::DisputeLost { .. }
            | FactKind::RefundPending { .. }
            | FactKind::RefundAbnormal { .. }
            | FactKind::RefundSucceeded { .. }
            | FactKind::RefundFailed { .. }
            | FactKind::RefundTotal { .. } => at(index) > at(asked),
            _ => true,
        }),
    })
}

/// Each notice once; all of them, then all again; each several times in a row, from the other end.
fn deliveries(order: &[usize]) -> Vec<Vec<usize>> {
    let thrice = order.iter().flat_map(|index| [*index; 3]);
    vec![
        order.to_vec(),
        [order, order].concat(),
        thrice.chain(order.iter().rev().copied()).collect(),
    ]
}

fn run(events: &[Event], order: OrderStanding, escrow: Escrow, delivery: &[usize], steps: &mut u32) -> String {
    let mut books = Books::of(order);
    books.state.escrow = escrow;
    let mut asked = false;
    for index in delivery {
        *steps += 1;
        match &events[*index] {
            Told(facts) => {
                books.tell(facts);
            }
            Asked(amount) if !asked => {
                asked = true;
                books.ask(*amount).unwrap();
            }
            Asked(_) => {}
        }
    }
    let mut progress: Vec<_> = books
        .state
        .requests
        .iter()
        .filter(|request| request.reason.is_concession())
        .map(|request| (request.amount, request.progress(&books.state.folded)))
        .collect();
    progress.sort_by_key(|(amount, _)| amount.amount());
    format!("{:?} {progress:?}", books.outcome())
}

#[test]
fn every_order_and_number_of_notices_of_every_provider_leads_to_one_state() {
    let (mut scenarios, mut runs, mut steps) = (0_u32, 0_u32, 0_u32);
    for provider in Provider::ALL {
        for scenario in (Teller { provider }).scenarios() {
            scenarios += 1;
            assert!(scenario.events.len() <= 6);
            let escrow = if scenarios.is_multiple_of(2) {
                Escrow::Held
            } else {
                Escrow::None
            };
            for standing in scenario.orders {
                let mut outcome: Option<String> = None;
                let all = permutations(scenario.events.len());
                for order in all.iter().filter(|order| possible(&scenario.events, order)) {
                    for delivery in deliveries(order) {
                        runs += 1;
                        let found = run(&scenario.events, standing, escrow, &delivery, &mut steps);
                        let first = outcome.get_or_insert_with(|| found.clone());
                        assert_eq!(*first, found, "{provider} {} {standing:?} {delivery:?}", scenario.name);
                    }
                }
                assert!(outcome.is_some(), "{}", scenario.name);
            }
        }
    }
    println!("{scenarios} scenarios, {runs} runs, {steps} steps, ledger checked after each");
    assert!(scenarios == 60 && runs > 10_000, "{scenarios} {runs}");
}
