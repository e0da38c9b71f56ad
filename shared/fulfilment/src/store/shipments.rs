//! Shipments as kept. Access patterns: `shipment.get`, `shipment.of-order`, `shipment.insert`, `shipment.save`,
//! `shipment.list-by-state`, `shipment.list-by-place`.

use std::collections::HashMap;

use dynamo::{Consistency, Cursor, CursorError, Item, Page, Part, Query, Record, StoreError, from_item, to_item};
use kernel::{LocationId, OrderId, ShipmentId};
use serde::{Deserialize, Serialize};

use super::{Fulfilment, keys};
use crate::{Changed, ORDER_SHIPMENTS_MAX, Shipment, StateName};

/// Shipments in a state, at one place or at all of them, oldest first.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct List {
    /// In this state.
    pub state: StateName,
    /// At this place; `None` for all places.
    pub location: Option<LocationId>,
}

/// The shipment, with its version and its places in the lists beside it.
#[derive(Serialize, Deserialize)]
struct ShipmentItem {
    shipment: Shipment,
    version: u64,
    state_list: String,
    place_list: String,
    listed_at: String,
}

impl Record for ShipmentItem {
    const ENTITY: &'static str = "shipment";
    const SHAPE: u16 = 1;
}

#[derive(Serialize, Deserialize)]
struct OrderRow {
    shipment_id: ShipmentId,
}

impl Record for OrderRow {
    const ENTITY: &'static str = "order-shipment";
    const SHAPE: u16 = 1;
}

impl List {
    fn partition(&self) -> (&'static str, &'static str, String) {
        match self.location {
            None => ("by-state", "state_list", keys::state_list(self.state)),
            Some(location) => ("by-place", "place_list", keys::place_list(self.state, Some(location))),
        }
    }

    /// Reads a cursor of this list back.
    ///
    /// # Errors
    ///
    /// When it is of another list, or none.
    pub fn cursor(&self, text: &str) -> Result<Cursor, CursorError> {
        let (_, attribute, partition) = self.partition();
        Cursor::decode(text, attribute, &partition)
    }

    fn holds(&self, shipment: &Shipment) -> bool {
        shipment.state.name() == self.state && self.location.is_none_or(|location| shipment.location == Some(location))
    }
}

fn of_shipment(shipment: &Shipment) -> Result<Item, StoreError> {
    let state = shipment.state.name();
    let item = ShipmentItem {
        shipment: shipment.clone(),
        version: shipment.version,
        state_list: keys::state_list(state),
        place_list: keys::place_list(state, shipment.location),
        listed_at: keys::listed_at(shipment.created_at, shipment.id),
    };
    to_item(&keys::shipment(shipment.id), &item)
}

/// A shipment that breaks a rule is corrupt, neither repaired nor trusted.
fn to_shipment(item: Item) -> Result<Shipment, StoreError> {
    let found: ShipmentItem = from_item(item)?;
    let corrupt = |attribute: String| {
        let key = keys::shipment(found.shipment.id);
        StoreError::Corrupt {
            pk: key.pk,
            sk: key.sk,
            attribute,
        }
    };
    found.shipment.check().map_err(|error| corrupt(error.to_string()))?;
    if found.version != found.shipment.version {
        return Err(corrupt("version beside the shipment is another".to_owned()));
    }
    Ok(found.shipment)
}

impl Fulfilment {
    /// A shipment, as of the last commit. One strong read.
    pub async fn shipment(&self, id: ShipmentId) -> Result<Option<Shipment>, StoreError> {
        let found = self
            .dynamo
            .get_item(&self.table, &keys::shipment(id), Consistency::Strong)
            .await?;
        found.map(to_shipment).transpose()
    }

