//! Notices as they were received, and those that were refused.

use dynamo::{CommitError, Consistency, Part, Record, StoreError, to_item};
use kernel::{Id, NoticeId, OrderId, Timestamp};
use serde::{Deserialize, Serialize};

use super::{Payments, Stale, keys};
use crate::{ObjectId, Provider, Reading, events::latest::PaymentNoticed, provider::Refusal};

/// How long a verified notice is kept for disputes, in seconds: 180 days.
const NOTICE_KEPT_S: i64 = 180 * 86_400;
/// How long a refused notice is kept, in seconds: 30 days.
const REFUSED_KEPT_S: i64 = 30 * 86_400;
/// How much of a refused body is kept, in bytes: 4 KiB.
pub const QUARANTINED_BYTES_MAX: usize = 4 * 1_024;

/// A verified notice. The body is kept as it was signed; the table is encrypted at rest.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Notice {
    /// Who sent it.
    pub provider: Provider,
    /// Its delivery id: the same over every redelivery.
    pub delivery: ObjectId,
    /// The provider's event type.
    pub kind: String,
    /// How we came to know.
    #[serde(default)]
    pub source: NoticeSource,
    /// The raw body, as signed; our own reading where we asked.
    pub body: String,
    /// What was inside, where the body is sealed.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub content: Option<String>,
    /// When it came first.
    pub received_at: Timestamp,
}

/// How we came to know of something.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum NoticeSource {
    /// The provider told us.
    #[default]
    Webhook,
    /// We asked what became of a payment.
    Query,
    /// We asked for a refund, or what became of one.
    Refund,
    /// The provider's statement says so.
    Statement,
    /// Our courier told us.
    Courier,
}

impl NoticeSource {
    /// The name in delivery ids and logs.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Webhook => "webhook",
            Self::Query => "query",
            Self::Refund => "refund",
            Self::Statement => "statement",
            Self::Courier => "courier",
        }
    }
}

impl Notice {
    /// What is parsed: the content of a sealed body, else the body.
    pub fn readable(&self) -> &str {
        self.content.as_deref().unwrap_or(&self.body)
    }

    /// Of something that we found out ourselves. Its delivery id is a digest of the reading: the same finding twice is one
    /// notice.
    ///
    /// # Errors
    ///
    /// When the reading does not serialise.
    pub fn of_reading(
        source: NoticeSource,
        provider: Provider,
        reading: &Reading,
        received_at: Timestamp,
    ) -> Result<Self, StoreError> {
        let garbled = |what: String| StoreError::Rejected(what);
        let body = serde_json::to_string(reading).map_err(|error| garbled(error.to_string()))?;
        let digest = hex::encode(ring::digest::digest(&ring::digest::SHA256, body.as_bytes()));
        let id = format!("{}-{digest}", source.as_str());
        Ok(Self {
            provider,
            delivery: id.parse().map_err(|_| garbled("delivery id".to_owned()))?,
            kind: source.as_str().to_owned(),
            source,
            body,
            content: None,
            received_at,
        })
    }
}

#[derive(Serialize, Deserialize)]
struct NoticeItem {
    notice: Notice,
    expires_at: i64,
}

impl Record for NoticeItem {
    const ENTITY: &'static str = "payment-notice";
    const SHAPE: u16 = 1;
}

/// Whether a notice was new.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Kept {
    /// Kept now, and handed on.
    New,
    /// Kept before: nothing was written.
    Duplicate,
}

/// A notice that was not taken: what staff look at when a provider complains.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Refused {
    /// Whose endpoint it came to.
    pub provider: Provider,
    /// Why it was refused.
    pub reason: Refusal,
    /// The first [`QUARANTINED_BYTES_MAX`] bytes of the body, unreadable ones replaced.
    pub body: String,
    /// How many bytes came.
    pub bytes: u64,
    /// Where it came from.
    pub source: String,
    /// When.
    pub received_at: Timestamp,
}

