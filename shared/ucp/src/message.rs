//! Messages: how a business outcome is told.

use serde::{Deserialize, Serialize};

/// What an error means for the session, and who can do something about it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Severity {
    /// The platform can change its input and try again.
    Recoverable,
    /// The buyer must give something that the API cannot take.
    RequiresBuyerInput,
    /// The buyer must agree to something.
    RequiresBuyerReview,
    /// There is nothing to act on.
    Unrecoverable,
}

/// One message of a response.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "type", rename_all = "snake_case")]
pub enum Message {
    /// Something stands in the way.
    Error {
        /// One of [`codes`], or our own.
        code: String,
        /// For people.
        content: String,
        /// Who can help.
        severity: Severity,
        /// `JSONPath` (RFC 9535) of what it is about.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        path: Option<String>,
    },
    /// The buyer must see it.
    Warning {
        /// One of [`codes`], or our own.
        code: String,
        /// For people.
        content: String,
        /// `JSONPath` of what it is about.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        path: Option<String>,
    },
    /// The buyer may see it.
    Info {
        /// One of [`codes`], or our own.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        code: Option<String>,
        /// For people.
        content: String,
        /// `JSONPath` of what it is about.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        path: Option<String>,
    },
}

/// Codes of messages.
pub mod codes {
    /// Less is left than was asked for, or nothing.
    pub const OUT_OF_STOCK: &str = "out_of_stock";
    /// Not sold: unknown, unpublished, or not in this currency.
    pub const ITEM_UNAVAILABLE: &str = "item_unavailable";
    /// Nothing goes to this address.
    pub const ADDRESS_UNDELIVERABLE: &str = "address_undeliverable";
    /// The payment was declined.
    pub const PAYMENT_FAILED: &str = "payment_failed";
    /// The payment instrument names no handler of ours.
    pub const PAYMENT_HANDLER_UNKNOWN: &str = "payment_handler_unknown";
    /// An eligibility claim was accepted and could not be verified.
    pub const ELIGIBILITY_INVALID: &str = "eligibility_invalid";
    /// Nothing there that the caller may see.
    pub const NOT_FOUND: &str = "not_found";
    /// The caller may not.
    pub const UNAUTHORIZED: &str = "unauthorized";
    /// Another quantity than was asked for.
    pub const QUANTITY_ADJUSTED: &str = "quantity_adjusted";
    /// A quantity that no order can have.
    pub const QUANTITY_INVALID: &str = "quantity_invalid";
    /// Something is missing that completing needs.
    pub const FIELD_REQUIRED: &str = "field_required";
    /// A value that the field cannot have.
    pub const FIELD_INVALID: &str = "field_invalid";
    /// The state refuses the call.
    pub const INVALID_STATE: &str = "invalid_state";
    /// The session's time is over.
    pub const EXPIRED: &str = "session_expired";
    /// The platform and we have nothing in common for this call.
    pub const CAPABILITIES_INCOMPATIBLE: &str = "capabilities_incompatible";
}

impl Message {
    /// An error about the whole answer.
    pub fn error(code: &str, severity: Severity, content: impl Into<String>) -> Self {
        Self::Error {
            code: code.to_owned(),
            content: content.into(),
            severity,
            path: None,
        }
    }

    /// A warning about the whole answer.
    pub fn warning(code: &str, content: impl Into<String>) -> Self {
        Self::Warning {
            code: code.to_owned(),
            content: content.into(),
            path: None,
        }
    }

    /// The message about one place, as `JSONPath`: `$.line_items[0].quantity`.
    #[must_use]
    pub fn at(mut self, place: impl Into<String>) -> Self {
        let (Self::Error { path, .. } | Self::Warning { path, .. } | Self::Info { path, .. }) = &mut self;
        *path = Some(place.into());
        self
    }

    /// The severity of an error; `None` for warnings and infos.
    pub const fn severity(&self) -> Option<Severity> {
        match self {
            Self::Error { severity, .. } => Some(*severity),
            Self::Warning { .. } | Self::Info { .. } => None,
        }
    }

    /// What it is about, as `JSONPath`.
    pub fn path(&self) -> Option<&str> {
        let (Self::Error { path, .. } | Self::Warning { path, .. } | Self::Info { path, .. }) = self;
        path.as_deref()
    }

    /// The code.
    pub fn code(&self) -> Option<&str> {
        match self {
            Self::Error { code, .. } | Self::Warning { code, .. } => Some(code),
            Self::Info { code, .. } => code.as_deref(),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_error_has_the_shape_of_the_schema() {
        let message =
            Message::error(codes::OUT_OF_STOCK, Severity::Recoverable, "2 left").at("$.line_items[0].quantity");
        let expected = r#"{"type":"error","code":"out_of_stock","content":"2 left","severity":"recoverable","path":"$.line_items[0].quantity"}"#;
        assert_eq!(serde_json::to_string(&message).unwrap(), expected);
    }
}
