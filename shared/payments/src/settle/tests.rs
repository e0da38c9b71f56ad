//! Every order and every number of copies of a set of facts leads to one state, and the ledger says the same.

mod asked;
mod figures;
mod model;
mod scenarios;

use kernel::{Actor, Id, Money, MoneyError, OrderId, RefundId, Timestamp};
use proptest::prelude::*;

use super::*;
use crate::{Position, Step, position};

const DUE: i64 = 10_000;

fn cny(amount: i64) -> Money {
    Money::new(amount, "CNY".parse().unwrap()).unwrap()
}

fn id(text: &str) -> ObjectId {
    text.parse().unwrap()
}

fn order() -> OrderId {
    OrderId::from_parts(Timestamp::from_millis(1_700_000_000_000), [1; 10])
}

fn at() -> Timestamp {
    Timestamp::from_millis(1_700_000_001_000)
}

fn fact(payment: &str, kind: FactKind) -> Fact {
    Fact {
        provider: Provider::Stripe,
        payment: id(payment),
        kind,
    }
}

fn captured(payment: &str, amount: i64) -> Fact {
    fact(payment, FactKind::Captured { received: cny(amount) })
}

/// An order with its money, told one notice after another, as settlement does.
struct Books {
    state: MoneyState,
    facts: Vec<Fact>,
    ledger: Position,
    causes: BTreeSet<String>,
    order: OrderStanding,
    due: Money,
    next: u8,
}

impl Books {
    fn of(order_standing: OrderStanding) -> Self {
        Self {
            state: MoneyState::opening(order(), cny(DUE)),
            facts: Vec::new(),
            ledger: Position::new(),
            causes: BTreeSet::new(),
            order: order_standing,
            due: cny(DUE),
            next: 0,
        }
    }

    fn tell(&mut self, told: &[Fact]) -> Settled {
        let next = &mut self.next;
        let ids = || {
            *next += 1;
            RefundId::from_parts(at(), [*next; 10])
        };
        let settled = settle(&self.state, &self.facts, told, (self.order, self.due), at(), ids).unwrap();
        if settled.facts.is_empty() {
            assert!(settled.postings.is_empty() && settled.refunds.is_empty() && settled.order == OrderStep::None);
            return settled;
        }
        self.facts.extend(settled.facts.iter().cloned());
        self.book(&settled);
        settled
    }

    /// A change of the order, as settlement follows it.
    fn change(&mut self, change: OrderChange) -> Option<Settled> {
        let next = &mut self.next;
        let ids = || {
            *next += 1;
            RefundId::from_parts(at(), [*next; 10])
        };
        if let OrderChange::Worth(due) = change {
            self.due = due;
        }
        let settled = follow(&self.state, change, at(), ids).unwrap()?;
        self.book(&settled);
        Some(settled)
    }

    /// Staff ask for a refund.
    fn ask(&mut self, amount: i64) -> Result<Settled, AskRefused> {
        let next = &mut self.next;
        let ids = || {
            *next += 1;
            RefundId::from_parts(at(), [*next; 10])
        };
        let ask = RefundAsk {
            amount: cny(amount),
            reason: RefundReason::Goodwill,
            payment: None,
            lines: Vec::new(),
            by: Actor::system("test"),
        };
        let settled = ask_refund(&self.state, &ask, at(), ids)?;
        self.book(&settled);
        Ok(settled)
    }

    fn book(&mut self, settled: &Settled) {
        for posting in &settled.postings {
            assert!(
                self.causes.insert(posting.cause().to_owned()),
                "booked twice: {}",
                posting.cause()
            );
            assert_eq!(
                posting.entries().iter().map(|entry| entry.amount.amount()).sum::<i64>(),
                0
            );
            for entry in posting.entries() {
                let balance = self.ledger.entry(entry.account).or_insert(cny(0));
                *balance = balance.plus(entry.amount).unwrap();
            }
        }
        self.ledger.retain(|_, amount| amount.amount() != 0);
        self.state = settled.state.clone();
        self.check_requests(settled);
        if settled.order != OrderStep::None {
            self.order = OrderStanding::Paid;
        }
        self.check();
    }

    /// Money conserved, and the ledger is the fold.
    fn check(&self) {
        assert_eq!(self.ledger, position(&self.state).unwrap());
        assert_eq!(self.ledger.values().map(|amount| amount.amount()).sum::<i64>(), 0);
        let total = self.state.folded.total;
        let clearing = self
            .ledger
            .iter()
            .filter(|(account, _)| matches!(account, crate::Account::ProviderClearing(_)));
        let held: i64 = clearing.map(|(_, balance)| balance.amount()).sum();
        assert_eq!(
            held,
            total.captured.amount() - total.refunded.amount() - total.withdrawn.amount()
        );
    }

