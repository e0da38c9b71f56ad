//! Reserving, giving back, shipping.

use dynamo::{CommitError, Consistency, Part, StoreError, to_item};
use kernel::{Envelope, OrderId, VariantId};

use super::{CardRefusal, Inventory, keys};
use crate::{
    Card, Crossing, Hold, LINES_MAX, Level, QUANTITY_MAX, Reservation, ReservationState, SettleError, Settlement,
    Shortage, TAKES_MAX, Take, allocate, events::latest::StockLow,
};

/// Why a stock part was refused.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum StockRefusal {
    /// Another buyer was quicker at this shard: plan again.
    #[error("{variant} was taken meanwhile")]
    Short {
        /// Of what.
        variant: VariantId,
    },
    /// Another buyer told of the same crossing, or staff changed the threshold: plan again.
    #[error("the card of {variant} changed meanwhile")]
    CardChanged {
        /// Whose.
        variant: VariantId,
    },
    /// The order holds stock, or its stock has left. Planning again does not help.
    #[error("the order has its stock already")]
    AlreadyReserved,
    /// The reservation is not as it was read: it was settled, or given back and made anew. Read it again.
    #[error("the reservation was settled meanwhile")]
    Settled,
}

impl StockRefusal {
    /// Whether a new plan may succeed.
    pub const fn replan(self) -> bool {
        match self {
            Self::Short { .. } | Self::CardChanged { .. } => true,
            Self::AlreadyReserved | Self::Settled => false,
        }
    }
}

/// Why there is no plan.
#[derive(Debug, thiserror::Error)]
pub enum PlanError {
    /// Not enough of these.
    #[error("not enough stock for {} variants", .0.len())]
    Short(Vec<Shortage>),
    /// More than [`LINES_MAX`] variants, or more than [`QUANTITY_MAX`] of one.
    #[error("at most {LINES_MAX} variants and {QUANTITY_MAX} of each")]
    TooMuch,
    /// The stock lies in more than [`TAKES_MAX`] places.
    #[error("the stock lies in more than {TAKES_MAX} places")]
    Scattered,
    /// The store failed.
    #[error(transparent)]
    Store(#[from] StoreError),
}

impl Inventory {
    /// Chooses where an order's stock comes from, by reading. Nothing is held until the parts of [`Self::reserve`] are
    /// committed, which another buyer may prevent. Quantities of one variant add up; zero asks for nothing. Writes only
    /// where too little is left and nobody has told so yet: `stock.low`.
    ///
    /// Access patterns: `stock.cards`, `stock.levels`.
    #[tracing::instrument(name = "stock.plan", skip_all, fields(order.id = %order))]
    pub async fn plan(&self, order: OrderId, wanted: &[(VariantId, u32)]) -> Result<Reservation, PlanError> {
        if wanted.len() > LINES_MAX || wanted.iter().any(|(_, quantity)| *quantity > QUANTITY_MAX) {
            return Err(PlanError::TooMuch);
        }
        let variants: Vec<VariantId> = wanted.iter().map(|(variant, _)| *variant).collect();
        let cards = self.cards(&variants, Consistency::Strong).await?;
        let levels = self.levels_of(&cards, Consistency::Strong).await?;
        let ambient = self.dynamo.ambient();
        let spin = u64::from_le_bytes(ambient.random_bytes());
        let takes = match allocate(&levels, wanted, spin) {
            Ok(takes) => takes,
            Err(short) => {
                self.tell_unseen(&cards, &levels).await;
                return Err(PlanError::Short(short));
            }
        };
        if takes.len() > TAKES_MAX {
            return Err(PlanError::Scattered);
        }
        let crossing = |card: &Card| {
            let before = free_of(card, &levels);
            let of_card = takes.iter().filter(|take| take.variant == card.variant);
            let leaving: u64 = of_card.map(|take| u64::from(take.quantity)).sum();
            card.crossing(before, before - leaving)
        };
        Ok(Reservation {
            order,
            hold: Hold::of(ambient.random_bytes()),
            state: ReservationState::Held,
            version: 1,
            crossings: cards.iter().filter_map(crossing).collect(),
            takes,
            created_at: ambient.now(),
        })
    }

    /// The parts that hold a plan's stock. Refused as a whole when any shard has less than planned, or when the order
    /// has a reservation that was not given back. Access pattern: `stock.reserve`.
    pub fn reserve(&self, plan: &Reservation) -> Result<Vec<Part<StockRefusal>>, StoreError> {
        let record = to_item(&keys::reservation(plan.order), plan)?;
        let record = Part::put(&self.table, record)
            .when("attribute_not_exists(pk) OR #state = :released")
            .name("#state", "state")
            .text(":released", "released")
            .refused(StockRefusal::AlreadyReserved);
        let mut parts = vec![record];
        for take in &plan.takes {
            parts.push(self.hold(take));
        }
        for crossing in &plan.crossings {
            parts.push(self.crossed(crossing)?.map(|_| StockRefusal::CardChanged {
                variant: crossing.variant,
            }));
            parts.extend(self.low_event(crossing)?);
        }
        Ok(parts)
    }

