use std::{
    collections::VecDeque,
    sync::{
        Mutex,
        atomic::{AtomicBool, Ordering},
    },
};

use kernel::Id;
use messaging::RETRY_TIMER;
use queue::SqsMessage;
use sales::{
    order::{Act, Cancel, Changed, PaymentStatus, Platform},
    sample,
};
use secrecy::SecretString;
use testkit::World;
use ucp::signature::{Target, verify};
use web::{Incoming, OutgoingRequest};

use super::*;

/// Made for this test.
const KEY: &str = r#"{"current":"k1","keys":[{"kid":"k1","pkcs8":"MIGHAgEAMBMGByqGSM49AgEGCCqGSM49AwEHBG0wawIBAQQggUv5MISrVd+5iYVmusHeItuR+68Cv6Zh1jqb0Gzo/GehRANCAARpyjEv9EqXMNe8AEiiPJ2h0TvMIMtcTaJHkEdsxR1n9KMruNfx/rhplMlZF1kmnnQJ8P4BCpOiLJjgglwMubzt"}]}"#;
const GOOD: &str = "https://good.example/hook?shop=1";
const DEAD: &str = "https://dead.example/hook";

/// Answers what was prepared, else 200; a dead host never answers.
#[derive(Default)]
struct Platforms {
    answers: Mutex<VecDeque<Result<u16, SendError>>>,
    retry_after: Option<&'static str>,
    /// The call arrives, and then the sender is gone.
    hangs: AtomicBool,
    sent: Mutex<Vec<OutgoingRequest>>,
}

impl HttpClient for Platforms {
    async fn send(&self, request: OutgoingRequest) -> Result<Incoming, SendError> {
        let dead = request.url == DEAD;
        self.sent.lock().unwrap().push(request);
        if self.hangs.load(Ordering::SeqCst) {
            std::future::pending::<()>().await;
        }
        if dead {
            return Err(SendError::Timeout);
        }
        let status = self.answers.lock().unwrap().pop_front().unwrap_or(Ok(200))?;
        let mut headers = http::HeaderMap::new();
        if let Some(seconds) = self.retry_after {
            headers.insert("retry-after", http::HeaderValue::from_static(seconds));
        }
        Ok(Incoming {
            status,
            headers,
            body: Vec::new().into(),
        })
    }
}

struct Shop {
    world: World,
    ports: Ports<Platforms>,
}

impl Shop {
    async fn open() -> Self {
        let world = World::new(&["sales", "messaging"]).await;
        let ports = Ports {
            orders: Orders::new(
                world.dynamo(),
                world.table("SalesTable"),
                world.outbox(),
                world.timers(),
            ),
            webhooks: Webhooks::new(
                world.dynamo(),
                world.table("MessagingTable"),
                world.outbox(),
                world.timers(),
            ),
            vault: world.vault(),
            client: Platforms::default(),
            key: SigningKey::parse(&SecretString::from(KEY)).unwrap(),
            public_url: "https://api.example".to_owned(),
            storefront_url: "https://shop.example".to_owned(),
            ambient: world.ambient(),
        };
        Self { world, ports }
    }

    fn answer(&self, answers: &[u16]) {
        self.ports
            .client
            .answers
            .lock()
            .unwrap()
            .extend(answers.iter().map(|status| Ok(*status)));
    }

    fn sent(&self) -> Vec<OutgoingRequest> {
        self.ports.client.sent.lock().unwrap().clone()
    }

    fn act(&self) -> Act {
        Act::by(kernel::Actor::system("test"), self.world.now())
    }

    async fn place(&self, url: Option<&str>) -> Order {
        let mut placement = sample::placement(OrderId::generate(&self.world.ambient()), self.world.now());
        let profile = "https://agent.example/ucp".to_owned();
        placement.platform = Some(Platform {
            profile,
            webhook_url: url.map(str::to_owned),
            key: None,
        });
        let placed = Order::place(placement, &self.act()).unwrap();
        self.world
            .dynamo()
            .commit(self.ports.orders.insert::<()>(&placed).unwrap())
            .await
            .unwrap();
        placed.order
    }

    async fn change(&self, changed: Changed) -> Order {
        self.world.clock().advance_seconds(1);
        self.world
            .dynamo()
            .commit(self.ports.orders.save(&changed, ()).unwrap())
            .await
            .unwrap();
        changed.order
    }

