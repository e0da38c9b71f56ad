//! The double's own endpoints.

use std::sync::Arc;

use serde_json::{Value, json};

use super::{Answers, RefundPlan, Shared};
use crate::{
    doubles::support::{self, Notice, Telling},
    server::Received,
};

/// `scan`, `pay`, `finish`, `expire {"out_trade_no"}`, `refund {"out_trade_no", "amount"}` (by hand, past the API),
/// `end_refund {"out_request_no"}`, each with the members of [`Telling`]; `plan {"refunds": "now" | "waits" |
/// "not_enough"}`, `tell_calls {…telling}`, `answers {"signed": "honest" | "forged" | "unsigned"}`, `made`, and the shared
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
        "scan" => shared.scan(&number).map(|()| Vec::new()),
        "pay" => shared.pay(&number),
        "finish" => shared.end(&number, "TRADE_FINISHED"),
        "expire" => shared.end(&number, "TRADE_CLOSED"),
        "refund" => shared.refund_by_hand(&number, body["amount"].as_i64().unwrap_or_default()),
        "end_refund" => shared.end_refund(text("out_request_no")),
        "plan" => return plan(shared, text("refunds")),
        "tell_calls" => {
            shared.state().telling = Telling::of(&body);
            return (200, json!({}));
        }
        "answers" => return answers(shared, text("signed")),
        "made" => {
            let state = shared.state();
            let trade = |number: String| {
                let status = state.trades.get(&number).map(|trade| trade.status);
                json!({"out_trade_no": number, "trade_status": status})
            };
            return (
                200,
                json!({"trades": state.made().into_iter().map(trade).collect::<Vec<_>>()}),
            );
        }
        _ => Err(
            "scan, pay, finish, expire, refund, end_refund, plan, tell_calls, answers, made, slow, down, fail, \
                  refuse, clock, bill, release or redeliver"
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

fn plan(shared: &Shared, refunds: &str) -> (u16, Value) {
    let plan = match refunds {
        "waits" => RefundPlan::Waits,
        "not_enough" => RefundPlan::NotEnough,
        _ => RefundPlan::Now,
    };
    shared.state().plan = plan;
    (200, json!({"refunds": format!("{plan:?}")}))
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
