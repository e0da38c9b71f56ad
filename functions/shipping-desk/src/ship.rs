//! Handing a shipment to a carrier: shipment, parcel, order and stock at once.

use dynamo::Part;
use fulfilment::{
    Carrier, Fulfilment, Owner, Parcel, ParcelKey, Shipment, TrackingNumber,
    events::{ShipmentEvent, v1},
};
use inventory::Settlement;
use kernel::{Actor, Text};
use lambda_http::Request;
use sales::order::{Act, LineQuantity, NewShipment, Order};
use serde::Deserialize;
use web::{Problem, types};

use crate::{
    Error, Ports,
    change::{By, Change, Decided, Raced},
};

/// The longest URL that staff may give, in characters.
const URL_CHARS_MAX: usize = 500;
/// How many corrections of its carrier one number is followed through.
const MOVES_MAX: usize = 3;

/// Carrier, number, and where buyers follow it.
pub(crate) struct Ship {
    parcel: ParcelKey,
    tracking_url: Option<String>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Body {
    carrier: String,
    number: String,
    #[serde(default)]
    tracking_url: Option<Text<URL_CHARS_MAX>>,
}

impl Ship {
    /// From the body: `{"carrier","number","tracking_url"?}`.
    pub(crate) fn of(request: &Request) -> Result<Self, Error> {
        let body: Body = web::json_body(request)?;
        let fault = |pointer: &str, detail: String| Problem::new(&types::UNPROCESSABLE).at(pointer, &detail);
        let carrier: Carrier = body
            .carrier
            .parse()
            .map_err(|error| fault("/carrier", format!("{error}")))?;
        let number: TrackingNumber = body
            .number
            .parse()
            .map_err(|error| fault("/number", format!("{error}")))?;
        let tracking_url = body.tracking_url.map(|url| url.as_str().to_owned());
        if tracking_url.as_ref().is_some_and(|url| !url.starts_with("https://")) {
            return Err(fault("/tracking_url", "an absolute https URL".to_owned()).into());
        }
        Ok(Self {
            parcel: ParcelKey { carrier, number },
            tracking_url,
        })
    }
}

impl Change for Ship {
    async fn decide(&self, ports: &Ports, shipment: Shipment, by: &By) -> Result<Decided, Error> {
        let now = ports.ambient.now();
        let parcel = known(ports, &self.parcel).await?;
        if parcel.owner.is_some_and(|owner| owner.shipment != shipment.id) {
            return Err(Error::NumberTaken);
        }
        let order = ports.orders.get(shipment.order).await?;
        let order =
            order.ok_or_else(|| Error::Inconsistent(format!("no order {} for its shipment", shipment.order)))?;
        let url = self
            .tracking_url
            .clone()
            .unwrap_or_else(|| parcel.key.carrier.tracking_url(&parcel.key.number));
        let changed = shipment
            .ship(parcel.key.clone(), url.clone(), now, ports.silence_s)
            .map_err(Error::Shipment)?;
        let units: Vec<LineQuantity> = changed
            .shipment
            .lines
            .iter()
            .map(|line| LineQuantity {
                line: line.line,
                quantity: line.quantity,
            })
            .collect();
        let mut writes = stock(ports, &order, &changed.shipment, &units).await?;
        let act = Act::by(Actor::Staff { id: by.staff }, now).caused_by(&by.correlation);
        let new = NewShipment {
            id: changed.shipment.id,
            carrier: parcel.key.carrier.to_string(),
            number: parcel.key.number.to_string(),
            tracking_url: url,
            lines: units,
        };
        let shipped = order.ship(new, &act).map_err(Error::Order)?;
        writes.extend(ports.orders.save(&shipped, Raced::State)?);
        writes.extend(ports.fulfilment.save(&changed, Some(&by.correlation), Raced::State)?);
        writes.extend(Fulfilment::watch(&ports.timers, &changed.shipment)?);
        writes.extend(own(ports, parcel, &changed.shipment, by)?);
        Ok(Decided {
            shipment: changed.shipment,
            more: None,
            writes,
        })
    }
}

/// What is known of the parcel, under the carrier that it turned out to be of.
async fn known(ports: &Ports, key: &ParcelKey) -> Result<Parcel, Error> {
    let mut parcel = ports.fulfilment.parcel(key).await?;
    for _ in 0..MOVES_MAX {
        let Some(carrier) = parcel.moved_to.clone() else { break };
        let number = parcel.key.number.clone();
        parcel = ports.fulfilment.parcel(&ParcelKey { carrier, number }).await?;
    }
    Ok(parcel)
}

/// The writes that give the parcel its owner. Where carriers told of it before, `tracking-update` is asked to look again.
fn own(ports: &Ports, mut parcel: Parcel, shipment: &Shipment, by: &By) -> Result<Vec<Part<Raced>>, Error> {
    let early = parcel.version > 0;
    parcel.owner = Some(Owner {
        shipment: shipment.id,
        order: shipment.order,
    });
    let told = v1::TrackingNoticed {
        carrier: parcel.key.carrier.to_string(),
        number: parcel.key.number.to_string(),
        notice: None,
    };
    let mut writes = vec![
        ports
            .fulfilment
            .save_parcel(parcel, ports.ambient.now(), Raced::State)?,
    ];
    if early {
        writes.push(
            ports
                .fulfilment
                .tell(&ShipmentEvent::Noticed(told), Some(&by.correlation))?,
        );
    }
    Ok(writes)
}

/// The writes by which the shipped units leave the stock that is held for the order, this place's first. What the
/// reservation does not hold any more left before.
async fn stock(
    ports: &Ports,
    order: &Order,
    shipment: &Shipment,
    units: &[LineQuantity],
) -> Result<Vec<Part<Raced>>, Error> {
    let Some(mut reservation) = ports.inventory.reservation(order.id()).await? else {
        return Ok(Vec::new());
    };
    reservation
        .takes
        .sort_by_key(|take| Some(take.location) != shipment.location);
    let leaving: Vec<_> = order
        .stock(units)
        .into_iter()
        .map(|(variant, quantity)| (variant, quantity.min(reservation.held(variant))))
        .filter(|(_, quantity)| *quantity > 0)
        .collect();
    if leaving.is_empty() {
        return Ok(Vec::new());
    }
    let settled = ports.inventory.settle(&reservation, &leaving, Settlement::Fulfil)?;
    let writes = settled.map_err(|error| Error::Inconsistent(error.to_string()))?;
    Ok(writes.into_iter().map(|part| part.map(|_| Raced::State)).collect())
}
