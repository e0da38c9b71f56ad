use std::sync::Mutex;

use dynamo::Consistency;
use kernel::{EventId, Id, OrderId, Timestamp};
use messaging::notification::Channel;
use queue::SqsMessage;
use sales::{
    order::{Act, BUYER_FIELD, Buyer, Order},
    sample,
};
use serde_json::{Value, json};
use testkit::World;
use web::{Incoming, OutgoingRequest, SendError};

use super::*;

const GATEWAY: &str = "https://gateway.example/send";
const MARK: &str = "wei.marker@example.com";

#[derive(Default)]
struct Gateway {
    status: Mutex<u16>,
    sent: Mutex<Vec<OutgoingRequest>>,
}

impl HttpClient for Gateway {
    async fn send(&self, request: OutgoingRequest) -> Result<Incoming, SendError> {
        self.sent.lock().unwrap().push(request);
        let status = *self.status.lock().unwrap();
        Ok(Incoming {
            status: if status == 0 { 200 } else { status },
            headers: http::HeaderMap::new(),
            body: Vec::new().into(),
        })
    }
}

struct Office {
    world: World,
    ports: Ports<std::sync::Arc<Gateway>>,
    gateway: std::sync::Arc<Gateway>,
}

impl Office {
    async fn open(gateway_url: Option<&str>, staff: Option<&str>) -> Self {
        let world = World::new(&["sales", "messaging"]).await;
        let gateway = std::sync::Arc::new(Gateway::default());
        let ports = Ports {
            orders: Orders::new(
                world.dynamo(),
                world.table("SalesTable"),
                world.outbox(),
                world.timers(),
            ),
            notifications: Notifications::new(world.dynamo(), world.table("MessagingTable")),
            vault: world.vault(),
            sender: Sender::new(gateway.clone(), gateway_url.map(str::to_owned)),
            storefront_url: "https://shop.example".to_owned(),
            staff: staff.and_then(Address::new),
            ambient: world.ambient(),
        };
        Self { world, ports, gateway }
    }

    async fn place(&self, buyer: &Buyer, locale: &str) -> Order {
        let ambient = self.world.ambient();
        let (key, part) = self.ports.vault.create::<()>().unwrap();
        let mut placement = sample::placement(OrderId::generate(&ambient), self.world.now());
        let id = placement.id.to_string();
        let place = Place {
            entity: sales::order::SEALED_ENTITY,
            id: &id,
            field: BUYER_FIELD,
        };
        placement.buyer = key.seal(&ambient, place, buyer).unwrap();
        placement.person = key.id();
        placement.locale = Some(locale.to_owned());
        let act = Act::by(kernel::Actor::system("test"), self.world.now());
        let placed = Order::place(placement, &act).unwrap();
        let mut parts = self.ports.orders.insert::<()>(&placed).unwrap();
        parts.push(part);
        self.world.dynamo().commit(parts).await.unwrap();
        placed.order
    }

    fn event(&self, name: &str, key: &str, data: Value) -> Envelope {
        Envelope {
            id: EventId::generate(&self.world.ambient()),
            name: name.into(),
            version: 1,
            key: key.into(),
            occurred_at: self.world.now(),
            correlation: None,
            data,
        }
    }

    fn of_order(&self, name: &str, order: &Order) -> Envelope {
        self.event(
            name,
            &order.id().to_string(),
            json!({"order_id": order.id(), "version": 1}),
        )
    }

    async fn tell(&self, envelope: &Envelope) -> bool {
        let mut message = SqsMessage::default();
        message.message_id = Some("m1".into());
        message.body = Some(serde_json::to_string(envelope).unwrap());
        let mut event = SqsEvent::default();
        event.records.push(message);
        handle(&self.ports, event).await.batch_item_failures.is_empty()
    }

    fn sent(&self) -> Vec<(String, Value)> {
        let sent = self.gateway.sent.lock().unwrap();
        let id = |request: &OutgoingRequest| request.headers["webhook-id"].to_str().unwrap().to_owned();
        sent.iter()
            .map(|request| (id(request), serde_json::from_slice(&request.body).unwrap()))
            .collect()
    }

