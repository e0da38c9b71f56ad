//! What the sales context tells others. Consumers match on [`kernel::Envelope::name`] and open a versioned shape.

pub mod v1;

use kernel::{Ambient, Envelope};

/// An event of an order, in its newest version.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum OrderEvent {
    /// `order.placed`.
    Placed(v1::OrderPlaced),
    /// `order.paid`.
    Paid(v1::OrderPaid),
    /// `order.confirmed`.
    Confirmed(v1::OrderConfirmed),
    /// `order.cancelled`.
    Cancelled(v1::OrderCancelled),
    /// `order.expired`.
    Expired(v1::OrderExpired),
    /// `order.shipped`.
    Shipped(v1::OrderShipped),
    /// `order.delivered`.
    Delivered(v1::OrderDelivered),
    /// `order.changed`.
    Changed(v1::OrderChanged),
}

impl OrderEvent {
    /// The event in its envelope.
    ///
    /// # Errors
    ///
    /// When it does not serialise.
    pub fn envelope(&self, ambient: &Ambient, correlation: Option<&str>) -> Result<Envelope, serde_json::Error> {
        match self {
            Self::Placed(event) => Envelope::of(event, ambient, correlation),
            Self::Paid(event) => Envelope::of(event, ambient, correlation),
            Self::Confirmed(event) => Envelope::of(event, ambient, correlation),
            Self::Cancelled(event) => Envelope::of(event, ambient, correlation),
            Self::Expired(event) => Envelope::of(event, ambient, correlation),
            Self::Shipped(event) => Envelope::of(event, ambient, correlation),
            Self::Delivered(event) => Envelope::of(event, ambient, correlation),
            Self::Changed(event) => Envelope::of(event, ambient, correlation),
        }
    }

    /// The same event with the version that the change made.
    pub(crate) fn at_version(mut self, made: u64) -> Self {
        match &mut self {
            Self::Placed(v1::OrderPlaced { version, .. })
            | Self::Paid(v1::OrderPaid { version, .. })
            | Self::Confirmed(v1::OrderConfirmed { version, .. })
            | Self::Cancelled(v1::OrderCancelled { version, .. })
            | Self::Expired(v1::OrderExpired { version, .. })
            | Self::Shipped(v1::OrderShipped { version, .. })
            | Self::Delivered(v1::OrderDelivered { version, .. })
            | Self::Changed(v1::OrderChanged { version, .. }) => *version = made,
        }
        self
    }
}

#[cfg(test)]
mod tests {
    use kernel::Event;
    use serde_json::Value;

    use super::v1;

    /// Released shapes never change: what was written reads, and writes itself again.
    fn reads_back<E: Event>(golden: &str) {
        let event: E = serde_json::from_str(golden).unwrap();
        let golden: Value = serde_json::from_str(golden).unwrap();
        assert_eq!(serde_json::to_value(&event).unwrap(), golden, "{}", E::NAME);
        assert_eq!(golden["order_id"], Value::String(event.key()));
        assert_eq!(E::VERSION, 1);
    }

    #[test]
    fn every_released_event_reads_back() {
        reads_back::<v1::OrderPlaced>(include_str!("golden/order.placed.v1.json"));
        reads_back::<v1::OrderPaid>(include_str!("golden/order.paid.v1.json"));
        reads_back::<v1::OrderConfirmed>(include_str!("golden/order.confirmed.v1.json"));
        reads_back::<v1::OrderCancelled>(include_str!("golden/order.cancelled.v1.json"));
        reads_back::<v1::OrderExpired>(include_str!("golden/order.expired.v1.json"));
        reads_back::<v1::OrderShipped>(include_str!("golden/order.shipped.v1.json"));
        reads_back::<v1::OrderDelivered>(include_str!("golden/order.delivered.v1.json"));
        reads_back::<v1::OrderChanged>(include_str!("golden/order.changed.v1.json"));
    }
}
