//! Asking Stripe for money.

use kernel::Money;
use serde_json::Value;
use web::HttpClient;

use super::{super::CallError, Stripe};
use crate::{Intent, Mode, ObjectId, Started};

/// Where a hosted page sends the payer back to.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Returns {
    /// After payment.
    pub success_url: String,
    /// After giving up.
    pub cancel_url: String,
}

/// Asks for the intent's payment. The intent's id is the idempotency key, so sending again makes no second payment.
pub(super) async fn start<C: HttpClient>(stripe: &Stripe<C>, intent: &Intent) -> Result<Started, CallError> {
    let (path, form) = form(intent, &stripe.returns);
    let body = stripe.post(path, form, &intent.id.to_string()).await?;
    started(intent, &body)
}

/// The request, the same for the same intent: Stripe compares parameters under a key.
fn form(intent: &Intent, returns: &Returns) -> (&'static str, String) {
    let mut form = form_urlencoded::Serializer::new(String::new());
    let (order, payment) = (intent.order.to_string(), intent.id.to_string());
    let currency = intent.amount.currency().code().to_ascii_lowercase();
    let amount = intent.amount.amount().to_string();
    form.append_pair("metadata[order_id]", &order)
        .append_pair("metadata[payment_id]", &payment);
    if intent.step_up {
        form.append_pair("payment_method_options[card][request_three_d_secure]", "any");
    }
    if intent.mode == Mode::CheckoutSession {
        form.append_pair("mode", "payment")
            .append_pair("client_reference_id", &order)
            .append_pair("line_items[0][quantity]", "1")
            .append_pair("line_items[0][price_data][currency]", &currency)
            .append_pair("line_items[0][price_data][unit_amount]", &amount)
            .append_pair("line_items[0][price_data][product_data][name]", &order)
            .append_pair("payment_intent_data[metadata][order_id]", &order)
            .append_pair("payment_intent_data[metadata][payment_id]", &payment)
            .append_pair("success_url", &returns.success_url)
            .append_pair("cancel_url", &returns.cancel_url);
        return ("/v1/checkout/sessions", form.finish());
    }
    form.append_pair("amount", &amount)
        .append_pair("currency", &currency)
        .append_pair("automatic_payment_methods[enabled]", "true");
    ("/v1/payment_intents", form.finish())
}

/// Their answer is their word: what it says must be what was asked.
fn started(intent: &Intent, body: &Value) -> Result<Started, CallError> {
    let text = |name: &str| body.get(name).and_then(Value::as_str).map(str::to_owned);
    let object: ObjectId = text("id")
        .and_then(|id| id.parse().ok())
        .ok_or(CallError::Misfit("id"))?;
    let amount_name = if intent.mode == Mode::CheckoutSession {
        "amount_total"
    } else {
        "amount"
    };
    let amount = body.get(amount_name).and_then(Value::as_i64);
    let currency = text("currency").and_then(|code| code.to_ascii_uppercase().parse().ok());
    let money = amount
        .zip(currency)
        .and_then(|(amount, currency)| Money::new(amount, currency).ok());
    if money != Some(intent.amount) {
        return Err(CallError::Misfit("amount"));
    }
    if body.get("livemode").and_then(Value::as_bool) != Some(intent.livemode) {
        return Err(CallError::Misfit("livemode"));
    }
    let started = Started {
        client_secret: text("client_secret"),
        url: text("url"),
        ..Started::of(object)
    };
    match intent.mode {
        Mode::PaymentIntent if started.client_secret.is_none() => Err(CallError::Misfit("client_secret")),
        Mode::CheckoutSession if started.url.is_none() => Err(CallError::Misfit("url")),
        _ => Ok(started),
    }
}

#[cfg(test)]
mod tests;