    /// Nothing is asked back that is not there: of the order, and of each payment.
    fn check_requests(&self, settled: &Settled) {
        if settled.refunds.is_empty() {
            return;
        }
        assert!(self.state.left() >= 0, "{:?}", self.state);
        for request in &settled.refunds {
            assert!(request.amount.amount() > 0);
            assert!(
                self.state.room(request.provider, &request.payment) >= 0,
                "{:?}",
                self.state
            );
        }
    }

    /// What must not depend on the order of notices. Which of two payments is asked back does.
    fn outcome(&self) -> (Standing, Status, crate::Folded, Position) {
        (
            self.state.standing,
            self.state.status(),
            self.state.folded.clone(),
            self.ledger.clone(),
        )
    }
}

fn scenarios() -> Vec<Vec<Fact>> {
    let succeeded = |refund: &str, amount| FactKind::RefundSucceeded {
        refund: id(refund),
        amount: cny(amount),
    };
    let failed = |refund: &str, amount| FactKind::RefundFailed {
        refund: id(refund),
        amount: cny(amount),
    };
    let total = |amount| FactKind::RefundTotal { total: cny(amount) };
    let opened = FactKind::DisputeOpened {
        dispute: id("dp_1"),
        amount: cny(DUE),
    };
    let lost = FactKind::DisputeLost {
        dispute: id("dp_1"),
        amount: cny(DUE),
    };
    let won = FactKind::DisputeWon { dispute: id("dp_1") };
    let step = |step| FactKind::Progress { step };
    vec![
        vec![
            captured("pi_1", DUE),
            fact("pi_1", step(Step::Failed)),
            fact("pi_1", step(Step::Processing)),
        ],
        vec![
            captured("pi_1", DUE),
            fact("pi_1", succeeded("re_1", 3_000)),
            fact("pi_1", succeeded("re_2", 2_000)),
            fact("pi_1", total(3_000)),
            fact("pi_1", total(5_000)),
        ],
        vec![
            captured("pi_1", DUE),
            fact("pi_1", succeeded("re_1", 3_000)),
            fact("pi_1", failed("re_1", 3_000)),
            fact("pi_1", total(3_000)),
            fact("pi_1", succeeded("re_2", 1_000)),
            fact("pi_1", total(4_000)),
        ],
        vec![
            captured("pi_1", DUE),
            fact("pi_1", opened.clone()),
            fact("pi_1", won.clone()),
        ],
        vec![
            captured("pi_1", DUE),
            fact("pi_1", opened),
            fact("pi_1", lost),
            fact("pi_1", won),
        ],
        vec![
            captured("pi_1", 4_000),
            captured("pi_2", 6_000),
            fact("pi_2", succeeded("re_1", 500)),
        ],
        vec![captured("pi_1", 4_000), captured("pi_2", 9_000), captured("pi_3", DUE)],
        vec![captured("pi_1", 9_999), fact("pi_2", step(Step::Expired))],
    ]
}

fn permutations(length: usize) -> Vec<Vec<usize>> {
    if length == 0 {
        return vec![Vec::new()];
    }
    let mut all = Vec::new();
    for shorter in permutations(length - 1) {
        for at in 0..length {
            let mut longer = shorter.clone();
            longer.insert(at, length - 1);
            all.push(longer);
        }
    }
    all
}

#[test]
fn all_permutations_and_copies_of_a_scenario_lead_to_one_state() {
    let standings = [
        OrderStanding::Open,
        OrderStanding::Expired { stock: true },
        OrderStanding::Expired { stock: false },
    ];
    let mut runs = 0;
    for standing in standings {
        for facts in scenarios() {
            let mut outcomes = Vec::new();
            for permutation in permutations(facts.len()) {
                for copies in 1..=3 {
                    let mut books = Books::of(standing);
                    for index in permutation.iter().cycle().take(facts.len() * copies) {
                        books.tell(std::slice::from_ref(&facts[*index]));
                    }
                    outcomes.push(books.outcome());
                    runs += 1;
                }
            }
            assert!(
                outcomes.iter().all(|outcome| *outcome == outcomes[0]),
                "{standing:?} {facts:?}"
            );
        }
    }
    assert!(runs > 5_000, "{runs}");
}