    /// The shipments of an order, oldest first, as of the last commit.
    pub async fn of_order(&self, order: OrderId) -> Result<Vec<Shipment>, StoreError> {
        let limit = u16::try_from(ORDER_SHIPMENTS_MAX).unwrap_or(u16::MAX);
        let query = Query::new(&self.table, "pk = :order AND begins_with(sk, :shipment)", limit)
            .text(":order", order.to_string())
            .text(":shipment", keys::OF_ORDER)
            .strong();
        let rows = self.dynamo.query(query).await?.records::<OrderRow>()?;
        let ids: Vec<ShipmentId> = rows.items.iter().map(|row| row.shipment_id).collect();
        self.load(&ids, Consistency::Strong).await
    }

    /// The parts that keep a new shipment and its events. Refused with `refused` when there is one of its id.
    ///
    /// # Errors
    ///
    /// `Corrupt` when something does not serialise.
    pub fn insert<R>(
        &self,
        created: &Changed,
        correlation: Option<&str>,
        refused: R,
    ) -> Result<Vec<Part<R>>, StoreError> {
        let shipment = &created.shipment;
        let row = OrderRow {
            shipment_id: shipment.id,
        };
        let mut parts = vec![
            Part::insert(&self.table, of_shipment(shipment)?).refused(refused),
            Part::put(
                &self.table,
                to_item(&keys::of_order(shipment.order, shipment.id), &row)?,
            ),
        ];
        parts.extend(self.told(created, correlation)?);
        Ok(parts)
    }

    /// The parts that keep a changed shipment and its events. Refused with `refused` when somebody else changed it
    /// meanwhile: load it and decide again.
    ///
    /// # Errors
    ///
    /// `Corrupt` when something does not serialise.
    pub fn save<R>(
        &self,
        changed: &Changed,
        correlation: Option<&str>,
        refused: R,
    ) -> Result<Vec<Part<R>>, StoreError> {
        let expected = changed.shipment.version.saturating_sub(1);
        let mut parts = vec![Part::replace(&self.table, of_shipment(&changed.shipment)?, expected).refused(refused)];
        parts.extend(self.told(changed, correlation)?);
        Ok(parts)
    }

    fn told<R>(&self, changed: &Changed, correlation: Option<&str>) -> Result<Vec<Part<R>>, StoreError> {
        changed
            .events
            .iter()
            .map(|event| self.tell(event, correlation))
            .collect()
    }

    /// A page of a list. Lists lag a little behind: a shipment that has left the list meanwhile is left out.
    pub async fn list(&self, list: &List, limit: u16, after: Option<Cursor>) -> Result<Page<Shipment>, StoreError> {
        let (index, attribute, partition) = list.partition();
        let query = Query::new(&self.table, "#list = :list", limit)
            .index(index)
            .name("#list", attribute)
            .text(":list", partition)
            .after(after);
        let page = self.dynamo.query(query).await?;
        let mut ids = Vec::with_capacity(page.items.len());
        for item in &page.items {
            ids.push(listed_id(item)?);
        }
        let mut shipments = self.load(&ids, Consistency::Eventual).await?;
        shipments.retain(|shipment| list.holds(shipment));
        Ok(Page {
            items: shipments,
            next: page.next,
        })
    }

    /// The shipments of ids, in their order; at most one batch.
    async fn load(&self, ids: &[ShipmentId], consistency: Consistency) -> Result<Vec<Shipment>, StoreError> {
        let wanted: Vec<_> = ids.iter().map(|id| keys::shipment(*id)).collect();
        let items = self.dynamo.batch_get_items(&self.table, &wanted, consistency).await?;
        let mut found = HashMap::with_capacity(items.len());
        for item in items {
            let shipment = to_shipment(item)?;
            found.insert(shipment.id, shipment);
        }
        Ok(ids.iter().filter_map(|id| found.remove(id)).collect())
    }
}

fn listed_id(item: &Item) -> Result<ShipmentId, StoreError> {
    let pk = item
        .get("pk")
        .and_then(|value| value.as_s().ok())
        .cloned()
        .unwrap_or_default();
    pk.parse().map_err(|_| StoreError::Corrupt {
        pk,
        sk: "shipment".to_owned(),
        attribute: "pk".to_owned(),
    })
}
