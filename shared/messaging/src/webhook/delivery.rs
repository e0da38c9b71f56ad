//! The delivery of one event of an order to the platform that placed it.

use std::{fmt, str::FromStr};

use kernel::{DeliveryId, Envelope, Id, OrderId, Timestamp};
use serde::{Deserialize, Serialize};

use super::EndpointId;

/// The longest note on the last attempt, in characters.
pub const LAST_CHARS_MAX: usize = 120;

/// One event for one endpoint. Its id is the event's UUID, so that it is the same over every redelivery.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Delivery {
    /// Its id; `Webhook-Id` is the UUID in it.
    pub id: DeliveryId,
    /// The order.
    pub order_id: OrderId,
    /// The event's name, such as `order.paid`.
    pub event: String,
    /// The order's version that the event tells of.
    pub order_version: u64,
    /// When it became true: `Webhook-Timestamp`.
    pub occurred_at: Timestamp,
    /// Where it goes.
    pub endpoint: EndpointId,
    /// Where it stands.
    pub state: DeliveryState,
    /// Attempts so far; a replay starts again from 0.
    pub attempts: u32,
    /// Whether somebody asked for it: then it is sent although a newer event was delivered.
    pub forced: bool,
    /// What came of the last attempt: a status or a kind of failure.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub last: Option<String>,
    /// When it last changed.
    pub updated_at: Timestamp,
    /// Grows by one with each change kept, from 1; 0 is not kept yet.
    pub version: u64,
}

/// Where a delivery stands.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "kind", rename_all = "snake_case")]
pub enum DeliveryState {
    /// Waits for its next attempt.
    Waiting {
        /// When that is.
        due_at: Timestamp,
    },
    /// Its endpoint is stopped: it waits for somebody.
    Held,
    /// The endpoint took it.
    Delivered,
    /// The endpoint has a newer event already, with the order as it is now.
    Superseded,
}

/// No delivery is ever so.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("a delivery is waiting, held, delivered or superseded")]
pub struct UnknownState;

impl DeliveryState {
    /// The state's name, as lists are asked for.
    pub const fn name(self) -> &'static str {
        match self {
            Self::Waiting { .. } => "waiting",
            Self::Held => "held",
            Self::Delivered => "delivered",
            Self::Superseded => "superseded",
        }
    }

    /// Reads a name.
    ///
    /// # Errors
    ///
    /// When no state has it.
    pub fn parse_name(text: &str) -> Result<&'static str, UnknownState> {
        let names = ["waiting", "held", "delivered", "superseded"];
        names.into_iter().find(|name| *name == text).ok_or(UnknownState)
    }
}

impl Delivery {
    /// Of an event that was not tried yet.
    pub fn of(
        envelope: &Envelope,
        order_id: OrderId,
        order_version: u64,
        endpoint: EndpointId,
        now: Timestamp,
    ) -> Self {
        Self {
            id: DeliveryId::from_uuid(envelope.id.uuid()),
            order_id,
            event: envelope.name.clone(),
            order_version,
            occurred_at: envelope.occurred_at,
            endpoint,
            state: DeliveryState::Waiting { due_at: now },
            attempts: 0,
            forced: false,
            last: None,
            updated_at: now,
            version: 0,
        }
    }

    /// `Webhook-Id`: a UUID, the same over all attempts.
    pub fn webhook_id(&self) -> String {
        self.id.uuid().to_string()
    }

    /// Whether it need not be sent: a newer event was delivered, whose body was the whole order as it then was. The first
    /// event of an order is always sent, and so is what somebody asked for.
    pub fn superseded_by(&self, others: &[Self]) -> bool {
        let newer = |other: &Self| other.state == DeliveryState::Delivered && other.order_version > self.order_version;
        !self.forced && self.event != FIRST_EVENT && others.iter().any(newer)
    }

    /// Whether it waits and may be tried now.
    pub fn is_due(&self, now: Timestamp) -> bool {
        matches!(self.state, DeliveryState::Waiting { due_at } if due_at <= now)
    }

    /// In another state, one version on.
    #[must_use]
    pub fn become_state(mut self, state: DeliveryState, now: Timestamp) -> Self {
        self.state = state;
        self.updated_at = now;
        self.version = self.version.saturating_add(1);
        self
    }

    /// To be sent again as soon as may be, as if it was never tried, because somebody asked for it.
    #[must_use]
    pub fn replayed(mut self, now: Timestamp) -> Self {
        self.attempts = 0;
        self.forced = true;
        self.become_state(DeliveryState::Waiting { due_at: now }, now)
    }
}

/// The event that every platform must be told.
const FIRST_EVENT: &str = "order.placed";

/// Names a delivery where one text must do, such as in a timer: the order and the delivery.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Reference {
    pub(crate) order: OrderId,
    pub(crate) delivery: DeliveryId,
}

impl fmt::Display for Reference {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}.{}", self.order, self.delivery)
    }
}

impl FromStr for Reference {
    type Err = UnknownState;
    fn from_str(text: &str) -> Result<Self, UnknownState> {
        let (order, delivery) = text.split_once('.').ok_or(UnknownState)?;
        let order = order.parse().map_err(|_| UnknownState)?;
        let delivery = delivery.parse().map_err(|_| UnknownState)?;
        Ok(Self { order, delivery })
    }
}
