#![doc = include_str!("../README.md")]

pub mod events;
pub mod notification;
mod store;
pub mod webhook;

pub use store::{
    Begun, DELIVERIES_LOOKED_AT_MAX, Lost, Notifications, REPLAY_MAX, RETRY_TIMER, Recorded, Replayed, Webhooks,
};
