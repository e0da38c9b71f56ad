//! Settlement over an embedded DynamoDB: the real stores, the real transactions.

mod card;
mod cash;
mod crash;
mod money;
mod odd;
mod paybacks;
mod providers;

use std::collections::{BTreeMap, BTreeSet};

use dynamo::Dynamo;
use kernel::{Envelope, Id, OrderId, PaymentId};
use payments::{Intent, IntentState, Kept, Mode, Notice, ObjectId, OrderMoney, Provider, Started, payment_id};
use sales::{
    order::{Act, AdjustmentStatus, Changed, LineQuantity, Order},
    sample,
};
use serde_json::{Value, json};
use testkit::World;

use super::*;

/// What the sample order costs.
const TOTAL: i64 = 5_200;

struct Shop {
    world: World,
    ports: Ports,
    /// Events that were consumed.
    seen: BTreeSet<String>,
}

fn ports(world: &World, dynamo: Dynamo) -> Ports {
    let outbox = || world.outbox();
    Ports {
        payments: Payments::new(
            dynamo.clone(),
            world.table("PaymentsTable"),
            world.table("LedgerTable"),
            outbox(),
        ),
        orders: Orders::new(dynamo.clone(), world.table("SalesTable"), outbox(), world.timers()),
        inventory: Inventory::new(dynamo.clone(), outbox(), world.table("InventoryTable")),
        timers: world.timers(),
        escrow_days: 0,
        dynamo,
        development_payments: true,
    }
}

fn object_id(text: &str) -> ObjectId {
    text.parse().unwrap()
}

impl Shop {
    async fn new() -> Self {
        let world = World::new(&["sales", "inventory", "payments"]).await;
        let ports = ports(&world, world.dynamo());
        Self {
            world,
            ports,
            seen: BTreeSet::new(),
        }
    }

    /// An order that waits for 52.00 CNY, its stock reserved.
    async fn order(&self) -> OrderId {
        let ambient = self.world.ambient();
        let placement = sample::placement(OrderId::generate(&ambient), ambient.now());
        sample::place(&self.ports.orders, &self.ports.inventory, &ambient, placement)
            .await
            .id()
    }

    /// An open intent of the order for `object`.
    async fn intent(&self, order: OrderId, object: &str, amount: i64, mode: Mode) -> PaymentId {
        let id = payment_id(order, object);
        let started = Started::of(object_id(object));
        let intent = Intent {
            pay_by: None,
            step_up: false,
            id,
            order,
            provider: Provider::Stripe,
            mode,
            amount: sample::cny(amount),
            livemode: false,
            fingerprint: String::new(),
            version: 1,
            state: IntentState::Open { started },
            created_at: self.world.now(),
        };
        assert_eq!(self.ports.payments.put_intent(&intent).await.unwrap(), None);
        id
    }

    /// Everything that is left of the order is shipped and delivered.
    async fn deliver(&self, order: OrderId) {
        let act = || Act::by(kernel::Actor::system("test"), self.world.now());
        let all: Vec<LineQuantity> = self
            .load(order)
            .await
            .lines()
            .iter()
            .map(|line| LineQuantity {
                line: line.id,
                quantity: line.quantity.ordered,
            })
            .collect();
        self.save(self.load(order).await.allocate(&all, &act()).unwrap()).await;
        let parcel = sample::parcel(1, all);
        self.save(self.load(order).await.ship(parcel, &act()).unwrap()).await;
        let delivered = self
            .load(order)
            .await
            .deliver(sample::shipment_id(1), self.world.now(), &act());
        self.save(delivered.unwrap()).await;
    }

    async fn save(&self, changed: Changed) {
        let parts = self.ports.orders.save(&changed, Stale).unwrap();
        self.world.dynamo().commit(parts).await.unwrap();
    }

    /// Adjustments of money: id, kind, status and amount.
    async fn adjustments(&self, order: OrderId) -> Vec<(String, AdjustmentStatus, i64)> {
        let loaded = self.load(order).await;
        let told = loaded.adjustments().iter();
        told.filter_map(|told| Some((told.id.clone(), told.status, told.amount?.amount())))
            .collect()
    }

    async fn money(&self, order: OrderId) -> OrderMoney {
        self.ports.payments.known_money(order).await.unwrap().unwrap()
    }

    /// Keeps a notice as the webhook does.
    async fn notice(&self, delivery: &str, kind: &str, object: Value) -> Kept {
        let event = json!({"id": delivery, "type": kind, "livemode": false, "data": {"object": object}});
        self.raw_notice(delivery, kind, event.to_string()).await
    }

