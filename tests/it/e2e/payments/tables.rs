//! Time, as far as it is kept in tables: the platform runs on the wall clock.

use serde_json::{Value, json};
use tests::client::Api;

use super::Stage;

/// Table names of the local platform.
const TIMERS: &str = "tradepost-TimersTable";
const LEDGER: &str = "tradepost-LedgerTable";
/// A minute.
const MINUTE_MS: i64 = 60_000;
/// A day.
pub(super) const DAY_S: i64 = 86_400;

/// Milliseconds of the wall clock.
#[expect(
    clippy::disallowed_methods,
    reason = "the platform under test runs on the wall clock"
)]
pub(super) fn now_ms() -> i64 {
    let since = std::time::SystemTime::now()
        .duration_since(std::time::UNIX_EPOCH)
        .unwrap();
    i64::try_from(since.as_millis()).unwrap()
}

/// The day, so many before today, UTC.
pub(super) fn day(before: i64) -> String {
    kernel::Timestamp::from_millis(now_ms())
        .plus_seconds(-before * DAY_S)
        .day()
}

/// One call of DynamoDB, past every function.
pub(super) async fn dynamodb(stage: &Stage, operation: &str, request: &Value) -> Value {
    let target = format!("DynamoDB_20120810.{operation}");
    let headers = [
        ("x-amz-target", target.as_str()),
        ("content-type", "application/x-amz-json-1.0"),
        (
            "authorization",
            "AWS4-HMAC-SHA256 Credential=test/20261122/us-east-1/dynamodb/aws4_request, SignedHeaders=host, Signature=0",
        ),
        ("x-amz-date", "20261122T000000Z"),
    ];
    let api = Api::new(&stage.platform.aws_url);
    let sent = api
        .send(http::Method::POST, "/", &headers, request.to_string().into_bytes())
        .await;
    sent.unwrap().expect(200)
}

async fn rows(stage: &Stage, table: &str) -> Vec<Value> {
    let page = dynamodb(stage, "Scan", &json!({"TableName": table, "ConsistentRead": true})).await;
    assert!(page["LastEvaluatedKey"].is_null(), "more rows of {table} than one page");
    page["Items"].as_array().unwrap().clone()
}

async fn move_row(stage: &Stage, table: &str, row: &Value, moved: &Value) {
    let key = json!({"pk": row["pk"], "sk": row["sk"]});
    dynamodb(stage, "DeleteItem", &json!({"TableName": table, "Key": key})).await;
    dynamodb(stage, "PutItem", &json!({"TableName": table, "Item": moved})).await;
}

/// Makes every timer of a kind due now: as if its time had gone by. How many there were.
pub(super) async fn bring_forward(stage: &Stage, kind: &str) -> usize {
    let now = now_ms();
    let mut moved = 0;
    for row in rows(stage, TIMERS).await {
        let key = row["pk"]["S"].as_str().unwrap();
        let Some(rest) = key.strip_prefix(kind).and_then(|rest| rest.strip_prefix('#')) else {
            continue;
        };
        let (_, shard) = rest.split_once('#').unwrap();
        let entity = row["entity_id"]["S"].as_str().unwrap();
        let mut due = row.clone();
        due["pk"] = json!({"S": format!("{kind}#{}#{shard}", now / MINUTE_MS)});
        due["sk"] = json!({"S": format!("{now:016}#{entity}")});
        due["due_ms"] = json!({"N": now.to_string()});
        move_row(stage, TIMERS, &row, &due).await;
        moved += 1;
    }
    moved
}

/// Moves what accounts were booked today to the day before: as if a night had gone by. And the days up to then are closed
/// with nothing, for a shop that has no days before needs nobody to add them up.
pub(super) async fn let_a_night_go_by(stage: &Stage) {
    let (today, yesterday) = (day(0), day(1));
    for row in rows(stage, LEDGER).await {
        if row["entity"]["S"] != "ledger-entry" {
            continue;
        }
        let mut moved = row.clone();
        for name in ["pk", "sk", "posted_at"] {
            let text = row[name]["S"].as_str().unwrap().replacen(&today, &yesterday, 1);
            moved[name] = json!({"S": text});
        }
        assert_ne!(row["pk"], moved["pk"]);
        move_row(stage, LEDGER, &row, &moved).await;
    }
    let before = day(4);
    let providers = ["stripe", "wechat_pay", "alipay", "cash_on_delivery", "instant"];
    let clearing = providers.map(|provider| format!("provider_clearing:{provider}"));
    let others = [
        "sales",
        "customer_deposits",
        "overpayments",
        "refunds_payable",
        "refunds",
        "disputes",
        "escrow",
        "merchant_payable",
        "fees",
        "cash_in_transit",
        "bank",
        "rounding",
    ];
    for account in clearing.iter().map(String::as_str).chain(others) {
        for currency in ["CNY", "USD"] {
            let zero = json!({"amount": {"N": "0"}, "currency": {"S": currency}});
            let item = json!({
                "pk": {"S": format!("closings#{account}#{currency}")}, "sk": {"S": before},
                "entity": {"S": "ledger-closing"}, "v": {"N": "1"}, "day": {"S": before}, "balance": {"M": zero},
            });
            dynamodb(stage, "PutItem", &json!({"TableName": LEDGER, "Item": item})).await;
        }
    }
}
