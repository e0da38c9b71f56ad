//! Each planted disagreement is found, as what it is; what agrees is left alone.

use proptest::prelude::*;

use super::*;

fn cny(amount: i64) -> Money {
    Money::new(amount, "CNY".parse().unwrap()).unwrap()
}

fn id(text: &str) -> ObjectId {
    text.parse().unwrap()
}

fn fact(payment: &str, kind: FactKind) -> Fact {
    Fact {
        provider: Provider::WechatPay,
        payment: id(payment),
        kind,
    }
}

fn row(payment: &str, refund: Option<&str>, amount: i64, state: StatementState) -> StatementRow {
    StatementRow {
        payment: id(payment),
        refund: refund.map(id),
        amount: cny(amount),
        fee: cny(0),
        state,
        order: None,
        intent: None,
    }
}

fn captured(payment: &str, amount: i64) -> Fact {
    fact(payment, FactKind::Captured { received: cny(amount) })
}

fn refunded(payment: &str, refund: &str, amount: i64) -> Fact {
    let (refund, amount) = (id(refund), cny(amount));
    fact(payment, FactKind::RefundSucceeded { refund, amount })
}

fn verdict(row: &StatementRow, facts: &[Fact]) -> Verdict {
    compare(row, here(Provider::WechatPay, row, facts))
}

fn why(verdict: Verdict) -> Option<CaseReason> {
    match verdict {
        Verdict::Agrees => None,
        Verdict::Ask(difference) | Verdict::Differs(difference) => Some(difference.why),
    }
}

#[test]
fn the_day_of_a_statement_is_the_providers() {
    let at: Timestamp = "2026-11-21T17:00:00Z".parse().unwrap();
    assert_eq!(statement_day(Provider::Stripe, at), "2026-11-21");
    assert_eq!(statement_day(Provider::WechatPay, at), "2026-11-22");
    assert_eq!(statement_day(Provider::Alipay, at), "2026-11-22");
}

#[test]
fn every_pair_of_states_has_its_verdict() {
    use StatementState as S;
    let money = cny(30);
    let agrees = |state, here| compare(&row("p", Some("r"), 30, state), here) == Verdict::Agrees;
    let asks = |state, here| matches!(compare(&row("p", Some("r"), 30, state), here), Verdict::Ask(d) if d.why == CaseReason::StateDiffers);
    let differs = |state, here, why| matches!(compare(&row("p", Some("r"), 30, state), here), Verdict::Differs(d) if d.why == why);
    assert!(differs(S::Succeeded, Here::Nothing, CaseReason::MissingHere));
    assert!(differs(S::Succeeded, Here::Pending(money), CaseReason::StateDiffers));
    assert!(agrees(S::Succeeded, Here::Moved(money)));
    assert!(differs(S::Succeeded, Here::Moved(cny(31)), CaseReason::AmountDiffers));
    assert!(asks(S::Succeeded, Here::Failed(money)));
    assert!(agrees(S::Pending, Here::Nothing));
    assert!(agrees(S::Pending, Here::Pending(money)));
    assert!(differs(S::Pending, Here::Pending(cny(29)), CaseReason::AmountDiffers));
    assert!(asks(S::Pending, Here::Moved(money)));
    assert!(asks(S::Pending, Here::Failed(money)));
    assert!(agrees(S::Failed, Here::Nothing));
    assert!(differs(S::Failed, Here::Pending(money), CaseReason::StateDiffers));
    assert!(differs(S::Failed, Here::Moved(money), CaseReason::StateDiffers));
    assert!(agrees(S::Failed, Here::Failed(money)));
    assert!(differs(S::Failed, Here::Failed(cny(1)), CaseReason::AmountDiffers));
}

