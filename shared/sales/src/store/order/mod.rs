//! Orders as kept. Access patterns: `order.get`, `order.insert`, `order.save`, `order.list-by-state`,
//! `order.list-by-day`, `order.list-by-customer`, `order.history` of `docs/data-model/orders.md`.

mod item;
mod keys;
mod list;
mod release;
#[cfg(test)]
mod tests;

use std::collections::HashMap;

use dynamo::{Consistency, Cursor, Dynamo, Outbox, Page, Part, Query, StoreError, Timer, Timers};
use futures::future::try_join_all;
use kernel::OrderId;

use list::Position;
pub use list::{CursorRefused, Day, List, UnknownDay};
pub use release::{Lost, ReleaseError, Releasing};

use crate::order::{Change, Changed, Order, State};

/// The most orders of one page: what one batch read takes.
pub const ORDERS_PAGE_MAX: u16 = 100;
/// Days that one page of a list by state looks through, at most; a page may be empty and still have a next one.
const DAYS_PER_PAGE_MAX: u16 = 31;
/// How far back a list by state goes, in days, before it ends.
const DAYS_BACK_MAX: i64 = 730;
/// Kind of the timers that unpaid orders expire by.
pub const EXPIRY_TIMER: &str = "order-expiry";

/// Keeps orders. Cheap to clone.
#[derive(Debug, Clone)]
pub struct Orders {
    dynamo: Dynamo,
    table: String,
    outbox: Outbox,
    timers: Timers,
}

/// A page of orders with the cursor of the next.
#[derive(Debug, Clone, PartialEq)]
pub struct OrderPage {
    /// Newest first.
    pub orders: Vec<Order>,
    /// Where the next page begins; `None` at the end.
    pub next: Option<String>,
}

impl Orders {
    /// On the sales table, telling its events to the outbox and its due times to the timers.
    pub fn new(dynamo: Dynamo, table: &str, outbox: Outbox, timers: Timers) -> Self {
        Self {
            dynamo,
            table: table.to_owned(),
            outbox,
            timers,
        }
    }

    /// The order, as of the last commit. One strong read.
    pub async fn get(&self, id: OrderId) -> Result<Option<Order>, StoreError> {
        let found = self
            .dynamo
            .get_item(&self.table, &keys::order(id), Consistency::Strong)
            .await?;
        found.map(item::to_order).transpose()
    }

    /// The parts that keep a placed order: the order, its first history entry, its expiry timer, its events. They cannot
    /// be refused: order ids are new each time.
    ///
    /// # Errors
    ///
    /// `Corrupt` when something does not serialise.
    pub fn insert<R>(&self, placed: &Changed) -> Result<Vec<Part<R>>, StoreError> {
        let mut parts = vec![Part::insert(&self.table, item::of_order(&placed.order)?)];
        if let State::AwaitingPayment { due_at } = *placed.order.state() {
            let timer = Timer {
                kind: EXPIRY_TIMER,
                due_at,
                entity: placed.order.id().to_string(),
            };
            parts.push(self.timers.set(&timer)?);
        }
        parts.push(Part::insert(&self.table, item::of_change(&placed.change)?));
        parts.extend(self.told(placed)?);
        Ok(parts)
    }

    /// The parts that keep a changed order: the order at its new version, one history entry, its events. Refused with
    /// `refused` when somebody else changed the order meanwhile: load it and decide again.
    ///
    /// # Errors
    ///
    /// `Corrupt` when something does not serialise.
    pub fn save<R: Clone>(&self, changed: &Changed, refused: R) -> Result<Vec<Part<R>>, StoreError> {
        let expected = changed.order.version().saturating_sub(1);
        let order = Part::replace(&self.table, item::of_order(&changed.order)?, expected).refused(refused.clone());
        let history = Part::insert(&self.table, item::of_change(&changed.change)?).refused(refused);
        let mut parts = vec![order, history];
        parts.extend(self.told(changed)?);
        Ok(parts)
    }

    fn told<R>(&self, changed: &Changed) -> Result<Vec<Part<R>>, StoreError> {
        let mut parts = Vec::with_capacity(changed.events.len());
        let envelopes = changed.envelopes(self.dynamo.ambient()).map_err(|error| {
            let key = keys::order(changed.order.id());
            StoreError::Corrupt {
                pk: key.pk,
                sk: key.sk,
                attribute: error.to_string(),
            }
        })?;
        for envelope in &envelopes {
            parts.push(self.outbox.append(envelope)?);
        }
        Ok(parts)
    }