    async fn pay(&self, order: Order) -> Order {
        let payment = sample::payment(PaymentStatus::Paid, 5_200, 0);
        let changed = order.record_payment(payment, &self.act()).unwrap();
        self.change(changed).await
    }

    /// The last event of a name.
    async fn event(&self, name: &str) -> Envelope {
        self.world
            .events()
            .await
            .into_iter()
            .rfind(|event| event.name == name)
            .unwrap()
    }

    async fn tell(&self, envelope: &Envelope) -> bool {
        let mut message = SqsMessage::default();
        message.message_id = Some("m1".into());
        message.body = Some(serde_json::to_string(envelope).unwrap());
        let mut event = SqsEvent::default();
        event.records.push(message);
        handle(&self.ports, event).await.batch_item_failures.is_empty()
    }

    /// What the schedule does each minute, and the relay after it: whether anything fell due.
    async fn sweep(&self) -> usize {
        let before = self.world.events().await.len();
        let webhooks = &self.ports.webhooks;
        let fire = |due| async move { webhooks.fall_due(&due).await.map(drop) };
        assert_eq!(self.world.timers().sweep(RETRY_TIMER, fire).await.unwrap().failed, 0);
        let events = self.world.events().await;
        let new: Vec<_> = events
            .into_iter()
            .skip(before)
            .filter(|event| event.name == WebhookFellDue::NAME)
            .collect();
        for event in &new {
            assert!(self.tell(event).await);
        }
        new.len()
    }

    /// Moves to the due time of an order's only waiting delivery and has it attempted; `false` when none waits.
    async fn next(&self, order: OrderId) -> bool {
        let found = self.ports.webhooks.of_order(order).await.unwrap();
        let waiting = found.iter().find_map(|delivery| match delivery.state {
            DeliveryState::Waiting { due_at } => Some((delivery, due_at)),
            _ => None,
        });
        let Some((delivery, due_at)) = waiting else {
            return false;
        };
        self.world.clock().set(due_at);
        let due = WebhookFellDue {
            order_id: order,
            delivery_id: delivery.id,
            version: delivery.version,
        };
        assert!(
            self.tell(&Envelope::of(&due, &self.world.ambient(), None).unwrap())
                .await
        );
        true
    }

    async fn states(&self, order: OrderId) -> Vec<(String, &'static str)> {
        let mut found = self.ports.webhooks.of_order(order).await.unwrap();
        found.reverse();
        found
            .into_iter()
            .map(|delivery| (delivery.event, delivery.state.name()))
            .collect()
    }
}

fn header<'a>(request: &'a OutgoingRequest, name: &str) -> &'a str {
    request.headers[name].to_str().unwrap()
}

fn state(event: &str, name: &'static str) -> (String, &'static str) {
    (event.to_owned(), name)
}

#[tokio::test]
async fn the_whole_order_is_sent_with_a_signature_that_verifies() {
    let shop = Shop::open().await;
    let order = shop.place(Some(GOOD)).await;
    let event = shop.event("order.placed").await;
    assert!(shop.tell(&event).await);
    let sent = shop.sent();
    let [request] = &sent[..] else {
        panic!("{} sent", sent.len())
    };
    assert_eq!(request.egress, web::Egress::Stranger);
    assert_eq!(
        header(request, "ucp-agent"),
        r#"profile="https://api.example/.well-known/ucp""#
    );
    assert_eq!(header(request, "webhook-id"), event.id.uuid().to_string());
    assert_eq!(
        header(request, "webhook-timestamp"),
        event.occurred_at.seconds().to_string()
    );
    let target = Target::Request {
        method: "POST".into(),
        authority: "good.example".into(),
        path: "/hook".into(),
        query: Some("shop=1".into()),
    };
    assert_eq!(
        verify(&target, &request.headers, &request.body, shop.ports.key.public_keys()),
        Ok(())
    );
    let body: serde_json::Value = serde_json::from_slice(&request.body).unwrap();
    assert_eq!(body["id"], order.id().to_string());
    assert_eq!(
        body["permalink_url"],
        format!("https://shop.example/orders/{}", order.id())
    );
    assert_eq!(shop.states(order.id()).await, [state("order.placed", "delivered")]);
}

