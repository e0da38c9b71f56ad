//! Stripe's events to our facts.
//!
//! The same money is told under several types, so facts are about the `PaymentIntent` wherever one is named. A field that
//! we do not need may be missing; one that we do need, missing, makes the notice a case.

use kernel::Money;
use serde_json::Value;

use super::{
    super::{ParseError, Parsed},
    fields::{card, id, livemode, metadata, money, reference, refund, text, time},
};
use crate::{Fact, FactKind, ObjectId, Provider, Reading, Reference, Step};

/// Reads an event that was verified.
pub(in crate::provider) fn parse(body: &[u8]) -> Result<Parsed, ParseError> {
    let event: Value = serde_json::from_slice(body).map_err(|_| ParseError("body"))?;
    let kind = text(&event, "type").ok_or(ParseError("type"))?;
    let object = event.pointer("/data/object").unwrap_or(&Value::Null);
    let told = match kind {
        "payment_intent.succeeded" => Told::intent(object, captured_by_intent(object)?)?,
        "payment_intent.payment_failed" => Told::intent(object, progress(Step::Failed))?,
        "payment_intent.processing" => Told::intent(object, progress(Step::Processing))?,
        "payment_intent.canceled" => Told::intent(object, progress(Step::Canceled))?,
        "checkout.session.completed" | "checkout.session.async_payment_succeeded" => completed(object)?,
        "checkout.session.async_payment_failed" => Told::session(object, progress(Step::Failed))?,
        "checkout.session.expired" => Told::session(object, progress(Step::Expired))?,
        // The same money as the intent's, with the card that it came from.
        "charge.succeeded" => match captured_by_charge(object)? {
            Some(kind) => Told::within(object, kind)?,
            None => return Ok(Parsed::Ignored),
        },
        "charge.refunded" => Told::within(
            object,
            FactKind::RefundTotal {
                total: money(object, "amount_refunded")?,
            },
        )?,
        "refund.created" | "refund.updated" | "refund.failed" => Told::within(object, refund(object)?)?,
        "charge.dispute.created"
        | "charge.dispute.updated"
        | "charge.dispute.funds_withdrawn"
        | "charge.dispute.funds_reinstated"
        | "charge.dispute.closed" => Told::within(object, dispute(kind, object)?)?,
        _ => return Ok(Parsed::Ignored),
    };
    let facts = vec![Fact {
        provider: Provider::Stripe,
        payment: told.payment.clone(),
        kind: told.kind,
    }];
    Ok(Parsed::Told(Reading {
        reference: Reference {
            order: metadata(object, "order_id"),
            payment: metadata(object, "payment_id"),
            object: Some(told.payment),
            session: told.session,
        },
        asked: told.asked,
        livemode: livemode(&event)?,
        occurred_at: time(&event, "created"),
        evidence_due_at: object
            .get("evidence_details")
            .and_then(|evidence| time(evidence, "due_by")),
        card: card(object).or_else(|| card(object.get("latest_charge")?)),
        facts,
    }))
}

struct Told {
    payment: ObjectId,
    session: Option<ObjectId>,
    asked: Option<Money>,
    kind: FactKind,
}

impl Told {
    fn intent(object: &Value, kind: FactKind) -> Result<Self, ParseError> {
        let asked = Some(money(object, "amount")?);
        Ok(Self {
            payment: id(object, "id")?,
            session: None,
            asked,
            kind,
        })
    }

    /// Of a hosted page. Before the payer chose how to pay it has no `PaymentIntent`, and speaks for itself.
    fn session(object: &Value, kind: FactKind) -> Result<Self, ParseError> {
        let session = id(object, "id")?;
        let payment = reference(object, "payment_intent").unwrap_or_else(|| session.clone());
        Ok(Self {
            payment,
            session: Some(session),
            asked: Some(money(object, "amount_total")?),
            kind,
        })
    }

    /// Of an object within a payment: a charge, a refund, a dispute.
    fn within(object: &Value, kind: FactKind) -> Result<Self, ParseError> {
        let payment = reference(object, "payment_intent").ok_or(ParseError("payment_intent"))?;
        Ok(Self {
            payment,
            session: None,
            asked: None,
            kind,
        })
    }
}

const fn progress(step: Step) -> FactKind {
    FactKind::Progress { step }
}

/// `amount_received` is the money; `amount` is only what was asked.
fn captured_by_intent(object: &Value) -> Result<FactKind, ParseError> {
    Ok(FactKind::Captured {
        received: money(object, "amount_received")?,
    })
}