    /// A page of the change history, oldest first.
    ///
    /// # Errors
    ///
    /// When the store fails.
    pub async fn history(&self, id: OrderId, limit: u16, after: Option<Cursor>) -> Result<Page<Change>, StoreError> {
        let query = Query::new(&self.table, "pk = :pk AND begins_with(sk, :history)", limit)
            .text(":pk", id.to_string())
            .text(":history", keys::HISTORY)
            .after(after);
        let page = self.dynamo.query(query).await?;
        let items = page.items.into_iter().map(item::to_change).collect::<Result<_, _>>()?;
        Ok(Page { items, next: page.next })
    }

    /// A page of a list, newest first; at most `limit` orders, and at most [`ORDERS_PAGE_MAX`]. Lists lag a little behind;
    /// an order that has left the list meanwhile is left out.
    ///
    /// # Errors
    ///
    /// When the store fails.
    pub async fn list(
        &self,
        list: &List,
        limit: u16,
        cursor: Option<&str>,
    ) -> Result<Result<OrderPage, CursorRefused>, StoreError> {
        let now = self.dynamo.ambient().now();
        let limit = limit.clamp(1, ORDERS_PAGE_MAX);
        let mut position = match cursor.map(|cursor| list.position(cursor)) {
            None => list.start(now),
            Some(Ok(position)) => position,
            Some(Err(refused)) => return Ok(Err(refused)),
        };
        let oldest = Day::of(now.plus_seconds(-DAYS_BACK_MAX * 86_400));
        let mut found: Vec<(String, OrderId)> = Vec::new();
        let mut next = None;
        for _ in 0..DAYS_PER_PAGE_MAX {
            let left = limit.saturating_sub(u16::try_from(found.len()).unwrap_or(limit));
            let (rows, more) = self.rows(list, &position, left).await?;
            found.extend(rows);
            let behind = found.last().map(|(listed_at, _)| listed_at.clone());
            if more {
                next = Some(Position {
                    day: position.day,
                    after: behind,
                });
                break;
            }
            next = None;
            if !list.goes_back() || position.day <= oldest {
                break;
            }
            position = Position {
                day: position.day.before(),
                after: None,
            };
            next = Some(position.clone());
            if found.len() >= usize::from(limit) {
                break;
            }
        }
        let orders = self.load(list, &found).await?;
        Ok(Ok(OrderPage {
            orders,
            next: next.map(|position| list.cursor(&position)),
        }))
    }

    /// The next rows of one day over all its shards, merged, and whether the day has more.
    async fn rows(
        &self,
        list: &List,
        position: &Position,
        limit: u16,
    ) -> Result<(Vec<(String, OrderId)>, bool), StoreError> {
        let (index, attribute, partitions) = list.partitions(position.day);
        let queries = partitions.iter().map(|partition| {
            let after = position.after.as_deref();
            let query = list::query(&self.table, (index, attribute), partition, after, limit);
            self.dynamo.query(query)
        });
        let mut rows = Vec::new();
        let mut more = false;
        for page in try_join_all(queries).await? {
            more |= page.next.is_some();
            for row in &page.items {
                rows.push(list::listed_at(row)?);
            }
        }
        rows.sort_by(|left, right| right.cmp(left));
        more |= rows.len() > usize::from(limit);
        rows.truncate(usize::from(limit));
        Ok((rows, more))
    }

    /// The orders of the rows, in their order.
    async fn load(&self, list: &List, rows: &[(String, OrderId)]) -> Result<Vec<Order>, StoreError> {
        let keys: Vec<_> = rows.iter().map(|(_, id)| keys::order(*id)).collect();
        let items = self
            .dynamo
            .batch_get_items(&self.table, &keys, Consistency::Eventual)
            .await?;
        let mut found = HashMap::with_capacity(items.len());
        for item in items {
            let order = item::to_order(item)?;
            found.insert(order.id(), order);
        }
        let orders = rows.iter().filter_map(|(_, id)| found.remove(id));
        Ok(orders.filter(|order| list.holds(order)).collect())
    }
}

impl List {
    /// Whether an order belongs to the list now.
    fn holds(&self, order: &Order) -> bool {
        match self {
            Self::State { state, .. } => order.state().name() == *state,
            Self::Day(day) => Day::of(order.placed_at()) == *day,
            Self::Customer(customer) => order.customer() == Some(*customer),
        }
    }
}