#[tokio::test]
async fn an_order_without_a_webhook_url_is_left_alone() {
    let shop = Shop::open().await;
    let order = shop.place(None).await;
    assert!(shop.tell(&shop.event("order.placed").await).await);
    assert!(shop.sent().is_empty() && shop.states(order.id()).await.is_empty());
}

#[tokio::test]
async fn a_message_that_comes_again_after_success_is_not_sent_again() {
    let shop = Shop::open().await;
    shop.place(Some(GOOD)).await;
    let event = shop.event("order.placed").await;
    assert!(shop.tell(&event).await && shop.tell(&event).await);
    assert_eq!(shop.sent().len(), 1);
}

#[tokio::test]
async fn a_crash_between_the_call_and_its_record_sends_again_with_the_same_id() {
    let shop = Shop::open().await;
    let order = shop.place(Some(GOOD)).await;
    let event = shop.event("order.placed").await;
    shop.ports.client.hangs.store(true, Ordering::SeqCst);
    let crashed = tokio::time::timeout(std::time::Duration::from_millis(500), shop.tell(&event)).await;
    assert!(crashed.is_err() && shop.states(order.id()).await.is_empty());
    shop.ports.client.hangs.store(false, Ordering::SeqCst);
    shop.world.clock().advance_seconds(180);
    assert!(shop.tell(&event).await);
    assert_eq!(shop.states(order.id()).await, [state("order.placed", "delivered")]);
    let sent = shop.sent();
    assert_eq!(sent.len(), 2);
    for name in ["webhook-id", "webhook-timestamp"] {
        assert_eq!(header(&sent[0], name), header(&sent[1], name));
    }
}

#[tokio::test]
async fn an_attempt_whose_record_fails_is_not_acknowledged() {
    let mut shop = Shop::open().await;
    shop.place(Some(GOOD)).await;
    // The timers are written in the record of a failed attempt only: without their table that record fails.
    let broken = dynamo::Timers::new(shop.world.dynamo(), "no-such-table");
    let table = shop.world.table("MessagingTable");
    shop.ports.webhooks = Webhooks::new(shop.world.dynamo(), table, shop.world.outbox(), broken);
    shop.answer(&[500]);
    assert!(!shop.tell(&shop.event("order.placed").await).await);
}

#[tokio::test]
async fn a_failed_attempt_is_acknowledged_and_made_again_on_the_schedule_with_the_same_id() {
    let shop = Shop::open().await;
    let order = shop.place(Some(GOOD)).await;
    shop.answer(&[500, 503]);
    assert!(shop.tell(&shop.event("order.placed").await).await);
    assert_eq!(shop.sweep().await, 0);
    shop.world.clock().advance_seconds(75);
    assert_eq!(shop.sweep().await, 1);
    shop.world.clock().advance_seconds(400);
    assert_eq!(shop.sweep().await, 1);
    assert_eq!(shop.states(order.id()).await, [state("order.placed", "delivered")]);
    let sent = shop.sent();
    assert_eq!(sent.len(), 3);
    for name in ["webhook-id", "webhook-timestamp"] {
        assert!(
            sent.iter()
                .all(|request| header(request, name) == header(&sent[0], name)),
            "{name}"
        );
    }
}

#[tokio::test]
async fn a_first_attempt_that_failed_is_soon_made_again_and_once_only() {
    let shop = Shop::open().await;
    let order = shop.place(Some(GOOD)).await;
    shop.answer(&[500]);
    assert!(shop.tell(&shop.event("order.placed").await).await);
    let soon = shop.event(WebhookFellDue::NAME).await;
    assert!(shop.tell(&soon).await && shop.tell(&soon).await);
    assert_eq!(shop.states(order.id()).await, [state("order.placed", "delivered")]);
    assert_eq!(shop.sent().len(), 2);
    shop.world.clock().advance_seconds(75);
    assert_eq!(shop.sweep().await, 0);
}

