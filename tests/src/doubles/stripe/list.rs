//! Lists, newest first, by pages: what reconciliation reads.

use serde_json::{Value, json};

use super::{
    refused,
    state::{Form, State, shown},
};
use crate::doubles::support::{Added, Bill};

/// How long a page is, when not said, and at most.
const PAGE: usize = 10;
/// How long a page may be.
const PAGE_MAX: usize = 100;

/// `GET /v1/{name}` with `created[…]`, `limit`, `starting_after`, and what else each list can be narrowed by.
pub(super) fn page(state: &State, bill: &Bill, name: &str, query: &Form) -> (u16, Value) {
    let Some(kind) = kind(name) else {
        return refused(404, "", "", "Unrecognized request URL");
    };
    let limit = query.get("limit").map_or(Some(PAGE), |limit| limit.parse().ok());
    let Some(limit) = limit.filter(|limit| (1..=PAGE_MAX).contains(limit)) else {
        return refused(400, "parameter_invalid_integer", "limit", "limit is 1 to 100");
    };
    let kept = state.order.iter().rev().filter_map(|id| state.get(id));
    let kept = kept
        .filter(|object| object["object"] == kind)
        .filter_map(|object| said(state, bill, object));
    let mut all: Vec<Value> = bill.added.iter().filter_map(|added| invented(kind, added)).collect();
    all.extend(kept);
    all.retain(|object| within(object, query) && narrowed(object, query));
    let from = match query.get("starting_after") {
        None => 0,
        Some(id) => match all.iter().position(|object| object["id"] == id.as_str()) {
            Some(place) => place + 1,
            None => return refused(400, "resource_missing", "starting_after", "No such object"),
        },
    };
    let limit = limit.min(bill.page_max.max(1));
    let more = all.len() > from + limit;
    let data: Vec<Value> = all
        .into_iter()
        .skip(from)
        .take(limit)
        .map(|object| expanded(state, shown(&object), query, "data."))
        .collect();
    (
        200,
        json!({"object": "list", "url": format!("/v1/{name}"), "has_more": more, "data": data}),
    )
}

fn kind(name: &str) -> Option<&'static str> {
    Some(match name {
        "payment_intents" => "payment_intent",
        "checkout/sessions" => "checkout.session",
        "refunds" => "refund",
        "charges" => "charge",
        "disputes" => "dispute",
        "balance_transactions" => "balance_transaction",
        _ => return None,
    })
}

/// `created[gte]`, `[gt]`, `[lt]`, `[lte]`.
fn within(object: &Value, query: &Form) -> bool {
    let created = object["created"].as_i64().unwrap_or_default();
    let bound = |name: &str| {
        query
            .get(&format!("created[{name}]"))
            .and_then(|bound| bound.parse::<i64>().ok())
    };
    bound("gte").is_none_or(|bound| created >= bound)
        && bound("gt").is_none_or(|bound| created > bound)
        && bound("lte").is_none_or(|bound| created <= bound)
        && bound("lt").is_none_or(|bound| created < bound)
}

fn narrowed(object: &Value, query: &Form) -> bool {
    ["payment_intent", "charge", "type", "source"]
        .iter()
        .all(|name| query.get(*name).is_none_or(|value| object[*name] == value.as_str()))
}

/// `expand[]=latest_charge`, `expand[]=data.source`, `expand[]=payment_intent.latest_charge`: objects in place of ids.
/// Paths begin with `root`, where there is one.
pub(super) fn expanded(state: &State, mut object: Value, query: &Form, root: &str) -> Value {
    for (_, path) in query.iter().filter(|(name, _)| name.starts_with("expand[")) {
        let Some(path) = path.strip_prefix(root) else { continue };
        let mut place = &mut object;
        for name in path.split('.') {
            place = &mut place[name];
            if let Some(found) = place.as_str().and_then(|id| state.get(id)) {
                *place = shown(found);
            }
            if !place.is_object() {
                break;
            }
        }
    }
    object
}

/// The object as the list tells it: under any of its names it may be forgotten, or have another amount.
fn said(state: &State, bill: &Bill, object: &Value) -> Option<Value> {
    let source = object["source"].as_str().and_then(|id| state.get(id));
    let mut names: Vec<&str> = Vec::new();
    for one in [Some(object), source].into_iter().flatten() {
        names.extend(one["id"].as_str());
        names.extend(one["metadata"]["refund_id"].as_str());
        if one["object"] == "charge" {
            names.extend(one["payment_intent"].as_str());
        }
    }
    let true_amount = object["amount"].as_i64().unwrap_or_default();
    let mut amount = true_amount.abs();
    for name in names {
        amount = bill.of(name, amount)?;
    }
    let mut said = object.clone();
    if amount != true_amount.abs() {
        for name in ["amount", "amount_received", "amount_captured"] {
            if said[name].is_i64() {
                said[name] = json!(amount * true_amount.signum());
            }
        }
    }
    Some(said)
}

fn invented(kind: &str, added: &Added) -> Option<Value> {
    let (id, source) = match (&added.refund, kind) {
        (None, "payment_intent" | "charge") => (added.number.clone(), Value::Null),
        (Some(refund), "refund") => (refund.clone(), Value::Null),
        (refund, "balance_transaction") => {
            let source = refund.as_ref().unwrap_or(&added.number);
            (format!("txn_{source}"), json!(source))
        }
        _ => return None,
    };
    let back = added.refund.is_some();
    let mut object = json!({
        "id": id, "object": kind, "amount": added.amount, "created": added.at, "currency": "cny", "livemode": false,
        "metadata": {}, "status": "succeeded", "payment_intent": added.number,
    });
    if kind == "payment_intent" {
        object["amount_received"] = json!(added.amount);
    }
    if kind == "charge" {
        object["amount_captured"] = json!(added.amount);
        object["captured"] = json!(true);
        object["paid"] = json!(true);
    }
    if kind == "balance_transaction" {
        let amount = if back { -added.amount } else { added.amount };
        object["amount"] = json!(amount);
        object["net"] = json!(amount);
        object["fee"] = json!(0);
        object["source"] = source;
        object["status"] = json!("available");
        object["type"] = json!(if back { "refund" } else { "charge" });
        object["reporting_category"] = object["type"].clone();
    }
    Some(object)
}