#[test]
fn facts_of_another_payment_refund_or_provider_say_nothing_of_a_row() {
    let succeeded = StatementState::Succeeded;
    let other = Fact {
        provider: Provider::Alipay,
        ..captured("p", 30)
    };
    assert_eq!(
        why(verdict(&row("p", None, 30, succeeded), &[captured("q", 30), other])),
        Some(CaseReason::MissingHere)
    );
    let facts = [captured("p", 30), refunded("p", "r1", 30)];
    assert_eq!(
        why(verdict(&row("p", Some("r2"), 30, succeeded), &facts)),
        Some(CaseReason::MissingHere)
    );
    assert_eq!(why(verdict(&row("p", Some("r1"), 30, succeeded), &facts)), None);
}

#[test]
fn a_refund_that_nobody_named_is_known_when_the_running_total_has_room_for_it() {
    let total = |total| fact("p", FactKind::RefundTotal { total: cny(total) });
    let dashboard = row("p", Some("theirs"), 20, StatementState::Succeeded);
    assert_eq!(why(verdict(&dashboard, &[total(20)])), None);
    assert_eq!(why(verdict(&dashboard, &[total(50), refunded("p", "r", 30)])), None);
    assert_eq!(
        why(verdict(&dashboard, &[total(49), refunded("p", "r", 30)])),
        Some(CaseReason::MissingHere)
    );
    let failed = fact(
        "p",
        FactKind::RefundFailed {
            refund: id("r"),
            amount: cny(30),
        },
    );
    assert_eq!(
        why(verdict(&dashboard, &[total(20), refunded("p", "r", 30), failed])),
        None
    );
}

#[test]
fn the_provider_itself_can_say_that_its_statement_is_only_older() {
    let pending = row("p", Some("r"), 30, StatementState::Pending);
    let facts = [refunded("p", "r", 30)];
    let ours = here(Provider::WechatPay, &pending, &facts);
    assert!(matches!(compare(&pending, ours), Verdict::Ask(_)));
    let reading = |facts: Vec<Fact>| Reading {
        reference: crate::Reference::default(),
        asked: None,
        livemode: false,
        occurred_at: None,
        evidence_due_at: None,
        card: None,
        facts,
    };
    assert!(confirms(&reading(facts.to_vec()), &pending, ours));
    assert!(!confirms(&reading(vec![refunded("p", "r", 29)]), &pending, ours));
    assert!(!confirms(&reading(vec![refunded("p", "q", 30)]), &pending, ours));
    assert!(!confirms(&reading(Vec::new()), &pending, ours));
    let payment = row("p", None, 30, StatementState::Pending);
    assert!(confirms(
        &reading(vec![captured("p", 30)]),
        &payment,
        Here::Moved(cny(30))
    ));
    assert!(!confirms(
        &reading(vec![captured("q", 30)]),
        &payment,
        Here::Moved(cny(30))
    ));
    assert!(!confirms(
        &reading(vec![captured("p", 30)]),
        &payment,
        Here::Moved(cny(31))
    ));
}

#[test]
fn an_entry_waits_for_the_row_of_the_fact_that_caused_it() {
    let of = |fact: Fact| Expected::of(fact.key().as_str());
    let (payment, refund) = (id("p"), id("r"));
    assert_eq!(
        of(captured("p", 30)),
        Some(Expected::Payment {
            payment: payment.clone()
        })
    );
    let expected = Expected::Refund {
        payment: payment.clone(),
        refund: refund.clone(),
    };
    assert_eq!(of(refunded("p", "r", 30)), Some(expected.clone()));
    assert_eq!((expected.payment(), expected.object()), (&payment, &refund));
    let total = of(fact("p", FactKind::RefundTotal { total: cny(30) })).unwrap();
    assert_eq!(
        total,
        Expected::Refunds {
            payment: payment.clone(),
            total: 30
        }
    );
    assert_eq!(total.object(), &payment);
    let opened = FactKind::DisputeOpened {
        dispute: id("d"),
        amount: cny(30),
    };
    for cause in [
        fact("p", opened).key().as_str(),
        "order#closed",
        "fees#CNY#0",
        "",
        "x#p#captured#1",
    ] {
        assert_eq!(Expected::of(cause), None, "{cause}");
    }
    let rows = [
        row("p", Some("q"), 10, StatementState::Succeeded),
        row("p", Some("s"), 19, StatementState::Pending),
        row("p", Some("t"), 9, StatementState::Failed),
    ];
    assert!(!expected.is_among(&rows));
    assert!(!total.is_among(&rows), "29 of 30: what failed does not count");
    assert!(!Expected::Payment { payment }.is_among(&rows));
    let rows = [
        row("p", None, 30, StatementState::Succeeded),
        row("p", Some("r"), 30, StatementState::Succeeded),
    ];
    assert!(expected.is_among(&rows) && total.is_among(&rows));
}

