//! Idempotency records: the answer of a request, kept with the effect, in the effect's own transaction.
//!
//! There is no "in progress" record to clean up: two equal requests at once both decide, one commits, and the other is
//! refused by the record and answers with what the first one kept.

use aws_sdk_dynamodb::types::AttributeValue;
use serde::{Deserialize, Serialize};

use crate::{Consistency, Dynamo, Item, Key, Part, Record, StoreError, from_item, key, to_item};

/// How long an answer is kept: 48 hours, in seconds.
pub const KEPT_S: i64 = 48 * 3_600;
/// The longest key that a caller may give, in bytes.
pub const KEY_BYTES_MAX: usize = 255;

/// Keeps answers by caller and key. Access patterns: `idempotency.begin`, `idempotency.record`.
#[derive(Debug, Clone)]
pub struct Idempotency {
    dynamo: Dynamo,
    table: String,
}

/// What is known of a key.
#[derive(Debug)]
pub enum Begin {
    /// Nothing yet: decide, and commit [`Claim::record`] with the effect.
    Fresh(Claim),
    /// Done before: answer this, byte for byte.
    Replay(Saved),
    /// The key was used with another request.
    Mismatch,
}

/// A kept answer.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Saved {
    /// HTTP status.
    pub status: u16,
    /// Body, as sent.
    pub body: String,
}

/// The right to be the one who answers for this key.
#[derive(Debug, Clone)]
pub struct Claim {
    table: String,
    key: Key,
    fingerprint: String,
    now_s: i64,
}

/// Why there is no telling.
#[derive(Debug, thiserror::Error)]
pub enum IdempotencyError {
    /// The key is empty or too long.
    #[error("an idempotency key has 1 to {KEY_BYTES_MAX} bytes of visible ASCII")]
    Key,
    /// The store failed: fail closed.
    #[error(transparent)]
    Store(#[from] StoreError),
}

#[derive(Serialize, Deserialize)]
struct Kept {
    fingerprint: String,
    status: u16,
    body: String,
    expires_at: i64,
}

impl Record for Kept {
    const ENTITY: &'static str = "idempotency";
    const SHAPE: u16 = 1;
}

/// SHA-256 of the raw body, in hex: what tells whether a key comes with the same request.
pub fn fingerprint(body: &[u8]) -> String {
    hex::encode(ring::digest::digest(&ring::digest::SHA256, body))
}

impl Idempotency {
    /// On the table that keeps the answers.
    pub fn new(dynamo: Dynamo, table: &str) -> Self {
        Self {
            dynamo,
            table: table.to_owned(),
        }
    }

    /// Looks a key up. `scope` is caller and operation, so that one caller cannot read another's answers.
    ///
    /// # Errors
    ///
    /// See [`IdempotencyError`].
    pub async fn begin(&self, scope: &str, caller_key: &str, fingerprint: &str) -> Result<Begin, IdempotencyError> {
        let plain = caller_key.bytes().all(|byte| byte.is_ascii_graphic());
        if caller_key.is_empty() || caller_key.len() > KEY_BYTES_MAX || !plain {
            return Err(IdempotencyError::Key);
        }
        // Hashed, so that neither part can hold the separator or grow the key.
        let pk = format!(
            "{}#{}",
            self::fingerprint(scope.as_bytes()),
            self::fingerprint(caller_key.as_bytes())
        );
        let key = key(pk, "answer");
        let now_s = self.dynamo.ambient().now().seconds();
        let found = self.dynamo.get_item(&self.table, &key, Consistency::Strong).await?;
        match found.map(from_item::<Kept>).transpose()? {
            // TTL deletes late: the reader compares.
            Some(kept) if kept.expires_at > now_s => Ok(Self::compare(kept, fingerprint)),
            _ => {
                let claim = Claim {
                    table: self.table.clone(),
                    key,
                    fingerprint: fingerprint.to_owned(),
                    now_s,
                };
                Ok(Begin::Fresh(claim))
            }
        }
    }

    fn compare(kept: Kept, fingerprint: &str) -> Begin {
        if kept.fingerprint != fingerprint {
            return Begin::Mismatch;
        }
        Begin::Replay(Saved {
            status: kept.status,
            body: kept.body,
        })
    }
}

impl Claim {
    /// The part that keeps the answer. Refused with `refused` when an equal request was quicker: call
    /// [`Idempotency::begin`] again and answer what it says.
    ///
    /// # Errors
    ///
    /// `Corrupt` when the answer does not serialise.
    pub fn record<R>(&self, saved: &Saved, refused: R) -> Result<Part<R>, StoreError> {
        let kept = Kept {
            fingerprint: self.fingerprint.clone(),
            status: saved.status,
            body: saved.body.clone(),
            expires_at: self.now_s.saturating_add(KEPT_S),
        };
        let item: Item = to_item(&self.key, &kept)?;
        let mut part = Part::put(&self.table, item)
            .when("attribute_not_exists(pk) OR expires_at <= :now")
            .refused(refused);
        part.values
            .insert(":now".to_owned(), AttributeValue::N(self.now_s.to_string()));
        Ok(part)
    }
}
