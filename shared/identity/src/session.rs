//! Sessions: families of rotating refresh tokens.
//!
//! Each refresh token is used once and names its generation. Its successor follows from it by a keyed hash, so the
//! family keeps one hash only, and a retry whose first answer was lost gets the very same successor.

use std::str::FromStr;

use base64::{Engine, engine::general_purpose::URL_SAFE_NO_PAD};
use kernel::{Ambient, SessionId, Timestamp};
use ring::digest;
use serde::{Deserialize, Serialize};
use subtle::ConstantTimeEq;

use crate::{Peppers, peppers::Purpose};

/// How long after a rotation the token before it may be shown again, in seconds, and gets the same successor: a client
/// that lost the answer, or two tabs at once. Later it is a stolen token, and the family ends.
pub const ROTATION_GRACE_S: i64 = 10;
/// How long a customer's session lasts however often it is refreshed: 30 days, in seconds.
pub const CUSTOMER_SESSION_S: i64 = 30 * 86_400;
/// How long a member of staff's session lasts: 12 hours, in seconds.
pub const STAFF_SESSION_S: i64 = 12 * 3_600;
const SECRET_BYTES: usize = 32;
const TAG_BYTES: usize = 16;
/// The longest text that is read as a refresh token, in bytes.
const TEXT_BYTES_MAX: usize = 160;

/// A refresh token. Opaque to clients: `ses_….generation.secret-and-tag`.
#[derive(Clone)]
pub struct RefreshToken {
    session: SessionId,
    generation: u32,
    secret: [u8; SECRET_BYTES],
    tag: [u8; TAG_BYTES],
}

/// A text that is no refresh token.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("not a refresh token")]
pub struct RefreshTokenError;

impl RefreshToken {
    /// The first of a family.
    pub fn first(session: SessionId, peppers: &Peppers, ambient: &Ambient) -> Self {
        Self::with(session, 0, ambient.random_bytes(), peppers)
    }

    /// The one that takes this one's place: always the same.
    #[must_use]
    pub fn successor(&self, peppers: &Peppers) -> Self {
        let next = keyed(peppers, peppers.current(), Purpose::Successor, &self.payload());
        Self::with(self.session, self.generation.saturating_add(1), next, peppers)
    }

    fn with(session: SessionId, generation: u32, secret: [u8; SECRET_BYTES], peppers: &Peppers) -> Self {
        let mut token = Self {
            session,
            generation,
            secret,
            tag: [0; TAG_BYTES],
        };
        token.tag = token.tag_of(peppers, peppers.current());
        token
    }

    /// The family it says to be of.
    pub const fn session(&self) -> SessionId {
        self.session
    }

    /// Whether we made it. Only then may it end a family: nobody ends another's session with an invented token.
    pub fn is_ours(&self, peppers: &Peppers) -> bool {
        peppers
            .versions()
            .any(|version| self.tag.ct_eq(&self.tag_of(peppers, version)).into())
    }

    /// What is kept of it.
    pub fn hash(&self) -> String {
        hex::encode(digest::digest(&digest::SHA256, &self.payload()))
    }

    /// What the client is given.
    pub fn text(&self) -> String {
        let mut bytes = self.secret.to_vec();
        bytes.extend(self.tag);
        format!("{}.{}.{}", self.session, self.generation, URL_SAFE_NO_PAD.encode(bytes))
    }

    fn payload(&self) -> Vec<u8> {
        let mut bytes = format!("{}.{}.", self.session, self.generation).into_bytes();
        bytes.extend(self.secret);
        bytes
    }

    fn tag_of(&self, peppers: &Peppers, version: &str) -> [u8; TAG_BYTES] {
        keyed(peppers, version, Purpose::RefreshTag, &self.payload())
    }
}

/// The first bytes of a keyed hash. `N` is at most the hash's 32.
fn keyed<const N: usize>(peppers: &Peppers, version: &str, purpose: Purpose, text: &[u8]) -> [u8; N] {
    let mut bytes = [0; N];
    if let Some(tag) = peppers.mac(version, purpose, text) {
        for (byte, from) in bytes.iter_mut().zip(tag.as_ref()) {
            *byte = *from;
        }
    }
    bytes
}

impl FromStr for RefreshToken {
    type Err = RefreshTokenError;
    fn from_str(text: &str) -> Result<Self, RefreshTokenError> {
        let read = || {
            let mut parts = (text.len() <= TEXT_BYTES_MAX).then(|| text.split('.'))?;
            let session = parts.next()?.parse().ok()?;
            let generation = parts.next()?.parse().ok()?;
            let bytes = URL_SAFE_NO_PAD.decode(parts.next()?).ok()?;
            let (secret, tag) = bytes.split_at_checked(SECRET_BYTES)?;
            let token = Self {
                session,
                generation,
                secret: secret.try_into().ok()?,
                tag: tag.try_into().ok()?,
            };
            parts.next().is_none().then_some(token)
        };
        read().ok_or(RefreshTokenError)
    }
}

impl std::fmt::Debug for RefreshToken {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("RefreshToken")
            .field("session", &self.session)
            .field("generation", &self.generation)
            .finish_non_exhaustive()
    }
}