#[test]
fn the_exact_amount_pays_the_order_once() {
    let mut books = Books::of(OrderStanding::Open);
    let settled = books.tell(&[captured("pi_1", DUE)]);
    assert_eq!(
        (settled.order, settled.held, settled.refunds.len()),
        (OrderStep::Pay, None, 0)
    );
    assert_eq!(books.state.status(), Status::Paid);
    assert_eq!(books.tell(&[captured("pi_1", DUE)]).order, OrderStep::None);
}

#[test]
fn a_failed_try_is_not_the_end() {
    let mut books = Books::of(OrderStanding::Open);
    books.tell(&[fact("pi_1", FactKind::Progress { step: Step::Failed })]);
    assert_eq!(books.state.status(), Status::Unpaid);
    assert_eq!(books.tell(&[captured("pi_1", DUE)]).order, OrderStep::Pay);
}

#[test]
fn too_little_holds_until_the_rest_comes() {
    let mut books = Books::of(OrderStanding::Open);
    let settled = books.tell(&[captured("pi_1", DUE - 1)]);
    assert_eq!(
        (settled.order, settled.held),
        (OrderStep::None, Some(HoldReason::Underpaid))
    );
    assert_eq!(books.state.status(), Status::UnderpaidHold);
    let settled = books.tell(&[captured("pi_2", 1)]);
    assert_eq!((settled.order, settled.state.hold), (OrderStep::Pay, None));
}

#[test]
fn too_much_pays_and_asks_the_rest_back() {
    let mut books = Books::of(OrderStanding::Open);
    let settled = books.tell(&[captured("pi_1", DUE + 500)]);
    assert_eq!(
        (settled.order, settled.held),
        (OrderStep::Pay, Some(HoldReason::Overpaid))
    );
    assert_eq!(settled.refunds.len(), 1);
    assert_eq!(
        (settled.refunds[0].amount, settled.refunds[0].reason),
        (cny(500), RefundReason::Overpaid)
    );
    assert_eq!(books.ledger[&crate::Account::Overpayments], cny(-500));
    let refund = FactKind::RefundSucceeded {
        refund: id("re_1"),
        amount: cny(500),
    };
    assert!(books.tell(&[fact("pi_1", refund)]).refunds.is_empty());
    assert_eq!(books.state.status(), Status::Paid);
    assert_eq!(books.ledger.get(&crate::Account::Overpayments), None);
}

#[test]
fn the_second_payment_is_asked_back() {
    let mut books = Books::of(OrderStanding::Open);
    books.tell(&[captured("pi_1", DUE)]);
    let settled = books.tell(&[captured("pi_2", DUE)]);
    assert_eq!(settled.order, OrderStep::None);
    let [request] = settled.refunds.as_slice() else {
        panic!("{:?}", settled.refunds)
    };
    assert_eq!(
        (request.amount, request.reason, request.payment.as_str()),
        (cny(DUE), RefundReason::PaidTwice, "pi_2")
    );
    assert_eq!(books.state.status(), Status::OverpaidHold);
}

#[test]
fn money_after_expiry_revives_the_order_or_goes_back() {
    let mut books = Books::of(OrderStanding::Expired { stock: true });
    assert_eq!(books.tell(&[captured("pi_1", DUE)]).order, OrderStep::Revive);
    for standing in [OrderStanding::Expired { stock: false }, OrderStanding::Cancelled] {
        let mut books = Books::of(standing);
        let settled = books.tell(&[captured("pi_1", DUE)]);
        assert_eq!(
            (settled.order, settled.held),
            (OrderStep::None, Some(HoldReason::PaidAfterClose))
        );
        assert_eq!(settled.refunds[0].reason, RefundReason::PaidAfterClose);
        assert_eq!(books.ledger[&crate::Account::RefundsPayable], cny(-DUE));
        assert_eq!(books.state.status(), Status::PaidAfterCancel);
    }
}

#[test]
fn closing_a_paid_order_asks_its_money_back_once() {
    let mut books = Books::of(OrderStanding::Open);
    assert_eq!(
        follow(&books.state, OrderChange::Closed, at(), || panic!("no refund")),
        Ok(None)
    );
    books.tell(&[captured("pi_1", DUE), captured("pi_2", 200)]);
    let mut next = 100;
    let ids = || {
        next += 1;
        RefundId::from_parts(at(), [next; 10])
    };
    let closed = follow(&books.state, OrderChange::Closed, at(), ids).unwrap().unwrap();
    books.book(&closed);
    // 200 were asked back when they came.
    assert_eq!(
        closed.refunds.iter().map(|refund| refund.amount.amount()).sum::<i64>(),
        DUE
    );
    assert_eq!(
        books
            .state
            .requests
            .iter()
            .map(|refund| refund.amount.amount())
            .sum::<i64>(),
        DUE + 200
    );
    assert_eq!(
        follow(&books.state, OrderChange::Closed, at(), || panic!("no refund")),
        Ok(None)
    );
}