    /// The letters that were recorded, opened.
    async fn recorded(&self) -> Vec<(Recorded, Option<Letter>)> {
        let mut found = Vec::new();
        for item in self.world.items("MessagingTable").await {
            let about = item["pk"]["S"].as_str().unwrap().to_owned();
            let sk = item["sk"]["S"].as_str().unwrap().to_owned();
            let key = dynamo::key(about, sk);
            let (dynamo, table) = (self.world.dynamo(), self.world.table("MessagingTable"));
            let item = dynamo
                .get_item(table, &key, Consistency::Strong)
                .await
                .unwrap()
                .unwrap();
            let recorded: Recorded = kept(item);
            let letter = match &recorded.sealed {
                None => recorded.plain.clone(),
                Some((person, sealed)) => {
                    let id = recorded.id.to_string();
                    let place = Place {
                        entity: SEALED_ENTITY,
                        id: &id,
                        field: LETTER_FIELD,
                    };
                    let key = self.ports.vault.open(*person).await.unwrap().unwrap();
                    Some(key.open(place, sealed).unwrap())
                }
            };
            found.push((recorded, letter));
        }
        found
    }
}

fn kept(item: dynamo::Item) -> Recorded {
    #[derive(serde::Serialize, serde::Deserialize)]
    struct Kept {
        notification: Recorded,
    }
    impl dynamo::Record for Kept {
        const ENTITY: &'static str = "notification";
        const SHAPE: u16 = 1;
    }
    dynamo::from_item::<Kept>(item).unwrap().notification
}

fn wei() -> Buyer {
    Buyer {
        first_name: Some("Wei".into()),
        email: Some(MARK.into()),
        ..Buyer::default()
    }
}

#[tokio::test]
async fn a_buyer_is_told_in_the_language_of_the_order_and_the_record_shows_no_plain_text() {
    let office = Office::open(None, None).await;
    let order = office.place(&wei(), "zh-CN").await;
    assert!(office.tell(&office.of_order("order.placed", &order)).await);
    let recorded = office.recorded().await;
    let [(recorded, Some(letter))] = &recorded[..] else {
        panic!("{recorded:?}")
    };
    assert_eq!(
        (recorded.channel, recorded.language, recorded.sent),
        (Channel::Email, Language::Zh, true)
    );
    assert!(
        letter.body.contains("52.00 CNY")
            && letter
                .body
                .contains(&format!("https://shop.example/orders/{}", order.id()))
    );
    assert!(
        !serde_json::to_string(&office.world.items("MessagingTable").await)
            .unwrap()
            .contains(MARK)
    );
    assert!(office.sent().is_empty());
}

#[tokio::test]
async fn a_buyer_with_a_phone_alone_gets_a_text_message_through_the_gateway() {
    let office = Office::open(Some(GATEWAY), None).await;
    let buyer = Buyer {
        phone_number: Some("+8613800000000".into()),
        ..Buyer::default()
    };
    let order = office.place(&buyer, "en-US").await;
    assert!(office.tell(&office.of_order("order.paid", &order)).await);
    let sent = office.sent();
    let [(id, body)] = &sent[..] else { panic!("{sent:?}") };
    assert_eq!(
        (&body["channel"], &body["to"], &body["subject"]),
        (&json!("sms"), &json!("+8613800000000"), &Value::Null)
    );
    assert_eq!(body["id"], json!(id));
    assert!(body["text"].as_str().unwrap().contains("is paid"));
    let recorded = office.recorded().await;
    assert!(
        matches!(&recorded[..], [(recorded, None)] if recorded.sent),
        "what the gateway took is not kept"
    );
}

#[tokio::test]
async fn a_message_that_comes_again_is_not_sent_again() {
    let office = Office::open(Some(GATEWAY), None).await;
    let order = office.place(&wei(), "en").await;
    let event = office.of_order("order.paid", &order);
    assert!(office.tell(&event).await && office.tell(&event).await);
    assert_eq!(office.sent().len(), 1);
}

#[tokio::test]
async fn what_was_not_taken_is_sent_again_with_the_same_id() {
    let office = Office::open(Some(GATEWAY), None).await;
    let order = office.place(&wei(), "en").await;
    let event = office.of_order("order.paid", &order);
    *office.gateway.status.lock().unwrap() = 503;
    assert!(!office.tell(&event).await);
    *office.gateway.status.lock().unwrap() = 202;
    office.world.clock().advance_seconds(180);
    assert!(office.tell(&event).await);
    let sent = office.sent();
    assert_eq!(sent.len(), 2);
    assert_eq!(sent[0].0, sent[1].0);
}

#[tokio::test]
async fn a_buyer_without_an_address_or_who_was_erased_is_not_told() {
    let office = Office::open(None, None).await;
    let nobody = office.place(&Buyer::default(), "en").await;
    assert!(office.tell(&office.of_order("order.paid", &nobody)).await);
    let gone = office.place(&wei(), "en").await;
    office.ports.vault.erase(gone.person()).await.unwrap();
    assert!(office.tell(&office.of_order("order.paid", &gone)).await);
    assert!(office.world.items("MessagingTable").await.is_empty());
}

