//! Cash: what is collected is held, handed in or banked, and nothing else.

use kernel::Id;
use proptest::prelude::*;

use super::*;

fn cny(amount: i64) -> Money {
    Money::new(amount, "CNY".parse().unwrap()).unwrap()
}

fn at() -> Timestamp {
    Timestamp::from_millis(1_775_640_600_000)
}

fn courier() -> StaffId {
    StaffId::from_parts(at(), [1; 10])
}

fn hand() -> CashInHand {
    CashInHand::nothing(courier(), cny(0).currency())
}

fn collection(amount: i64, through: i64) -> Collection {
    Collection {
        order: OrderId::from_parts(at(), [2; 10]),
        payment: PaymentId::from_parts(at(), [3; 10]),
        courier: courier(),
        due: cny(100),
        outcome: AtTheDoor::Collected {
            amount: cny(amount),
            through: cny(through),
            evidence: Evidence::Code,
        },
        at: at(),
        version: 1,
    }
}

#[derive(Debug, Clone, Copy)]
enum Move {
    Collect(i64),
    Remit(i64),
    Confirm(i64),
    GiveBack(i64),
}

fn moves() -> impl Strategy<Value = Vec<Move>> {
    let amount = || -5_i64..50;
    prop::collection::vec(
        prop_oneof![
            amount().prop_map(Move::Collect),
            amount().prop_map(Move::Remit),
            amount().prop_map(Move::Confirm),
            amount().prop_map(Move::GiveBack),
        ],
        0..60,
    )
}

proptest! {
    #[test]
    fn whatever_is_tried_collected_less_remitted_is_held_and_never_negative(moves in moves()) {
        let mut hand = hand();
        let (mut held, mut transit, mut bank) = (0_i64, 0_i64, 0_i64);
        for step in moves {
            let before = hand.clone();
            let tried = match step {
                Move::Collect(amount) => hand.clone().collect(cny(amount)),
                Move::Remit(amount) => hand.clone().remit(cny(amount)),
                Move::Confirm(amount) => hand.clone().confirm(cny(amount)),
                Move::GiveBack(amount) => hand.clone().give_back(cny(amount)),
            };
            let possible = match step {
                Move::Collect(amount) => amount > 0,
                Move::Remit(amount) => amount > 0 && amount <= held,
                Move::Confirm(amount) | Move::GiveBack(amount) => amount > 0 && amount <= transit,
            };
            prop_assert_eq!(tried.is_ok(), possible);
            hand = tried.unwrap_or(before);
            if possible {
                match step {
                    Move::Collect(amount) => held += amount,
                    Move::Remit(amount) => { held -= amount; transit += amount; }
                    Move::Confirm(amount) => { transit -= amount; bank += amount; }
                    Move::GiveBack(amount) => { transit -= amount; held += amount; }
                }
            }
            prop_assert_eq!(
                (hand.held().unwrap().amount(), hand.uncounted().unwrap().amount(), hand.confirmed.amount()),
                (held, transit, bank)
            );
            prop_assert!(held >= 0 && transit >= 0);
        }
    }
}

#[test]
fn the_cash_of_an_order_moves_on_first_in_first_out() {
    let hand = hand().collect(cny(100)).unwrap().collect(cny(80)).unwrap();
    let (first, short) = (collection(100, 100), collection(80, 180));
    assert_eq!(
        (first.state(&hand), short.state(&hand)),
        (CashState::CodCollected, CashState::CodShort)
    );
    let hand = hand.remit(cny(100)).unwrap();
    assert_eq!(
        (first.state(&hand), short.state(&hand)),
        (CashState::CodRemitted, CashState::CodShort)
    );
    let hand = hand.confirm(cny(100)).unwrap().remit(cny(80)).unwrap();
    assert_eq!(
        (first.state(&hand), short.state(&hand)),
        (CashState::Settled, CashState::CodRemitted)
    );
}

#[test]
fn what_was_handed_in_is_counted_once_and_its_postings_cancel_when_it_is_given_back() {
    let id = RemittanceId::from_parts(at(), [4; 10]);
    let handed = Remittance::new(id, courier(), cny(100), at());
    let banked = handed.clone().counted(cny(100), courier(), at()).unwrap();
    assert!(matches!(banked.state, RemittanceState::Banked { .. }));
    assert_eq!(banked.clone().counted(cny(100), courier(), at()), None);
    let back = handed.clone().counted(cny(99), courier(), at()).unwrap();
    assert!(matches!(back.state, RemittanceState::GivenBack { counted, .. } if counted == cny(99)));
    let (out, home) = (handed.posting().unwrap(), back.posting().unwrap());
    let mut sum: std::collections::BTreeMap<Account, i64> = std::collections::BTreeMap::new();
    for entry in out.entries().iter().chain(home.entries()) {
        *sum.entry(entry.account).or_default() += entry.amount.amount();
    }
    assert!(sum.values().all(|amount| *amount == 0), "{sum:?}");
    assert_ne!(out.cause(), banked.posting().unwrap().cause());
}

#[test]
fn a_door_code_has_six_digits_and_is_of_one_payment() {
    let payment = |n| PaymentId::from_parts(at(), [n; 10]);
    let code = door_code(payment(1));
    assert!(
        code.len() == 6 && code.bytes().all(|byte| byte.is_ascii_digit()),
        "{code}"
    );
    assert_eq!(code, door_code(payment(1)));
    assert_ne!(code, door_code(payment(2)));
}
