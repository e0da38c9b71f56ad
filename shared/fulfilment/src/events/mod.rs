//! What the fulfilment context tells others. Ids, codes and times only; no personal data.

pub mod v1;

use kernel::{Ambient, Envelope};

/// An event of this context, in its newest version.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum ShipmentEvent {
    /// `shipment.created`.
    Created(v1::ShipmentCreated),
    /// `shipment.shipped`.
    Shipped(v1::ShipmentShipped),
    /// `shipment.status_changed`.
    StatusChanged(v1::ShipmentStatusChanged),
    /// `shipment.delivered`.
    Delivered(v1::ShipmentDelivered),
    /// `shipment.exception`.
    Exception(v1::ShipmentException),
    /// `shipment.silent`.
    Silent(v1::ShipmentSilent),
    /// `tracking.noticed`.
    Noticed(v1::TrackingNoticed),
    /// `tracking.watch_ended`.
    WatchEnded(v1::TrackingWatchEnded),
}

impl ShipmentEvent {
    /// The event in its envelope.
    ///
    /// # Errors
    ///
    /// When it does not serialise.
    pub fn envelope(&self, ambient: &Ambient, correlation: Option<&str>) -> Result<Envelope, serde_json::Error> {
        match self {
            Self::Created(event) => Envelope::of(event, ambient, correlation),
            Self::Shipped(event) => Envelope::of(event, ambient, correlation),
            Self::StatusChanged(event) => Envelope::of(event, ambient, correlation),
            Self::Delivered(event) => Envelope::of(event, ambient, correlation),
            Self::Exception(event) => Envelope::of(event, ambient, correlation),
            Self::Silent(event) => Envelope::of(event, ambient, correlation),
            Self::Noticed(event) => Envelope::of(event, ambient, correlation),
            Self::WatchEnded(event) => Envelope::of(event, ambient, correlation),
        }
    }
}

#[cfg(test)]
mod tests {
    use kernel::Event;
    use serde_json::Value;

    use super::v1;

    fn reads_back<E: Event>(golden: &str, key: &str) {
        let event: E = serde_json::from_str(golden).unwrap();
        let golden: Value = serde_json::from_str(golden).unwrap();
        assert_eq!(serde_json::to_value(&event).unwrap(), golden, "{}", E::NAME);
        assert_eq!(event.key(), key, "{}", E::NAME);
        assert_eq!(E::VERSION, 1);
    }

    #[test]
    fn every_released_event_reads_back() {
        const ORDER: &str = "ord_019d6c6b7cc07a0b8c0d0e0f10111213";
        const PARCEL: &str = "sf-express#SF1234567890";
        reads_back::<v1::ShipmentCreated>(include_str!("golden/shipment.created.v1.json"), ORDER);
        reads_back::<v1::ShipmentShipped>(include_str!("golden/shipment.shipped.v1.json"), ORDER);
        reads_back::<v1::ShipmentStatusChanged>(include_str!("golden/shipment.status_changed.v1.json"), ORDER);
        reads_back::<v1::ShipmentDelivered>(include_str!("golden/shipment.delivered.v1.json"), ORDER);
        reads_back::<v1::ShipmentException>(include_str!("golden/shipment.exception.v1.json"), ORDER);
        reads_back::<v1::ShipmentSilent>(include_str!("golden/shipment.silent.v1.json"), ORDER);
        reads_back::<v1::TrackingNoticed>(include_str!("golden/tracking.noticed.v1.json"), PARCEL);
        reads_back::<v1::TrackingWatchEnded>(include_str!("golden/tracking.watch_ended.v1.json"), PARCEL);
    }
}
