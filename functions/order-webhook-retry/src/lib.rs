//! Asks for the next attempts of the order webhooks that are due.
//!
//! Each minute the timers that have come due are swept, and each delivery that waits is asked for by an event, which the
//! relay hands to `order-webhook` on a queue of its own: calls to slow endpoints run there side by side and never delay the
//! sweep.
//!
//! Running twice, early, late, at the same time or half is harmless: asking moves the delivery's due time behind a lease by
//! a conditional write, in the transaction of the event; a delivery that is not waiting or not due is left alone.

mod wire;

use dynamo::{StoreError, Timers};
use messaging::{RETRY_TIMER, Webhooks};
use serde::Serialize;
pub use wire::wire;

/// What the function works with.
#[derive(Debug, Clone)]
pub struct Ports {
    /// Deliveries.
    pub webhooks: Webhooks,
    /// Due times.
    pub timers: Timers,
}

/// What one sweep did.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
pub struct Answer {
    /// Timers that fired, whether their delivery was asked for or needed nothing.
    pub fired: u32,
    /// Timers that fire again in the next sweep.
    pub failed: u32,
    /// Seconds from the oldest due time to now.
    pub lag_s: i64,
}

/// Asks for what is due.
///
/// # Errors
///
/// When the timers cannot be read; what was asked for stays so.
pub async fn handle(ports: &Ports) -> Result<Answer, StoreError> {
    let fire = |due: dynamo::Due| async move { ports.webhooks.fall_due(&due).await.map(drop) };
    let swept = ports.timers.sweep(RETRY_TIMER, fire).await?;
    tracing::info!(
        fired = swept.fired,
        failed = swept.failed,
        lag_s = swept.lag_s,
        "webhook.retry.swept"
    );
    Ok(Answer {
        fired: swept.fired,
        failed: swept.failed,
        lag_s: swept.lag_s,
    })
}

#[cfg(test)]
mod tests {
    use kernel::{Envelope, EventId, Id, OrderId};
    use messaging::webhook::{Delivery, EndpointId, Outcome, RETRY_S, decide};
    use testkit::World;

    use super::*;

    #[tokio::test]
    async fn a_due_delivery_is_asked_for_once_and_again_only_after_its_lease() {
        let world = World::new(&["messaging"]).await;
        let webhooks = Webhooks::new(
            world.dynamo(),
            world.table("MessagingTable"),
            world.outbox(),
            world.timers(),
        );
        let ports = Ports {
            webhooks,
            timers: world.timers(),
        };
        let order = OrderId::generate(&world.ambient());
        let envelope = Envelope {
            id: EventId::generate(&world.ambient()),
            name: "order.placed".into(),
            version: 1,
            key: order.to_string(),
            occurred_at: world.now(),
            correlation: None,
            data: serde_json::Value::Null,
        };
        let delivery = Delivery::of(&envelope, order, 1, EndpointId::of("https://a.example"), world.now());
        let outcome = Outcome::Failed {
            what: "status 500".into(),
            retry_after_s: None,
        };
        let decision = decide(delivery, &outcome, world.now(), 0);
        ports
            .webhooks
            .record(&decision, "https://a.example")
            .await
            .unwrap()
            .unwrap();
        assert_eq!(handle(&ports).await.unwrap().fired, 0);
        world.clock().advance_seconds(RETRY_S[0]);
        let (one, other) = tokio::join!(handle(&ports), handle(&ports));
        assert!(one.unwrap().fired + other.unwrap().fired >= 1);
        // The first is the one that the failed attempt itself asked by.
        assert_eq!(world.events().await.len(), 2);
        world.clock().advance_seconds(16 * 60);
        assert_eq!(handle(&ports).await.unwrap().fired, 1);
        assert_eq!(world.events().await.len(), 3);
    }
}
