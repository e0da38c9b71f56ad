//! Booking movements.

use dynamo::{Consistency, Cursor, Page, Part, Query, StoreError, to_item};
use kernel::VariantId;

use super::{Inventory, keys};
use crate::{Card, Crossing, LOCATIONS_PER_VARIANT_MAX, Level, LevelChange, Movement, SpreadError, spread};

/// The most that one shard counts: far below where counts would stop fitting.
const BOOKED_MAX: u32 = 2_000_000_000;

/// Why a movement was not booked.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum BookRefusal {
    /// Stock or card changed since it was read: build the parts again.
    #[error("the stock changed meanwhile")]
    Raced,
    /// There is no such location.
    #[error("there is no such location")]
    UnknownLocation,
    /// A movement of this id was booked before.
    #[error("this movement was booked before")]
    AlreadyBooked,
    /// Less is free than would go.
    #[error("{free} free, {asked} to take away")]
    NotFree {
        /// How much is free at the location.
        free: i64,
        /// How much would go.
        asked: i64,
    },
    /// The variant lies at [`LOCATIONS_PER_VARIANT_MAX`] locations already.
    #[error("at most {LOCATIONS_PER_VARIANT_MAX} locations hold one variant")]
    TooManyLocations,
}

impl Inventory {
    /// The parts that book a movement, from stock as read now. Evens the location's shards out on the way. Inner error:
    /// what no retry changes; build the parts again when they are refused with `Raced`. Access pattern: `stock.book`.
    pub async fn book(&self, movement: &Movement) -> Result<Result<Vec<Part<BookRefusal>>, BookRefusal>, StoreError> {
        let (found, levels) = self.levels(movement.variant).await?;
        let before: u64 = levels.iter().map(|level| u64::from(level.free)).sum();
        let expected = found.as_ref().map_or(0, |card| card.version);
        let mut card = found.unwrap_or_else(|| Card::new(movement.variant));
        let here: Vec<Level> = levels
            .into_iter()
            .filter(|level| level.location == movement.location)
            .collect();
        let changes = match spread(&here, card.shards, movement.quantity) {
            Ok(changes) => changes,
            Err(SpreadError::NotFree { free, asked }) => return Ok(Err(BookRefusal::NotFree { free, asked })),
        };
        let new_place = !card.locations.contains(&movement.location);
        if new_place && card.locations.len() >= LOCATIONS_PER_VARIANT_MAX {
            return Ok(Err(BookRefusal::TooManyLocations));
        }
        let crossing = card.crossing(before, before.saturating_add_signed(movement.quantity));
        let mut parts = vec![self.movement_part(movement)?, self.place_part(movement)];
        for change in changes {
            parts.push(self.change(movement, change));
        }
        if new_place || crossing.is_some() {
            card.locations.extend(new_place.then_some(movement.location));
            card.low = crossing.map_or(card.low, |crossing| crossing.low);
            parts.push(self.save_card(&card, expected)?.map(|_| BookRefusal::Raced));
        }
        parts.extend(
            crossing
                .map(|told: Crossing| self.low_event(&told))
                .transpose()?
                .flatten(),
        );
        Ok(Ok(parts))
    }

    fn movement_part(&self, movement: &Movement) -> Result<Part<BookRefusal>, StoreError> {
        let item = to_item(&keys::movement(movement.variant, movement.id), movement)?;
        Ok(Part::insert(&self.table, item).refused(BookRefusal::AlreadyBooked))
    }

    fn place_part(&self, movement: &Movement) -> Part<BookRefusal> {
        let key = keys::location(movement.location);
        Part::check(&self.table, key, "attribute_exists(pk)").refused(BookRefusal::UnknownLocation)
    }

    /// Changes free and booked stock of one shard, which is made when it is not there.
    fn change(&self, movement: &Movement, change: LevelChange) -> Part<BookRefusal> {
        let part = Part::update(
            &self.table,
            keys::level(movement.variant, change.shard, movement.location),
            "SET #entity = :entity, #v = :v, #variant = :variant, #location = :location, #shard = :shard, \
             #reserved = if_not_exists(#reserved, :zero), #sold = if_not_exists(#sold, :zero), \
             #free = if_not_exists(#free, :zero) + :delta, #booked = if_not_exists(#booked, :zero) + :delta",
        )
        .name("#entity", "entity")
        .name("#v", "v")
        .name("#variant", "variant")
        .name("#location", "location")
        .name("#shard", "shard")
        .name("#reserved", "reserved")
        .name("#sold", "sold")
        .name("#free", "free")
        .name("#booked", "booked")
        .text(":entity", <Level as dynamo::Record>::ENTITY)
        .number(":v", <Level as dynamo::Record>::SHAPE)
        .text(":variant", movement.variant.to_string())
        .text(":location", movement.location.to_string())
        .number(":shard", change.shard)
        .number(":zero", 0)
        .number(":delta", change.delta)
        .refused(BookRefusal::Raced);
        if change.delta < 0 {
            return part
                .when("#free >= :needed")
                .number(":needed", change.delta.unsigned_abs());
        }
        part.when("attribute_not_exists(#booked) OR #booked < :most")
            .number(":most", BOOKED_MAX)
    }

    /// A variant's movements, newest first. Access pattern: `stock.movements`.
    pub async fn movements(
        &self,
        variant: VariantId,
        limit: u16,
        after: Option<Cursor>,
    ) -> Result<Page<Movement>, StoreError> {
        let query = Query::new(&self.table, "pk = :movements", limit).text(":movements", keys::movements(variant));
        self.dynamo.query(query.descending().after(after)).await?.records()
    }

    /// A movement. Strong. Access pattern: `stock.movement`.
    pub async fn movement(&self, variant: VariantId, id: kernel::MovementId) -> Result<Option<Movement>, StoreError> {
        self.dynamo
            .get(&self.table, &keys::movement(variant, id), Consistency::Strong)
            .await
    }

    /// A cursor of a variant's movements; `None` when it is not one.
    pub fn movements_cursor(variant: VariantId, text: &str) -> Option<Cursor> {
        Cursor::decode(text, "pk", &keys::movements(variant)).ok()
    }
}
