//! Customer accounts.

use kernel::{CustomerId, PersonId, Timestamp};
use privacy::{Place, Sealed};
use serde::{Deserialize, Serialize};

use crate::{AccountState, Channel, Identifier, PasswordHash};

/// The scope of customers' tokens.
pub const CUSTOMER_SCOPE: &str = "customer";
/// The longest name of a customer, in characters.
pub const NAME_CHARS_MAX: usize = 100;

/// A customer account. It is made by a code that reached the address, so the address is the customer's.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Customer {
    /// Which.
    pub id: CustomerId,
    /// Whose key seals the personal data.
    pub person: PersonId,
    /// How the customer signs in.
    pub channel: Channel,
    /// Sealed e-mail address or phone number.
    pub address: Sealed,
    /// Its keyed hash: the key of the row that finds the account.
    pub address_index: String,
    /// Sealed name.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub name: Option<Sealed>,
    /// Password; without one, codes sign in.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub password: Option<PasswordHash>,
    /// State.
    pub state: AccountState,
    /// Sessions that started before this have ended.
    pub sessions_from: Timestamp,
    /// When it was created.
    pub created_at: Timestamp,
    /// Counts changes, from 1.
    pub version: u64,
}

impl Customer {
    /// Where a field of an account is sealed: fields `address` and `name`.
    pub const fn place<'a>(id: &'a str, field: &'a str) -> Place<'a> {
        Place {
            entity: "customer",
            id,
            field,
        }
    }

    /// Whether a session that started then may still be refreshed.
    pub fn accepts_session_of(&self, started_at: Timestamp) -> bool {
        self.state == AccountState::Active && started_at >= self.sessions_from
    }
}

/// By what an account is found: the kind of identifier and its blind index.
#[derive(Debug, Clone, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub struct AddressIndex {
    /// How the address is reached.
    pub channel: Channel,
    /// Its keyed hash.
    pub index: String,
}

impl AddressIndex {
    /// Of an identifier.
    pub fn of(identifier: &Identifier, vault: &privacy::Vault) -> Self {
        Self {
            channel: identifier.channel(),
            index: vault.blind_index(identifier.kind(), identifier.normal()),
        }
    }
}
