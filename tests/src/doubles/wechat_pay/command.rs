//! The double's own endpoints.

use std::sync::Arc;

use serde_json::{Value, json};

use super::{Answers, RefundEnd, RefundPlan, Shared};
use crate::{
    doubles::support::{self, Notice, Telling},
    server::Received,
};

/// `pay {"out_trade_no", "payer_total"?}`, `refund {"out_trade_no", "amount", "notify_url"}` (by hand, past the API),
/// `end_refund {"out_refund_no", "status"}`, each with the members of [`Telling`]; `plan {"status" | "waits" |
/// "not_enough", "after_ms"?, …telling}`, `answers {"signed": "honest" | "forged" | "unsigned"}`, `made`, and the shared
/// ones.
pub(super) async fn run(shared: &Arc<Shared>, name: &str, request: &Received) -> (u16, Value) {
    let Some(body) = support::input(request) else {
        return (400, json!({"error": "JSON, please"}));
    };
    if let Some(done) = support::shared(shared, name, &body).await {
        return done;
    }
    let text = |name: &str| body[name].as_str().unwrap_or_default();
    let number = [text("out_trade_no"), text("object")].concat();
    let notices = match name {
        "pay" => shared.pay(&number, body["payer_total"].as_i64()),
        "refund" => shared.refund_by_hand(&number, body["amount"].as_i64().unwrap_or_default(), text("notify_url")),
        "end_refund" => end(text("status")).map_or_else(
            || Err("status: SUCCESS, ABNORMAL or CLOSED".to_owned()),
            |end| shared.end_refund(text("out_refund_no"), end),
        ),
        "plan" => return plan(shared, &body),
        "answers" => return answers(shared, text("signed")),
        "made" => {
            let state = shared.state();
            return (200, json!({"orders": state.made(), "refunds": state.refund_states()}));
        }
        _ => Err(
            "pay, refund, end_refund, plan, answers, made, slow, down, fail, refuse, clock, bill, release or \
                  redeliver"
                .to_owned(),
        ),
    };
    told(shared, notices, &Telling::of(&body)).await
}

async fn told(shared: &Arc<Shared>, notices: Result<Vec<Notice>, String>, telling: &Telling) -> (u16, Value) {
    match notices {
        Ok(notices) => support::deliveries(&support::tell(shared, notices, telling).await),
        Err(reason) => (409, json!({"error": reason})),
    }
}

fn end(status: &str) -> Option<RefundEnd> {
    [RefundEnd::Success, RefundEnd::Abnormal, RefundEnd::Closed]
        .into_iter()
        .find(|end| end.as_str().eq_ignore_ascii_case(status))
}

fn plan(shared: &Shared, body: &Value) -> (u16, Value) {
    let after = body["after_ms"].as_u64().unwrap_or(0);
    let plan = if body["waits"].as_bool() == Some(true) {
        RefundPlan::Waits
    } else if body["not_enough"].as_bool() == Some(true) {
        RefundPlan::NotEnough
    } else {
        let end = end(body["status"].as_str().unwrap_or("SUCCESS")).unwrap_or(RefundEnd::Success);
        RefundPlan::Ends(end, after, Telling::of(body))
    };
    let shown = format!("{plan:?}");
    shared.state().plan = plan;
    (200, json!({"plan": shown}))
}

fn answers(shared: &Shared, signed: &str) -> (u16, Value) {
    let answers = match signed {
        "forged" => Answers::Forged,
        "unsigned" => Answers::Unsigned,
        _ => Answers::Honest,
    };
    shared.state().answers = answers;
    (200, json!({"answers": format!("{answers:?}")}))
}
