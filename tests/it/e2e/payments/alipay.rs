//! Alipay: a code to scan, pages to open; notices as they come.

use serde_json::json;
use tests::{client::Api, doubles::stripe::Telling};

use super::{Stage, accepted, is_paid, pay, redeliver, start};

#[tokio::test(flavor = "multi_thread")]
async fn a_code_that_is_paid_and_told_twice_pays_the_order_once() {
    let stage = Stage::set().await;
    let started = start(&stage, ("alipay", "qr")).await;
    let code = started.answer["qr_code"].as_str().unwrap();
    assert!(code.starts_with("https://qr.alipay.com/"), "{}", started.answer);
    stage.alipay.scan(started.object()).unwrap();
    let twice = Telling {
        times: 2,
        at_once: true,
        ..Telling::default()
    };
    let told = pay(&stage, &started, twice).await;
    assert!(told.len() == 2 && accepted(&told), "{told:?}");
    let money = is_paid(&stage, &started).await;
    let again = redeliver(&stage, started.provider).await;
    assert!(accepted(&again), "{again:?}");
    stage.settle().await;
    assert_eq!(stage.shop.money(&started.order).await, money, "copies change nothing");
    stage.audit().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_page_is_known_to_alipay_once_the_payer_opened_it() {
    let stage = Stage::set().await;
    for mode in ["page", "wap"] {
        let started = start(&stage, ("alipay", mode)).await;
        assert!(stage.alipay.scan(started.object()).is_err(), "nobody opened it yet");
        let url = started.answer["url"].as_str().unwrap();
        let path = url.strip_prefix(&stage.alipay.url()).expect("a page of theirs");
        let page = Api::new(&stage.alipay.url()).get(path).await;
        let text = String::from_utf8_lossy(&page.bytes).into_owned();
        assert!(page.status == 200 && text.contains("<button>Pay</button>"), "{text}");
        pay(&stage, &started, Telling::default()).await;
        is_paid(&stage, &started).await;
    }
    stage.audit().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn notices_that_are_forged_or_changed_book_nothing() {
    let stage = Stage::set().await;
    let forged = Telling {
        forged: true,
        ..Telling::default()
    };
    let changed = Telling {
        tampered: true,
        ..Telling::default()
    };
    let mut all = Vec::new();
    for telling in [forged, changed] {
        let started = start(&stage, ("alipay", "qr")).await;
        let told = pay(&stage, &started, telling).await;
        assert!(told.iter().all(|one| !one.accepted), "{told:?}");
        all.push(started);
    }
    stage.settle().await;
    for started in &all {
        let money = stage.shop.money(&started.order).await;
        assert_eq!((&money["status"], &money["facts"]), (&json!("unpaid"), &json!([])));
    }
    let told = redeliver(&stage, "alipay").await;
    assert!(accepted(&told), "{told:?}");
    for started in &all {
        is_paid(&stage, started).await;
    }
    stage.audit().await;
}
