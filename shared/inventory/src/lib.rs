#![doc = include_str!("../README.md")]

mod allocation;
pub mod events;
mod level;
mod location;
mod movement;
mod reservation;
mod store;

pub use allocation::{Shortage, allocate};
pub use level::{Card, Crossing, LOCATIONS_PER_VARIANT_MAX, Level, LevelChange, SHARDS_MAX, THRESHOLD_MAX};
pub use location::{LOCATIONS_MAX, Location, LocationKind};
pub use movement::{MOVEMENT_QUANTITY_MAX, Movement, Reason, SpreadError, spread};
pub use reservation::{
    Hold, LINES_MAX, QUANTITY_MAX, Reservation, ReservationState, SettleError, Settlement, TAKES_MAX, Take,
};
pub use store::{BookRefusal, CardRefusal, Inventory, LocationRefusal, PlanError, StockRefusal};
