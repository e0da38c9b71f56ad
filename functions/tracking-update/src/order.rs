//! What an order is told of its parcel.

use dynamo::Part;
use fulfilment::{Status, Verdict};
use kernel::{Actor, OrderId, ShipmentId, Timestamp};
use sales::order::{Act, Refused, Scan, ShipmentStatus};

use crate::{Error, Ports, Raced};

/// What the verdict means to the order, and since when. A parcel that was ever delivered closes its lines, in whatever
/// order the scans came; what follows a delivery is for staff.
fn told(verdict: &Verdict) -> Option<(ShipmentStatus, Timestamp)> {
    if let Some(at) = verdict.delivered_at {
        return Some((ShipmentStatus::Delivered, at));
    }
    let status = match verdict.status {
        Status::Unknown | Status::Expired | Status::InfoReceived => return None,
        Status::PickedUp
        | Status::InTransit
        | Status::Customs
        | Status::OutForDelivery
        | Status::AvailableForPickup => ShipmentStatus::InTransit,
        Status::AttemptFailed => ShipmentStatus::FailedAttempt,
        Status::Exception | Status::Refused | Status::Returning | Status::Cancelled => ShipmentStatus::Exception,
        Status::Delivered => ShipmentStatus::Delivered,
        Status::Returned => ShipmentStatus::Returned,
    };
    Some((status, verdict.at))
}

/// The writes that tell the order; none when it knows, or has closed the parcel before.
pub(crate) async fn writes(
    ports: &Ports,
    id: OrderId,
    shipment: ShipmentId,
    verdict: &Verdict,
    correlation: &str,
) -> Result<Vec<Part<Raced>>, Error> {
    let Some((status, at)) = told(verdict) else {
        return Ok(Vec::new());
    };
    let order = ports.orders.get(id).await?.ok_or(Error::Missing("order"))?;
    let act = Act::by(Actor::system("tracking-update"), ports.ambient.now()).caused_by(correlation);
    let scan = Scan {
        shipment,
        status,
        at,
        description: None,
    };
    match order.track(&scan, &act) {
        Ok(changed) => Ok(ports.orders.save(&changed, Raced)?),
        Err(Refused::Unchanged) => Ok(Vec::new()),
        Err(Refused::ClosedShipment(_)) => {
            tracing::info!(order.id = %id, shipment.id = %shipment, "order.track.closed");
            Ok(Vec::new())
        }
        Err(error) => {
            tracing::error!(order.id = %id, shipment.id = %shipment, %error, "order.track.refused");
            Ok(Vec::new())
        }
    }
}