#[tokio::test]
async fn the_idempotency_key_is_signed_and_follows_the_body() {
    let shop = Shop::open().await;
    let order = shop.place(Some(GOOD)).await;
    let placed = shop.event("order.placed").await;
    shop.answer(&[500, 500]);
    assert!(shop.tell(&placed).await);
    assert!(shop.tell(&shop.event(WebhookFellDue::NAME).await).await);
    shop.pay(order).await;
    shop.world.clock().advance_seconds(400);
    while shop.sweep().await > 0 {}
    let sent = shop.sent();
    let keys: Vec<_> = sent
        .iter()
        .map(|request| header(request, "idempotency-key").to_owned())
        .collect();
    assert_eq!((keys.len(), &keys[0]), (3, &keys[1]));
    assert_ne!(keys[1], keys[2], "the order was paid meanwhile");
    assert!(
        sent.iter()
            .all(|request| header(request, "signature-input").contains("\"idempotency-key\""))
    );
}

#[tokio::test]
async fn a_closed_connection_is_tried_once_more_at_once() {
    let shop = Shop::open().await;
    let order = shop.place(Some(GOOD)).await;
    shop.ports
        .client
        .answers
        .lock()
        .unwrap()
        .push_back(Err(SendError::Broken("closed".into())));
    assert!(shop.tell(&shop.event("order.placed").await).await);
    assert_eq!(shop.sent().len(), 2);
    assert_eq!(shop.states(order.id()).await, [state("order.placed", "delivered")]);
}

#[tokio::test]
async fn a_late_older_event_is_skipped_and_order_created_is_sent_all_the_same() {
    let shop = Shop::open().await;
    let order = shop.place(Some(GOOD)).await;
    let placed = shop.event("order.placed").await;
    let order = shop.pay(order).await;
    let cancelled = order.clone().cancel(&Cancel::Whole, &shop.act()).unwrap();
    shop.change(cancelled).await;
    shop.answer(&[500]);
    assert!(shop.tell(&placed).await);
    shop.world.clock().advance_seconds(61);
    shop.answer(&[500]);
    assert!(shop.tell(&shop.event("order.paid").await).await);
    shop.world.clock().advance_seconds(61);
    assert!(shop.tell(&shop.event("order.cancelled").await).await);
    shop.world.clock().advance_seconds(100);
    while shop.sweep().await > 0 {}
    let states = [
        state("order.placed", "delivered"),
        state("order.paid", "superseded"),
        state("order.cancelled", "delivered"),
    ];
    assert_eq!(shop.states(order.id()).await, states);
    let last = shop.sent().pop().unwrap();
    assert_eq!(header(&last, "webhook-id"), placed.id.uuid().to_string());
    let body: serde_json::Value = serde_json::from_slice(&last.body).unwrap();
    assert_eq!(
        body["messages"][0]["code"], "cancelled",
        "the body is the order as it is now"
    );
}

#[tokio::test]
async fn a_dead_endpoint_is_stopped_after_the_schedule_while_another_one_flows() {
    let shop = Shop::open().await;
    let dead = shop.place(Some(DEAD)).await;
    assert!(shop.tell(&shop.event("order.placed").await).await);
    shop.world.clock().advance_seconds(1);
    let good = shop.place(Some(GOOD)).await;
    assert!(shop.tell(&shop.event("order.placed").await).await);
    assert_eq!(shop.states(good.id()).await, [state("order.placed", "delivered")]);
    while shop.next(dead.id()).await {}
    let days = shop.world.now().seconds_since(dead.placed_at()) / 86_400;
    assert!((3..5).contains(&days), "{days} days");
    let calls = |url: &str| shop.sent().iter().filter(|request| request.url == url).count();
    assert_eq!((calls(DEAD), calls(GOOD)), (webhook::ATTEMPTS_MAX, 1));
    assert_eq!(shop.states(dead.id()).await, [state("order.placed", "held")]);
    let stopped = shop.event("webhook_endpoint.stopped").await;
    assert_eq!(
        (&stopped.data["origin"], &stopped.data["reason"]),
        (&"https://dead.example".into(), &"exhausted".into())
    );

    let dead = shop.pay(dead).await;
    assert!(shop.tell(&shop.event("order.paid").await).await);
    assert_eq!(
        calls(DEAD),
        webhook::ATTEMPTS_MAX,
        "nothing is sent to a stopped endpoint"
    );
    let states = [state("order.placed", "held"), state("order.paid", "held")];
    assert_eq!(shop.states(dead.id()).await, states);
}

