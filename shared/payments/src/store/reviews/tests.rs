//! Tries that are held, over embedded DynamoDB.

use kernel::{Id, Money};
use testkit::World;

use super::*;
use crate::{
    CaseState, IntentState, Mode, Provider, payment_id,
    risk::{Attempt, Condition, Dimension, Outcome, REFUSED_BY_STAFF, Rule, Rules, Window},
};

struct Shop {
    world: World,
    payments: Payments,
}

impl Shop {
    async fn new() -> Self {
        let world = World::new(&["payments"]).await;
        let tables = (world.table("PaymentsTable"), world.table("LedgerTable"));
        let payments = Payments::new(world.dynamo(), tables.0, tables.1, world.outbox());
        Self { world, payments }
    }

    fn held(&self, key: &str) -> Intent {
        let order = OrderId::generate(&self.world.ambient());
        Intent {
            id: payment_id(order, key),
            order,
            provider: Provider::Alipay,
            mode: Mode::Page,
            amount: Money::new(700, "CNY".parse().unwrap()).unwrap(),
            livemode: false,
            fingerprint: String::new(),
            version: 1,
            pay_by: None,
            step_up: false,
            state: IntentState::InReview {
                rules: vec!["large".to_owned()],
            },
            created_at: self.world.now(),
        }
    }

    async fn decide(&self, intent: &Intent, verdict: Verdict) -> Option<Intent> {
        let by = (Actor::system("test"), self.world.now());
        let (after, parts) = self.payments.review_parts(intent, verdict, by, None).await.unwrap()?;
        self.world.dynamo().commit(parts).await.unwrap();
        Some(after)
    }

    async fn waiting(&self) -> Vec<Review> {
        let day = self.world.now().day();
        self.payments.reviews(&day, None).await.unwrap().items
    }
}

#[tokio::test]
async fn what_is_held_waits_until_staff_speak_once() {
    let shop = Shop::new().await;
    let (one, two) = (shop.held("k1"), shop.held("k2"));
    for intent in [&one, &two] {
        assert_eq!(shop.payments.hold_intent(intent, Vec::new()).await.unwrap(), None);
    }
    let again = shop.payments.hold_intent(&one, Vec::new()).await.unwrap();
    assert_eq!(again, Some(NotOpened::Stale));
    let waiting = shop.waiting().await;
    assert_eq!(waiting.len(), 2);
    assert!(waiting.iter().any(|review| review.intent == one));
    assert_eq!(shop.world.events().await.len(), 2);
    // Nothing of it is known to a provider: no object, so no notice could be of it.
    let link = shop.payments.link(one.provider, &one.own_object().unwrap()).await;
    assert_eq!(link.unwrap().owner, None);

    let approved = shop.decide(&one, Verdict::Approve).await.unwrap();
    assert!(matches!(approved.state, IntentState::Approved { .. }));
    let case = shop.payments.case(&review_case(&one).unwrap()).await.unwrap().unwrap();
    assert!(matches!(case.state, CaseState::Resolved { .. }));
    assert_eq!(shop.waiting().await.len(), 1);
    assert_eq!(shop.decide(&approved, Verdict::Refuse).await, None);

    let refused = shop.decide(&two, Verdict::Refuse).await.unwrap();
    let code = REFUSED_BY_STAFF.to_owned();
    assert_eq!(refused.state, IntentState::Refused { code });
    assert_eq!(shop.waiting().await, []);
}

#[tokio::test]
async fn a_try_and_its_count_are_written_together_or_not_at_all() {
    let shop = Shop::new().await;
    let rule = Rule {
        name: "once".to_owned(),
        when: Condition::CountOver {
            by: Dimension::Device,
            window: Window::Hour,
            limit: 1,
        },
        then: Outcome::Refuse,
    };
    let rules = Rules {
        rules: vec![rule],
        version: 1,
    };
    let now = shop.world.now();
    let open = async |key: &str| {
        let intent = Intent {
            state: IntentState::Sending,
            ..shop.held(key)
        };
        let attempt = Attempt::of(intent.amount).by(Dimension::Device, Some("d"));
        let counted = shop.payments.velocity_parts(&rules, &attempt, now);
        let opened = shop.payments.open_counted(&intent, Vec::new(), counted.clone()).await;
        let again = shop.payments.open_counted(&intent, Vec::new(), counted).await;
        let kept = shop.payments.intent(intent.order, intent.id).await.unwrap();
        (opened.unwrap(), again.unwrap(), kept.is_some())
    };
    assert_eq!(open("k1").await, (None, Some(NotOpened::Stale), true));
    let beyond = Some(NotOpened::Beyond(BeyondLimit(Dimension::Device)));
    assert_eq!(open("k2").await, (beyond, beyond, false));
}
