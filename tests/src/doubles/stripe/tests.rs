use serde_json::{Value, json};

use super::{
    DisputeEnd, Pay, RefundEnd, RefundPlan, Telling,
    merchant::{SECRET, both},
    sign,
};
use crate::doubles::support::Added;

fn kinds(events: &[Value]) -> Vec<&str> {
    events.iter().map(|event| event["type"].as_str().unwrap()).collect()
}

#[tokio::test]
async fn a_refund_is_made_once_per_key_told_with_its_metadata_and_never_exceeds_the_payment() {
    let (double, merchant) = both().await;
    let intent = merchant.paid(&double, "k1").await;
    let refund = merchant.refund(&intent, "rfd_1", "400").await.expect(200);
    assert_eq!(merchant.refund(&intent, "rfd_1", "400").await.expect(200), refund);
    assert_eq!(
        merchant.refund(&intent, "rfd_1", "500").await.expect(400)["error"]["type"],
        "idempotency_error"
    );
    assert_eq!(
        merchant.refund(&intent, "rfd_2", "601").await.expect(400)["error"]["param"],
        "amount"
    );
    merchant.refund(&intent, "rfd_3", "600").await.expect(200);
    let done = merchant.refund(&intent, "rfd_4", "1").await.expect(400);
    assert_eq!(done["error"]["code"], "charge_already_refunded");
    let events = merchant.told(4).await;
    let mut kinds = kinds(&events);
    kinds.sort_unstable();
    assert_eq!(
        kinds,
        ["charge.refunded", "charge.refunded", "refund.created", "refund.created"]
    );
    let created = events
        .iter()
        .find(|event| event["data"]["object"]["id"] == refund["id"])
        .unwrap();
    assert_eq!(created["data"]["object"]["metadata"]["refund_id"], "rfd_1");
    let signed = merchant.told.lock().unwrap()[0].clone();
    let header = signed.headers["stripe-signature"].to_str().unwrap();
    let seconds = header
        .strip_prefix("t=")
        .unwrap()
        .split(',')
        .next()
        .unwrap()
        .parse()
        .unwrap();
    assert_eq!(header, sign(SECRET, seconds, &signed.body));
    let list = merchant
        .api
        .get(&format!("/v1/refunds?payment_intent={intent}"))
        .await
        .expect(200);
    assert_eq!(list["data"].as_array().unwrap().len(), 2);
    let id = refund["id"].as_str().unwrap();
    assert_eq!(merchant.api.get(&format!("/v1/refunds/{id}")).await.expect(200), refund);
}

#[tokio::test]
async fn a_refund_that_fails_gives_the_money_back() {
    let (double, merchant) = both().await;
    let intent = merchant.paid(&double, "k1").await;
    double.plan_refunds(RefundPlan::Waits(Telling::default()));
    let refund = merchant.refund(&intent, "rfd_1", "1000").await.expect(200);
    assert_eq!(refund["status"], "pending");
    let id = refund["id"].as_str().unwrap();
    merchant.told(1).await;
    double
        .end_refund(id, RefundEnd::Succeeded, &Telling::default())
        .await
        .unwrap();
    double
        .end_refund(id, RefundEnd::Failed, &Telling::default())
        .await
        .unwrap();
    let events = merchant.told(4).await;
    assert_eq!(
        kinds(&events),
        ["refund.created", "refund.updated", "charge.refunded", "refund.failed"]
    );
    assert_eq!(events[2]["data"]["object"]["amount_refunded"], 1_000);
    let charge = double
        .object(events[2]["data"]["object"]["id"].as_str().unwrap())
        .unwrap();
    assert_eq!(charge["amount_refunded"], 0);
    merchant.refund(&intent, "rfd_2", "1000").await.expect(200);
}

#[tokio::test]
async fn a_dispute_takes_the_money_until_it_is_won() {
    let (double, merchant) = both().await;
    let intent = merchant.paid(&double, "k1").await;
    let (dispute, _) = double
        .dispute(&intent, None, 1_800_000_000, false, &Telling::default())
        .await
        .unwrap();
    assert_eq!(
        merchant.refund(&intent, "rfd_1", "1").await.expect(400)["error"]["code"],
        "charge_disputed"
    );
    double
        .end_dispute(&dispute, DisputeEnd::Won, &Telling::default())
        .await
        .unwrap();
    let events = merchant.told(4).await;
    assert_eq!(
        kinds(&events),
        [
            "charge.dispute.created",
            "charge.dispute.funds_withdrawn",
            "charge.dispute.funds_reinstated",
            "charge.dispute.closed",
        ]
    );
    assert_eq!(events[0]["data"]["object"]["evidence_details"]["due_by"], 1_800_000_000);
    assert_eq!(events[3]["data"]["object"]["status"], "won");
    let list = merchant
        .api
        .get("/v1/balance_transactions?expand[]=data.source")
        .await
        .expect(200);
    let amounts: Vec<i64> = list["data"]
        .as_array()
        .unwrap()
        .iter()
        .map(|one| one["amount"].as_i64().unwrap())
        .collect();
    assert_eq!(amounts, [1_000, -1_000, 1_000]);
    assert_eq!(list["data"][2]["source"]["payment_intent"], intent.as_str());
}