/// What can be wrong with one payment of a bill.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Planted {
    Nothing,
    NotHere,
    NotThere,
    Amount(i64),
    Failed,
}

fn planted() -> impl Strategy<Value = Planted> {
    prop_oneof![
        4 => Just(Planted::Nothing),
        1 => Just(Planted::NotHere),
        1 => Just(Planted::NotThere),
        1 => (1_i64..100).prop_map(Planted::Amount),
        1 => Just(Planted::Failed),
    ]
}

proptest! {
    /// Books and bill of up to 30 payments, with and without refunds: what was planted is what is found, each once.
    #[test]
    fn each_planted_disagreement_is_found_once(plan in prop::collection::vec((planted(), any::<bool>(), 1_i64..10_000), 0..30)) {
        let (mut facts, mut rows, mut wanted) = (Vec::new(), Vec::new(), Vec::new());
        for (at, (planted, refund, amount)) in plan.iter().enumerate() {
            let (payment, name) = (format!("p{at}"), format!("r{at}"));
            if *refund {
                facts.push(captured(&payment, *amount));
                rows.push(row(&payment, None, *amount, StatementState::Succeeded));
            }
            let ours = if *refund { refunded(&payment, &name, *amount) } else { captured(&payment, *amount) };
            let theirs = row(&payment, refund.then_some(name.as_str()), *amount, StatementState::Succeeded);
            let object = if *refund { id(&name) } else { id(&payment) };
            let (fact, row, why) = match planted {
                Planted::Nothing => (Some(ours), Some(theirs), None),
                Planted::NotHere => (None, Some(theirs), Some(CaseReason::MissingHere)),
                Planted::NotThere => (Some(ours), None, Some(CaseReason::MissingThere)),
                Planted::Amount(more) => {
                    let theirs = StatementRow { amount: cny(amount + more), ..theirs };
                    (Some(ours), Some(theirs), Some(CaseReason::AmountDiffers))
                }
                Planted::Failed => {
                    let theirs = StatementRow { state: StatementState::Failed, ..theirs };
                    (Some(ours), Some(theirs), Some(CaseReason::StateDiffers))
                }
            };
            facts.extend(fact);
            rows.extend(row);
            wanted.extend(why.map(|why| (object, why)));
        }
        let mut found: Vec<(ObjectId, CaseReason)> = Vec::new();
        for row in &rows {
            let object = row.refund.clone().unwrap_or_else(|| row.payment.clone());
            found.extend(why(verdict(row, &facts)).map(|why| (object, why)));
        }
        for fact in &facts {
            let expected = Expected::of(fact.key().as_str()).unwrap();
            let of_payment: Vec<_> = rows.iter().filter(|row| row.payment == *expected.payment()).cloned().collect();
            if !expected.is_among(&of_payment) {
                found.push((expected.object().clone(), CaseReason::MissingThere));
            }
        }
        let sorted = |mut all: Vec<(ObjectId, CaseReason)>| {
            all.sort_by_key(|(object, why)| (object.clone(), why.as_str()));
            all
        };
        prop_assert_eq!(sorted(found), sorted(wanted));
    }
}
