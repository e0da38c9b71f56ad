//! Rules on the card that paid.

use super::*;

impl Shop {
    /// An order paid by a card, as Stripe tells it: the charge names the card, the intent does not.
    async fn paid_by(&mut self, card: &str, object: &str, charge_first: bool) -> OrderId {
        let order = self.order().await;
        let payment = self.intent(order, object, TOTAL, Mode::PaymentIntent).await;
        let intent = intent_object(object, order, payment, TOTAL, TOTAL);
        let charge = json!({
            "id": format!("ch_{object}"), "payment_intent": object, "captured": true, "amount": TOTAL,
            "amount_captured": TOTAL, "currency": "cny", "metadata": intent["metadata"],
            "payment_method_details": {"card": {"fingerprint": card}},
        });
        let mut told = vec![
            ("a", "payment_intent.succeeded", intent),
            ("b", "charge.succeeded", charge.clone()),
            ("c", "charge.succeeded", charge),
        ];
        if charge_first {
            told.swap(0, 1);
        }
        for (n, kind, body) in told {
            self.notice(&format!("evt_{object}{n}"), kind, body).await;
            self.settle().await;
        }
        order
    }

    async fn once_a_day(&self) {
        let rule = json!({
            "name": "once", "then": "refuse",
            "when": {"if": "count_over", "by": "card", "window": "day", "limit": 1},
        });
        let rules = payments::risk::Rules {
            rules: vec![serde_json::from_value(rule).unwrap()],
            version: 1,
        };
        let by = kernel::Actor::system("test");
        assert_eq!(self.ports.payments.put_risk_rules(&rules, by).await.unwrap(), None);
    }
}

#[tokio::test]
async fn a_rule_on_cards_holds_the_order_for_review_and_its_money_stays() {
    for charge_first in [true, false] {
        let mut shop = Shop::new().await;
        shop.once_a_day().await;
        let first = shop.paid_by("card1", "pi_1", charge_first).await;
        let other = shop.paid_by("card2", "pi_2", charge_first).await;
        assert_eq!(shop.cases().await, Vec::<String>::new());
        let again = shop.paid_by("card1", "pi_3", charge_first).await;
        for (order, held) in [(first, false), (other, false), (again, true)] {
            let loaded = shop.load(order).await;
            assert_eq!(
                (loaded.under_review(), shop.state(order).await.as_str()),
                (held, "confirmed")
            );
            assert_eq!(loaded.payment().captured, sample::cny(TOTAL));
        }
        assert_eq!(shop.events("order.paid").await.len(), 3);
        assert_eq!(
            (shop.cases().await.len(), shop.events("payment.held").await.len()),
            (1, 1)
        );
        assert!(shop.cases().await[0].contains("card_risk"));
        assert!(
            !json!(shop.world.items("PaymentsTable").await)
                .to_string()
                .contains("velocity#card#card")
        );
    }
}

#[tokio::test]
async fn a_card_that_no_rule_speaks_of_is_counted_once() {
    let mut shop = Shop::new().await;
    shop.paid_by("card1", "pi_1", false).await;
    shop.paid_by("card1", "pi_2", true).await;
    let items = shop.world.items("PaymentsTable").await.into_iter();
    let counters: Vec<_> = items
        .filter(|item| item["pk"]["S"].as_str().unwrap().starts_with("velocity#card#"))
        .collect();
    assert_eq!(counters.len(), 2);
    for counter in counters {
        assert_eq!(
            (number(&counter["started"]), number(&counter["amount"])),
            (2, 2 * TOTAL)
        );
    }
    assert_eq!(shop.cases().await, Vec::<String>::new());
}
