//! The ledger by query.

use desk::{Error, Listed, Member};
use kernel::{Currency, OrderId, Timestamp};
use payments::{Account, LEDGER_SHARDS, Payments, Posted, Subject};
use serde_json::{Value, json};
use web::{Body, Problem, Request, Response, query_parameter, types};

use crate::Ports;

fn malformed(detail: &str) -> Error {
    Problem::new(&types::MALFORMED).detail(detail).into()
}

/// `day`, as `2026-11-22`; today when it is not said.
pub(crate) fn day_of(ports: &Ports, request: &Request) -> Result<Timestamp, Error> {
    let Some(text) = query_parameter(request, "day") else {
        return Ok(ports.payments.ambient().now());
    };
    let midnight = format!("{text}T00:00:00Z").parse::<Timestamp>();
    midnight
        .ok()
        .filter(|day| day.day() == text)
        .ok_or_else(|| malformed("day is a day, such as 2026-11-22"))
}

fn currency_of(request: &Request) -> Result<Currency, Error> {
    query_parameter(request, "currency")
        .and_then(|text| text.parse().ok())
        .ok_or_else(|| malformed("currency is an ISO 4217 code, such as CNY"))
}

/// `GET /v1/orders/{id}/ledger`: its postings, by what caused them.
pub(crate) async fn of_order(ports: &Ports, request: &Request, _: &Member) -> Result<Response<Body>, Error> {
    let id: OrderId = web::path_parameter(request, "id")?;
    let posted = ports.payments.postings(&Subject::Order(id)).await?;
    let items: Vec<_> = posted.iter().map(posting).collect();
    Ok(web::json(200, &Listed { items, next: None }))
}

fn posting(posted: &Posted) -> Value {
    let entries = posted.posting.entries().iter();
    let entries: Vec<_> = entries
        .map(|entry| json!({"account": entry.account.to_string(), "amount": entry.amount}))
        .collect();
    json!({
        "cause": posted.posting.cause(),
        "posted_at": posted.posting.posted_at(),
        "delivery": posted.delivery,
        "entries": entries,
    })
}

/// `GET /v1/ledger/accounts/{account}/entries?currency=&day=`: a day's entries, page by page. A page may be empty and have a
/// next one.
pub(crate) async fn entries(ports: &Ports, request: &Request, _: &Member) -> Result<Response<Body>, Error> {
    let account: Account = web::path_parameter(request, "account")?;
    let (currency, day) = (currency_of(request)?, day_of(ports, request)?.day());
    let from = match query_parameter(request, "cursor") {
        Some(text) => position(account, currency, &day, &text).ok_or(Error::Cursor)?,
        None => (0, None),
    };
    let page = ports.payments.entries(account, currency, &day, from).await?;
    let items: Vec<_> = page
        .entries
        .iter()
        .map(|entry| {
            json!({
                "amount": entry.amount,
                "subject": entry.subject.to_string(),
                "cause": entry.cause,
                "posted_at": entry.posted_at,
            })
        })
        .collect();
    let next = page.next.map(|(shard, after)| {
        let after = after.map(|after| after.encode()).unwrap_or_default();
        format!("{shard}.{after}")
    });
    Ok(web::json(200, &Listed { items, next }))
}

/// A shard, and the position in it.
fn position(account: Account, currency: Currency, day: &str, text: &str) -> Option<(u32, Option<dynamo::Cursor>)> {
    let (shard, after) = text.split_once('.')?;
    let shard: u32 = shard.parse().ok().filter(|shard| *shard < LEDGER_SHARDS)?;
    if after.is_empty() {
        return Some((shard, None));
    }
    let after = Payments::entries_cursor(account, currency, (day, shard), after)?;
    Some((shard, Some(after)))
}

/// `GET /v1/ledger/accounts/{account}/balance?currency=&day=`: at the end of a day, or now.
pub(crate) async fn balance(ports: &Ports, request: &Request, _: &Member) -> Result<Response<Body>, Error> {
    let account: Account = web::path_parameter(request, "account")?;
    let (currency, day) = (currency_of(request)?, day_of(ports, request)?);
    let balance = ports.payments.balance(account, currency, day).await?;
    let body = json!({"account": account.to_string(), "day": day.day(), "balance": balance});
    Ok(web::json(200, &body))
}
