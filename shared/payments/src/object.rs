//! Ids that providers give to their objects.

use std::{fmt, str::FromStr};

use serde::{Deserialize, Deserializer, Serialize};

/// The longest id of a provider's object, in bytes: a message group, which may hold one, has 128 at most.
const OBJECT_ID_BYTES_MAX: usize = 100;

/// A provider's id of a payment, refund, dispute or delivery. Letters, digits, `_` and `-` only, so that it can stand in
/// a key beside our separator.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize)]
#[serde(transparent)]
pub struct ObjectId(String);

/// A text that cannot be a provider's id.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("not 1 to {OBJECT_ID_BYTES_MAX} letters, digits, underscores and hyphens")]
pub struct ObjectIdError;

impl ObjectId {
    /// The text, as the provider wrote it.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl FromStr for ObjectId {
    type Err = ObjectIdError;
    fn from_str(text: &str) -> Result<Self, ObjectIdError> {
        let plain = |byte: u8| byte.is_ascii_alphanumeric() || byte == b'_' || byte == b'-';
        if text.is_empty() || text.len() > OBJECT_ID_BYTES_MAX || !text.bytes().all(plain) {
            return Err(ObjectIdError);
        }
        Ok(Self(text.to_owned()))
    }
}

impl fmt::Display for ObjectId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

impl<'de> Deserialize<'de> for ObjectId {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let text = std::borrow::Cow::<'de, str>::deserialize(deserializer)?;
        text.parse().map_err(serde::de::Error::custom)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_id_cannot_hold_the_separator_of_keys() {
        assert!("pi_3Nq-x".parse::<ObjectId>().is_ok());
        for bad in ["", "a#b", "a b", "é", &"a".repeat(101)] {
            assert_eq!(bad.parse::<ObjectId>(), Err(ObjectIdError));
        }
    }
}
