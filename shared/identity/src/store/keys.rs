//! Keys of the identity table.

use dynamo::{Key, key};
use kernel::{CodeId, CustomerId, SessionId, StaffId};

/// The partition of all staff accounts: they are few, and are listed.
pub(super) const STAFF_PARTITION: &str = "staff";

pub(super) fn customer(id: CustomerId) -> Key {
    key(id.to_string(), "account")
}

pub(super) fn staff(id: StaffId) -> Key {
    key(STAFF_PARTITION, id.to_string())
}

/// The row that says whose an identifier is. Kinds are our own words and indexes base64url, so neither holds a `#`.
pub(super) fn identifier(kind: &str, index: &str) -> Key {
    key(format!("identifier#{kind}#{index}"), "owner")
}

pub(super) fn bootstrap() -> Key {
    key("bootstrap", "staff")
}

pub(super) fn session(id: SessionId) -> Key {
    key(id.to_string(), "family")
}

pub(super) fn code(id: CodeId) -> Key {
    key(id.to_string(), "code")
}

pub(super) fn counter(limit: &str, subject: &str, window: i64) -> Key {
    key(format!("limit#{limit}#{subject}"), format!("window#{window}"))
}

pub(super) fn spacing(limit: &str, subject: &str) -> Key {
    key(format!("limit#{limit}#{subject}"), "last")
}
