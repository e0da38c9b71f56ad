//! Version 1. Frozen once released.

use kernel::{CodeId, Event, PersonId, Timestamp};
use privacy::Sealed;
use serde::{Deserialize, Serialize};

use crate::Channel;

/// A one-time code is to be sent. Address and code are sealed with the person's key: open both with
/// `Code::place(code_id, "address")` and `Code::place(code_id, "code")`; each is a JSON text. Nothing is sent after
/// `ends_at`.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct CodeRequested {
    /// The code's id, for the log.
    pub code_id: CodeId,
    /// Whose key opens address and code.
    pub person: PersonId,
    /// How to send it.
    pub channel: Channel,
    /// The language of the message: `zh` or `en`.
    pub language: String,
    /// The sealed e-mail address or E.164 number.
    pub address: Sealed,
    /// The sealed six digits.
    pub code: Sealed,
    /// When the code ends.
    pub ends_at: Timestamp,
}

impl Event for CodeRequested {
    const NAME: &'static str = "code.requested";
    const VERSION: u16 = 1;
    fn key(&self) -> String {
        self.person.to_string()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn code_requested_keeps_its_released_shape() {
        let golden = include_str!("golden/code-requested-1.json");
        let event: CodeRequested = serde_json::from_str(golden).unwrap();
        assert_eq!(serde_json::to_string_pretty(&event).unwrap(), golden.trim());
    }
}
