//! One order from catalogue to doorstep.

use md5::{Digest, Md5};
use serde_json::{Value, json};
use tests::doubles::stripe::Pay;

use super::Stage;

/// A 快递100 push about a parcel, signed with the development salt.
pub(crate) async fn scan(stage: &Stage, number: &str, state: &str, scans: Value) -> String {
    let param = json!({
        "status": "polling", "message": "", "autoCheck": "0",
        "lastResult": {"message": "ok", "nu": number, "ischeck": "0", "com": "shunfeng", "status": "200", "state": state, "data": scans},
    })
    .to_string();
    let sign = hex::encode(Md5::digest(format!("{param}dev-salt-public-not-a-secret").as_bytes())).to_uppercase();
    let form: String = form_urlencoded::Serializer::new(String::new())
        .append_pair("sign", &sign)
        .append_pair("param", &param)
        .finish();
    let headers = [("content-type", "application/x-www-form-urlencoded")];
    let sent = stage
        .shop
        .agent
        .send(
            http::Method::POST,
            "/webhooks/carriers/kuaidi100",
            &headers,
            form.into_bytes(),
        )
        .await;
    let answer = sent.unwrap();
    assert_eq!(answer.status, 200);
    String::from_utf8(answer.bytes.to_vec()).unwrap()
}

#[tokio::test(flavor = "multi_thread")]
async fn an_order_goes_from_catalogue_to_doorstep() {
    let stage = Stage::set().await;
    let variants = stage.shop.search("runner").await;
    let variant = variants.first().expect("the demo shop sells runners");
    let (session, order) = stage.shop.place(&[(variant, 1)]).await;
    assert_eq!(stage.shop.order(&order).await["state"]["name"], "awaiting_payment");

    let payment = stage.shop.start_payment(&session, &order).await;
    let told = stage.stripe.pay(&Pay::exactly(&payment)).await;
    assert!(told.iter().all(|delivery| delivery.status == 200), "{told:?}");
    stage
        .shop
        .until(&order, |order| order["payment"]["status"] == "paid")
        .await;
    stage.settle().await;

    let shipment = stage
        .shop
        .shipments(&order)
        .await
        .pop()
        .expect("a paid order has a shipment");
    let picked = stage.shop.step(&shipment, "pick", &json!({})).await;
    let packed = stage.shop.step(&picked, "pack", &json!({})).await;
    stage
        .shop
        .step(
            &packed,
            "ship",
            &json!({"carrier": "shunfeng", "number": "SF1234567890"}),
        )
        .await;
    stage
        .shop
        .until(&order, |order| order["lines"][0]["quantity"]["shipped"] == 1)
        .await;

    let first = json!([{"time": "2026-11-22 09:00:00", "context": "picked up", "ftime": "2026-11-22 09:00:00", "status": "揽收", "statusCode": "1"}]);
    let all = json!([
        {"time": "2026-11-23 10:00:00", "context": "signed", "ftime": "2026-11-23 10:00:00", "status": "签收", "statusCode": "3"},
        {"time": "2026-11-22 09:00:00", "context": "picked up", "ftime": "2026-11-22 09:00:00", "status": "揽收", "statusCode": "1"},
    ]);
    let answered = scan(&stage, "SF1234567890", "1", first).await;
    assert_eq!(answered, r#"{"result":true,"returnCode":"200","message":"成功"}"#);
    scan(&stage, "SF1234567890", "3", all).await;
    stage
        .shop
        .until(&order, |order| order["state"]["name"] == "completed")
        .await;
    stage.settle().await;

    let webhooks = stage.agent.webhooks();
    assert!(!webhooks.is_empty());
    assert!(
        webhooks
            .iter()
            .all(|webhook| webhook.verified && webhook.order["id"] == order.as_str())
    );
    let last = &webhooks.last().unwrap().order;
    assert_eq!(last["line_items"][0]["status"], "fulfilled", "{last}");
}
