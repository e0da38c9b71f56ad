//! Shipments as staff see them.

use fulfilment::{Shipment, State};
use serde_json::{Value, json};

/// A shipment; without personal data.
pub(crate) fn shipment(shipment: &Shipment) -> Value {
    let lines: Vec<Value> = shipment
        .lines
        .iter()
        .map(|line| {
            let components: Vec<Value> = line
                .components
                .iter()
                .map(|part| json!({"variant_id": part.variant, "quantity": part.quantity}))
                .collect();
            json!({"line_id": line.line, "title": line.title, "quantity": line.quantity, "components": components})
        })
        .collect();
    let mut view = json!({
        "id": shipment.id,
        "order_id": shipment.order,
        "location_id": shipment.location,
        "version": shipment.version,
        "state": shipment.state.name(),
        "created_at": shipment.created_at,
        "updated_at": shipment.updated_at,
        "lines": lines,
    });
    if let Some(members) = view.as_object_mut() {
        members.extend(tracking(shipment).map(|tracking| ("tracking".to_owned(), tracking)));
        members.extend(since(&shipment.state).map(|since| ("since".to_owned(), since)));
    }
    view
}

fn tracking(shipment: &Shipment) -> Option<Value> {
    let consignment = shipment.consignment()?;
    // Real carriers do this: shown, never refused.
    let early = consignment.status_at.is_some_and(|at| at < consignment.shipped_at);
    Some(json!({
        "carrier": consignment.parcel.carrier,
        "number": consignment.parcel.number,
        "url": consignment.tracking_url,
        "shipped_at": consignment.shipped_at,
        "status": consignment.status,
        "status_at": consignment.status_at,
        "silent_since": consignment.silent_since,
        "scanned_before_shipped": early,
        "earlier_carriers": consignment.earlier.iter().map(|parcel| parcel.carrier.to_string()).collect::<Vec<_>>(),
    }))
}

fn since(state: &State) -> Option<Value> {
    match state {
        State::ToPick => None,
        State::Picking { since } => Some(json!(since)),
        State::Packed { packed_at } => Some(json!(packed_at)),
        State::Underway(consignment) => Some(json!(consignment.status_at.unwrap_or(consignment.shipped_at))),
        State::Delivered { delivered_at, .. } => Some(json!(delivered_at)),
        State::Returned { returned_at, .. } => Some(json!(returned_at)),
        State::Lost { lost_at, .. } => Some(json!(lost_at)),
        State::Cancelled { cancelled_at } => Some(json!(cancelled_at)),
    }
}
