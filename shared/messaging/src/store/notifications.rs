//! Notifications as kept. Access patterns: `notification.begin`, `notification.finish`.

use dynamo::{CommitError, Dynamo, Part, Record, StoreError, from_item, to_item};
use kernel::{EventId, NotificationId, PersonId, Timestamp};
use privacy::Sealed;
use serde::{Deserialize, Serialize};

use super::keys;
use crate::notification::{Channel, Language, Letter};

/// How long a notification is kept, in seconds: 30 days. TTL removes it.
const KEPT_S: i64 = 30 * 86_400;

/// Keeps notifications. Cheap to clone.
#[derive(Debug, Clone)]
pub struct Notifications {
    dynamo: Dynamo,
    table: String,
}

/// A notification as kept: what for, how, and, where it is recorded rather than sent, what it would have said.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Recorded {
    /// Its id: the same for the same event, template and recipient.
    pub id: NotificationId,
    /// What it is about: an order's id, a variant's, a person's.
    pub about: String,
    /// The event.
    pub event_id: EventId,
    /// The template.
    pub template: String,
    /// In which language.
    pub language: Language,
    /// By which way.
    pub channel: Channel,
    /// The letter to a customer, sealed with their key at (`notification`, `id`, `letter`).
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub sealed: Option<(PersonId, Sealed)>,
    /// The letter to staff, which holds no customer's data.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub plain: Option<Letter>,
    /// When it was begun.
    pub begun_at: Timestamp,
    /// Whether the sender took it.
    pub sent: bool,
}

#[derive(Serialize, Deserialize)]
struct NotificationItem {
    notification: Recorded,
    sent: bool,
    expires_at: i64,
}

impl Record for NotificationItem {
    const ENTITY: &'static str = "notification";
    const SHAPE: u16 = 1;
}

/// What is known of a notification when it is begun.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Begun {
    /// Nothing before: send it.
    Fresh,
    /// Begun and not known to be sent: send it again, with the same id.
    Again,
    /// Sent: leave it.
    Sent,
}

impl Notifications {
    /// On the messaging table.
    pub fn new(dynamo: Dynamo, table: &str) -> Self {
        Self {
            dynamo,
            table: table.to_owned(),
        }
    }

    /// Begins a notification, before it is sent.
    ///
    /// # Errors
    ///
    /// When the store fails.
    pub async fn begin(&self, notification: &Recorded) -> Result<Begun, StoreError> {
        let part = Part::insert(&self.table, item(notification)?).refused(());
        match self.dynamo.commit(vec![part]).await {
            Ok(()) => Ok(Begun::Fresh),
            Err(CommitError::Refused(refusals)) => {
                let found = refusals.into_iter().find_map(|refusal| refusal.item);
                let found = found.map(from_item::<NotificationItem>).transpose()?;
                Ok(if found.is_some_and(|found| found.sent) {
                    Begun::Sent
                } else {
                    Begun::Again
                })
            }
            Err(CommitError::Conflict) => Err(StoreError::Throttled),
            Err(CommitError::Store(error)) => Err(error),
        }
    }

    /// Notes that the sender took it. Noting it twice is harmless.
    ///
    /// # Errors
    ///
    /// When the store fails.
    pub async fn finish(&self, notification: Recorded) -> Result<(), StoreError> {
        let part: Part<()> = Part::put(
            &self.table,
            item(&Recorded {
                sent: true,
                ..notification
            })?,
        );
        self.dynamo.commit(vec![part]).await.or_else(CommitError::first)
    }
}

fn item(notification: &Recorded) -> Result<dynamo::Item, StoreError> {
    let kept = NotificationItem {
        sent: notification.sent,
        expires_at: notification.begun_at.plus_seconds(KEPT_S).seconds(),
        notification: notification.clone(),
    };
    to_item(&keys::notification(&notification.about, notification.id), &kept)
}
