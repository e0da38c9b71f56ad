//! The figures that decisions are made of, each at its bounds.

use super::*;

/// An order of two payments and more: 10 000 captured, 2 000 withdrawn, 1 000 given back, 500 asked for.
fn moved() -> Books {
    let mut books = Books::of(OrderStanding::Open);
    books.tell(&[captured("pi_1", DUE)]);
    let favour = books.ask(1_000).unwrap().refunds.remove(0);
    books.tell(&[succeeded(&favour)]);
    let opened = FactKind::DisputeOpened {
        dispute: id("dp_1"),
        amount: cny(2_000),
    };
    books.tell(&[fact("pi_1", opened)]);
    books.ask(500).unwrap();
    books
}

fn succeeded(request: &RefundRequest) -> Fact {
    told(
        request.payment.as_str(),
        &request.object().unwrap(),
        request.amount.amount(),
    )
}

/// A refund as its provider tells it; ours only where the id is.
fn told(payment: &str, refund: &ObjectId, amount: i64) -> Fact {
    let (refund, amount) = (refund.clone(), cny(amount));
    fact(payment, FactKind::RefundSucceeded { refund, amount })
}

fn asked(settled: &Settled) -> Vec<i64> {
    settled.refunds.iter().map(|request| request.amount.amount()).collect()
}

#[test]
fn what_may_be_asked_back_is_what_came_less_all_that_went_and_all_that_is_asked_for() {
    let books = moved();
    let room = |provider, payment| books.state.room(provider, &id(payment));
    assert_eq!((books.state.left(), room(Provider::Stripe, "pi_1")), (6_500, 6_500));
    assert_eq!((room(Provider::Alipay, "pi_1"), room(Provider::Stripe, "pi_2")), (0, 0));
}

#[test]
fn payments_of_one_name_through_two_providers_are_two() {
    let mut books = Books::of(OrderStanding::Open);
    let mut other = captured("pi_1", 4_000);
    other.provider = Provider::Alipay;
    books.tell(&[captured("pi_1", 6_000), captured("pi_2", 2_000), other]);
    let taken: Vec<_> = books.state.requests.iter().map(|request| request.amount).collect();
    assert_eq!(taken, [cny(2_000)]);
    let room = |books: &Books, provider, payment| books.state.room(provider, &id(payment));
    let rooms = |books: &Books| {
        [
            room(books, Provider::Stripe, "pi_1"),
            room(books, Provider::Stripe, "pi_2"),
            room(books, Provider::Alipay, "pi_1"),
        ]
    };
    assert_eq!(rooms(&books), [6_000, 2_000, 2_000]);
    // Stripe's payments come first.
    books.ask(5_000).unwrap();
    assert_eq!(rooms(&books), [1_000, 2_000, 2_000]);
}

#[test]
fn the_payment_in_one_word() {
    let refund = |amount| told("pi_1", &id("re_1"), amount);
    let disputed = |dispute: &str| {
        let (dispute, amount) = (id(dispute), cny(DUE));
        fact("pi_1", FactKind::DisputeOpened { dispute, amount })
    };
    let lost = |dispute: &str| {
        let (dispute, amount) = (id(dispute), cny(DUE));
        fact("pi_1", FactKind::DisputeLost { dispute, amount })
    };
    let too_much = || captured("pi_1", DUE + 500);
    for (facts, status) in [
        (
            vec![fact("pi_1", FactKind::Progress { step: Step::Failed })],
            Status::Unpaid,
        ),
        (vec![captured("pi_1", DUE - 1)], Status::UnderpaidHold),
        (vec![captured("pi_1", DUE)], Status::Paid),
        (vec![too_much()], Status::OverpaidHold),
        (vec![too_much(), refund(499)], Status::OverpaidHold),
        (vec![too_much(), refund(500)], Status::Paid),
        (vec![too_much(), refund(501)], Status::PartiallyRefunded),
        (vec![captured("pi_1", DUE), refund(1)], Status::PartiallyRefunded),
        (vec![captured("pi_1", DUE), refund(DUE - 1)], Status::PartiallyRefunded),
        (vec![captured("pi_1", DUE), refund(DUE)], Status::Refunded),
        (vec![captured("pi_1", DUE), disputed("dp_1")], Status::Disputed),
        (
            vec![captured("pi_1", DUE), refund(DUE), disputed("dp_1")],
            Status::Disputed,
        ),
        (
            vec![captured("pi_1", DUE), disputed("dp_1"), lost("dp_1")],
            Status::ChargedBack,
        ),
        (
            vec![captured("pi_1", DUE), disputed("dp_1"), lost("dp_2")],
            Status::ChargedBack,
        ),
    ] {
        let mut books = Books::of(OrderStanding::Open);
        books.tell(&facts);
        assert_eq!(books.state.status(), status, "{facts:?}");
    }
}

