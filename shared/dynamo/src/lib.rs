#![doc = include_str!("../README.md")]

mod client;
mod commit;
mod error;
mod idempotency;
mod item;
mod outbox;
mod page;
mod part;
mod query;
mod timers;

pub use aws_sdk_dynamodb::types::AttributeValue;
pub use client::{BATCH_GET_MAX, Dynamo};
pub use commit::{CommitError, Refusal};
pub use error::StoreError;
pub use idempotency::{Begin, Claim, Idempotency, IdempotencyError, KEPT_S, KEY_BYTES_MAX, Saved, fingerprint};
pub use item::{Item, Key, Record, from_item, key, to_item};
pub use outbox::{Outbox, OutboxRow};
pub use page::{Cursor, CursorError, Page};
pub use part::{PARTS_MAX, Part};
pub use query::{Consistency, Query};
pub use timers::{Due, SWEEP_MINUTES_MAX, Swept, TIMER_SHARDS, Timer, Timers};