/// What a family of refresh tokens is in.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum FamilyState {
    /// Its current token may be used.
    Active,
    /// Signed out.
    SignedOut,
    /// An old token was used: somebody else may have the current one.
    Reused,
}

/// A family of refresh tokens: one sign-in on one device.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Family {
    /// Which.
    pub id: SessionId,
    /// The customer's or staff member's id.
    pub subject: String,
    /// State.
    pub state: FamilyState,
    /// Generation of the current token.
    pub generation: u32,
    /// Hash of the current token.
    pub token: String,
    /// When the current token took its predecessor's place.
    pub rotated_at: Timestamp,
    /// When the person signed in.
    pub started_at: Timestamp,
    /// When it ends, whatever happens.
    pub ends_at: Timestamp,
    /// The same in seconds, for TTL.
    pub expires_at: i64,
}

/// What a presented token is to its family.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Presented {
    /// The current one: rotate.
    Current,
    /// The one before, within the grace time: give its successor again.
    Retry,
    /// An old one: end the family.
    Reused,
    /// The family has ended, or the token is not of it.
    Dead,
}

impl Family {
    /// A new family and its first token.
    pub fn start(subject: &str, lasts_s: i64, peppers: &Peppers, ambient: &Ambient) -> (Self, RefreshToken) {
        let id = <SessionId as kernel::Id>::generate(ambient);
        let token = RefreshToken::first(id, peppers, ambient);
        let now = ambient.now();
        let ends_at = now.plus_seconds(lasts_s);
        let family = Self {
            id,
            subject: subject.to_owned(),
            state: FamilyState::Active,
            generation: token.generation,
            token: token.hash(),
            rotated_at: now,
            started_at: now,
            ends_at,
            expires_at: ends_at.seconds(),
        };
        (family, token)
    }

    /// Judges a token that is ours ([`RefreshToken::is_ours`]).
    pub fn judge(&self, token: &RefreshToken, peppers: &Peppers, now: Timestamp) -> Presented {
        if self.state != FamilyState::Active || now >= self.ends_at || token.session != self.id {
            return Presented::Dead;
        }
        if token.generation == self.generation {
            let same = token.hash().as_bytes().ct_eq(self.token.as_bytes());
            return if same.into() {
                Presented::Current
            } else {
                Presented::Dead
            };
        }
        if token.generation > self.generation {
            return Presented::Dead;
        }
        let is_last =
            token.generation.saturating_add(1) == self.generation && token.successor(peppers).hash() == self.token;
        if is_last && now.seconds_since(self.rotated_at) < ROTATION_GRACE_S {
            Presented::Retry
        } else {
            Presented::Reused
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::testing::{ambient, peppers};

    fn rotated(family: &Family, to: &RefreshToken, at: Timestamp) -> Family {
        Family {
            generation: to.generation,
            token: to.hash(),
            rotated_at: at,
            ..family.clone()
        }
    }

    #[test]
    fn a_token_reads_back_what_it_writes_and_nothing_else() {
        let (_, token) = Family::start("cus_1", 60, &peppers(), &ambient());
        let text = token.text();
        let read: RefreshToken = text.parse().unwrap();
        assert_eq!(read.hash(), token.hash());
        assert!(read.is_ours(&peppers()));
        for broken in [
            "",
            "a.b.c",
            &text[1..],
            &format!("{text}."),
            &text[..text.len() - 2],
            &"x".repeat(200),
        ] {
            assert!(broken.parse::<RefreshToken>().is_err(), "{broken}");
        }
    }

    #[test]
    fn an_invented_token_is_not_ours() {
        let (_, token) = Family::start("cus_1", 60, &peppers(), &ambient());
        let older = RefreshToken {
            generation: 7,
            ..token.clone()
        };
        assert!(!older.is_ours(&peppers()));
        let guessed = RefreshToken {
            secret: [0; 32],
            ..token
        };
        assert!(!guessed.is_ours(&peppers()));
    }

    #[test]
    fn the_current_token_rotates_and_the_one_before_is_a_retry_for_ten_seconds() {
        let ambient = ambient();
        let (family, first) = Family::start("cus_1", 60, &peppers(), &ambient);
        let now = ambient.now();
        assert_eq!(family.judge(&first, &peppers(), now), Presented::Current);
        let second = first.successor(&peppers());
        let family = rotated(&family, &second, now);
        assert_eq!(family.judge(&second, &peppers(), now), Presented::Current);
        assert_eq!(family.judge(&first, &peppers(), now.plus_seconds(9)), Presented::Retry);
        assert_eq!(
            family.judge(&first, &peppers(), now.plus_seconds(10)),
            Presented::Reused
        );
        let third = rotated(&family, &second.successor(&peppers()), now);
        assert_eq!(
            third.judge(&first, &peppers(), now),
            Presented::Reused,
            "two generations back"
        );
    }

    #[test]
    fn an_ended_family_takes_no_token() {
        let ambient = ambient();
        let (family, token) = Family::start("cus_1", 60, &peppers(), &ambient);
        assert_eq!(
            family.judge(&token, &peppers(), ambient.now().plus_seconds(60)),
            Presented::Dead
        );
        let out = Family {
            state: FamilyState::SignedOut,
            ..family
        };
        assert_eq!(out.judge(&token, &peppers(), ambient.now()), Presented::Dead);
    }
}
