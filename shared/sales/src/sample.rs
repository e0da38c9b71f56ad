//! A small shop's order for tests: of this crate, and with the feature `sample` of the crates that work on orders.
#![expect(
    clippy::unwrap_used,
    clippy::missing_panics_doc,
    missing_docs,
    reason = "fixed values; a test fails by panicking"
)]

use inventory::{Inventory, Location, LocationKind, Movement, Reason, StockRefusal};
use kernel::{
    Actor, Ambient, CheckoutId, CustomerId, Id, LineId, LocationId, Money, MovementId, OrderId, PersonId, ProductId,
    ShipmentId, Text, Timestamp, VariantId,
};
use serde_json::json;

use crate::{
    Orders,
    order::{
        Act, Component, Delivery, DeliveryMethod, Expectation, Line, LineQuantity, NewShipment, Order, PAYMENT_DUE_S,
        Payment, PaymentStatus, Placement, Platform, Quantities, Total, TotalKind,
    },
};

pub const START: Timestamp = Timestamp::from_millis(1_775_640_600_000);

pub fn act(minutes: i64) -> Act {
    Act::by(Actor::system("test"), START.plus_seconds(minutes * 60))
}

pub fn id<I: Id>(n: u8) -> I {
    I::from_parts(START, [n; 10])
}

pub fn cny(amount: i64) -> Money {
    Money::new(amount, "CNY".parse().unwrap()).unwrap()
}

pub fn line(n: u8, quantity: u32, price: i64) -> Line {
    let whole = cny(price).times(quantity).unwrap();
    let amount = |kind| Total {
        kind,
        amount: whole,
        display_text: None,
    };
    Line {
        id: id(n),
        product: id::<ProductId>(n),
        variant: id::<VariantId>(n),
        title: format!("Thing {n}"),
        image_url: None,
        unit_price: cny(price),
        totals: vec![amount(TotalKind::Subtotal), amount(TotalKind::Total)],
        components: vec![Component {
            variant: id(n),
            quantity: 1,
        }],
        quantity: Quantities::ordered(quantity),
    }
}

pub fn line_id(n: u8) -> LineId {
    id(n)
}

pub fn shipment_id(n: u8) -> ShipmentId {
    id(n)
}

pub fn customer(n: u8) -> CustomerId {
    id(n)
}

pub fn units(n: u8, quantity: u32) -> LineQuantity {
    LineQuantity { line: id(n), quantity }
}

/// 3 of line 1 at 10.00, 2 of line 2 at 5.00, freight 12.00: 52.00 CNY, due in 30 minutes.
pub fn placement(order: OrderId, at: Timestamp) -> Placement {
    let amount = |kind, amount| Total {
        kind,
        amount: cny(amount),
        display_text: None,
    };
    let lines = vec![line(1, 3, 1_000), line(2, 2, 500)];
    let promised = lines
        .iter()
        .map(|line| LineQuantity {
            line: line.id,
            quantity: line.quantity.ordered,
        })
        .collect();
    Placement {
        id: order,
        checkout: id::<CheckoutId>(1),
        platform: Some(Platform {
            profile: "https://agent.example/ucp".to_owned(),
            webhook_url: None,
            key: None,
        }),
        customer: Some(customer(1)),
        locale: Some("zh-CN".to_owned()),
        person: id::<PersonId>(1),
        buyer: serde_json::from_value(json!("sealed")).unwrap(),
        destination: None,
        currency: "CNY".parse().unwrap(),
        lines,
        totals: vec![
            amount(TotalKind::Subtotal, 4_000),
            amount(TotalKind::Fulfillment, 1_200),
            amount(TotalKind::Total, 5_200),
        ],
        delivery: Delivery {
            method: DeliveryMethod::Shipping,
            option: "standard".to_owned(),
            title: "Standard".to_owned(),
            expectations: vec![Expectation {
                id: "exp_1".to_owned(),
                lines: promised,
                description: None,
            }],
        },
        due_at: at.plus_seconds(PAYMENT_DUE_S),
    }
}

pub fn placed() -> Order {
    Order::place(placement(id(1), START), &act(0)).unwrap().order
}

pub fn payment(status: PaymentStatus, captured: i64, refunded: i64) -> Payment {
    Payment {
        status,
        captured: cny(captured),
        refunded: cny(refunded),
        withdrawn: cny(0),
    }
}

pub fn paid() -> Order {
    placed()
        .record_payment(payment(PaymentStatus::Paid, 5_200, 0), &act(1))
        .unwrap()
        .order
}

pub fn parcel(n: u8, lines: Vec<LineQuantity>) -> NewShipment {
    NewShipment {
        id: shipment_id(n),
        carrier: "sf-express".to_owned(),
        number: format!("SF{n}"),
        tracking_url: format!("https://carrier.example/SF{n}"),
        lines,
    }
}

/// Receives stock of everything that the placement names, reserves it, and keeps the placed order: as checkout does.
pub async fn place(orders: &Orders, inventory: &Inventory, ambient: &Ambient, placement: Placement) -> Order {
    let location = Location {
        id: LocationId::generate(ambient),
        name: Text::parse("Main").unwrap(),
        kind: LocationKind::Warehouse,
        country: Text::parse("CN").unwrap(),
        region: None,
        created_at: ambient.now(),
    };
    inventory
        .dynamo()
        .commit(vec![inventory.create_location(&location).unwrap()])
        .await
        .unwrap();
    let act = Act::by(Actor::system("test"), ambient.now());
    let placed = Order::place(placement, &act).unwrap();
    let all: Vec<_> = placed
        .order
        .lines()
        .iter()
        .map(|line| LineQuantity {
            line: line.id,
            quantity: line.quantity.ordered,
        })
        .collect();
    let wanted = placed.order.stock(&all);
    for (variant, quantity) in &wanted {
        let movement = Movement {
            id: MovementId::generate(ambient),
            variant: *variant,
            location: location.id,
            quantity: i64::from(*quantity),
            reason: Reason::Receipt,
            note: None,
            actor: Actor::system("test"),
            booked_at: ambient.now(),
        };
        let parts = inventory.book(&movement).await.unwrap().unwrap();
        inventory.dynamo().commit(parts).await.unwrap();
    }
    let plan = inventory.plan(placed.order.id(), &wanted).await.unwrap();
    let mut parts = orders.insert::<StockRefusal>(&placed).unwrap();
    parts.extend(inventory.reserve(&plan).unwrap());
    inventory.dynamo().commit(parts).await.unwrap();
    placed.order
}
