//! Version 1. Frozen once released.

use kernel::{DeliveryId, Event, OrderId};
use serde::{Deserialize, Serialize};

use crate::webhook::{EndpointId, StopReason};

/// A webhook delivery is due for its next attempt.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct WebhookFellDue {
    /// The order.
    pub order_id: OrderId,
    /// The delivery.
    pub delivery_id: DeliveryId,
    /// The delivery's version: an attempt of another version was made meanwhile.
    pub version: u64,
}

impl Event for WebhookFellDue {
    const NAME: &'static str = "order_webhook.fell_due";
    const VERSION: u16 = 1;
    fn key(&self) -> String {
        self.order_id.to_string()
    }
}

/// A webhook endpoint was stopped: its deliveries are held until somebody replays them.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct WebhookEndpointStopped {
    /// The endpoint.
    pub endpoint_id: EndpointId,
    /// Scheme, host and port.
    pub origin: String,
    /// Why.
    pub reason: StopReason,
}

impl Event for WebhookEndpointStopped {
    const NAME: &'static str = "webhook_endpoint.stopped";
    const VERSION: u16 = 1;
    fn key(&self) -> String {
        self.endpoint_id.to_string()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn released_shapes_stay_as_they_are() {
        let due = WebhookFellDue {
            order_id: "ord_0190a6d0000070008000000000000000".parse().unwrap(),
            delivery_id: "whd_0190a6d0000070008000000000000000".parse().unwrap(),
            version: 3,
        };
        let golden = r#"{"order_id":"ord_0190a6d0000070008000000000000000","delivery_id":"whd_0190a6d0000070008000000000000000","version":3}"#;
        assert_eq!(serde_json::to_string(&due).unwrap(), golden);
        assert_eq!(serde_json::from_str::<WebhookFellDue>(golden).unwrap(), due);
        let stopped = WebhookEndpointStopped {
            endpoint_id: "whe_00000000000000000000000000000001".parse().unwrap(),
            origin: "https://a.example".into(),
            reason: StopReason::Gone,
        };
        let golden =
            r#"{"endpoint_id":"whe_00000000000000000000000000000001","origin":"https://a.example","reason":"gone"}"#;
        assert_eq!(serde_json::to_string(&stopped).unwrap(), golden);
        assert_eq!(serde_json::from_str::<WebhookEndpointStopped>(golden).unwrap(), stopped);
    }
}
