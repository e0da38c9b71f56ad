//! What tests share: embedded DynamoDB with the templates' tables, a virtual clock, seeded chance.
//!
//! `World::new(&["sales"])` gives the tables of `infra/core.yaml` and `infra/sales.yaml` on a DynamoDB of its own, in
//! memory. With `TRADEPOST_DYNAMODB_LOCAL=http://127.0.0.1:8000` the same tables are made there instead, under names
//! of their own, so that the store suites get a second opinion from AWS's DynamoDB Local. Start that one without
//! `-sharedDb`: `java -jar DynamoDBLocal.jar -inMemory -disableTelemetry -port 8000`.
#![expect(
    clippy::expect_used,
    clippy::indexing_slicing,
    clippy::missing_panics_doc,
    reason = "a test kit fails by panicking"
)]

mod simulated;
mod tables;
mod world;

pub use simulated::{SeededChance, VirtualClock};
pub use world::{World, scan};
