use kernel::{Id, OrderId, PaymentId, Timestamp};
use serde_json::json;
use web::{Incoming, OutgoingRequest, SendError};

use super::{
    super::{
        super::{Gateway, Payer},
        API_VERSION,
        scripted::{reply, run, scripted},
    },
    *,
};
use crate::{IntentState, Provider};

fn intent(mode: Mode) -> Intent {
    let at = Timestamp::from_millis(1_775_640_600_000);
    Intent {
        pay_by: None,
        step_up: false,
        id: PaymentId::from_parts(at, [1; 10]),
        order: OrderId::from_parts(at, [2; 10]),
        provider: Provider::Stripe,
        mode,
        amount: Money::new(1_999, "CNY".parse().unwrap()).unwrap(),
        livemode: false,
        fingerprint: String::new(),
        version: 1,
        state: IntentState::Sending,
        created_at: at,
    }
}

fn start(mode: Mode, answers: Vec<Result<Incoming, SendError>>) -> (Result<Started, CallError>, Vec<OutgoingRequest>) {
    let (gateway, client) = scripted(answers);
    let started = run(gateway.start(&intent(mode), &Payer::default()));
    (started, client.asked())
}

fn open() -> Value {
    json!({"id": "pi_1", "amount": 1_999, "currency": "cny", "livemode": false, "client_secret": "pi_1_secret_x"})
}

#[test]
fn the_request_carries_our_amount_our_ids_and_our_key() {
    let (started, asked) = start(Mode::PaymentIntent, vec![reply(200, &open())]);
    assert_eq!(started.unwrap().client_secret.as_deref(), Some("pi_1_secret_x"));
    let [request] = asked.as_slice() else { panic!() };
    assert_eq!(request.url, "http://stripe/v1/payment_intents");
    assert_eq!(
        request.headers["idempotency-key"].to_str().unwrap(),
        intent(Mode::PaymentIntent).id.to_string()
    );
    assert_eq!(request.headers["stripe-version"], API_VERSION);
    assert_eq!(request.headers["authorization"], "Bearer sk_test_1");
    let form: Vec<_> = form_urlencoded::parse(&request.body).into_owned().collect();
    assert!(form.contains(&("amount".to_owned(), "1999".to_owned())));
    assert!(form.contains(&("currency".to_owned(), "cny".to_owned())));
    assert!(
        form.iter()
            .any(|(name, value)| name == "metadata[order_id]" && value.starts_with("ord_"))
    );
}

#[test]
fn an_answer_that_did_not_come_is_asked_for_again_under_the_same_key() {
    let (started, asked) = start(Mode::PaymentIntent, vec![Err(SendError::Timeout), reply(200, &open())]);
    assert!(started.is_ok());
    assert_eq!(asked.len(), 2);
    assert_eq!(asked[0].headers, asked[1].headers);
    assert_eq!(asked[0].body, asked[1].body);
    let (started, asked) = start(
        Mode::PaymentIntent,
        vec![Err(SendError::Timeout), Err(SendError::Timeout)],
    );
    assert!(matches!(started, Err(CallError::Unanswered(_))));
    assert_eq!(asked.len(), 2);
}

#[test]
fn a_refusal_and_an_overload_are_told_apart() {
    let error = json!({"error": {"type": "invalid_request_error", "code": "amount_too_small", "message": "private"}});
    let (started, _) = start(Mode::PaymentIntent, vec![reply(400, &error)]);
    assert_eq!(
        started,
        Err(CallError::Refused {
            status: 400,
            code: "amount_too_small".to_owned()
        })
    );
    for status in [401, 404, 409, 429, 500, 503] {
        let (started, _) = start(Mode::PaymentIntent, vec![reply(status, &json!({}))]);
        assert!(matches!(started, Err(CallError::Unanswered(_))));
    }
}

#[test]
fn an_answer_about_another_payment_is_not_taken() {
    for (name, value) in [
        ("amount", json!(1)),
        ("currency", json!("usd")),
        ("livemode", json!(true)),
        ("client_secret", json!(null)),
        ("id", json!("a#b")),
    ] {
        let mut body = open();
        body[name] = value;
        let (started, _) = start(Mode::PaymentIntent, vec![reply(200, &body)]);
        assert!(matches!(started, Err(CallError::Misfit(_))), "{name}");
    }
}

#[test]
fn a_hosted_page_gives_a_url() {
    let session =
        json!({"id": "cs_1", "amount_total": 1_999, "currency": "cny", "livemode": false, "url": "https://pay/cs_1"});
    let (started, asked) = start(Mode::CheckoutSession, vec![reply(200, &session)]);
    assert_eq!(started.unwrap().url.as_deref(), Some("https://pay/cs_1"));
    assert!(asked[0].url.ends_with("/v1/checkout/sessions"));
    let form: Vec<_> = form_urlencoded::parse(&asked[0].body).into_owned().collect();
    assert!(
        form.iter()
            .any(|(name, _)| name == "payment_intent_data[metadata][payment_id]")
    );
}

#[test]
fn a_payer_who_has_to_prove_more_is_asked_to() {
    for mode in [Mode::PaymentIntent, Mode::CheckoutSession] {
        let asked = |step_up: bool| {
            let intent = Intent {
                step_up,
                ..intent(mode)
            };
            let (_, form) = form(&intent, &super::super::scripted::returns());
            form.contains("payment_method_options%5Bcard%5D%5Brequest_three_d_secure%5D=any")
        };
        assert!(asked(true) && !asked(false));
    }
}