/// Nothing, where the charge is not of an intent or was only authorised: its capture is told by the intent.
fn captured_by_charge(object: &Value) -> Result<Option<FactKind>, ParseError> {
    let captured = object.get("captured").and_then(Value::as_bool) == Some(true);
    if !captured || reference(object, "payment_intent").is_none() {
        return Ok(None);
    }
    let received = money(object, "amount_captured")?;
    Ok(Some(FactKind::Captured { received }))
}

/// Completed is not paid: delayed methods come as `unpaid`, and succeed or fail later.
fn completed(object: &Value) -> Result<Told, ParseError> {
    match text(object, "payment_status").ok_or(ParseError("payment_status"))? {
        "paid" => {
            let received = money(object, "amount_total")?;
            let told = Told::session(object, FactKind::Captured { received })?;
            reference(object, "payment_intent").ok_or(ParseError("payment_intent"))?;
            Ok(told)
        }
        _ => Told::session(object, progress(Step::Processing)),
    }
}

fn dispute(kind: &str, object: &Value) -> Result<FactKind, ParseError> {
    let dispute = id(object, "id")?;
    let amount = money(object, "amount")?;
    let status = text(object, "status").unwrap_or_default();
    Ok(match (kind, status) {
        ("charge.dispute.funds_withdrawn", _) => FactKind::DisputeOpened { dispute, amount },
        (_, "lost") => FactKind::DisputeLost { dispute, amount },
        ("charge.dispute.funds_reinstated", _) | (_, "won" | "warning_closed" | "prevented") => {
            FactKind::DisputeWon { dispute }
        }
        // An inquiry has moved no money yet.
        (_, "warning_needs_response" | "warning_under_review") => FactKind::DisputeInquiry { dispute },
        _ => FactKind::DisputeOpened { dispute, amount },
    })
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn read(kind: &str, object: &Value) -> Result<Parsed, ParseError> {
        let event = json!({"id": "evt_1", "type": kind, "livemode": false, "data": {"object": object}});
        parse(event.to_string().as_bytes())
    }

    fn only(kind: &str, object: &Value) -> (String, Reading) {
        let Ok(Parsed::Told(reading)) = read(kind, object) else {
            panic!("{kind} is not told")
        };
        assert_eq!(reading.facts.len(), 1);
        (reading.facts[0].key().to_string(), reading)
    }

    fn intent() -> Value {
        json!({"id": "pi_1", "amount": 1_500, "amount_received": 1_400, "currency": "jpy", "metadata": {
            "order_id": "ord_0190a6d0000070008000000000000000", "payment_id": "pay_0190a6d0000070008000000000000000"}})
    }

    #[test]
    fn what_was_received_counts_and_what_was_asked_is_kept_beside_it() {
        let (key, reading) = only("payment_intent.succeeded", &intent());
        assert_eq!(key, "stripe#pi_1#captured#1400");
        assert_eq!(
            reading.asked.map(|asked| asked.to_string()),
            Some("1500 JPY".to_owned())
        );
        assert!(reading.reference.order.is_some() && reading.reference.payment.is_some());
    }

    #[test]
    fn a_hosted_page_and_its_intent_tell_the_same_fact() {
        let session = json!({"id": "cs_1", "payment_intent": {"id": "pi_1"}, "payment_status": "paid", "amount_total": 1_400, "currency": "jpy"});
        let (key, reading) = only("checkout.session.completed", &session);
        assert_eq!(key, "stripe#pi_1#captured#1400");
        assert_eq!(
            reading.reference.session.map(|id| id.to_string()),
            Some("cs_1".to_owned())
        );
    }

    #[test]
    fn completed_is_not_paid() {
        let session = json!({"id": "cs_1", "payment_intent": "pi_1", "payment_status": "unpaid", "amount_total": 5, "currency": "usd"});
        assert_eq!(
            only("checkout.session.completed", &session).0,
            "stripe#pi_1#progress#processing"
        );
    }

    #[test]
    fn every_listed_type_is_told_or_ignored() {
        let within = |status: &str| json!({"id": "x_1", "payment_intent": "pi_1", "charge": "ch_1", "amount": 7, "amount_refunded": 9, "currency": "cny", "status": status});
        for (kind, object, key) in [
            ("payment_intent.payment_failed", intent(), "progress#failed"),
            ("payment_intent.processing", intent(), "progress#processing"),
            ("payment_intent.canceled", intent(), "progress#canceled"),
            ("charge.refunded", within("succeeded"), "refund_total#9"),
            ("refund.created", within("pending"), "refund_pending#x_1#7"),
            ("refund.updated", within("succeeded"), "refund_succeeded#x_1#7"),
            ("refund.failed", within("failed"), "refund_failed#x_1#7"),
            (
                "charge.dispute.created",
                within("needs_response"),
                "dispute_opened#x_1#7",
            ),
            (
                "charge.dispute.created",
                within("warning_needs_response"),
                "dispute_inquiry#x_1",
            ),
            ("charge.dispute.updated", within("under_review"), "dispute_opened#x_1#7"),
            (
                "charge.dispute.funds_withdrawn",
                within("needs_response"),
                "dispute_opened#x_1#7",
            ),
            ("charge.dispute.funds_reinstated", within("won"), "dispute_won#x_1"),
            ("charge.dispute.closed", within("won"), "dispute_won#x_1"),
            ("charge.dispute.closed", within("lost"), "dispute_lost#x_1#7"),
        ] {
            assert_eq!(only(kind, &object).0, format!("stripe#pi_1#{key}"), "{kind}");
        }
        for kind in [
            "payment_intent.created",
            "charge.succeeded",
            "charge.updated",
            "radar.early_fraud_warning.created",
            "invoice.paid",
        ] {
            assert_eq!(read(kind, &json!({})), Ok(Parsed::Ignored));
        }
    }

    #[test]
    fn a_refund_that_we_asked_for_goes_by_our_id_and_any_other_by_theirs() {
        let ours = "rfd_0190a6d0000070008000000000000000";
        for (told, id) in [(ours, ours), ("rfd_1", "re_1"), ("", "re_1")] {
            let refund = json!({"id": "re_1", "payment_intent": "pi_1", "amount": 7, "currency": "cny", "status": "succeeded",
                "metadata": {"refund_id": told}});
            assert_eq!(
                only("refund.updated", &refund).0,
                format!("stripe#pi_1#refund_succeeded#{id}#7")
            );
        }
    }

    #[test]
    fn a_charge_tells_the_same_money_as_its_intent_and_whose_card_it_was() {
        let charge = json!({"id": "ch_1", "payment_intent": "pi_1", "captured": true, "amount": 1_400, "amount_captured": 1_400,
            "currency": "jpy", "payment_method_details": {"type": "card", "card": {"fingerprint": "Xt5EWLLDS7FJjR1c"}}});
        let (key, reading) = only("charge.succeeded", &charge);
        assert_eq!(key, "stripe#pi_1#captured#1400");
        assert_eq!(
            reading.card.map(|card| card.to_string()),
            Some("Xt5EWLLDS7FJjR1c".to_owned())
        );
        let mut authorised = charge.clone();
        authorised["captured"] = json!(false);
        assert_eq!(read("charge.succeeded", &authorised), Ok(Parsed::Ignored));
        let mut expanded = intent();
        expanded["latest_charge"] = charge;
        assert!(only("payment_intent.succeeded", &expanded).1.card.is_some());
    }

    #[test]
    fn times_are_told_where_stripe_tells_them() {
        let dispute = json!({"id": "dp_1", "payment_intent": "pi_1", "amount": 7, "currency": "cny", "status": "needs_response",
            "evidence_details": {"due_by": 1_776_000_000}});
        let mut event = json!({"id": "evt_1", "type": "charge.dispute.created", "created": 1_775_640_600, "livemode": false,
            "data": {"object": dispute}});
        let Ok(Parsed::Told(reading)) = parse(event.to_string().as_bytes()) else {
            panic!("not told")
        };
        assert_eq!(reading.occurred_at.map(kernel::Timestamp::seconds), Some(1_775_640_600));
        assert_eq!(
            reading.evidence_due_at.map(kernel::Timestamp::seconds),
            Some(1_776_000_000)
        );
        event["data"]["object"]["evidence_details"] = json!({"due_by": null});
        event["created"] = json!("soon");
        let Ok(Parsed::Told(reading)) = parse(event.to_string().as_bytes()) else {
            panic!("not told")
        };
        assert_eq!((reading.occurred_at, reading.evidence_due_at), (None, None));
    }

    #[test]
    fn a_field_that_is_needed_and_garbled_makes_a_case() {
        for (name, value) in [
            ("amount_received", json!(14.5)),
            ("amount_received", json!("1400")),
            ("amount_received", json!(-1)),
            ("amount_received", json!(9_007_199_254_740_992_i64)),
            ("currency", json!("xxx")),
            ("id", json!("pi#1")),
        ] {
            let mut object = intent();
            object[name] = value;
            assert_eq!(
                read("payment_intent.succeeded", &object),
                Err(ParseError(name)),
                "{name}"
            );
        }
    }
}
