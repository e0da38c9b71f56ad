//! Which event makes which letter.

use kernel::{CodeId, Envelope, Money, OrderId, PersonId, ShipmentId, Timestamp};
use privacy::Sealed;
use serde::{Deserialize, de::DeserializeOwned};
use serde_json::Value;

use crate::Error;

/// What is to be told, and to whom.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Plan {
    /// The buyer of an order.
    Buyer {
        template: &'static str,
        order: OrderId,
        shipment: Option<ShipmentId>,
        amount: Option<Money>,
    },
    /// Our own people. `about` names the partition that the notice is kept in.
    Staff {
        template: &'static str,
        about: String,
        values: Vec<(&'static str, String)>,
    },
    /// Somebody who asked for a one-time code.
    Code(Box<CodeRequested>),
    /// Nobody.
    Nothing,
}

/// The fields of `code.requested`.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
pub(crate) struct CodeRequested {
    pub(crate) code_id: CodeId,
    pub(crate) person: PersonId,
    pub(crate) language: String,
    pub(crate) address: Sealed,
    pub(crate) code: Sealed,
    pub(crate) ends_at: Timestamp,
}

#[derive(Deserialize)]
struct OfOrder {
    order_id: OrderId,
    #[serde(default)]
    shipment_id: Option<ShipmentId>,
}

#[derive(Deserialize)]
struct Refund {
    order: OrderId,
    amount: Money,
}

#[derive(Deserialize)]
struct Parcel {
    order_id: OrderId,
    shipment_id: ShipmentId,
    #[serde(default)]
    status: Option<String>,
}

/// Of an event; only the fields that letters need are read, so that other fields may come and go.
pub(crate) fn plan(event: &Envelope) -> Result<Plan, Error> {
    let template = match event.name.as_str() {
        "order.placed" => "order-placed",
        "order.paid" => "order-paid",
        "order.shipped" => "order-shipped",
        "order.delivered" => "order-delivered",
        "order.cancelled" => "order-cancelled",
        "order.expired" => "order-expired",
        "payment.refund_requested" => {
            let refund: Refund = read(event)?;
            let amount = Some(refund.amount);
            return Ok(Plan::Buyer {
                template: "refund-requested",
                order: refund.order,
                shipment: None,
                amount,
            });
        }
        "code.requested" => return Ok(Plan::Code(Box::new(read(event)?))),
        "payment.held"
        | "payment.reconciliation_difference"
        | "shipment.exception"
        | "shipment.silent"
        | "stock.low"
        | "webhook_endpoint.stopped" => {
            return staff(event);
        }
        // Each scan of a carrier would be noise: buyers are told of shipping and delivery.
        _ => return Ok(Plan::Nothing),
    };
    let of: OfOrder = read(event)?;
    Ok(Plan::Buyer {
        template,
        order: of.order_id,
        shipment: of.shipment_id,
        amount: None,
    })
}

fn staff(event: &Envelope) -> Result<Plan, Error> {
    let text = |name: &str| plain(event.data.get(name));
    let notice = |template, values| Plan::Staff {
        template,
        about: event.key.clone(),
        values,
    };
    Ok(match event.name.as_str() {
        "payment.held" | "payment.reconciliation_difference" => notice(
            "staff-payment-held",
            vec![("order", text("order")), ("reason", reason(event.data.get("why")))],
        ),
        "stock.low" => notice(
            "staff-stock-low",
            vec![("variant", text("variant_id")), ("free", text("free"))],
        ),
        "webhook_endpoint.stopped" => notice(
            "staff-webhook-stopped",
            vec![("origin", text("origin")), ("reason", text("reason"))],
        ),
        silent_or_exception => {
            let parcel: Parcel = read(event)?;
            let mut values = vec![
                ("order", parcel.order_id.to_string()),
                ("parcel", parcel.shipment_id.to_string()),
            ];
            if silent_or_exception == "shipment.silent" {
                notice("staff-shipment-silent", values)
            } else {
                values.push(("reason", parcel.status.unwrap_or_else(unknown)));
                notice("staff-shipment-exception", values)
            }
        }
    })
}

fn read<T: DeserializeOwned>(event: &Envelope) -> Result<T, Error> {
    T::deserialize(&event.data).map_err(|_| Error::Event)
}

fn unknown() -> String {
    "-".to_owned()
}

fn plain(value: Option<&Value>) -> String {
    match value {
        Some(Value::String(text)) => text.clone(),
        Some(Value::Number(number)) => number.to_string(),
        _ => unknown(),
    }
}

/// `{"hold": "underpaid"}` is told as `underpaid`.
fn reason(value: Option<&Value>) -> String {
    match value {
        Some(Value::Object(members)) => plain(members.values().next()),
        other => plain(other),
    }
}
