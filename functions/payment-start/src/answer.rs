//! What is answered.

use std::collections::BTreeMap;

use payments::{Intent, Mode, Provider, Started};
use serde::Serialize;
use web::{Body, Response};

/// The answer: the same bytes for the same key.
#[derive(Debug, Serialize)]
struct Answer<'a> {
    payment_id: String,
    order_id: String,
    provider: Provider,
    mode: Mode,
    amount: i64,
    currency: &'a str,
    provider_payment_id: &'a str,
    #[serde(skip_serializing_if = "Option::is_none")]
    client_secret: Option<&'a str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    url: Option<&'a str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    qr_code: Option<&'a str>,
    #[serde(skip_serializing_if = "BTreeMap::is_empty")]
    application: &'a BTreeMap<String, String>,
}

/// A payment that the provider takes, with what the payer needs for it.
pub(crate) fn respond(intent: &Intent, started: &Started) -> Response<Body> {
    let answer = Answer {
        payment_id: intent.id.to_string(),
        order_id: intent.order.to_string(),
        provider: intent.provider,
        mode: intent.mode,
        amount: intent.amount.amount(),
        currency: intent.amount.currency().code(),
        provider_payment_id: started.object.as_str(),
        client_secret: started.client_secret.as_deref(),
        url: started.url.as_deref(),
        qr_code: started.qr_code.as_deref(),
        application: &started.application,
    };
    web::json(201, &answer)
}