#[derive(Serialize, Deserialize)]
pub(super) struct RefusedItem {
    pub(super) refused: Refused,
    expires_at: i64,
}

impl Record for RefusedItem {
    const ENTITY: &'static str = "payment-notice-refused";
    const SHAPE: u16 = 1;
}

impl Refused {
    /// Of a body, of which no more than the limit is kept.
    pub fn new(provider: Provider, reason: Refusal, body: &[u8], source: String, received_at: Timestamp) -> Self {
        let kept = body.get(..QUARANTINED_BYTES_MAX).unwrap_or(body);
        let bytes = u64::try_from(body.len()).unwrap_or(u64::MAX);
        Self {
            provider,
            reason,
            body: String::from_utf8_lossy(kept).into_owned(),
            bytes,
            source,
            received_at,
        }
    }
}

impl Payments {
    /// Keeps a notice once, with `payment.noticed`, in one transaction. Access pattern `payments.notice.keep`.
    pub async fn keep_notice(&self, notice: &Notice, order: Option<OrderId>) -> Result<Kept, StoreError> {
        let parts: Vec<Part<Stale>> = self.notice_parts(notice, order)?;
        match self.dynamo.commit(parts).await {
            Ok(()) => Ok(Kept::New),
            Err(CommitError::Refused(_)) => Ok(Kept::Duplicate),
            Err(error) => error.first().map(|Stale| Kept::Duplicate),
        }
    }

    /// Keeps what we found out ourselves, once, with `payment.noticed`, in one transaction. A reading without facts is not
    /// worth keeping. Access pattern `payments.notice.keep`.
    ///
    /// # Errors
    ///
    /// When it cannot be stored.
    pub async fn keep_reading(
        &self,
        source: NoticeSource,
        provider: Provider,
        reading: &Reading,
    ) -> Result<Kept, StoreError> {
        if reading.facts.is_empty() {
            return Ok(Kept::Duplicate);
        }
        let now = self.dynamo.ambient().now();
        let notice = Notice::of_reading(source, provider, reading, now)?;
        self.keep_notice(&notice, reading.reference.order).await
    }

    /// The parts that keep a notice with `payment.noticed`, for a transaction that has more to do. Refused when it is kept.
    ///
    /// # Errors
    ///
    /// When it does not serialise.
    pub fn notice_parts(&self, notice: &Notice, order: Option<OrderId>) -> Result<Vec<Part<Stale>>, StoreError> {
        let item = NoticeItem {
            notice: notice.clone(),
            expires_at: notice.received_at.plus_seconds(NOTICE_KEPT_S).seconds(),
        };
        let noticed = PaymentNoticed {
            provider: notice.provider,
            delivery: notice.delivery.clone(),
            order,
        };
        let key = keys::notice(notice.provider, &notice.delivery);
        Ok(vec![
            Part::insert(&self.table, to_item(&key, &item)?).refused(Stale),
            self.event(&noticed, Some(notice.delivery.as_str()))?,
        ])
    }

    /// A kept notice. Access pattern `payments.notice.get`.
    pub async fn notice(&self, provider: Provider, delivery: &ObjectId) -> Result<Option<Notice>, StoreError> {
        let key = keys::notice(provider, delivery);
        let found: Option<NoticeItem> = self.dynamo.get(&self.table, &key, Consistency::Strong).await?;
        Ok(found.map(|item| item.notice))
    }

    /// Keeps a refused notice. Access pattern `payments.notice.refuse`.
    pub async fn keep_refused(&self, refused: Refused) -> Result<(), StoreError> {
        let id = NoticeId::generate(self.dynamo.ambient());
        let key = keys::refused(refused.provider, refused.received_at, id);
        let expires_at = refused.received_at.plus_seconds(REFUSED_KEPT_S).seconds();
        let item = to_item(&key, &RefusedItem { refused, expires_at })?;
        self.dynamo
            .commit::<()>(vec![Part::insert(&self.table, item)])
            .await
            .or_else(CommitError::first)
    }
}
