//! The only place that names the inventory table, its attributes and its expressions.
//!
//! Access patterns: `docs/data-model/inventory.md`.

mod book;
mod card;
mod keys;
mod location;
mod read;
mod reserve;
#[cfg(test)]
mod tests;

pub use book::BookRefusal;
pub use card::CardRefusal;
pub use location::LocationRefusal;
pub use reserve::{PlanError, StockRefusal};

use dynamo::{Dynamo, Outbox, Record};

use crate::{Card, Level, Location, Movement, Reservation};

/// Stock, as kept. Cheap to clone.
#[derive(Debug, Clone)]
pub struct Inventory {
    dynamo: Dynamo,
    outbox: Outbox,
    table: String,
}

impl Inventory {
    /// On the inventory table; `outbox` takes `stock.low`.
    pub fn new(dynamo: Dynamo, outbox: Outbox, table: &str) -> Self {
        Self {
            dynamo,
            outbox,
            table: table.to_owned(),
        }
    }

    /// The store, to commit parts with.
    pub const fn dynamo(&self) -> &Dynamo {
        &self.dynamo
    }
}

impl Record for Level {
    const ENTITY: &'static str = "level";
    const SHAPE: u16 = 1;
}

impl Record for Card {
    const ENTITY: &'static str = "card";
    const SHAPE: u16 = 1;
}

impl Record for Reservation {
    const ENTITY: &'static str = "reservation";
    const SHAPE: u16 = 1;
}

impl Record for Movement {
    const ENTITY: &'static str = "movement";
    const SHAPE: u16 = 1;
}

impl Record for Location {
    const ENTITY: &'static str = "location";
    const SHAPE: u16 = 1;
}
