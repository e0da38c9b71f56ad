#![doc = include_str!("../README.md")]

mod actor;
mod ambient;
mod event;
mod id;
mod money;
mod text;
mod time;

pub use actor::Actor;
pub use ambient::{Ambient, Clock, Random};
pub use event::{Envelope, Event, OpenError};
pub use id::*;
pub use money::{Currency, MINOR_MAX, Money, MoneyError, UnknownCurrency};
pub use text::{Text, TextError};
pub use time::{Timestamp, TimestampError};
