use http::Method;
use ring::digest;
use serde_json::json;

use super::{
    Answers, Pay, RefundEnd, RefundPlan,
    merchant::{both, opened},
};
use crate::{
    client::Api,
    doubles::support::{Added, PrivateKey, Telling, beijing_day, secret, wall_s},
};

#[tokio::test]
async fn a_signed_call_is_answered_and_signed_and_repeats_itself() {
    let (double, merchant) = both().await;
    let made = merchant.order("ORDER0001", 1_000).await;
    let header = |name: &str| made.header(name).to_owned();
    assert!(merchant.verifies(header, &made.bytes));
    assert!(made.header("wechatpay-serial").starts_with("PUB_KEY_ID_"));
    let again = merchant.order("ORDER0001", 1_000).await;
    assert_eq!(again.expect(200), made.expect(200));
    assert_eq!(
        merchant.order("ORDER0001", 2_000).await.expect(400)["code"],
        "INVALID_REQUEST"
    );
    assert_eq!(merchant.state("ORDER0001").await["trade_state"], "NOTPAY");
    double.answers(Answers::Forged);
    let forged = merchant.order("ORDER0001", 1_000).await;
    assert!(!merchant.verifies(|name| forged.header(name).to_owned(), &forged.bytes));
}

#[tokio::test]
async fn a_wrong_signature_is_refused_and_nothing_is_done() {
    let (double, mut merchant) = both().await;
    merchant.key = PrivateKey::read(&secret("/AlipayApplication/private_key"));
    assert_eq!(
        merchant.order("ORDER0001", 1_000).await.expect(401)["code"],
        "SIGN_ERROR"
    );
    assert!(double.made().is_empty());
}

#[tokio::test]
async fn a_payment_is_told_encrypted_and_signed_each_time_anew() {
    let (double, merchant) = both().await;
    merchant.order("ORDER0001", 1_000).await.expect(200);
    let twice = Telling {
        times: 2,
        ..Telling::default()
    };
    let told = double
        .pay(&Pay {
            telling: twice,
            ..Pay::exactly("ORDER0001")
        })
        .await
        .unwrap();
    assert!(told.len() == 2 && told.iter().all(|one| one.accepted), "{told:?}");
    let notices = merchant.told();
    assert_eq!(notices[0].body, notices[1].body);
    assert_ne!(
        notices[0].headers["wechatpay-signature"],
        notices[1].headers["wechatpay-signature"]
    );
    assert!(notices.iter().all(|notice| merchant.verified(notice)));
    let content = opened(&notices[0]);
    assert_eq!(content["amount"]["total"], 1_000);
    assert_eq!(content, merchant.state("ORDER0001").await);
    assert_eq!(
        merchant.order("ORDER0001", 1_000).await.expect(400)["code"],
        "ORDERPAID"
    );
}

#[tokio::test]
async fn forged_tampered_and_probing_notices_do_not_verify() {
    let (double, merchant) = both().await;
    let bad = [
        Telling {
            forged: true,
            ..Telling::default()
        },
        Telling {
            tampered: true,
            ..Telling::default()
        },
        Telling {
            probe: true,
            ..Telling::default()
        },
    ];
    for telling in &bad {
        double
            .send("TRANSACTION.SUCCESS", &json!({}), &merchant.inbox.url(), telling)
            .await;
    }
    let notices = merchant.told();
    assert!(notices.len() == 3 && !notices.iter().any(|notice| merchant.verified(notice)));
    let strange = Telling {
        unknown_serial: true,
        ..Telling::default()
    };
    double
        .send("TRANSACTION.SUCCESS", &json!({}), &merchant.inbox.url(), &strange)
        .await;
    assert!(
        merchant.told()[3].headers["wechatpay-serial"]
            .to_str()
            .unwrap()
            .contains("9999")
    );
}

#[tokio::test]
async fn refunds_are_taken_then_end_and_never_exceed_the_payment() {
    let (double, merchant) = both().await;
    merchant.order("ORDER0001", 1_000).await.expect(200);
    assert_eq!(
        merchant.refund("ORDER0001", "rfd_1", 400).await.expect(400)["code"],
        "INVALID_REQUEST"
    );
    double.pay(&Pay::exactly("ORDER0001")).await.unwrap();
    double.plan_refunds(RefundPlan::Waits);
    let taken = merchant.refund("ORDER0001", "rfd_1", 400).await.expect(200);
    assert_eq!(taken["status"], "PROCESSING");
    assert_eq!(merchant.refund("ORDER0001", "rfd_1", 400).await.expect(200), taken);
    assert_eq!(
        merchant.refund("ORDER0001", "rfd_1", 500).await.expect(400)["code"],
        "INVALID_REQUEST"
    );
    assert_eq!(
        merchant.refund("ORDER0001", "rfd_2", 601).await.expect(400)["code"],
        "INVALID_REQUEST"
    );
    double
        .end_refund("rfd_1", RefundEnd::Abnormal, &Telling::default())
        .await
        .unwrap();
    let content = opened(&merchant.told()[1]);
    assert_eq!(content["refund_status"], "ABNORMAL");
    let path = "/v3/refund/domestic/refunds/rfd_1";
    assert_eq!(
        merchant.call(Method::GET, path, "").await.expect(200)["status"],
        "ABNORMAL"
    );
    assert_eq!(merchant.state("ORDER0001").await["trade_state"], "REFUND");
    double.plan_refunds(RefundPlan::NotEnough);
    assert_eq!(
        merchant.refund("ORDER0001", "rfd_3", 1).await.expect(403)["code"],
        "NOT_ENOUGH"
    );
}

