//! What is set per variant.

use dynamo::{Part, StoreError, to_item};

use super::{Inventory, keys};
use crate::{Card, Crossing};

/// Why a card was not changed.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum CardRefusal {
    /// It is not as it was read.
    #[error("the card changed meanwhile")]
    Stale,
}

impl Inventory {
    /// The part that writes a card whose version was `expected` (0: there was none). The card's own version is set to
    /// the next. Access pattern: `stock.card`.
    pub fn save_card(&self, card: &Card, expected: u64) -> Result<Part<CardRefusal>, StoreError> {
        let next = Card {
            version: expected + 1,
            ..card.clone()
        };
        let item = to_item(&keys::card(card.variant), &next)?;
        let part = if expected == 0 {
            Part::insert(&self.table, item)
        } else {
            Part::replace(&self.table, item, expected)
        };
        Ok(part.refused(CardRefusal::Stale))
    }

    /// The part by which the card remembers a crossing. Refused when somebody else changed the card: then the crossing
    /// may have been told already.
    pub(super) fn crossed(&self, crossing: &Crossing) -> Result<Part<CardRefusal>, StoreError> {
        let part = Part::update(
            &self.table,
            keys::card(crossing.variant),
            "SET #low = :low, #version = #version + :one",
        )
        .when("#version = :expected")
        .name("#low", "low")
        .name("#version", "version")
        .value(":low", &crossing.low)?
        .number(":one", 1)
        .number(":expected", crossing.card_version);
        Ok(part.refused(CardRefusal::Stale))
    }
}