#[tokio::test]
async fn while_an_endpoint_fails_its_new_events_wait_without_a_call() {
    let shop = Shop::open().await;
    shop.place(Some(DEAD)).await;
    assert!(shop.tell(&shop.event("order.placed").await).await);
    shop.world.clock().advance_seconds(1);
    let other = shop.place(Some(DEAD)).await;
    assert!(shop.tell(&shop.event("order.placed").await).await);
    assert_eq!(shop.sent().len(), 1);
    assert_eq!(shop.states(other.id()).await, [state("order.placed", "waiting")]);
    shop.world.clock().advance_seconds(120);
    shop.sweep().await;
    assert_eq!(shop.sent().len(), 3);
}

#[tokio::test]
async fn an_endpoint_that_is_gone_is_stopped_at_once_and_a_replay_opens_it() {
    let shop = Shop::open().await;
    let order = shop.place(Some(GOOD)).await;
    shop.answer(&[410]);
    assert!(shop.tell(&shop.event("order.placed").await).await);
    assert_eq!(shop.states(order.id()).await, [state("order.placed", "held")]);
    assert_eq!(shop.event("webhook_endpoint.stopped").await.data["reason"], "gone");
    let replay = shop
        .ports
        .webhooks
        .replay_endpoint(&EndpointId::of(GOOD))
        .await
        .unwrap();
    shop.ports.webhooks.commit_replay(replay.parts).await.unwrap().unwrap();
    shop.world.clock().advance_seconds(1);
    assert_eq!(shop.sweep().await, 1);
    assert_eq!(shop.states(order.id()).await, [state("order.placed", "delivered")]);
    let sent = shop.sent();
    assert_eq!(header(&sent[0], "webhook-id"), header(&sent[1], "webhook-id"));
}

#[tokio::test]
async fn retry_after_is_honoured() {
    let mut shop = Shop::open().await;
    shop.ports.client.retry_after = Some("3600");
    shop.place(Some(GOOD)).await;
    shop.answer(&[429]);
    assert!(shop.tell(&shop.event("order.placed").await).await);
    shop.world.clock().advance_seconds(3_500);
    assert_eq!(shop.sweep().await, 0);
    shop.world.clock().advance_seconds(101);
    assert_eq!(shop.sweep().await, 1);
}

#[tokio::test]
async fn the_address_is_opened_for_the_body_and_left_out_once_its_person_is_erased() {
    let shop = Shop::open().await;
    let ambient = shop.world.ambient();
    let (person, part) = shop.ports.vault.create::<()>().unwrap();
    shop.world.dynamo().commit(vec![part]).await.unwrap();
    let mut placement = sample::placement(OrderId::generate(&ambient), shop.world.now());
    let id = placement.id.to_string();
    let address = sales::order::Address {
        address_locality: Some("Shanghai".into()),
        ..Default::default()
    };
    let place = privacy::Place {
        entity: sales::order::SEALED_ENTITY,
        id: &id,
        field: sales::order::DESTINATION_FIELD,
    };
    placement.destination = Some(person.seal(&ambient, place, &address).unwrap());
    placement.person = person.id();
    placement.platform = Some(Platform {
        profile: "https://agent.example/ucp".into(),
        webhook_url: Some(GOOD.into()),
        key: None,
    });
    let placed = Order::place(placement, &shop.act()).unwrap();
    shop.world
        .dynamo()
        .commit(shop.ports.orders.insert::<()>(&placed).unwrap())
        .await
        .unwrap();
    assert!(shop.tell(&shop.event("order.placed").await).await);
    shop.ports.vault.erase(person.id()).await.unwrap();
    shop.pay(placed.order).await;
    assert!(shop.tell(&shop.event("order.paid").await).await);
    let cities: Vec<_> = shop
        .sent()
        .iter()
        .map(|request| serde_json::from_slice::<serde_json::Value>(&request.body).unwrap())
        .map(|body| body["fulfillment"]["expectations"][0]["destination"]["address_locality"].clone())
        .collect();
    assert_eq!(cities, [serde_json::json!("Shanghai"), serde_json::Value::Null]);
}

#[test]
fn an_origin_shows_neither_path_nor_credentials() {
    assert_eq!(
        origin("https://user:secret@a.example:8443/hook?key=1"),
        "https://a.example:8443"
    );
    assert_eq!(origin("nonsense"), "");
}
