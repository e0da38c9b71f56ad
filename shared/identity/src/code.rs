//! One-time codes.
//!
//! A code is asked for with an address, and nothing is looked up then: whether the address has an account shows only to
//! whoever can read what is sent there. The right code signs in, or makes the account.

use kernel::{Ambient, CodeId, Id, PersonId, Timestamp};
use privacy::{Place, Sealed};
use serde::{Deserialize, Serialize};
use subtle::ConstantTimeEq;

use crate::{AddressIndex, PasswordHash, Peppers, peppers::Purpose};

/// How long a code is good: ten minutes, in seconds.
pub const CODE_LASTS_S: i64 = 600;
/// How many wrong tries a code stands.
pub const CODE_TRIES_MAX: u32 = 5;
/// Digits of a code.
pub const CODE_DIGITS: usize = 6;
const CODES: u64 = 1_000_000;
/// How long the record of a code is kept after its end, in seconds: nothing reads it then.
const KEPT_S: i64 = 3_600;

/// What has become of a code.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum CodeState {
    /// Sent, not used.
    Open,
    /// It signed somebody in.
    Used,
}

/// A code that was asked for.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Code {
    /// Which.
    pub id: CodeId,
    /// Whose address it was sent to.
    pub to: AddressIndex,
    /// A person made for this request: their key seals the address, the name and the code. Becomes the account's when
    /// the code makes one.
    pub person: PersonId,
    /// The sealed address.
    pub address: Sealed,
    /// The sealed name that an account made by this code gets.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub name: Option<Sealed>,
    /// The password that an account made by this code gets. An account that exists keeps its own.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub password: Option<PasswordHash>,
    /// Keyed hash of id and code.
    mac: String,
    /// Version of the pepper.
    pepper: String,
    /// Tries so far.
    pub tries: u32,
    /// State.
    pub state: CodeState,
    /// When it ends.
    pub ends_at: Timestamp,
    /// When the record may go, in seconds, for TTL.
    pub expires_at: i64,
}

/// What a new code is made of.
pub struct NewCode {
    /// Which.
    pub id: CodeId,
    /// Whose address.
    pub to: AddressIndex,
    /// The person made for it.
    pub person: PersonId,
    /// The sealed address.
    pub address: Sealed,
    /// The sealed name.
    pub name: Option<Sealed>,
    /// The password.
    pub password: Option<PasswordHash>,
}

impl Code {
    /// Where a field of a code is sealed: `address`, `name` and, in the event, `code`.
    pub const fn place<'a>(id: &'a str, field: &'a str) -> Place<'a> {
        Place {
            entity: "code",
            id,
            field,
        }
    }

    /// A new id.
    pub fn new_id(ambient: &Ambient) -> CodeId {
        CodeId::generate(ambient)
    }

    /// Six random digits.
    pub fn draw(ambient: &Ambient) -> String {
        format!("{:0width$}", ambient.random_below(CODES), width = CODE_DIGITS)
    }

    /// A code to be sent. Only its keyed hash is kept.
    pub fn open(new: NewCode, digits: &str, peppers: &Peppers, now: Timestamp) -> Self {
        let ends_at = now.plus_seconds(CODE_LASTS_S);
        let pepper = peppers.current().to_owned();
        Self {
            mac: mac(peppers, &pepper, new.id, digits).unwrap_or_default(),
            pepper,
            id: new.id,
            to: new.to,
            person: new.person,
            address: new.address,
            name: new.name,
            password: new.password,
            tries: 0,
            state: CodeState::Open,
            ends_at,
            expires_at: ends_at.plus_seconds(KEPT_S).seconds(),
        }
    }

    /// Whether these are its digits. The caller has counted the try.
    pub fn matches(&self, digits: &str, peppers: &Peppers) -> bool {
        mac(peppers, &self.pepper, self.id, digits)
            .is_some_and(|computed| computed.as_bytes().ct_eq(self.mac.as_bytes()).into())
    }
}

fn mac(peppers: &Peppers, version: &str, id: CodeId, digits: &str) -> Option<String> {
    peppers
        .mac(version, Purpose::Code, format!("{id}|{digits}").as_bytes())
        .map(hex::encode)
}
