use http::Method;
use serde_json::{Value, json};

use super::{Answers, RefundPlan, merchant::both};
use crate::doubles::support::{Added, PrivateKey, Telling, beijing_text, secret, wall_s};

#[tokio::test]
async fn a_code_is_no_trade_before_it_is_scanned_and_is_the_same_when_asked_again() {
    let (double, merchant) = both().await;
    let made = merchant.ask("pay_1", "10.00").await;
    assert!(
        made["qr_code"].as_str().unwrap().starts_with("https://qr.alipay.com/"),
        "{made}"
    );
    assert_eq!(merchant.ask("pay_1", "10.00").await, made);
    assert_eq!(
        merchant.ask("pay_1", "11.00").await["sub_code"],
        "ACQ.CONTEXT_INCONSISTENT"
    );
    assert_eq!(merchant.status("pay_1").await["sub_code"], "ACQ.TRADE_NOT_EXIST");
    double.scan("pay_1").unwrap();
    assert_eq!(merchant.status("pay_1").await["trade_status"], "WAIT_BUYER_PAY");
    merchant
        .call("alipay.trade.close", &json!({"out_trade_no": "pay_1"}))
        .await;
    assert_eq!(merchant.told(1).await.0["trade_status"], "TRADE_CLOSED");
    assert!(double.pay("pay_1", &Telling::default()).await.is_err());
}

#[tokio::test]
async fn a_wrong_signature_is_refused_and_nothing_is_done() {
    let (double, mut merchant) = both().await;
    merchant.key = PrivateKey::read(&secret("/WechatPayMerchant/private_key"));
    assert_eq!(
        merchant.ask("pay_1", "10.00").await["sub_code"],
        "isv.invalid-signature"
    );
    assert!(double.made().is_empty());
}

#[tokio::test]
async fn a_notice_verifies_and_is_the_same_when_it_comes_again() {
    let (double, merchant) = both().await;
    merchant.ask("pay_1", "10.00").await;
    let told = double.pay("pay_1", &Telling::default()).await.unwrap();
    assert!(told[0].accepted, "{told:?}");
    let (first, verified) = merchant.told(1).await;
    assert!(verified);
    assert_eq!(first["subject"], "茶 100% +");
    assert_eq!(
        (first["trade_status"].as_str(), first["total_amount"].as_str()),
        ("TRADE_SUCCESS", "10.00")
    );
    double.redeliver().await;
    assert_eq!(merchant.told(2).await, (first, true));
    for bad in [
        Telling {
            forged: true,
            ..Telling::default()
        },
        Telling {
            tampered: true,
            ..Telling::default()
        },
    ] {
        let number = if bad.forged { "pay_2" } else { "pay_3" };
        merchant.ask(number, "10.00").await;
        double.pay(number, &bad).await.unwrap();
    }
    assert!(!merchant.told(3).await.1 && !merchant.told(4).await.1);
}

#[tokio::test]
async fn refunds_add_up_and_the_last_one_closes_the_trade() {
    let (double, merchant) = both().await;
    merchant.ask("pay_1", "10.00").await;
    double.scan("pay_1").unwrap();
    assert_eq!(
        merchant.refund("pay_1", "rfd_1", "4.00").await["sub_code"],
        "ACQ.TRADE_STATUS_ERROR"
    );
    double.pay("pay_1", &Telling::silent()).await.unwrap();
    let first = merchant.refund("pay_1", "rfd_1", "4.00").await;
    assert_eq!(
        (&first["fund_change"], &first["refund_fee"]),
        (&json!("Y"), &json!("4.00"))
    );
    let (notice, verified) = merchant.told(1).await;
    assert!(verified);
    let part = ["trade_status", "refund_fee", "out_biz_no"].map(|name| notice[name].clone());
    assert_eq!(part, ["TRADE_SUCCESS", "4.00", "rfd_1"]);
    let again = merchant.refund("pay_1", "rfd_1", "4.00").await;
    assert_eq!(
        (&again["fund_change"], &again["refund_fee"]),
        (&json!("N"), &json!("4.00"))
    );
    assert_eq!(
        merchant.refund("pay_1", "rfd_1", "5.00").await["sub_code"],
        "ACQ.DISCORDANT_REPEAT_REQUEST"
    );
    assert_eq!(
        merchant.refund("pay_1", "rfd_2", "6.01").await["sub_code"],
        "ACQ.REFUND_AMT_NOT_EQUAL_TOTAL"
    );
    double.plan_refunds(RefundPlan::Waits);
    assert_eq!(merchant.refund("pay_1", "rfd_2", "6.00").await["fund_change"], "N");
    let which = json!({"out_trade_no": "pay_1", "out_request_no": "rfd_2"});
    let waits = merchant.call("alipay.trade.fastpay.refund.query", &which).await;
    assert_eq!(
        (&waits["code"], &waits["refund_status"]),
        (&json!("10000"), &Value::Null)
    );
    double.end_refund("rfd_2", &Telling::default()).await.unwrap();
    let done = merchant.call("alipay.trade.fastpay.refund.query", &which).await;
    assert_eq!(
        (&done["refund_status"], &done["refund_amount"]),
        (&json!("REFUND_SUCCESS"), &json!("6.00"))
    );
    let (notice, _) = merchant.told(2).await;
    assert_eq!(
        (notice["trade_status"].as_str(), notice["refund_fee"].as_str()),
        ("TRADE_CLOSED", "10.00")
    );
    assert_eq!(merchant.status("pay_1").await["trade_status"], "TRADE_CLOSED");
}