#[tokio::test]
async fn yesterdays_bill_says_what_happened_unless_it_is_told_to_disagree() {
    let (double, merchant) = both().await;
    double.control().clock(-86_400);
    for number in ["ORDER0001", "ORDER0002"] {
        merchant.order(number, 1_000).await.expect(200);
        double.pay(&Pay::exactly(number)).await.unwrap();
    }
    merchant.refund("ORDER0001", "rfd_1", 400).await.expect(200);
    double.control().clock(0);
    let yesterday = beijing_day(wall_s() - 86_400);
    let path = format!("/v3/bill/tradebill?bill_date={yesterday}&bill_type=ALL");
    let bill = async || {
        let found = merchant.call(Method::GET, &path, "").await.expect(200);
        let url = found["download_url"].as_str().unwrap().to_owned();
        let file = merchant
            .call(Method::GET, url.strip_prefix(&double.url()).unwrap(), "")
            .await;
        let hash = hex::encode(digest::digest(&digest::SHA1_FOR_LEGACY_USE_ONLY, &file.bytes));
        assert_eq!(found["hash_value"], hash.as_str());
        String::from_utf8(file.bytes.to_vec()).unwrap()
    };
    let text = bill().await;
    let lines: Vec<&str> = text.lines().collect();
    assert_eq!(lines.len(), 6, "{text}");
    assert!(lines[0].starts_with("交易时间,") && lines[4].starts_with("总交易单数,"));
    assert_eq!(lines[5], "`3,`20.00,`4.00,`0.00,`0.10000,`20.00,`4.00");
    assert!(
        lines
            .iter()
            .all(|line| line.split(',').count() == lines[0].split(',').count()
                || line.starts_with("`3")
                || line.starts_with("总")),
        "{text}"
    );
    {
        let mut control = double.control();
        control.bill().forgets("ORDER0002").says("rfd_1", 500);
        let at = wall_s() - 86_400;
        control.bill().invents(Added {
            number: "STRANGE1".to_owned(),
            refund: None,
            amount: 77,
            at,
        });
    }
    let text = bill().await;
    assert!(
        !text.contains("ORDER0002") && text.contains("`5.00,") && text.contains("`STRANGE1,"),
        "{text}"
    );
    let today = format!("/v3/bill/tradebill?bill_date={}", beijing_day(wall_s()));
    assert_eq!(
        merchant.call(Method::GET, &today, "").await.expect(400)["code"],
        "INVALID_REQUEST"
    );
}

#[tokio::test]
async fn answers_get_lost_and_notices_wait_until_released() {
    let (double, merchant) = both().await;
    double.control().lose_next(&[500]);
    merchant.order("ORDER0001", 1_000).await.expect(500);
    assert_eq!(merchant.state("ORDER0001").await["trade_state"], "NOTPAY");
    double.control().down(true);
    merchant.order("ORDER0002", 1_000).await.expect(503);
    double.control().down(false);
    assert_eq!(double.made(), ["ORDER0001"]);
    let held = Telling {
        held: true,
        ..Telling::default()
    };
    let told = double
        .pay(&Pay {
            telling: held.clone(),
            ..Pay::exactly("ORDER0001")
        })
        .await
        .unwrap();
    assert!(told.is_empty() && merchant.told().is_empty());
    double.plan_refunds(RefundPlan::Ends(RefundEnd::Success, 0, held));
    merchant.refund("ORDER0001", "rfd_1", 1_000).await.expect(200);
    while double.control().held() < 2 {
        tokio::time::sleep(std::time::Duration::from_millis(5)).await;
    }
    let kinds: Vec<String> = double.release(true).await.into_iter().map(|one| one.kind).collect();
    assert_eq!(kinds, ["REFUND.SUCCESS", "TRANSACTION.SUCCESS"]);
    assert_eq!(double.redeliver().await.len(), 2);
    assert_eq!(merchant.told().len(), 4);
}

#[tokio::test]
async fn a_person_pays_at_a_terminal() {
    let (double, merchant) = both().await;
    merchant.order("ORDER0001", 1_000).await.expect(200);
    let terminal = Api::new(&double.url());
    let paid = terminal
        .post("/_double/pay", &json!({"out_trade_no": "ORDER0001"}))
        .await
        .expect(200);
    assert_eq!(paid["deliveries"][0]["type"], "TRANSACTION.SUCCESS");
    terminal
        .post("/_double/pay", &json!({"out_trade_no": "ORDER0001"}))
        .await
        .expect(409);
    terminal.post("/_double/nonsense", &json!({})).await.expect(409);
}