#[tokio::test]
async fn a_code_goes_to_the_address_that_it_was_asked_for_until_it_ends() {
    let office = Office::open(Some(GATEWAY), None).await;
    let ambient = office.world.ambient();
    let (key, part) = office.ports.vault.create::<()>().unwrap();
    office.world.dynamo().commit(vec![part]).await.unwrap();
    let id = kernel::CodeId::generate(&ambient).to_string();
    let place = |field| Place {
        entity: "code",
        id: &id,
        field,
    };
    let ends_at = office.world.now().plus_seconds(290);
    let data = json!({
        "code_id": id, "person": key.id(), "channel": "email", "language": "zh", "ends_at": ends_at,
        "address": key.seal(&ambient, place("address"), &MARK).unwrap(),
        "code": key.seal(&ambient, place("code"), &"123456").unwrap(),
    });
    let event = office.event("code.requested", &key.id().to_string(), data);
    assert!(office.tell(&event).await);
    let sent = office.sent();
    assert_eq!(sent[0].1["to"], MARK);
    let text = sent[0].1["text"].as_str().unwrap();
    assert!(text.contains("123456") && text.contains("5 分钟"), "{text}");
    office.world.clock().set(ends_at);
    let late = Envelope {
        id: EventId::generate(&ambient),
        ..event
    };
    assert!(office.tell(&late).await);
    assert_eq!(office.sent().len(), 1);
}

#[tokio::test]
async fn staff_are_told_of_what_needs_them() {
    let office = Office::open(None, Some("duty@shop.example")).await;
    let order = "ord_0190a6d0000070008000000000000000";
    let parcel = "shp_0190a6d0000070008000000000000000";
    let events = [
        (
            "payment.held",
            json!({"provider": "stripe", "delivery": "e", "order": order, "why": {"hold": "underpaid"}}),
        ),
        (
            "stock.low",
            json!({"variant_id": "var_0190163d8694739b841f0101010101a1", "free": 3, "threshold": 5}),
        ),
        (
            "shipment.exception",
            json!({"order_id": order, "shipment_id": parcel, "version": 2, "status": "lost", "at": Timestamp::default()}),
        ),
        (
            "shipment.silent",
            json!({"order_id": order, "shipment_id": parcel, "version": 2, "since": Timestamp::default()}),
        ),
        (
            "webhook_endpoint.stopped",
            json!({"endpoint_id": "whe_0", "origin": "https://a.example", "reason": "gone"}),
        ),
    ];
    for (name, data) in events {
        assert!(office.tell(&office.event(name, "about", data)).await, "{name}");
    }
    let bodies: Vec<_> = office
        .recorded()
        .await
        .into_iter()
        .map(|(_, letter)| letter.unwrap().body)
        .collect();
    assert_eq!(bodies.len(), 5);
    for expected in [
        "underpaid",
        "var_0190163d8694739b841f0101010101a1",
        "lost",
        parcel,
        "https://a.example",
    ] {
        assert!(bodies.iter().any(|body| body.contains(expected)), "{expected}");
    }
}

#[tokio::test]
async fn scans_make_no_letters_and_malformed_events_are_left_to_a_person() {
    let office = Office::open(None, Some("https://duty.example/hook")).await;
    assert!(
        office
            .tell(&office.event("shipment.status_changed", "o", json!({})))
            .await
    );
    assert!(office.world.items("MessagingTable").await.is_empty());
    assert!(
        !office
            .tell(&office.event("order.paid", "o", json!({"order_id": 1})))
            .await
    );
}

#[tokio::test]
async fn a_shipped_parcel_is_named_with_its_number() {
    let office = Office::open(None, None).await;
    let order = office.place(&wei(), "en").await;
    let act = Act::by(kernel::Actor::system("test"), office.world.now());
    let paid = order
        .record_payment(sample::payment(sales::order::PaymentStatus::Paid, 5_200, 0), &act)
        .unwrap()
        .order;
    let all = paid.allocatable();
    let allocated = paid.allocate(&all, &act).unwrap().order;
    let shipped = allocated
        .ship(sample::parcel(1, vec![sample::units(1, 3)]), &act)
        .unwrap()
        .order;
    let event = |shipment| {
        let data = json!({"order_id": shipped.id(), "version": 4, "shipment_id": shipment});
        office.event("order.shipped", &shipped.id().to_string(), data)
    };
    // The order as kept does not know the parcel yet: nothing to name, so a person looks.
    assert!(!office.tell(&event(sample::shipment_id(1))).await);
    let composed = compose::values(&shipped, "https://shop.example", Some(sample::shipment_id(1)), None);
    assert_eq!(composed["parcel"], "sf-express SF1 https://carrier.example/SF1");
}