#[tokio::test]
async fn trades_and_movements_are_listed_unless_the_list_disagrees() {
    let (double, merchant) = both().await;
    for number in ["pay_1", "pay_2", "pay_3"] {
        merchant.ask(number, "10.00").await;
        double.pay(number, &Telling::silent()).await.unwrap();
    }
    merchant.refund("pay_1", "rfd_1", "4.00").await;
    let list = async |method: &str, page: &str| {
        let content = json!({"start_time": beijing_text(wall_s() - 60), "end_time": beijing_text(wall_s() + 60),
            "page_no": page, "page_size": "1000"});
        merchant
            .call(&format!("alipay.data.bill.{method}.query"), &content)
            .await
    };
    let rows = |node: &Value, names: [&str; 2]| -> Vec<[String; 2]> {
        let row = |row: &Value| names.map(|name| row[name].as_str().unwrap().to_owned());
        node["detail_list"].as_array().unwrap().iter().map(row).collect()
    };
    let first = list("sell", "1").await;
    assert_eq!(first["total_size"], "3");
    assert_eq!(rows(&first, ["refund_amount", "service_fee"])[0], ["4.00", "0.06"]);
    assert!(rows(&list("sell", "2").await, ["refund_amount", "service_fee"]).is_empty());
    let moved = rows(
        &list("accountlog", "1").await,
        ["merchant_out_refund_no", "trans_amount"],
    );
    assert!(
        moved.len() == 7 && moved.contains(&["rfd_1".to_owned(), "-4.00".to_owned()]),
        "{moved:?}"
    );
    double
        .control()
        .bill()
        .forgets("pay_2")
        .says("pay_3", 1_100)
        .says("rfd_1", 500);
    let (at, number) = (wall_s(), "pay_strange".to_owned());
    double.control().bill().invents(Added {
        number,
        refund: None,
        amount: 77,
        at,
    });
    let mut sold = rows(&list("sell", "1").await, ["merchant_order_no", "total_amount"]);
    sold.sort();
    let expected = [["pay_1", "10.00"], ["pay_3", "11.00"], ["pay_strange", "0.77"]];
    assert_eq!(sold, expected.map(|row| row.map(str::to_owned)));
    let moved = rows(
        &list("accountlog", "1").await,
        ["merchant_out_refund_no", "trans_amount"],
    );
    assert!(moved.contains(&["rfd_1".to_owned(), "-5.00".to_owned()]), "{moved:?}");
}

#[tokio::test]
async fn a_browser_opens_the_page_and_pays_there() {
    let (double, merchant) = both().await;
    let content = json!({"out_trade_no": "pay_1", "total_amount": "10.00", "subject": "tea <b>"});
    let query = merchant.form("alipay.trade.page.pay", &content);
    let page = merchant.api.get(&format!("/gateway.do?{query}")).await;
    let text = String::from_utf8(page.bytes.to_vec()).unwrap();
    assert!(
        text.contains("tea &lt;b>") && text.contains("value=\"pay_1\""),
        "{text}"
    );
    let headers = [("content-type", "application/x-www-form-urlencoded")];
    let paid = merchant
        .api
        .send(Method::POST, "/_double/pay", &headers, b"out_trade_no=pay_1".to_vec())
        .await;
    assert_eq!(paid.unwrap().expect(200)["deliveries"][0]["type"], "TRADE_SUCCESS");
    assert_eq!(merchant.status("pay_1").await["trade_status"], "TRADE_SUCCESS");
    assert_eq!(double.made(), ["pay_1"]);
}

#[tokio::test]
async fn answers_are_forged_or_lost_on_demand() {
    let (double, merchant) = both().await;
    double.answers(Answers::Forged);
    let content = json!({"out_trade_no": "pay_1", "total_amount": "10.00", "subject": "tea"});
    assert!(!merchant.verifies(&merchant.post("alipay.trade.precreate", &content).await));
    double.answers(Answers::Honest);
    double.pay("pay_1", &Telling::silent()).await.unwrap();
    double.control().lose_next(&[502]);
    let refund = json!({"out_trade_no": "pay_1", "out_request_no": "rfd_1", "refund_amount": "10.00"});
    assert_eq!(merchant.post("alipay.trade.refund", &refund).await.status, 502);
    assert_eq!(merchant.refund("pay_1", "rfd_1", "10.00").await["refund_fee"], "10.00");
    double.control().refuse_next(&[200]);
    let busy = merchant.post("alipay.trade.query", &refund).await.expect(200);
    assert_eq!(busy["error_response"]["code"], "20000");
}