#[test]
fn cancelled_units_are_asked_back_out_of_sales() {
    let mut books = Books::of(OrderStanding::Open);
    books.tell(&[captured("pi_1", DUE)]);
    let worth = OrderChange::Worth(cny(7_000));
    let ids = || RefundId::from_parts(at(), [100; 10]);
    let cancelled = follow(&books.state, worth, at(), ids).unwrap().unwrap();
    books.book(&cancelled);
    assert_eq!(cancelled.refunds[0].amount, cny(3_000));
    assert_eq!(books.ledger[&crate::Account::Sales], cny(-7_000));
    assert_eq!(follow(&books.state, worth, at(), || panic!("no refund")), Ok(None));
}

#[test]
fn a_refund_that_turns_up_later_is_no_reason_to_ask_again() {
    let mut books = Books::of(OrderStanding::Cancelled);
    let refunded = |refund: &str, amount| {
        fact(
            "pi_1",
            FactKind::RefundSucceeded {
                refund: id(refund),
                amount: cny(amount),
            },
        )
    };
    books.tell(&[refunded("re_1", 3_000)]);
    assert_eq!(books.tell(&[captured("pi_1", DUE)]).refunds[0].amount, cny(7_000));
    assert!(books.tell(&[refunded("re_2", 2_000)]).refunds.is_empty());
}

#[test]
fn another_currency_books_nothing() {
    let usd = Money::new(DUE, "USD".parse().unwrap()).unwrap();
    let told = [fact("pi_1", FactKind::Captured { received: usd })];
    let state = MoneyState::opening(order(), cny(DUE));
    let refused = settle(&state, &[], &told, (OrderStanding::Open, cny(DUE)), at(), || {
        panic!("no refund")
    });
    let mixed = MoneyError::Mixed {
        left: cny(0).currency(),
        right: usd.currency(),
    };
    assert_eq!(refused, Err(SettleError::Fold(FoldError::Money(mixed))));
}

fn any_fact() -> impl Strategy<Value = Fact> {
    let payment = prop_oneof![Just("pi_1"), Just("pi_2"), Just("pi_3")];
    let object = prop_oneof![Just("x_1"), Just("x_2")];
    let amount = prop_oneof![Just(1_i64), Just(3_000), Just(DUE), 1..20_000_i64];
    (payment, object, amount, 0..8_u8).prop_map(|(payment, object, amount, kind)| {
        let amount = cny(amount);
        let kind = match kind {
            0 | 1 => FactKind::Captured { received: amount },
            2 => FactKind::RefundSucceeded {
                refund: id(object),
                amount,
            },
            3 => FactKind::RefundFailed {
                refund: id(object),
                amount,
            },
            4 => FactKind::RefundTotal { total: amount },
            5 => FactKind::DisputeOpened {
                dispute: id(object),
                amount,
            },
            6 => FactKind::DisputeWon { dispute: id(object) },
            _ => FactKind::DisputeLost {
                dispute: id(object),
                amount,
            },
        };
        fact(payment, kind)
    })
}

proptest! {
    #[test]
    fn any_facts_in_any_order_fold_alike_and_balance(
        (facts, shuffled) in prop::collection::vec(any_fact(), 1..20)
            .prop_flat_map(|facts| (Just(facts.clone()), Just(facts).prop_shuffle()))
    ) {
        let mut one = Books::of(OrderStanding::Open);
        let mut other = Books::of(OrderStanding::Open);
        for told in &facts {
            one.tell(std::slice::from_ref(told));
        }
        for told in shuffled.iter().chain(&facts) {
            other.tell(std::slice::from_ref(told));
        }
        prop_assert_eq!(one.outcome(), other.outcome());
    }

    #[test]
    fn no_payment_is_asked_back_beyond_what_it_brought(facts in prop::collection::vec(any_fact(), 1..20)) {
        let mut books = Books::of(OrderStanding::Expired { stock: false });
        for told in &facts {
            books.tell(std::slice::from_ref(told));
            for ((provider, payment), totals) in &books.state.folded.payments {
                let asks = books.state.requests.iter().filter(|ask| ask.provider == *provider && ask.payment == *payment);
                let asked: i64 = asks.map(|ask| ask.amount.amount()).sum();
                prop_assert!(asked <= totals.captured.amount());
            }
        }
    }
}
