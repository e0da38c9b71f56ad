//! Refunds that staff ask for, beside those that are owed.

use super::*;
use crate::Account;

fn succeeded(request: &RefundRequest) -> Fact {
    fact(
        request.payment.as_str(),
        FactKind::RefundSucceeded {
            refund: request.object().unwrap(),
            amount: request.amount,
        },
    )
}

fn failed(request: &RefundRequest) -> Fact {
    fact(
        request.payment.as_str(),
        FactKind::RefundFailed {
            refund: request.object().unwrap(),
            amount: request.amount,
        },
    )
}

fn paid(captures: &[(&str, i64)]) -> Books {
    let mut books = Books::of(OrderStanding::Open);
    for (payment, amount) in captures {
        books.tell(&[captured(payment, *amount)]);
    }
    books
}

fn balance(books: &Books, account: Account) -> i64 {
    books.ledger.get(&account).map_or(0, |balance| balance.amount())
}

#[test]
fn a_favour_is_no_excess_given_back() {
    let mut books = paid(&[("pi_1", DUE)]);
    let favour = books.ask(3_000).unwrap().refunds.remove(0);
    books.tell(&[succeeded(&favour)]);
    assert_eq!(balance(&books, Account::Refunds), 3_000);
    let twice = books.tell(&[captured("pi_2", 500)]);
    assert_eq!((twice.refunds.len(), twice.refunds[0].amount), (1, cny(500)));
    assert_eq!(balance(&books, Account::Overpayments), -500);
    books.tell(&[succeeded(&twice.refunds[0])]);
    assert_eq!(
        (
            balance(&books, Account::Overpayments),
            balance(&books, Account::Refunds)
        ),
        (0, 3_000)
    );
}

#[test]
fn a_favour_that_a_running_total_tells_first_is_no_excess_given_back() {
    let mut books = paid(&[("pi_1", DUE)]);
    let favour = books.ask(300).unwrap().refunds.remove(0);
    books.tell(&[fact("pi_1", FactKind::RefundTotal { total: cny(300) })]);
    let twice = books.tell(&[captured("pi_2", 500)]);
    assert_eq!(
        twice.refunds.iter().map(|asked| asked.amount.amount()).sum::<i64>(),
        500
    );
    assert!(books.tell(&[succeeded(&favour)]).refunds.is_empty());
}

#[test]
fn no_more_is_given_than_is_there() {
    let mut books = paid(&[("pi_1", DUE)]);
    let left = |refused: AskRefused| match refused {
        AskRefused::TooMuch { left } => left.amount(),
        other => panic!("{other:?}"),
    };
    assert_eq!(books.ask(DUE + 1).map_err(left), Err(DUE));
    books.ask(4_000).unwrap();
    assert_eq!(books.ask(6_001).map_err(left), Err(6_000));
    books.ask(6_000).unwrap();
    assert_eq!(books.ask(1).map_err(left), Err(0));
    for wrong in [0, -1] {
        assert_eq!(books.ask(wrong).map(|_| ()), Err(AskRefused::Amount));
    }
    assert_eq!(books.state.left(), 0);
    let lost = FactKind::DisputeOpened {
        dispute: id("dp_1"),
        amount: cny(DUE),
    };
    let mut books = paid(&[("pi_1", DUE)]);
    books.tell(&[fact("pi_1", lost)]);
    assert_eq!(books.ask(1).map_err(left), Err(0));
}

#[test]
fn a_deposit_is_no_favour() {
    let mut books = paid(&[("pi_1", 4_000)]);
    assert_eq!(books.ask(4_000).map(|_| ()), Err(AskRefused::TooMuch { left: cny(0) }));
    let closed = books.change(OrderChange::Closed).unwrap();
    assert_eq!(closed.refunds[0].amount, cny(4_000));
}

#[test]
fn staff_do_not_give_the_systems_reasons() {
    let books = paid(&[("pi_1", DUE)]);
    let ask = RefundAsk {
        amount: cny(1),
        reason: RefundReason::Overpaid,
        payment: None,
        lines: Vec::new(),
        by: Actor::system("test"),
    };
    let asked = ask_refund(&books.state, &ask, at(), || panic!("no refund"));
    assert_eq!(asked, Err(AskRefused::Reason));
}

