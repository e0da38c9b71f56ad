//! One door: whatever is told of any provider's payment is matched with our intent and booked once.

use payments::{Fact, FactKind, NoticeSource, Reading, Reference};

use super::*;

const MODES: [Mode; 7] = [
    Mode::Native,
    Mode::Jsapi,
    Mode::H5,
    Mode::Page,
    Mode::Wap,
    Mode::Qr,
    Mode::Cash,
];

async fn intent(shop: &Shop, order: OrderId, mode: Mode, open: bool) -> Intent {
    let id = payment_id(order, mode.as_str());
    let intent = Intent {
        id,
        order,
        provider: mode.provider(),
        mode,
        amount: sample::cny(TOTAL),
        livemode: false,
        fingerprint: String::new(),
        version: 1,
        pay_by: None,
        step_up: false,
        state: IntentState::Sending,
        created_at: shop.world.now(),
    };
    let object = intent.own_object().unwrap();
    let started = Started::of(object);
    let state = if open {
        IntentState::Open { started }
    } else {
        IntentState::Sending
    };
    let intent = Intent { state, ..intent };
    assert_eq!(shop.ports.payments.put_intent(&intent).await.unwrap(), None);
    intent
}

fn reading(intent: &Intent, object: &ObjectId, asked: i64, received: i64) -> Reading {
    Reading {
        reference: Reference {
            order: Some(intent.order),
            payment: Some(intent.id),
            object: Some(object.clone()),
            session: None,
        },
        asked: Some(sample::cny(asked)),
        livemode: false,
        occurred_at: None,
        evidence_due_at: None,
        card: None,
        facts: vec![Fact {
            provider: intent.provider,
            payment: object.clone(),
            kind: FactKind::Captured {
                received: sample::cny(received),
            },
        }],
    }
}

#[tokio::test]
async fn a_payment_of_any_mode_is_booked_once_whoever_tells_of_it() {
    for mode in MODES {
        for open in [true, false] {
            let mut shop = Shop::new().await;
            let order = shop.order().await;
            let intent = intent(&shop, order, mode, open).await;
            let told = reading(&intent, &intent.own_object().unwrap(), TOTAL, TOTAL);
            for source in [NoticeSource::Query, NoticeSource::Statement, NoticeSource::Courier] {
                let kept = shop
                    .ports
                    .payments
                    .keep_reading(source, mode.provider(), &told)
                    .await
                    .unwrap();
                assert_eq!(kept, Kept::New);
                shop.settle().await;
            }
            assert_eq!(shop.state(order).await, "confirmed", "{mode:?}");
            assert_eq!(shop.books().await["clearing"], TOTAL);
            assert_eq!(shop.events("order.paid").await.len(), 1);
            assert_eq!(shop.cases().await, Vec::<String>::new());
        }
    }
}

#[tokio::test]
async fn what_is_not_our_payment_is_a_case_in_any_mode() {
    for mode in MODES {
        let mut shop = Shop::new().await;
        let order = shop.order().await;
        let intent = intent(&shop, order, mode, false).await;
        let own = intent.own_object().unwrap();
        let other = object_id("somebody-elses");
        let live = Reading {
            livemode: true,
            ..reading(&intent, &own, TOTAL, TOTAL)
        };
        for (told, reason) in [
            (reading(&intent, &other, TOTAL, TOTAL), "wrong_object"),
            (reading(&intent, &own, TOTAL - 1, TOTAL), "wrong_amount"),
            (live, "wrong_mode"),
        ] {
            let source = NoticeSource::Query;
            shop.ports
                .payments
                .keep_reading(source, mode.provider(), &told)
                .await
                .unwrap();
            shop.settle().await;
            assert!(
                shop.cases().await.iter().any(|case| case.contains(reason)),
                "{mode:?} {reason}"
            );
        }
        assert_eq!((shop.cases().await.len(), shop.books().await), (3, BTreeMap::new()));
        assert_eq!(shop.state(order).await, "awaiting_payment");
    }
}
