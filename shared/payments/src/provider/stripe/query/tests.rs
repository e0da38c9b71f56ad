use kernel::{Id, Money, OrderId, PaymentId, Timestamp};
use serde_json::json;
use web::{Incoming, SendError};

use super::{
    super::{
        super::Gateway,
        scripted::{reply, run, scripted},
    },
    *,
};
use crate::Started;

fn intent(mode: Mode, object: Option<&str>) -> Intent {
    let at = Timestamp::from_millis(1_775_640_600_000);
    Intent {
        id: PaymentId::from_parts(at, [1; 10]),
        order: OrderId::from_parts(at, [2; 10]),
        provider: Provider::Stripe,
        mode,
        amount: Money::new(1_999, "CNY".parse().unwrap()).unwrap(),
        livemode: false,
        fingerprint: String::new(),
        version: 2,
        pay_by: None,
        step_up: false,
        state: object.map_or(IntentState::Sending, |object| IntentState::Open {
            started: Started::of(object.parse().unwrap()),
        }),
        created_at: at,
    }
}

fn ask(intent: &Intent, answers: Vec<Result<Incoming, SendError>>) -> (Result<Reading, CallError>, Vec<String>) {
    let (stripe, client) = scripted(answers);
    let reading = run(stripe.query(intent));
    (reading, client.asked().into_iter().map(|request| request.url).collect())
}

fn payment(status: &str) -> Value {
    json!({"id": "pi_1", "amount": 1_999, "amount_received": 1_999, "currency": "cny", "livemode": false, "status": status})
}

fn keys(reading: &Reading) -> Vec<String> {
    reading.facts.iter().map(|fact| fact.key().to_string()).collect()
}

#[test]
fn a_payment_that_nobody_told_of_is_found_with_its_card() {
    let mut paid = payment("succeeded");
    paid["latest_charge"] = json!({"id": "ch_1", "created": 1_775_640_700, "amount_refunded": 99, "currency": "cny",
        "payment_method_details": {"card": {"fingerprint": "Xt5"}}});
    let intent = intent(Mode::PaymentIntent, Some("pi_1"));
    let (reading, asked) = ask(&intent, vec![reply(200, &paid)]);
    let reading = reading.unwrap();
    assert_eq!(
        asked,
        ["http://stripe/v1/payment_intents/pi_1?expand%5B%5D=latest_charge"]
    );
    assert_eq!(
        keys(&reading),
        ["stripe#pi_1#captured#1999", "stripe#pi_1#refund_total#99"]
    );
    assert_eq!(reading.reference.order, Some(intent.order));
    assert_eq!(reading.reference.payment, Some(intent.id));
    assert_eq!(reading.asked, Some(intent.amount));
    assert_eq!(reading.occurred_at.map(Timestamp::seconds), Some(1_775_640_700));
    assert!(reading.card.is_some());
}

#[test]
fn every_state_is_told_or_is_nothing_worth_telling() {
    let tried = json!({"code": "card_declined"});
    for (status, error, facts) in [
        ("processing", Value::Null, vec!["stripe#pi_1#progress#processing"]),
        ("canceled", Value::Null, vec!["stripe#pi_1#progress#canceled"]),
        ("requires_payment_method", tried, vec!["stripe#pi_1#progress#failed"]),
        ("requires_payment_method", Value::Null, vec![]),
        ("requires_action", Value::Null, vec![]),
    ] {
        let mut object = payment(status);
        object["last_payment_error"] = error;
        let (reading, _) = ask(&intent(Mode::PaymentIntent, Some("pi_1")), vec![reply(200, &object)]);
        assert_eq!(keys(&reading.unwrap()), facts, "{status}");
    }
}

#[test]
fn a_hosted_page_speaks_through_its_payment() {
    let intent = intent(Mode::CheckoutSession, Some("cs_1"));
    let session = |payment: Value, status: &str| json!({"id": "cs_1", "payment_intent": payment, "status": status, "amount_total": 1_999, "currency": "cny", "livemode": false});
    let expanded = session(payment("succeeded"), "complete");
    let (reading, asked) = ask(&intent, vec![reply(200, &expanded)]);
    let reading = reading.unwrap();
    assert_eq!(
        (keys(&reading), asked.len()),
        (vec!["stripe#pi_1#captured#1999".to_owned()], 1)
    );
    assert_eq!(reading.reference.session, Some("cs_1".parse().unwrap()));
    let (reading, asked) = ask(
        &intent,
        vec![
            reply(200, &session(json!("pi_1"), "complete")),
            reply(200, &payment("succeeded")),
        ],
    );
    assert_eq!((keys(&reading.unwrap()).len(), asked.len()), (1, 2));
    let (reading, _) = ask(&intent, vec![reply(200, &session(Value::Null, "open"))]);
    assert_eq!(keys(&reading.unwrap()), Vec::<String>::new());
    let (reading, _) = ask(&intent, vec![reply(200, &session(Value::Null, "expired"))]);
    assert_eq!(keys(&reading.unwrap()), ["stripe#cs_1#progress#expired"]);
}

#[test]
fn what_was_never_answered_or_is_not_there_is_nothing_and_costs_no_guess() {
    let (reading, asked) = ask(&intent(Mode::PaymentIntent, None), vec![]);
    assert_eq!((reading.unwrap().facts, asked.len()), (vec![], 0));
    let missing = json!({"error": {"type": "invalid_request_error", "code": "resource_missing"}});
    for (mode, object) in [(Mode::PaymentIntent, "pi_1"), (Mode::CheckoutSession, "cs_1")] {
        let (reading, _) = ask(&intent(mode, Some(object)), vec![reply(404, &missing)]);
        assert_eq!(reading.unwrap().facts, vec![]);
    }
}

#[test]
fn an_answer_that_is_none_or_of_something_else_is_no_finding() {
    let intent = intent(Mode::PaymentIntent, Some("pi_1"));
    for status in [401, 404, 429, 500] {
        let (reading, _) = ask(&intent, vec![reply(status, &json!({}))]);
        assert!(matches!(reading, Err(CallError::Unanswered(_))), "{status}");
    }
    let (reading, asked) = ask(&intent, vec![Err(SendError::Timeout), Err(SendError::Timeout)]);
    assert!(matches!(reading, Err(CallError::Unanswered(_))));
    assert_eq!(asked.len(), 2);
    let mut other = payment("succeeded");
    other["id"] = json!("pi_2");
    assert_eq!(ask(&intent, vec![reply(200, &other)]).0, Err(CallError::Misfit("id")));
    let mut garbled = payment("succeeded");
    garbled["amount_received"] = json!("1999");
    let (reading, _) = ask(&intent, vec![reply(200, &garbled)]);
    assert_eq!(reading, Err(CallError::Misfit("amount_received")));
}