    async fn raw_notice(&self, delivery: &str, kind: &str, body: String) -> Kept {
        let notice = Notice {
            source: payments::NoticeSource::Webhook,
            content: None,
            provider: Provider::Stripe,
            delivery: object_id(delivery),
            kind: kind.to_owned(),
            body,
            received_at: self.world.now(),
        };
        self.ports.payments.keep_notice(&notice, None).await.unwrap()
    }

    /// Consumes what the outbox holds for this function, until nothing new comes.
    async fn settle(&mut self) {
        loop {
            let waiting = self.waiting().await;
            if waiting.is_empty() {
                return;
            }
            for envelope in waiting {
                assert!(self.seen.insert(envelope.id.to_string()));
                one(&self.ports, envelope).await.unwrap();
                self.books().await;
            }
        }
    }

    async fn waiting(&self) -> Vec<Envelope> {
        let names = [
            PaymentNoticed::NAME,
            PaymentRefundRequested::NAME,
            OrderCancelled::NAME,
            OrderDelivered::NAME,
            OrderExpired::NAME,
        ];
        let all = self.world.events().await.into_iter();
        all.filter(|event| names.contains(&event.name.as_str()) && !self.seen.contains(&event.id.to_string()))
            .collect()
    }

    async fn load(&self, order: OrderId) -> Order {
        self.ports.orders.get(order).await.unwrap().unwrap()
    }

    async fn state(&self, order: OrderId) -> String {
        self.load(order).await.state().name().to_string()
    }

    async fn events(&self, name: &str) -> Vec<Value> {
        self.world
            .events()
            .await
            .into_iter()
            .filter(|event| event.name == name)
            .map(|event| event.data)
            .collect()
    }

    /// Reasons of all cases.
    async fn cases(&self) -> Vec<String> {
        let items = self.world.items("PaymentsTable").await;
        let cases = items.iter().filter(|item| item["entity"]["S"] == "payment-case");
        let mut reasons: Vec<String> = cases.map(|item| item["why"]["M"].to_string()).collect();
        reasons.sort();
        reasons
    }

    /// Balances by account over the whole ledger. Every posting balances, and clearing is what the states say.
    async fn books(&self) -> BTreeMap<String, i64> {
        let mut balances: BTreeMap<String, i64> = BTreeMap::new();
        let items = self.world.items("LedgerTable").await;
        let (postings, entries): (Vec<_>, Vec<_>) =
            items.into_iter().partition(|item| item["entity"]["S"] == "posting");
        // Each line of a posting stands with its account, too.
        let lines = |item: &Value| item["posting"]["M"]["entries"]["L"].as_array().map_or(0, Vec::len);
        assert_eq!(entries.len(), postings.iter().map(lines).sum::<usize>());
        for item in postings {
            let entries = item["posting"]["M"]["entries"]["L"].as_array().unwrap().clone();
            let mut sum = 0;
            for entry in entries {
                let account = &entry["M"]["account"];
                let account = account["S"]
                    .as_str()
                    .map_or_else(|| "clearing".to_owned(), str::to_owned);
                let amount = number(&entry["M"]["amount"]["M"]["amount"]);
                sum += amount;
                *balances.entry(account).or_default() += amount;
            }
            assert_eq!(sum, 0, "{item}");
        }
        let mut held = 0;
        for item in self
            .world
            .items("PaymentsTable")
            .await
            .iter()
            .filter(|item| item["entity"]["S"] == "order-money")
        {
            let total = |name: &str| number(&item["total"]["M"][name]["M"]["amount"]);
            held += total("captured") - total("refunded") - total("withdrawn");
        }
        balances.retain(|_, amount| *amount != 0);
        assert_eq!(balances.get("clearing").copied().unwrap_or_default(), held);
        balances
    }
}

fn number(value: &Value) -> i64 {
    value["N"].as_str().unwrap().parse().unwrap()
}

/// A `PaymentIntent` as Stripe tells of it.
fn intent_object(object: &str, order: OrderId, payment: PaymentId, asked: i64, received: i64) -> Value {
    json!({
        "id": object, "object": "payment_intent", "amount": asked, "amount_received": received, "currency": "cny",
        "metadata": {"order_id": order.to_string(), "payment_id": payment.to_string()},
    })
}

/// A refund, which has none of our metadata.
fn refund_object(refund: &str, payment: &str, amount: i64, status: &str) -> Value {
    json!({"id": refund, "payment_intent": payment, "amount": amount, "currency": "cny", "status": status, "metadata": {}})
}
