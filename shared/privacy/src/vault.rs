//! The table of wrapped data keys.

use std::sync::Arc;

use base64::{
    Engine,
    engine::general_purpose::{STANDARD, URL_SAFE_NO_PAD},
};
use dynamo::{CommitError, Consistency, Dynamo, Key, Part, Record, StoreError, key, to_item};
use kernel::{Id, PersonId, Timestamp};
use ring::hmac;
use serde::{Deserialize, Serialize};

use crate::{
    MasterKeys, PersonKey,
    keys::{KEY_BYTES, sealing_key},
    person::{open_bytes, seal_bytes},
};

/// Keeps persons' data keys. Access patterns: `person-key.create`, `person-key.open`, `person-key.erase`.
#[derive(Debug, Clone)]
pub struct Vault {
    dynamo: Dynamo,
    table: String,
    keys: Arc<MasterKeys>,
}

/// Why a data key could not be had.
#[derive(Debug, thiserror::Error)]
pub enum VaultError {
    /// The store failed.
    #[error(transparent)]
    Store(#[from] StoreError),
    /// The key is wrapped with a master key that is not configured, or does not unwrap.
    #[error("the data key of {0} does not unwrap")]
    Unwrap(PersonId),
}

#[derive(Serialize, Deserialize)]
struct Wrapped {
    key: String,
    master: String,
    created_at: Timestamp,
}

impl Record for Wrapped {
    const ENTITY: &'static str = "person-key";
    const SHAPE: u16 = 1;
}

fn item_key(id: PersonId) -> Key {
    key(id.to_string(), "key")
}

impl Vault {
    /// On the table of wrapped keys.
    pub fn new(dynamo: Dynamo, table: &str, keys: MasterKeys) -> Self {
        Self {
            dynamo,
            table: table.to_owned(),
            keys: Arc::new(keys),
        }
    }

    /// A new person with a new data key, and the part that keeps it: commit it with what was sealed. It cannot be
    /// refused: person ids are new each time.
    ///
    /// # Errors
    ///
    /// When the key cannot be wrapped.
    pub fn create<R>(&self) -> Result<(PersonKey, Part<R>), VaultError> {
        let ambient = self.dynamo.ambient();
        let id = PersonId::generate(ambient);
        let bytes: [u8; KEY_BYTES] = ambient.random_bytes();
        let failed = || VaultError::Unwrap(id);
        let data_key = sealing_key(&bytes).ok_or_else(failed)?;
        let master = self.keys.wrapping(self.keys.current()).ok_or_else(failed)?;
        let whole = seal_bytes(master, ambient.random_bytes(), id.to_string().as_bytes(), &bytes).ok_or_else(failed)?;
        let wrapped = Wrapped {
            key: STANDARD.encode(whole),
            master: self.keys.current().to_owned(),
            created_at: ambient.now(),
        };
        let part = Part::insert(&self.table, to_item(&item_key(id), &wrapped)?);
        Ok((PersonKey { id, key: data_key }, part))
    }

    /// The person's data key; `None` once the person was erased.
    ///
    /// # Errors
    ///
    /// See [`VaultError`].
    pub async fn open(&self, id: PersonId) -> Result<Option<PersonKey>, VaultError> {
        let found: Option<Wrapped> = self.dynamo.get(&self.table, &item_key(id), Consistency::Strong).await?;
        let Some(wrapped) = found else {
            return Ok(None);
        };
        let failed = || VaultError::Unwrap(id);
        let master = self.keys.wrapping(&wrapped.master).ok_or_else(failed)?;
        let whole = STANDARD.decode(&wrapped.key).map_err(|_| failed())?;
        let bytes = open_bytes(master, id.to_string().as_bytes(), &whole).ok_or_else(failed)?;
        let bytes: [u8; KEY_BYTES] = bytes.try_into().map_err(|_| failed())?;
        let key = sealing_key(&bytes).ok_or_else(failed)?;
        Ok(Some(PersonKey { id, key }))
    }

    /// Erases a person: nothing that was sealed for them opens again. Erasing twice is harmless.
    ///
    /// # Errors
    ///
    /// When the store fails.
    pub async fn erase(&self, id: PersonId) -> Result<(), VaultError> {
        let part: Part<()> = Part::delete(&self.table, item_key(id));
        self.dynamo.commit(vec![part]).await.or_else(CommitError::first)?;
        Ok(())
    }

    /// The keyed hash by which a normalised text of a kind (`email`, `phone`) is found. It is personal data as well,
    /// and goes with the erasure.
    pub fn blind_index(&self, kind: &str, normalised: &str) -> String {
        let tag = hmac::sign(self.keys.index(), format!("{kind}|{normalised}").as_bytes());
        URL_SAFE_NO_PAD.encode(tag)
    }
}
