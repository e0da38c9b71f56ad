//! What became of a payment.

use serde_json::Value;
use web::HttpClient;

use super::{
    super::{CallError, ParseError},
    Stripe,
    fields::{card, id, livemode, money, reference, text, time},
};
use crate::{Fact, FactKind, Intent, IntentState, Mode, ObjectId, Provider, Reading, Step};

impl From<ParseError> for CallError {
    fn from(error: ParseError) -> Self {
        Self::Misfit(error.0)
    }
}

/// Asks for the intent's object. One whose answer was lost has none here: nobody was given its secret or page, so nobody
/// can have paid it.
pub(super) async fn query<C: HttpClient>(stripe: &Stripe<C>, intent: &Intent) -> Result<Reading, CallError> {
    let IntentState::Open { started } = &intent.state else {
        return Ok(intent.nothing_told());
    };
    match intent.mode {
        Mode::CheckoutSession => of_session(stripe, intent, &started.object).await,
        _ => match payment_intent(stripe, &started.object).await? {
            Some(object) => Ok(of_payment(intent, &object)?),
            None => Ok(intent.nothing_told()),
        },
    }
}

async fn payment_intent<C: HttpClient>(stripe: &Stripe<C>, wanted: &ObjectId) -> Result<Option<Value>, CallError> {
    let path = format!("/v1/payment_intents/{wanted}");
    let found = stripe.get(&path, &[("expand[]", "latest_charge")]).await?;
    same(found, wanted)
}

/// A hosted page: what it says of itself, and its `PaymentIntent` where the payer came as far as that.
async fn of_session<C: HttpClient>(
    stripe: &Stripe<C>,
    intent: &Intent,
    wanted: &ObjectId,
) -> Result<Reading, CallError> {
    let Some(session) = session(stripe, wanted).await? else {
        return Ok(intent.nothing_told());
    };
    let expanded = session
        .get("payment_intent")
        .filter(|payment| payment.is_object())
        .cloned();
    let payment = match (expanded, reference(&session, "payment_intent")) {
        (Some(payment), _) => Some(payment),
        (None, Some(payment)) => payment_intent(stripe, &payment).await?,
        (None, None) => None,
    };
    let mut reading = match &payment {
        Some(payment) => of_payment(intent, payment)?,
        None => Reading {
            livemode: livemode(&session)?,
            ..intent.nothing_told()
        },
    };
    reading.asked = Some(money(&session, "amount_total")?);
    if text(&session, "status") == Some("expired") {
        let payment = reading.reference.object.clone().unwrap_or_else(|| wanted.clone());
        reading.reference.object = Some(payment.clone());
        reading.facts.push(fact(payment, progress(Step::Expired)));
    }
    reading.reference.session = Some(wanted.clone());
    Ok(reading)
}

/// A hosted page by its id.
pub(super) async fn session<C: HttpClient>(stripe: &Stripe<C>, wanted: &ObjectId) -> Result<Option<Value>, CallError> {
    let path = format!("/v1/checkout/sessions/{wanted}");
    let found = stripe
        .get(&path, &[("expand[]", "payment_intent.latest_charge")])
        .await?;
    same(found, wanted)
}

/// Their answer must be about what was asked for.
fn same(found: Option<Value>, wanted: &ObjectId) -> Result<Option<Value>, CallError> {
    match &found {
        Some(object) if text(object, "id") != Some(wanted.as_str()) => Err(CallError::Misfit("id")),
        _ => Ok(found),
    }
}

/// A `PaymentIntent` in our words. The same state gives the same reading, whenever it is asked for.
fn of_payment(intent: &Intent, object: &Value) -> Result<Reading, ParseError> {
    let payment = id(object, "id")?;
    let charge = object.get("latest_charge").unwrap_or(&Value::Null);
    let mut facts = Vec::new();
    let mut occurred_at = None;
    match text(object, "status").ok_or(ParseError("status"))? {
        "succeeded" => {
            let received = money(object, "amount_received")?;
            facts.push(fact(payment.clone(), FactKind::Captured { received }));
            occurred_at = time(charge, "created");
        }
        "processing" => facts.push(fact(payment.clone(), progress(Step::Processing))),
        "canceled" => {
            facts.push(fact(payment.clone(), progress(Step::Canceled)));
            occurred_at = time(object, "canceled_at");
        }
        // It waits for the payer, and may have been tried already.
        _ if object.get("last_payment_error").is_some_and(Value::is_object) => {
            facts.push(fact(payment.clone(), progress(Step::Failed)));
        }
        _ => {}
    }
    if charge
        .get("amount_refunded")
        .and_then(Value::as_i64)
        .unwrap_or_default()
        > 0
    {
        let total = money(charge, "amount_refunded")?;
        facts.push(fact(payment.clone(), FactKind::RefundTotal { total }));
    }
    let mut reading = intent.nothing_told();
    reading.reference.object = Some(payment);
    Ok(Reading {
        asked: Some(money(object, "amount")?),
        livemode: livemode(object)?,
        occurred_at,
        card: card(charge),
        facts,
        ..reading
    })
}

const fn progress(step: Step) -> FactKind {
    FactKind::Progress { step }
}

const fn fact(payment: ObjectId, kind: FactKind) -> Fact {
    Fact {
        provider: Provider::Stripe,
        payment,
        kind,
    }
}

#[cfg(test)]
mod tests;
