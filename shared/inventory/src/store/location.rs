//! Locations.

use dynamo::{Consistency, Cursor, Page, Part, Query, StoreError, to_item};
use kernel::LocationId;

use super::{Inventory, keys};
use crate::Location;

/// Why a location was not created.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum LocationRefusal {
    /// Its id is taken.
    #[error("there is a location of this id")]
    Exists,
}

impl Inventory {
    /// The part that creates a location. Access pattern: `stock.location-create`.
    pub fn create_location(&self, location: &Location) -> Result<Part<LocationRefusal>, StoreError> {
        let item = to_item(&keys::location(location.id), location)?;
        Ok(Part::insert(&self.table, item).refused(LocationRefusal::Exists))
    }

    /// A location. Access pattern: `stock.location`.
    pub async fn location(&self, id: LocationId) -> Result<Option<Location>, StoreError> {
        self.dynamo
            .get(&self.table, &keys::location(id), Consistency::Eventual)
            .await
    }

    /// Locations, oldest first. Access pattern: `stock.locations`.
    pub async fn locations(&self, limit: u16, after: Option<Cursor>) -> Result<Page<Location>, StoreError> {
        let query = Query::new(&self.table, "pk = :locations", limit)
            .text(":locations", keys::LOCATIONS)
            .after(after);
        self.dynamo.query(query).await?.records()
    }

    /// A cursor of the list of locations; `None` when it is not one.
    pub fn locations_cursor(text: &str) -> Option<Cursor> {
        Cursor::decode(text, "pk", keys::LOCATIONS).ok()
    }
}
