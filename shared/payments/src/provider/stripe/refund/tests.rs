use kernel::{Actor, Id, Money, OrderId, PaymentId, RefundId, Timestamp};
use serde_json::json;
use web::{Incoming, OutgoingRequest, SendError};

use super::{
    super::{
        super::Gateway,
        scripted::{reply, run, scripted},
    },
    *,
};
use crate::{Intent, IntentState, Mode, RefundReason, RefundRequest, RefundState, Started};

fn cny(amount: i64) -> Money {
    Money::new(amount, "CNY".parse().unwrap()).unwrap()
}

fn intent() -> Intent {
    let at = Timestamp::from_millis(1_775_640_600_000);
    Intent {
        id: PaymentId::from_parts(at, [1; 10]),
        order: OrderId::from_parts(at, [2; 10]),
        provider: Provider::Stripe,
        mode: Mode::PaymentIntent,
        amount: cny(1_999),
        livemode: false,
        fingerprint: String::new(),
        version: 2,
        pay_by: None,
        step_up: false,
        state: IntentState::Open {
            started: Started::of("pi_1".parse().unwrap()),
        },
        created_at: at,
    }
}

fn request(payment: &str) -> RefundRequest {
    let at = Timestamp::from_millis(1_775_640_700_000);
    RefundRequest {
        id: RefundId::from_parts(at, [3; 10]),
        order: intent().order,
        provider: Provider::Stripe,
        payment: payment.parse().unwrap(),
        amount: cny(500),
        reason: RefundReason::Goodwill,
        lines: Vec::new(),
        by: Actor::system("test"),
        requested_at: at,
        state: RefundState::Sending,
        provider_refund: None,
        again: None,
        version: 2,
    }
}

fn made(status: &str) -> Value {
    json!({"id": "re_1", "payment_intent": "pi_1", "amount": 500, "currency": "cny", "status": status, "created": 1_775_640_800,
        "metadata": {"refund_id": request("pi_1").id.to_string()}})
}

fn list(refunds: &[Value], has_more: bool) -> Value {
    json!({"object": "list", "data": refunds, "has_more": has_more})
}

type Answers = Vec<Result<Incoming, SendError>>;

fn ask(request: &RefundRequest, query: bool, answers: Answers) -> (Result<Reading, CallError>, Vec<OutgoingRequest>) {
    let (stripe, client) = scripted(answers);
    let intent = intent();
    let order = RefundOrder {
        request,
        intent: &intent,
        captured: intent.amount,
    };
    let reading = run(async {
        if query {
            stripe.query_refund(order).await
        } else {
            stripe.refund(order).await
        }
    });
    (reading, client.asked())
}

fn keys(reading: &Reading) -> Vec<String> {
    reading.facts.iter().map(|fact| fact.key().to_string()).collect()
}

#[test]
fn a_refund_carries_our_id_as_its_key_and_in_its_metadata() {
    let request = request("pi_1");
    let answers = vec![reply(200, &list(&[], false)), reply(200, &made("pending"))];
    let (reading, asked) = ask(&request, false, answers);
    let reading = reading.unwrap();
    assert_eq!(
        keys(&reading),
        [format!("stripe#pi_1#refund_pending#{}#500", request.id)]
    );
    assert_eq!(reading.reference.payment, Some(intent().id));
    let [_, post] = asked.as_slice() else { panic!() };
    assert_eq!(post.url, "http://stripe/v1/refunds");
    assert_eq!(
        post.headers["idempotency-key"].to_str().unwrap(),
        request.id.to_string()
    );
    let form: Vec<_> = form_urlencoded::parse(&post.body).into_owned().collect();
    for (name, value) in [
        ("payment_intent", "pi_1".to_owned()),
        ("amount", "500".to_owned()),
        ("metadata[refund_id]", request.id.to_string()),
        ("metadata[order_id]", request.order.to_string()),
    ] {
        assert!(form.contains(&(name.to_owned(), value)), "{name}");
    }
}

#[test]
fn a_refund_that_was_made_is_found_and_not_asked_for_again() {
    let request = request("pi_1");
    let other = json!({"id": "re_0", "payment_intent": "pi_1", "amount": 500, "currency": "cny", "status": "succeeded", "metadata": {}});
    for (status, kind) in [
        ("succeeded", "refund_succeeded"),
        ("failed", "refund_failed"),
        ("canceled", "refund_failed"),
        ("requires_action", "refund_pending"),
    ] {
        for query in [true, false] {
            let answers = vec![
                reply(200, &list(std::slice::from_ref(&other), true)),
                reply(200, &list(&[made(status)], false)),
            ];
            let (reading, asked) = ask(&request, query, answers);
            assert_eq!(
                keys(&reading.unwrap()),
                [format!("stripe#pi_1#{kind}#{}#500", request.id)]
            );
            assert!(asked.iter().all(|request| request.method == http::Method::GET));
            assert!(asked[1].url.ends_with("&starting_after=re_0"), "{}", asked[1].url);
        }
    }
}

#[test]
fn a_refund_that_nobody_made_is_nothing() {
    let missing = json!({"error": {"type": "invalid_request_error", "code": "resource_missing"}});
    for answer in [reply(200, &list(&[], false)), reply(404, &missing)] {
        let (reading, _) = ask(&request("pi_1"), true, vec![answer]);
        assert_eq!(reading.unwrap().facts, vec![]);
    }
}

#[test]
fn a_hosted_page_is_refunded_through_its_payment() {
    let session = json!({"id": "cs_1", "payment_intent": "pi_1"});
    let answers = vec![reply(200, &session), reply(200, &list(&[made("succeeded")], false))];
    let (reading, _) = ask(&request("cs_1"), true, answers);
    assert_eq!(reading.unwrap().reference.object, Some("pi_1".parse().unwrap()));
    let unpaid = json!({"id": "cs_1", "payment_intent": null});
    let (reading, _) = ask(&request("cs_1"), false, vec![reply(200, &unpaid)]);
    assert_eq!(reading, Err(CallError::Misfit("payment_intent")));
}

#[test]
fn a_refusal_is_kept_apart_from_no_answer_and_from_another_refund() {
    let empty = || reply(200, &list(&[], false));
    let refused = json!({"error": {"type": "invalid_request_error", "code": "charge_already_refunded"}});
    let (reading, _) = ask(&request("pi_1"), false, vec![empty(), reply(400, &refused)]);
    let code = "charge_already_refunded".to_owned();
    assert_eq!(reading, Err(CallError::Refused { status: 400, code }));
    let lost = || Err(SendError::Timeout);
    let (reading, asked) = ask(&request("pi_1"), false, vec![empty(), lost(), lost()]);
    assert!(matches!(reading, Err(CallError::Unanswered(_))));
    assert_eq!(asked[1].headers, asked[2].headers);
    for (name, value) in [
        ("amount", json!(501)),
        ("currency", json!("usd")),
        ("payment_intent", json!("pi_2")),
        ("metadata", json!({})),
        ("status", json!("new")),
    ] {
        let mut other = made("succeeded");
        other[name] = value;
        let (reading, _) = ask(&request("pi_1"), false, vec![empty(), reply(200, &other)]);
        assert!(matches!(reading, Err(CallError::Misfit(_))), "{name}");
    }
}