#[test]
fn an_order_takes_no_step_without_the_money_for_it() {
    let nothing = || fact("pi_1", FactKind::Progress { step: Step::Failed });
    let stock = |stock| OrderStanding::Expired { stock };
    for (order, due, facts, standing, hold) in [
        (OrderStanding::Open, 0, nothing(), Standing::Awaiting, None),
        (stock(true), DUE, nothing(), Standing::Awaiting, None),
        (stock(false), DUE, nothing(), Standing::Awaiting, None),
        (OrderStanding::Cancelled, DUE, nothing(), Standing::Awaiting, None),
        (
            stock(true),
            DUE,
            captured("pi_1", DUE - 1),
            Standing::Awaiting,
            Some(HoldReason::Underpaid),
        ),
    ] {
        let before = MoneyState::opening(super::order(), cny(due));
        let told = [facts];
        let settled = settle(&before, &[], &told, (order, cny(due)), at(), || panic!("no refund")).unwrap();
        assert_eq!(
            (settled.order, settled.state.standing, settled.state.hold),
            (OrderStep::None, standing, hold),
            "{order:?} {due}"
        );
    }
}

#[test]
fn each_decision_counts_once() {
    let mut books = Books::of(OrderStanding::Open);
    for (version, payment) in [(1, "pi_1"), (2, "pi_2"), (3, "pi_3")] {
        let told = [captured(payment, DUE)];
        assert_eq!(books.tell(&told).state.version, version);
        assert_eq!(books.tell(&told).state.version, version);
    }
}

#[test]
fn a_hold_for_too_much_does_not_end_with_a_favour() {
    let mut books = Books::of(OrderStanding::Open);
    let excess = books.tell(&[captured("pi_1", DUE + 500)]).refunds.remove(0);
    let favour = books.ask(600).unwrap().refunds.remove(0);
    books.tell(&[succeeded(&favour)]);
    assert_eq!(books.state.hold, Some(HoldReason::Overpaid));
    books.tell(&[succeeded(&excess)]);
    assert_eq!(books.state.hold, None);
}

#[test]
fn a_refund_made_at_the_provider_counts_towards_what_is_too_much_beside_a_favour() {
    let mut books = Books::of(OrderStanding::Open);
    books.tell(&[captured("pi_1", DUE)]);
    let favour = books.ask(300).unwrap().refunds.remove(0);
    books.tell(&[succeeded(&favour), told("pi_1", &id("re_theirs"), 200)]);
    assert_eq!(asked(&books.tell(&[captured("pi_2", 500)])), [300]);
}

#[test]
fn what_failed_after_the_end_is_not_asked_for_again_with_the_next_money() {
    let mut books = Books::of(OrderStanding::Open);
    books.tell(&[captured("pi_1", DUE)]);
    let favour = books.ask(3_000).unwrap().refunds.remove(0);
    books.tell(&[succeeded(&favour)]);
    let rest = books.change(OrderChange::Closed).unwrap().refunds.remove(0);
    assert_eq!(rest.amount, cny(7_000));
    let (refund, amount) = (rest.object().unwrap(), rest.amount);
    let failed = fact("pi_1", FactKind::RefundFailed { refund, amount });
    assert_eq!(asked(&books.tell(&[failed])), [0; 0]);
    assert_eq!(asked(&books.tell(&[captured("pi_2", 100)])), [100]);
}

#[test]
fn what_failed_is_asked_for_once_more_whatever_else_is_asked_for() {
    let mut books = Books::of(OrderStanding::Open);
    let first = books.tell(&[captured("pi_1", DUE + 500)]).refunds.remove(0);
    books.ask(100).unwrap();
    let failed = |request: &RefundRequest| {
        let (refund, amount) = (request.object().unwrap(), request.amount);
        fact("pi_1", FactKind::RefundFailed { refund, amount })
    };
    let again = |books: &Books, number: u8| {
        let id = RefundId::from_parts(at(), [number; 10]);
        ask_again(&books.state, first.id, Actor::system("test"), at(), id)
    };
    books.tell(&[failed(&first)]);
    let second = again(&books, 91).unwrap();
    books.book(&second);
    assert_eq!(again(&books, 92), Err(AskRefused::TooMuch { left: cny(0) }));
    books.tell(&[failed(&second.refunds[0])]);
    assert_eq!(again(&books, 93).map(|settled| asked(&settled)), Ok(vec![500]));
}

#[test]
fn what_is_asked_for_once_more_is_new_in_all_but_what_it_is_for() {
    let mut books = Books::of(OrderStanding::Open);
    let first = books.tell(&[captured("pi_1", DUE + 500)]).refunds.remove(0);
    let (refund, amount) = (first.object().unwrap(), first.amount);
    books.tell(&[fact("pi_1", FactKind::RefundFailed { refund, amount })]);
    let sent = RefundRequest {
        state: RefundState::Sent,
        provider_refund: Some(id("re_1")),
        version: 3,
        ..first.clone()
    };
    books.state.requests = vec![sent.clone()];
    let (id, by, later) = (
        RefundId::from_parts(at(), [91; 10]),
        Actor::system("desk"),
        at().plus_seconds(60),
    );
    let again = |books: &Books| ask_again(&books.state, first.id, by.clone(), later, id);
    let expected = RefundRequest {
        id,
        by: by.clone(),
        requested_at: later,
        state: RefundState::Requested,
        provider_refund: None,
        again: Some(first.id),
        version: 1,
        ..first.clone()
    };
    assert_eq!(again(&books).unwrap().refunds, [expected]);
    // All that is left is what failed; then it is a little less.
    books.ask(DUE).unwrap();
    assert!(again(&books).is_ok());
    books.ask(1).unwrap();
    assert_eq!(again(&books), Err(AskRefused::TooMuch { left: cny(499) }));
}
