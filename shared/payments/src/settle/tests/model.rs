//! Random lives of an order's money against a provider that tells the truth, late, often and in any order: nobody is asked
//! for more than is there, what is too much is asked back exactly once, and what staff give up never counts as that.

use super::*;

/// What happens next; numbers choose among what there is.
#[derive(Debug, Clone)]
enum Act {
    /// A payer pays once more.
    Pay { payment: u8, amount: i64 },
    /// Staff give something up.
    Favour(i64),
    /// The provider decides on a refund that was asked for.
    Decide {
        which: usize,
        fails: bool,
        running_total: bool,
    },
    /// One notice that was not delivered yet arrives; or an old one once more.
    Deliver { which: usize, again: bool },
    /// Some units were cancelled.
    Cancel(i64),
    /// All was cancelled.
    Close,
}

fn act() -> impl Strategy<Value = Act> {
    prop_oneof![
        2 => (0..3_u8, prop_oneof![Just(DUE), 1..12_000_i64]).prop_map(|(payment, amount)| Act::Pay { payment, amount }),
        3 => (1..6_000_i64).prop_map(Act::Favour),
        5 => (any::<usize>(), prop::bool::weighted(0.25), any::<bool>())
            .prop_map(|(which, fails, running_total)| Act::Decide { which, fails, running_total }),
        8 => (any::<usize>(), prop::bool::weighted(0.2)).prop_map(|(which, again)| Act::Deliver { which, again }),
        1 => (1..4_000_i64).prop_map(Act::Cancel),
        1 => prop::bool::weighted(0.3).prop_map(|close| if close { Act::Close } else { Act::Favour(1) }),
    ]
}

/// A provider, and what it has not told yet.
#[derive(Default)]
struct Model {
    mail: Vec<Fact>,
    delivered: Vec<Fact>,
    paid: BTreeSet<u8>,
    decided: BTreeSet<RefundId>,
    refunded: std::collections::BTreeMap<ObjectId, i64>,
}

impl Model {
    fn decide(&mut self, request: &RefundRequest, fails: bool, running_total: bool) {
        if !self.decided.insert(request.id) {
            return;
        }
        let (refund, amount) = (request.object().unwrap(), request.amount);
        let payment = request.payment.as_str();
        if fails {
            self.mail.push(fact(payment, FactKind::RefundFailed { refund, amount }));
            return;
        }
        let gone = self.refunded.entry(request.payment.clone()).or_default();
        *gone += amount.amount();
        if running_total {
            self.mail
                .push(fact(payment, FactKind::RefundTotal { total: cny(*gone) }));
        }
        self.mail
            .push(fact(payment, FactKind::RefundSucceeded { refund, amount }));
    }

    fn next(&mut self, which: usize, again: bool) -> Option<Fact> {
        if again && !self.delivered.is_empty() {
            return self.delivered.get(which % self.delivered.len()).cloned();
        }
        if self.mail.is_empty() {
            return None;
        }
        let told = self.mail.swap_remove(which % self.mail.len());
        self.delivered.push(told.clone());
        Some(told)
    }
}

fn live(books: &mut Books, model: &mut Model, act: &Act) {
    match act {
        Act::Pay { payment, amount } => {
            if model.paid.insert(*payment) {
                model.mail.push(captured(&format!("pi_{payment}"), *amount));
            }
        }
        Act::Favour(amount) => {
            let _: Result<Settled, AskRefused> = books.ask(*amount);
        }
        Act::Decide {
            which,
            fails,
            running_total,
        } => {
            if !books.state.requests.is_empty() {
                let request = books.state.requests[which % books.state.requests.len()].clone();
                model.decide(&request, *fails, *running_total);
            }
        }
        Act::Deliver { which, again } => {
            if let Some(told) = model.next(*which, *again) {
                books.tell(&[told]);
            }
        }
        Act::Cancel(amount) => {
            let worth = books.due.amount() - amount;
            if worth > 0 && books.state.standing == Standing::Accepted {
                books.change(OrderChange::Worth(cny(worth)));
            }
        }
        Act::Close => {
            if books.state.standing == Standing::Accepted {
                books.change(OrderChange::Closed);
                books.order = OrderStanding::Cancelled;
            }
        }
    }
}

/// Sums over requests, in minor units: of the system, of staff without those that failed.
fn sums(books: &Books) -> (i64, i64) {
    let of = |which: &dyn Fn(&RefundRequest) -> bool| -> i64 {
        let requests = books.state.requests.iter().filter(|request| which(request));
        requests.map(|request| request.amount.amount()).sum()
    };
    (
        of(&|request| !request.reason.is_concession()),
        of(&|request| request.reason.is_concession() && !request.has_failed(&books.state.folded)),
    )
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(1_500))]

    #[test]
    fn what_is_too_much_is_asked_back_exactly_once_and_a_favour_never_counts_as_that(
        acts in prop::collection::vec(act(), 1..40),
    ) {
        let (mut books, mut model) = (Books::of(OrderStanding::Open), Model::default());
        for act in &acts {
            live(&mut books, &mut model, act);
        }
        while let Some(told) = model.next(0, false) {
            books.tell(&[told]);
        }
        let total = books.state.folded.total;
        let gone: i64 = model.refunded.values().sum();
        prop_assert_eq!(total.refunded.amount(), gone);
        let (system, staff) = sums(&books);
        let owed = match books.state.standing {
            Standing::Awaiting => 0,
            Standing::Accepted => total.captured.amount() - books.due.amount(),
            Standing::Closed => total.captured.amount() - staff,
        };
        let failed = failed(&books);
        prop_assert!(system + staff <= total.captured.amount() + failed);
        let given_up = books.state.standing == Standing::Accepted && owed > total.captured.amount() - staff;
        if given_up {
            // Staff gave up what was cancelled later: the payer has it already.
            prop_assert!(system <= owed);
        } else if books.state.standing == Standing::Closed && failed > 0 {
            // What failed is a person's to ask for once more.
            prop_assert!(owed <= system && system <= owed + failed, "{system} {owed} {failed}");
        } else {
            prop_assert_eq!(system, owed, "{:?}", books.state);
        }
    }
}

/// What the system asked for and came back.
fn failed(books: &Books) -> i64 {
    let failed = books
        .state
        .requests
        .iter()
        .filter(|request| request.has_failed(&books.state.folded));
    failed.map(|request| request.amount.amount()).sum()
}
