//! Sealing one person's fields.

use base64::{Engine, engine::general_purpose::STANDARD_NO_PAD};
use kernel::{Ambient, PersonId};
use ring::aead::{Aad, LessSafeKey, NONCE_LEN, Nonce};
use serde::{Deserialize, Serialize, de::DeserializeOwned};

/// A sealed field: base64 of nonce and ciphertext. Safe to store, to log and to publish in events.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(transparent)]
pub struct Sealed(String);

/// Where a field belongs: a ciphertext opens nowhere else.
#[derive(Debug, Clone, Copy)]
pub struct Place<'a> {
    /// Entity, such as `order`.
    pub entity: &'a str,
    /// Its id.
    pub id: &'a str,
    /// The field.
    pub field: &'a str,
}

/// One person's data key.
pub struct PersonKey {
    pub(crate) id: PersonId,
    pub(crate) key: LessSafeKey,
}

/// Why a field did not seal or open.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum SealError {
    /// It is not of this person and place, or it was changed.
    #[error("the field does not open: another person, another place, or changed")]
    Foreign,
    /// The opened bytes do not have the expected shape, or the value does not serialise.
    #[error("the field does not have the expected shape")]
    Shape,
}

pub(crate) fn seal_bytes(key: &LessSafeKey, nonce: [u8; NONCE_LEN], aad: &[u8], plain: &[u8]) -> Option<Vec<u8>> {
    let mut sealed = plain.to_vec();
    key.seal_in_place_append_tag(Nonce::assume_unique_for_key(nonce), Aad::from(aad), &mut sealed)
        .ok()?;
    let mut whole = nonce.to_vec();
    whole.extend(sealed);
    Some(whole)
}

pub(crate) fn open_bytes(key: &LessSafeKey, aad: &[u8], whole: &[u8]) -> Option<Vec<u8>> {
    let (nonce, sealed) = whole.split_at_checked(NONCE_LEN)?;
    let nonce = Nonce::try_assume_unique_for_key(nonce).ok()?;
    let mut buffer = sealed.to_vec();
    key.open_in_place(nonce, Aad::from(aad), &mut buffer)
        .ok()
        .map(|plain| plain.to_vec())
}

impl PersonKey {
    /// Whose key this is.
    pub const fn id(&self) -> PersonId {
        self.id
    }

    /// Seals a value for its place.
    ///
    /// # Errors
    ///
    /// `Shape` when the value does not serialise.
    pub fn seal<T: Serialize>(&self, ambient: &Ambient, place: Place<'_>, value: &T) -> Result<Sealed, SealError> {
        let plain = serde_json::to_vec(value).map_err(|_| SealError::Shape)?;
        let whole = seal_bytes(&self.key, ambient.random_bytes(), &self.aad(place), &plain).ok_or(SealError::Shape)?;
        Ok(Sealed(STANDARD_NO_PAD.encode(whole)))
    }

    /// Opens a value at its place.
    ///
    /// # Errors
    ///
    /// See [`SealError`].
    pub fn open<T: DeserializeOwned>(&self, place: Place<'_>, sealed: &Sealed) -> Result<T, SealError> {
        let whole = STANDARD_NO_PAD.decode(&sealed.0).map_err(|_| SealError::Foreign)?;
        let plain = open_bytes(&self.key, &self.aad(place), &whole).ok_or(SealError::Foreign)?;
        serde_json::from_slice(&plain).map_err(|_| SealError::Shape)
    }

    fn aad(&self, place: Place<'_>) -> Vec<u8> {
        format!("{}|{}|{}|{}", self.id, place.entity, place.id, place.field).into_bytes()
    }
}

impl std::fmt::Debug for PersonKey {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("PersonKey")
            .field("id", &self.id)
            .finish_non_exhaustive()
    }
}
