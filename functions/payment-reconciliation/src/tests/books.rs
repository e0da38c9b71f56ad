//! Fees and closings.

use super::*;

#[tokio::test]
async fn fees_are_booked_once_for_a_day_and_corrected_when_it_turns_out_otherwise() {
    let mut shop = Shop::new().await;
    shop.double.charge(30);
    for _ in 0..3 {
        shop.paid(Provider::WechatPay, true).await;
    }
    for _ in 0..2 {
        shop.morning().await;
        let balances = shop.balances().await;
        assert!(balances.contains(&("fees".to_owned(), 90)), "{balances:?}");
        assert!(
            balances.contains(&("provider_clearing:wechat_pay".to_owned(), 14_910)),
            "{balances:?}"
        );
    }
    shop.double.charge(20);
    shop.morning().await;
    let balances = shop.balances().await;
    assert!(balances.contains(&("fees".to_owned(), 60)), "{balances:?}");
    shop.double.charge(90);
    shop.morning().await;
    assert!(
        shop.balances().await.contains(&("fees".to_owned(), 60)),
        "the day is over"
    );
    assert_eq!(shop.cases().await, []);
}

#[tokio::test]
async fn days_that_are_over_are_closed_for_every_account() {
    let mut shop = Shop::new().await;
    shop.paid(Provider::Stripe, true).await;
    let (day, currency) = (shop.world.now(), cny(0).currency());
    shop.morning().await;
    let payments = &shop.ports.payments;
    for account in Account::all() {
        let closing = payments
            .closing(account, currency, "9999-12-31")
            .await
            .unwrap()
            .unwrap();
        let balance = match account {
            Account::ProviderClearing(Provider::Stripe) => 5_000,
            Account::Sales => -5_000,
            _ => 0,
        };
        assert_eq!((closing.day, closing.balance), (day.day(), cny(balance)), "{account}");
    }
}

#[tokio::test]
async fn a_day_that_does_not_add_up_is_a_case_on_that_day_alone() {
    let mut shop = Shop::new().await;
    shop.paid(Provider::Stripe, true).await;
    let now = shop.world.now();
    let entry = payments::AccountEntry {
        amount: cny(7),
        subject: payments::Subject::Remittance("r".to_owned()),
        cause: "planted".to_owned(),
        posted_at: now,
    };
    let key = dynamo::key(format!("account#bank#CNY#{}#0", now.day()), format!("{now}#planted"));
    let item = dynamo::to_item(&key, &entry).unwrap();
    let part = dynamo::Part::<()>::insert(shop.world.table("LedgerTable"), item);
    shop.world.dynamo().commit(vec![part]).await.unwrap();
    for _ in 0..4 {
        shop.morning().await;
        assert_eq!(shop.cases().await, [case("ledger-CNY", "ledger_unbalanced")]);
    }
    assert_eq!(shop.told("payment.reconciliation_difference").await, 1);
}
