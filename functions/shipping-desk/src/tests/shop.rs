//! A shop with one paid order, for the tests of the functions that allocate, ship and track.

use dynamo::CommitError;
use fulfilment::{Component, Fulfilment, Held, Shipment, ShipmentLine, shipment_id, spread};
use inventory::{Inventory, Location, LocationKind, Movement, Reason};
use kernel::{Actor, CheckoutId, Id, LineId, LocationId, Money, MovementId, OrderId, ProductId, Text, VariantId};
use privacy::Place;
use sales::{
    Orders,
    order::{
        self, Act, Changed, DESTINATION_FIELD, Delivery, DeliveryMethod, Line, Order, Payment, PaymentStatus,
        Placement, Quantities, SEALED_ENTITY, Total, TotalKind,
    },
};
use serde_json::json;
use testkit::World;

/// What a unit of each line costs, in minor units.
const PRICE: i64 = 1_000;

pub(crate) struct Shop {
    pub(crate) world: World,
    pub(crate) fulfilment: Fulfilment,
    pub(crate) orders: Orders,
    pub(crate) inventory: Inventory,
    pub(crate) order: OrderId,
    pub(crate) lines: [LineId; 2],
    pub(crate) variants: [VariantId; 2],
}

impl Shop {
    /// 3 of line 0 and 2 of line 1, paid. Line 0 lies at one place, line 1 at another.
    pub(crate) async fn paid() -> Self {
        let world = World::new(&["sales", "inventory", "fulfilment"]).await;
        let shop = Self {
            fulfilment: Fulfilment::new(world.dynamo(), world.table("FulfilmentTable"), world.outbox()),
            orders: Orders::new(
                world.dynamo(),
                world.table("SalesTable"),
                world.outbox(),
                world.timers(),
            ),
            inventory: Inventory::new(world.dynamo(), world.outbox(), world.table("InventoryTable")),
            order: OrderId::generate(&world.ambient()),
            lines: [LineId::generate(&world.ambient()), LineId::generate(&world.ambient())],
            variants: [
                VariantId::generate(&world.ambient()),
                VariantId::generate(&world.ambient()),
            ],
            world,
        };
        for (variant, quantity) in shop.variants.into_iter().zip([10, 10]) {
            shop.receive(variant, quantity).await;
        }
        shop.reserve().await;
        shop.place().await;
        shop
    }

    pub(crate) fn act(&self) -> Act {
        Act::by(Actor::system("test"), self.world.now())
    }

    /// A place of its own for each variant.
    async fn receive(&self, variant: VariantId, quantity: i64) {
        let ambient = self.world.ambient();
        let location = Location {
            id: LocationId::generate(&ambient),
            name: Text::parse("Warehouse").unwrap(),
            kind: LocationKind::Warehouse,
            country: Text::parse("CN").unwrap(),
            region: None,
            created_at: ambient.now(),
        };
        let part = self.inventory.create_location(&location).unwrap();
        self.world.dynamo().commit(vec![part]).await.unwrap();
        let movement = Movement {
            id: MovementId::generate(&ambient),
            variant,
            location: location.id,
            quantity,
            reason: Reason::Receipt,
            note: None,
            actor: Actor::system("test"),
            booked_at: ambient.now(),
        };
        let parts = self.inventory.book(&movement).await.unwrap().unwrap();
        self.world.dynamo().commit(parts).await.unwrap();
    }

    async fn reserve(&self) {
        let wanted = [(self.variants[0], 3), (self.variants[1], 2)];
        let plan = self.inventory.plan(self.order, &wanted).await.unwrap();
        self.world
            .dynamo()
            .commit(self.inventory.reserve(&plan).unwrap())
            .await
            .unwrap();
    }

