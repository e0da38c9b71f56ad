//! Lists of orders, newest first: by state, by day, by customer.
//!
//! A list by state or day is spread over shards; a page reads each shard from behind the same position and merges. A
//! list by state goes back day by day. So a cursor is only the position of the last order that was given out.

use dynamo::{Query, StoreError};
use kernel::{CustomerId, OrderId, Timestamp};

use super::keys;
use crate::order::StateName;

/// Which orders.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum List {
    /// In a state, placed on this UTC day or before, as far back as pages reach.
    State {
        /// The state.
        state: StateName,
        /// The newest day, `2026-04-08`.
        day: Day,
    },
    /// Placed on a UTC day.
    Day(Day),
    /// Bought by a customer.
    Customer(CustomerId),
}

/// A UTC day.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub struct Day(Timestamp);

/// A text that is no day.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("not a day such as 2026-04-08")]
pub struct UnknownDay;

impl std::str::FromStr for Day {
    type Err = UnknownDay;
    fn from_str(text: &str) -> Result<Self, UnknownDay> {
        let start: Timestamp = format!("{text}T00:00:00Z").parse().map_err(|_| UnknownDay)?;
        (start.day() == text).then_some(Self(start)).ok_or(UnknownDay)
    }
}

impl std::fmt::Display for Day {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(&self.0.day())
    }
}

impl Day {
    /// The day of a time.
    pub fn of(time: Timestamp) -> Self {
        Self(Timestamp::from_seconds(
            time.seconds().div_euclid(86_400).saturating_mul(86_400),
        ))
    }

    /// The day before.
    #[must_use]
    pub const fn before(self) -> Self {
        Self(self.0.plus_seconds(-86_400))
    }
}

/// A cursor that this list did not give out.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("not a cursor that this list gave out")]
pub struct CursorRefused;

/// The longest cursor that is read, in characters.
const CURSOR_CHARS_MAX: usize = 256;

/// Where a page begins: the day it is in, and the last order before it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Position {
    pub(super) day: Day,
    pub(super) after: Option<String>,
}

impl List {
    /// Names the list in its cursors: one list's cursor is refused by every other.
    fn label(&self) -> String {
        match self {
            Self::State { state, .. } => format!("state-{state}"),
            Self::Day(day) => format!("day-{day}"),
            Self::Customer(customer) => format!("customer-{customer}"),
        }
    }

    pub(super) fn start(&self, now: Timestamp) -> Position {
        let day = match self {
            Self::State { day, .. } | Self::Day(day) => *day,
            Self::Customer(_) => Day::of(now),
        };
        Position { day, after: None }
    }

    /// The cursor of a position.
    pub(super) fn cursor(&self, position: &Position) -> String {
        let after = position.after.as_deref().unwrap_or_default();
        hex::encode(format!("{}|{}|{after}", self.label(), position.day))
    }

    /// The position of a cursor that this list gave out.
    pub(super) fn position(&self, cursor: &str) -> Result<Position, CursorRefused> {
        if cursor.len() > CURSOR_CHARS_MAX * 2 {
            return Err(CursorRefused);
        }
        let text = hex::decode(cursor)
            .ok()
            .and_then(|bytes| String::from_utf8(bytes).ok())
            .ok_or(CursorRefused)?;
        let mut parts = text.splitn(3, '|');
        let (label, day, after) = (parts.next(), parts.next(), parts.next());
        if label != Some(self.label().as_str()) {
            return Err(CursorRefused);
        }
        let day = day.and_then(|day| day.parse().ok()).ok_or(CursorRefused)?;
        let after = after.ok_or(CursorRefused)?;
        let known = after.is_empty() || parse_listed_at(after).is_some();
        known
            .then(|| Position {
                day,
                after: (!after.is_empty()).then(|| after.to_owned()),
            })
            .ok_or(CursorRefused)
    }

    /// The index and the partitions of one day of the list.
    pub(super) fn partitions(&self, day: Day) -> (&'static str, &'static str, Vec<String>) {
        let day = day.to_string();
        let shards = 0..keys::LIST_SHARDS;
        match self {
            Self::State { state, .. } => (
                "by-state",
                "state_list",
                shards.map(|shard| keys::state_list(*state, &day, shard)).collect(),
            ),
            Self::Day(_) => (
                "by-day",
                "day_list",
                shards.map(|shard| keys::day_list(&day, shard)).collect(),
            ),
            Self::Customer(customer) => ("by-customer", "customer_list", vec![keys::customer_list(*customer)]),
        }
    }

    /// Whether the list goes on with the day before.
    pub(super) const fn goes_back(&self) -> bool {
        match self {
            Self::State { .. } => true,
            Self::Day(_) | Self::Customer(_) => false,
        }
    }
}

/// The query of one partition from behind a position, newest first.
pub(super) fn query(
    table: &str,
    (index, attribute): (&str, &str),
    partition: &str,
    after: Option<&str>,
    limit: u16,
) -> Query {
    // `~` sorts behind every digit, so without a position everything is before it.
    Query::new(table, "#list = :list AND listed_at < :after", limit)
        .index(index)
        .name("#list", attribute)
        .text(":list", partition)
        .text(":after", after.unwrap_or("~"))
        .descending()
}

/// Where an index row stands in its list.
pub(super) fn listed_at(item: &dynamo::Item) -> Result<(String, OrderId), StoreError> {
    let text = item
        .get("listed_at")
        .and_then(|value| value.as_s().ok())
        .cloned()
        .unwrap_or_default();
    let id = parse_listed_at(&text);
    let corrupt = StoreError::Corrupt {
        pk: text.clone(),
        sk: "order".to_owned(),
        attribute: "listed_at".to_owned(),
    };
    id.map(|id| (text, id)).ok_or(corrupt)
}

fn parse_listed_at(text: &str) -> Option<OrderId> {
    let (time, id) = text.split_once('#')?;
    time.parse::<Timestamp>().ok()?;
    keys::order_of(id)
}