#[tokio::test]
async fn lists_are_paged_newest_first_and_disagree_when_told() {
    let (double, merchant) = both().await;
    let mut ids = Vec::new();
    for key in ["k1", "k2", "k3"] {
        ids.push(merchant.paid(&double, key).await);
    }
    let page = async |query: &str| {
        merchant
            .api
            .get(&format!("/v1/payment_intents?{query}"))
            .await
            .expect(200)
    };
    let first = page("limit=2&created[gte]=0").await;
    assert_eq!(
        (&first["data"][0]["id"], &first["has_more"]),
        (&json!(ids[2]), &json!(true))
    );
    let second = page(&format!("limit=2&starting_after={}", ids[1])).await;
    assert_eq!(
        (&second["data"][0]["id"], &second["has_more"]),
        (&json!(ids[0]), &json!(false))
    );
    assert_eq!(page("created[lt]=1").await["data"], json!([]));
    double.control().bill().forgets(&ids[0]).says(&ids[1], 1_100);
    let (number, at) = ("pi_strange".to_owned(), 5);
    double.control().bill().invents(Added {
        number,
        refund: None,
        amount: 77,
        at,
    });
    let told = page("limit=100").await;
    let rows: Vec<(&str, i64)> = told["data"]
        .as_array()
        .unwrap()
        .iter()
        .map(|row| (row["id"].as_str().unwrap(), row["amount_received"].as_i64().unwrap()))
        .collect();
    assert_eq!(
        rows,
        [("pi_strange", 77), (ids[2].as_str(), 1_000), (ids[1].as_str(), 1_100)]
    );
    let entries = merchant
        .api
        .get("/v1/balance_transactions?type=charge")
        .await
        .expect(200);
    assert_eq!(entries["data"].as_array().unwrap().len(), 3, "{entries}");
    assert_eq!(double.object(&ids[0]).unwrap()["amount"], 1_000);
}

#[tokio::test]
async fn ids_become_objects_where_they_are_asked_for() {
    let (double, merchant) = both().await;
    double.card("fp_2");
    let intent = merchant.paid(&double, "k1").await;
    let path = format!("/v1/payment_intents/{intent}?expand[]=latest_charge");
    let charge = merchant.api.get(&path).await.expect(200)["latest_charge"].clone();
    assert_eq!(charge["payment_method_details"]["card"]["fingerprint"], "fp_2");
    let list = merchant
        .api
        .get("/v1/charges?expand[]=data.balance_transaction")
        .await
        .expect(200);
    assert_eq!(list["data"][0]["balance_transaction"]["fee"], 59);
    let other = [("amount", "5"), ("currency", "usd")];
    let waits = merchant.post("/v1/payment_intents", "k2", &other).await.expect(200);
    let waits = waits["id"].as_str().unwrap();
    double.decline(waits, &Telling::default()).await.unwrap();
    assert_eq!(kinds(&merchant.told(1).await), ["payment_intent.payment_failed"]);
    assert_eq!(double.object(waits).unwrap()["status"], "requires_payment_method");
    let told = double.pay(&Pay::exactly(waits)).await;
    let kinds: Vec<&str> = told.iter().map(|one| one.kind.as_str()).collect();
    assert_eq!(
        kinds,
        ["payment_intent.created", "charge.succeeded", "payment_intent.succeeded"]
    );
}

#[tokio::test]
async fn a_slow_or_dead_stripe_does_what_it_is_told() {
    let (double, merchant) = both().await;
    let fields = [("amount", "1000"), ("currency", "usd")];
    double.fail_next(&[500]);
    merchant.post("/v1/payment_intents", "k1", &fields).await.expect(500);
    assert_eq!(double.made().len(), 1);
    double.control().refuse_next(&[429]);
    merchant.post("/v1/payment_intents", "k2", &fields).await.expect(429);
    assert_eq!(double.made().len(), 1);
    double.control().slow(std::time::Duration::from_millis(200));
    let late = tokio::time::timeout(
        std::time::Duration::from_millis(50),
        merchant.post("/v1/payment_intents", "k3", &fields),
    );
    assert!(late.await.is_err());
    assert_eq!(double.made().len(), 2);
    let made = double.object(&double.made()[0]).unwrap();
    assert_eq!(made["status"], "requires_payment_method");
}
