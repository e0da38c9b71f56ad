//! Notices as received. Access patterns: `notice.keep`, `notice.refuse`, `notice.get`.

use base64::{Engine, engine::general_purpose::STANDARD};
use dynamo::{CommitError, Consistency, Part, Record, StoreError, fingerprint, to_item};
use kernel::{Id, NoticeId, Timestamp};
use serde::{Deserialize, Serialize};

use super::{Fulfilment, keys};
use crate::{
    NOTICE_BYTES_MAX, ParcelKey, Provider,
    events::{ShipmentEvent, v1},
};

/// How long the bytes of a notice are kept for disputes: 90 days, in seconds.
const KEPT_S: i64 = 90 * 86_400;
/// How long a refused notice is kept: 30 days, in seconds.
const REFUSED_KEPT_S: i64 = 30 * 86_400;
/// How much of a refused body is kept, in bytes.
const REFUSED_BYTES_MAX: usize = 4_096;

/// Why a notice was refused.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum RefusalReason {
    /// Its signature is missing or wrong.
    Forged,
    /// It is not of the provider's shape.
    Malformed,
    /// It is larger than [`NOTICE_BYTES_MAX`]; nothing was computed over it.
    Oversized,
}

impl RefusalReason {
    /// As kept and counted.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Forged => "forged",
            Self::Malformed => "malformed",
            Self::Oversized => "oversized",
        }
    }
}

/// Whether a notice was new.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Kept {
    /// It is kept, and told of.
    New,
    /// The same bytes were kept before.
    Before,
}

/// A notice, as it was received.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct KeptNotice {
    /// Who sent it.
    pub provider: Provider,
    /// Its bytes.
    pub body: Vec<u8>,
    /// When.
    pub received_at: Timestamp,
}

#[derive(Serialize, Deserialize)]
struct NoticeItem {
    provider: Provider,
    body: String,
    received_at: Timestamp,
    expires_at: i64,
}

impl Record for NoticeItem {
    const ENTITY: &'static str = "notice";
    const SHAPE: u16 = 1;
}

#[derive(Serialize, Deserialize)]
struct RefusedItem {
    provider: Provider,
    reason: RefusalReason,
    bytes: usize,
    head: String,
    received_at: Timestamp,
    expires_at: i64,
}

impl Record for RefusedItem {
    const ENTITY: &'static str = "refused-notice";
    const SHAPE: u16 = 1;
}

impl Fulfilment {
    /// Keeps a verified notice and tells `tracking.noticed` of it, once for the same bytes.
    ///
    /// # Errors
    ///
    /// When the store fails: the provider must send it again.
    pub async fn keep_notice(&self, provider: Provider, parcel: &ParcelKey, body: &[u8]) -> Result<Kept, StoreError> {
        let now = self.dynamo.ambient().now();
        let digest = fingerprint(body);
        let item = NoticeItem {
            provider,
            body: STANDARD.encode(body),
            received_at: now,
            expires_at: now.plus_seconds(KEPT_S).seconds(),
        };
        let event = v1::TrackingNoticed {
            carrier: parcel.carrier.to_string(),
            number: parcel.number.to_string(),
            notice: Some(v1::NoticeRef {
                provider: provider.to_string(),
                digest: digest.clone(),
            }),
        };
        let row = Part::insert(&self.table, to_item(&keys::notice(provider, &digest), &item)?).refused(());
        let told = self.tell(&ShipmentEvent::Noticed(event), None)?;
        match self.dynamo.commit(vec![row, told]).await {
            Ok(()) => Ok(Kept::New),
            Err(error) => CommitError::first(error).map(|()| Kept::Before),
        }
    }

    /// Keeps the head of a refused notice with its reason. The same bytes are kept once.
    ///
    /// # Errors
    ///
    /// When the store fails.
    pub async fn refuse_notice(
        &self,
        provider: Provider,
        reason: RefusalReason,
        body: &[u8],
    ) -> Result<(), StoreError> {
        let ambient = self.dynamo.ambient();
        let now = ambient.now();
        let id = if body.len() > NOTICE_BYTES_MAX {
            NoticeId::generate(ambient).to_string()
        } else {
            fingerprint(body)
        };
        let item = RefusedItem {
            provider,
            reason,
            bytes: body.len(),
            head: STANDARD.encode(body.get(..REFUSED_BYTES_MAX).unwrap_or(body)),
            received_at: now,
            expires_at: now.plus_seconds(REFUSED_KEPT_S).seconds(),
        };
        let part: Part<()> = Part::put(&self.table, to_item(&keys::refused(provider, &id), &item)?);
        self.dynamo.commit(vec![part]).await.or_else(CommitError::first)
    }

    /// A kept notice. One strong read.
    pub async fn notice(&self, provider: Provider, digest: &str) -> Result<Option<KeptNotice>, StoreError> {
        let key = keys::notice(provider, digest);
        let found: Option<NoticeItem> = self.dynamo.get(&self.table, &key, Consistency::Strong).await?;
        let Some(item) = found else { return Ok(None) };
        let body = STANDARD.decode(&item.body).map_err(|_| StoreError::Corrupt {
            pk: key.pk,
            sk: key.sk,
            attribute: "body".to_owned(),
        })?;
        Ok(Some(KeptNotice {
            provider: item.provider,
            body,
            received_at: item.received_at,
        }))
    }
}