    fn hold(&self, take: &Take) -> Part<StockRefusal> {
        Part::update(
            &self.table,
            keys::level(take.variant, take.shard, take.location),
            "SET #free = #free - :quantity, #reserved = #reserved + :quantity",
        )
        .when("#free >= :quantity")
        .name("#free", "free")
        .name("#reserved", "reserved")
        .number(":quantity", take.quantity)
        .refused(StockRefusal::Short { variant: take.variant })
    }

    /// The parts that make all that is still held free again. None when nothing is held: giving back twice is harmless.
    /// Access pattern: `stock.settle`.
    pub fn release(&self, reservation: &Reservation) -> Result<Vec<Part<StockRefusal>>, StoreError> {
        self.settle_all(reservation, Settlement::Release)
    }

    /// The parts that say that all that is still held has left. None when nothing is held. Access pattern:
    /// `stock.settle`.
    pub fn fulfil(&self, reservation: &Reservation) -> Result<Vec<Part<StockRefusal>>, StoreError> {
        self.settle_all(reservation, Settlement::Fulfil)
    }

    fn settle_all(
        &self,
        reservation: &Reservation,
        settlement: Settlement,
    ) -> Result<Vec<Part<StockRefusal>>, StoreError> {
        let all = reservation.remaining();
        if all.is_empty() {
            return Ok(Vec::new());
        }
        // All of what is held can always be settled.
        self.settle(reservation, &all, settlement)?
            .map_err(|error| StoreError::Rejected(error.to_string()))
    }

    /// The parts that settle some of what is held: one parcel of several, or a line that was cancelled. Refused with
    /// `Settled` when the reservation is no longer as it was read.
    ///
    /// # Errors
    ///
    /// Outer: the record does not serialise. Inner: more than is held.
    pub fn settle(
        &self,
        reservation: &Reservation,
        quantities: &[(VariantId, u32)],
        settlement: Settlement,
    ) -> Result<Result<Vec<Part<StockRefusal>>, SettleError>, StoreError> {
        let (after, moved) = match reservation.clone().settle(quantities, settlement) {
            Ok(settled) => settled,
            Err(error) => return Ok(Err(error)),
        };
        let record = Part::replace(
            &self.table,
            to_item(&keys::reservation(after.order), &after)?,
            reservation.version,
        )
        .when("#version = :expected AND #hold = :hold")
        .name("#hold", "hold")
        .text(":hold", reservation.hold.as_str())
        .refused(StockRefusal::Settled);
        let levels = moved
            .iter()
            .map(|(take, quantity)| self.moved(take, *quantity, settlement));
        Ok(Ok(std::iter::once(record).chain(levels).collect()))
    }

    fn moved(&self, take: &Take, quantity: u32, settlement: Settlement) -> Part<StockRefusal> {
        let target = match settlement {
            Settlement::Release => "free",
            Settlement::Fulfil => "sold",
        };
        Part::update(
            &self.table,
            keys::level(take.variant, take.shard, take.location),
            "SET #target = #target + :quantity, #reserved = #reserved - :quantity",
        )
        .when("#reserved >= :quantity")
        .name("#target", target)
        .name("#reserved", "reserved")
        .number(":quantity", quantity)
        .refused(StockRefusal::Settled)
    }

    /// An order's reservation. Strong. Access pattern: `stock.reservation`.
    pub async fn reservation(&self, order: OrderId) -> Result<Option<Reservation>, StoreError> {
        self.dynamo
            .get(&self.table, &keys::reservation(order), Consistency::Strong)
            .await
    }

    /// Tells of a threshold that buyers at once crossed together, so that none of them saw it: whoever finds too little
    /// left tells it. Best effort: what fails here is told by the next one.
    async fn tell_unseen(&self, cards: &[Card], levels: &[Level]) {
        for card in cards {
            let free = free_of(card, levels);
            let Some(crossing) = card.crossing(free, free).filter(|crossing| crossing.low) else {
                continue;
            };
            if let Err(error) = self.tell(&crossing).await {
                tracing::warn!(variant.id = %card.variant, %error, "stock.low.untold");
            }
        }
    }

    async fn tell(&self, crossing: &Crossing) -> Result<(), StoreError> {
        let mut parts = vec![self.crossed(crossing)?];
        parts.extend(self.low_event(crossing)?);
        match self.dynamo.commit(parts).await.map_err(CommitError::first) {
            Ok(()) | Err(Ok(CardRefusal::Stale)) => Ok(()),
            Err(Err(error)) => Err(error),
        }
    }

    /// The outbox row of a downward crossing.
    pub(super) fn low_event<R>(&self, crossing: &Crossing) -> Result<Option<Part<R>>, StoreError> {
        if !crossing.low {
            return Ok(None);
        }
        let event = StockLow {
            variant_id: crossing.variant,
            free: crossing.free,
            threshold: crossing.threshold,
        };
        let envelope = Envelope::of(&event, self.dynamo.ambient(), None)
            .map_err(|error| StoreError::Rejected(format!("event does not serialise: {error}")))?;
        self.outbox.append(&envelope).map(Some)
    }
}

fn free_of(card: &Card, levels: &[Level]) -> u64 {
    let counted = levels.iter().filter(|level| level.variant == card.variant);
    counted.map(|level| u64::from(level.free)).sum()
}
