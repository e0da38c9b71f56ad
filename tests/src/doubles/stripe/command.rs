//! The double's own endpoints.

use std::sync::Arc;

use serde_json::{Value, json};

use super::{DisputeEnd, RefundEnd, RefundPlan, Shared, error};
use crate::{
    doubles::support::{self, Telling, wall_s},
    server::Received,
};

/// How long a merchant has for evidence, when not said.
const EVIDENCE_S: i64 = 7 * 86_400;

/// `pay {"object", "received"?, "card"?}` (a fingerprint), `decline {"object"}`, `refund {"object", "amount"}` (in the dashboard, past the API), `end_refund {"refund",
/// "status"}`, `dispute {"object", "amount"?, "due_by"?, "inquiry"?}`, `end_dispute {"dispute", "status": "won" | "lost" |
/// "under_review" | "needs_response"}`, each with the members of [`Telling`]; `plan {"refunds": "succeed" | "wait" |
/// "not_enough", …telling}`, `made`, and the shared ones. The answer lists the deliveries and what each was answered with.
pub(super) async fn run(shared: &Arc<Shared>, name: &str, request: &Received) -> (u16, Value) {
    let Some(body) = support::input(request) else {
        return error(400, "invalid_request_error", "JSON, please");
    };
    if let Some(done) = support::shared(shared, name, &body).await {
        return done;
    }
    let text = |name: &str| body[name].as_str().unwrap_or_default();
    let object = [text("object"), text("payment_intent")].concat();
    let telling = Telling::of(&body);
    if matches!(name, "pay" | "refund") && shared.state().get(&object).is_none() {
        return error(404, "invalid_request_error", "No such object");
    }
    if let Some(card) = body["card"].as_str() {
        shared.state().card = Some(card.to_owned());
    }
    let events = match name {
        "decline" => shared.state().decline(&object),
        "pay" => Ok(shared.state().pay(&object, body["received"].as_i64())),
        "refund" if shared.state().paid(&object) => Ok(shared
            .state()
            .refund_by_hand(&object, body["amount"].as_i64().unwrap_or_default())),
        "refund" => Err("not paid yet".to_owned()),
        "end_refund" => {
            let end = match text("status") {
                "failed" => RefundEnd::Failed,
                "canceled" => RefundEnd::Canceled,
                _ => RefundEnd::Succeeded,
            };
            shared.state().end_refund(text("refund"), end)
        }
        "dispute" => {
            let due = body["due_by"].as_i64().unwrap_or_else(|| wall_s() + EVIDENCE_S);
            let inquiry = body["inquiry"].as_bool() == Some(true);
            let opened = shared.state().dispute(&object, body["amount"].as_i64(), due, inquiry);
            opened.map(|(_, events)| events)
        }
        "end_dispute" => {
            let end = match text("status") {
                "won" => DisputeEnd::Won,
                "lost" => DisputeEnd::Lost,
                "needs_response" => DisputeEnd::Escalated,
                _ => DisputeEnd::UnderReview,
            };
            shared.state().end_dispute(text("dispute"), end)
        }
        "plan" => return plan(shared, text("refunds"), telling),
        "made" => return (200, json!({"objects": shared.state().made()})),
        _ => Err(
            "pay, decline, refund, end_refund, dispute, end_dispute, plan, made, slow, down, fail, refuse, clock, bill, \
                  release or redeliver"
                .to_owned(),
        ),
    };
    match events {
        Ok(events) => support::deliveries(&shared.tell(events, &telling).await),
        Err(reason) => error(404, "invalid_request_error", &reason),
    }
}

fn plan(shared: &Shared, refunds: &str, telling: Telling) -> (u16, Value) {
    let plan = match refunds {
        "wait" => RefundPlan::Waits(telling),
        "not_enough" => RefundPlan::NotEnough,
        _ => RefundPlan::Succeeds(telling),
    };
    let shown = format!("{plan:?}");
    shared.state().plan = plan;
    (200, json!({"plan": shown}))
}
