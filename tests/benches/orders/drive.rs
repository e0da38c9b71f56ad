//! One order, step by step.

use std::time::Duration;

use http::Method;
use md5::{Digest, Md5};
use serde_json::{Value, json};
use tests::{
    doubles::stripe::Pay,
    shop::{Shop, instrument},
};

use crate::{cpu::now, stage::Stage};

/// The salt of 快递100 pushes in the development secrets.
const SALT: &str = "dev-salt-public-not-a-secret";

/// A step that somebody outside takes.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum Step {
    /// A search of the catalogue.
    Search,
    /// A new session with a basket, buyer and address.
    Create,
    /// The session is completed: the order is placed.
    Complete,
    /// A payment intent is made at Stripe.
    Start,
    /// Stripe's two webhooks about it.
    Pay,
    /// Staff pick, pack and ship.
    Ship,
    /// The carrier's two pushes: picked up, delivered.
    Deliver,
    /// Every schedule fires once.
    Sweep,
}

impl Step {
    /// Until the order is paid.
    pub(crate) const SALE: [Self; 5] = [Self::Search, Self::Create, Self::Complete, Self::Start, Self::Pay];
    /// From there to the door.
    pub(crate) const DELIVERY: [Self; 2] = [Self::Ship, Self::Deliver];

    /// As it is printed.
    pub(crate) const fn name(self) -> &'static str {
        match self {
            Self::Search => "search",
            Self::Create => "checkout create",
            Self::Complete => "complete",
            Self::Start => "payment start",
            Self::Pay => "webhook",
            Self::Ship => "ship",
            Self::Deliver => "deliver",
            Self::Sweep => "sweeps",
        }
    }
}

/// A buyer with an order under way.
pub(crate) struct Buyer<'a> {
    stage: &'a Stage,
    shop: Shop,
    variant: &'a str,
    session: String,
    pub(crate) order: String,
    payment: String,
    number: String,
    /// How long the answer to complete took.
    pub(crate) completing: Duration,
}

impl<'a> Buyer<'a> {
    /// The buyer of the n-th order.
    pub(crate) fn new(stage: &'a Stage, nth: usize) -> Self {
        Self {
            stage,
            shop: stage.shop.clone(),
            variant: &stage.variants[nth % stage.variants.len()],
            session: String::new(),
            order: String::new(),
            payment: String::new(),
            number: format!("SF{nth:012}"),
            completing: Duration::ZERO,
        }
    }

    /// Takes a step; steps are taken in their order.
    pub(crate) async fn take(&mut self, step: Step) {
        match step {
            Step::Search => assert!(
                !self.shop.search("runner").await.is_empty(),
                "the demo shop sells runners"
            ),
            Step::Create => self.session = text(&self.shop.open(&[(self.variant, 1)]).await.expect(201)["id"]),
            Step::Complete => {
                let begun = now();
                let done = self.shop.complete(&self.session, &instrument("stripe", "later")).await;
                self.completing = now() - begun;
                self.order = text(&done.expect(200)["order"]["id"]);
            }
            Step::Start => self.payment = self.shop.start_payment(&self.session, &self.order).await,
            Step::Pay => {
                let told = self.stage.stripe.pay(&Pay::exactly(&self.payment)).await;
                assert!(told.iter().all(|delivery| delivery.status == 200), "{told:?}");
            }
            Step::Ship => self.ship().await,
            Step::Deliver => self.deliver().await,
            Step::Sweep => self.stage.sweep().await,
        }
    }

    async fn ship(&self) {
        let id = self.stage.watch.shipment(&self.order).await;
        let found = self.shop.staff.get(&format!("/v1/shipments/{id}")).await.expect(200);
        let taken = self.shop.step(&found, "pick", &json!({})).await;
        let packed = self.shop.step(&taken, "pack", &json!({})).await;
        let parcel = json!({"carrier": "shunfeng", "number": self.number});
        self.shop.step(&packed, "ship", &parcel).await;
    }

    async fn deliver(&self) {
        let first = scan("2026-11-22 09:00:00", "揽收", "1");
        let last = scan("2026-11-23 10:00:00", "签收", "3");
        self.push("1", &json!([first])).await;
        self.stage.settle().await;
        self.push("3", &json!([last, first])).await;
    }

    /// A 快递100 push.
    async fn push(&self, state: &str, scans: &Value) {
        let result = json!({"message": "ok", "nu": self.number, "ischeck": "0", "com": "shunfeng", "status": "200",
            "state": state, "data": scans});
        let param = json!({"status": "polling", "message": "", "autoCheck": "0", "lastResult": result}).to_string();
        let sign = hex::encode(Md5::digest(format!("{param}{SALT}").as_bytes())).to_uppercase();
        let form = form_urlencoded::Serializer::new(String::new())
            .append_pair("sign", &sign)
            .append_pair("param", &param)
            .finish();
        let headers = [("content-type", "application/x-www-form-urlencoded")];
        let path = "/webhooks/carriers/kuaidi100";
        let sent = self
            .shop
            .agent
            .send(Method::POST, path, &headers, form.into_bytes())
            .await;
        sent.expect("the server answers").expect(200);
    }
}

fn scan(time: &str, status: &str, code: &str) -> Value {
    json!({"time": time, "context": status, "ftime": time, "status": status, "statusCode": code})
}

fn text(value: &Value) -> String {
    value.as_str().expect("an id").to_owned()
}