#[test]
fn a_refund_of_one_payment_is_of_that_payment() {
    let books = paid(&[("pi_1", 4_000), ("pi_2", 6_000)]);
    let ask = |payment: Option<&str>, amount| RefundAsk {
        amount: cny(amount),
        reason: RefundReason::Damaged,
        payment: payment.map(|payment| (Provider::Stripe, id(payment))),
        lines: Vec::new(),
        by: Actor::system("test"),
    };
    let ids = || RefundId::from_parts(at(), [90; 10]);
    let asked = ask_refund(&books.state, &ask(Some("pi_2"), 5_000), at(), ids).unwrap();
    assert_eq!(
        asked
            .refunds
            .iter()
            .map(|asked| asked.payment.as_str())
            .collect::<Vec<_>>(),
        ["pi_2"]
    );
    let refused = ask_refund(&books.state, &ask(Some("pi_1"), 5_000), at(), ids);
    assert_eq!(refused, Err(AskRefused::TooMuch { left: cny(4_000) }));
    let spread = ask_refund(&books.state, &ask(None, 5_000), at(), ids).unwrap();
    let amounts: Vec<_> = spread.refunds.iter().map(|asked| asked.amount.amount()).collect();
    assert_eq!(amounts, [4_000, 1_000]);
}

#[test]
fn what_failed_is_asked_for_once_more_and_no_more() {
    let mut books = paid(&[("pi_1", DUE + 500)]);
    let first = books.state.requests[0].clone();
    let again = |books: &Books, number: u8| {
        let id = RefundId::from_parts(at(), [number; 10]);
        ask_again(&books.state, first.id, Actor::system("test"), at(), id)
    };
    assert_eq!(again(&books, 90), Err(AskRefused::Reason));
    assert!(books.tell(&[failed(&first)]).refunds.is_empty());
    let second = again(&books, 91).unwrap();
    let request = second.refunds[0].clone();
    assert_eq!(
        (request.amount, request.reason, request.again),
        (cny(500), RefundReason::Overpaid, Some(first.id))
    );
    books.book(&second);
    assert_eq!(again(&books, 92), Err(AskRefused::TooMuch { left: cny(0) }));
    books.tell(&[succeeded(&request)]);
    assert_eq!(
        (
            balance(&books, Account::Overpayments),
            balance(&books, Account::Refunds)
        ),
        (0, 0)
    );
    assert_eq!(again(&books, 93), Err(AskRefused::TooMuch { left: cny(0) }));
}

#[test]
fn what_was_given_up_before_the_end_is_not_given_back_once_more() {
    let mut books = paid(&[("pi_1", DUE)]);
    let favour = books.ask(3_000).unwrap().refunds.remove(0);
    books.tell(&[succeeded(&favour)]);
    let closed = books.change(OrderChange::Closed).unwrap();
    assert_eq!(closed.refunds[0].amount, cny(7_000));
    books.tell(&[succeeded(&closed.refunds[0])]);
    assert!(books.ledger.is_empty(), "{:?}", books.ledger);
    assert_eq!(books.state.status(), Status::Refunded);
}

#[test]
fn held_money_bears_its_refunds_and_disputes_and_is_released_once() {
    let mut books = Books::of(OrderStanding::Open);
    books.state.escrow = Escrow::Held;
    books.tell(&[captured("pi_1", DUE)]);
    assert_eq!(balance(&books, Account::Escrow), -DUE);
    let favour = books.ask(1_000).unwrap().refunds.remove(0);
    books.tell(&[succeeded(&favour)]);
    let opened = FactKind::DisputeOpened {
        dispute: id("dp_1"),
        amount: cny(2_000),
    };
    books.tell(&[fact("pi_1", opened)]);
    assert_eq!(balance(&books, Account::Escrow), -7_000);
    assert_eq!(release_escrow(&books.state, at()), Ok(None));
    books.tell(&[fact("pi_1", FactKind::DisputeWon { dispute: id("dp_1") })]);
    let released = release_escrow(&books.state, at()).unwrap().unwrap();
    books.book(&released);
    assert_eq!(
        (
            balance(&books, Account::Escrow),
            balance(&books, Account::MerchantPayable)
        ),
        (0, -9_000)
    );
    assert_eq!(release_escrow(&books.state, at()), Ok(None));
    let ours = paid(&[("pi_1", DUE)]);
    assert_eq!(release_escrow(&ours.state, at()), Ok(None));
}

#[test]
fn a_hold_ends_with_what_was_too_much_and_one_that_a_person_ended_stays_so() {
    let mut books = paid(&[("pi_1", DUE + 500)]);
    let excess = books.state.requests[0].clone();
    assert_eq!(books.state.hold, Some(HoldReason::Overpaid));
    let mut ended = paid(&[("pi_1", DUE + 500)]);
    ended.state.hold = None;
    let step = FactKind::Progress { step: Step::Processing };
    assert_eq!(ended.tell(&[fact("pi_1", step)]).state.hold, None);
    let settled = books.tell(&[succeeded(&excess)]);
    assert_eq!((settled.state.hold, settled.held), (None, None));
    let mut closed = Books::of(OrderStanding::Cancelled);
    let late = closed.tell(&[captured("pi_1", DUE)]);
    assert_eq!(late.held, Some(HoldReason::PaidAfterClose));
    assert_eq!(closed.tell(&[succeeded(&late.refunds[0])]).state.hold, None);
}