    async fn place(&self) {
        let (key, part) = self.world.vault().create::<()>().unwrap();
        let id = self.order.to_string();
        let seal = |field: &str, value: serde_json::Value| {
            key.seal(
                &self.world.ambient(),
                Place {
                    entity: SEALED_ENTITY,
                    id: &id,
                    field,
                },
                &value,
            )
            .unwrap()
        };
        let placement = Placement {
            id: self.order,
            checkout: CheckoutId::generate(&self.world.ambient()),
            platform: None,
            customer: None,
            locale: None,
            person: key.id(),
            buyer: seal("buyer", json!({"first_name": "Li"})),
            destination: Some(seal(
                DESTINATION_FIELD,
                json!({"street_address": "1 Bund", "last_name": "Wang"}),
            )),
            currency: "CNY".parse().unwrap(),
            lines: vec![self.line(0, 3), self.line(1, 2)],
            totals: vec![total(TotalKind::Subtotal, 5), total(TotalKind::Total, 5)],
            delivery: Delivery {
                method: DeliveryMethod::Shipping,
                option: "standard".to_owned(),
                title: "Standard".to_owned(),
                expectations: Vec::new(),
            },
            due_at: self.world.now().plus_seconds(1_800),
        };
        let placed = Order::place(placement, &self.act()).unwrap();
        let mut parts = self.orders.insert::<()>(&placed).unwrap();
        parts.push(part);
        self.world.dynamo().commit(parts).await.unwrap();
        let payment = Payment {
            status: PaymentStatus::Paid,
            captured: cny(5),
            refunded: cny(0),
            withdrawn: cny(0),
        };
        self.save(placed.order.record_payment(payment, &self.act()).unwrap())
            .await;
    }

    fn line(&self, n: usize, quantity: u32) -> Line {
        let amount = i64::from(quantity);
        Line {
            id: self.lines[n],
            product: ProductId::generate(&self.world.ambient()),
            variant: self.variants[n],
            title: format!("Thing {n}"),
            image_url: None,
            unit_price: cny(1),
            totals: vec![total(TotalKind::Subtotal, amount), total(TotalKind::Total, amount)],
            components: vec![order::Component {
                variant: self.variants[n],
                quantity: 1,
            }],
            quantity: Quantities::ordered(quantity),
        }
    }

    pub(crate) async fn order(&self) -> Order {
        self.orders.get(self.order).await.unwrap().unwrap()
    }

    pub(crate) async fn save(&self, changed: Changed) {
        let parts = self.orders.save(&changed, ()).unwrap();
        self.world
            .dynamo()
            .commit(parts)
            .await
            .map_err(CommitError::first)
            .unwrap();
    }

    /// Makes the shipments, one per place.
    pub(crate) async fn allocate(&self) -> Vec<Shipment> {
        let order = self.order().await;
        let at = order.placed_at();
        let reservation = self.inventory.reservation(self.order).await.unwrap().unwrap();
        let held: Vec<Held> = reservation
            .takes
            .iter()
            .map(|take| Held {
                location: take.location,
                variant: take.variant,
                quantity: take.quantity,
            })
            .collect();
        let line = |line: &Line| ShipmentLine {
            line: line.id,
            title: line.title.clone(),
            quantity: line.quantity.ordered,
            components: vec![Component {
                variant: line.variant,
                quantity: 1,
            }],
        };
        let lines: Vec<ShipmentLine> = order.lines().iter().map(line).collect();
        let units = order.allocatable();
        self.save(order.allocate(&units, &self.act()).unwrap()).await;
        for (location, lines) in spread(&lines, &held) {
            let id = shipment_id(self.order, location, at);
            let created = Shipment::create(id, self.order, location, lines, self.world.now());
            let parts = self.fulfilment.insert(&created, None, ()).unwrap();
            self.world.dynamo().commit(parts).await.unwrap();
            self.world.clock().advance_seconds(1);
        }
        self.fulfilment.of_order(self.order).await.unwrap()
    }

    /// Names of all events so far, oldest first.
    pub(crate) async fn told(&self) -> Vec<String> {
        self.world.events().await.into_iter().map(|event| event.name).collect()
    }

    pub(crate) async fn count(&self, name: &str) -> usize {
        self.told().await.iter().filter(|told| *told == name).count()
    }
}

fn cny(units: i64) -> Money {
    Money::new(units * PRICE, "CNY".parse().unwrap()).unwrap()
}

fn total(kind: TotalKind, units: i64) -> Total {
    Total {
        kind,
        amount: cny(units),
        display_text: None,
    }
}
