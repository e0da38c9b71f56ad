//! Staff accounts and their roles.

use kernel::{PersonId, StaffId, Timestamp};
use privacy::Sealed;
use serde::{Deserialize, Serialize};

use crate::PasswordHash;

/// The scope of staff's tokens.
pub const STAFF_SCOPE: &str = "staff";
/// The most roles of one account.
pub const ROLES_MAX: usize = 16;

/// What a member of staff may do. Handlers check roles by their text in the token's `roles` claim.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub enum Role {
    /// Everything, and staff accounts.
    #[serde(rename = "admin")]
    Admin,
    /// Create and edit products.
    #[serde(rename = "catalog.edit")]
    CatalogEdit,
    /// Approve, publish and unpublish products.
    #[serde(rename = "catalog.approve")]
    CatalogApprove,
    /// Receipts and adjustments of stock.
    #[serde(rename = "stock")]
    Stock,
    /// Read and cancel orders.
    #[serde(rename = "orders")]
    Orders,
    /// Pick, pack and ship.
    #[serde(rename = "fulfilment")]
    Fulfilment,
    /// Read payments, disputes and the ledger. Once `payments`.
    #[serde(rename = "payments.read", alias = "payments")]
    PaymentsRead,
    /// Refund up to the limit of this role.
    #[serde(rename = "payments.refund")]
    PaymentsRefund,
    /// Refund beyond it.
    #[serde(rename = "payments.refund.large")]
    PaymentsRefundLarge,
    /// Hold and release, cases, notices that are handed on again.
    #[serde(rename = "payments.review")]
    PaymentsReview,
    /// Take couriers' cash in.
    #[serde(rename = "payments.cash")]
    PaymentsCash,
    /// Risk rules, and payments that they hold.
    #[serde(rename = "payments.risk")]
    PaymentsRisk,
    /// Collect cash at the door.
    #[serde(rename = "courier")]
    Courier,
    /// Customers' questions and open cases.
    #[serde(rename = "support")]
    Support,
    /// Webhook endpoints and other connections.
    #[serde(rename = "integrations")]
    Integrations,
}

impl Role {
    /// As in tokens.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Admin => "admin",
            Self::CatalogEdit => "catalog.edit",
            Self::CatalogApprove => "catalog.approve",
            Self::Stock => "stock",
            Self::Orders => "orders",
            Self::Fulfilment => "fulfilment",
            Self::PaymentsRead => "payments.read",
            Self::PaymentsRefund => "payments.refund",
            Self::PaymentsRefundLarge => "payments.refund.large",
            Self::PaymentsReview => "payments.review",
            Self::PaymentsCash => "payments.cash",
            Self::PaymentsRisk => "payments.risk",
            Self::Courier => "courier",
            Self::Support => "support",
            Self::Integrations => "integrations",
        }
    }
}

/// Whether an account may be used.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum AccountState {
    /// Yes.
    Active,
    /// No: no sign-in, no refresh. Tokens that are out end within minutes.
    Disabled,
}

/// A staff account.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Staff {
    /// Which.
    pub id: StaffId,
    /// Whose key seals the personal data.
    pub person: PersonId,
    /// Sealed e-mail address.
    pub email: Sealed,
    /// Its keyed hash: the key of the row that finds the account.
    pub email_index: String,
    /// Sealed name.
    pub name: Sealed,
    /// Password.
    pub password: PasswordHash,
    /// Roles.
    pub roles: Vec<Role>,
    /// State.
    pub state: AccountState,
    /// Sessions that started before this have ended.
    pub sessions_from: Timestamp,
    /// When it was created.
    pub created_at: Timestamp,
    /// Counts changes, from 1.
    pub version: u64,
}

impl Staff {
    /// Disabled, with all its sessions ended. Disabling twice changes nothing more.
    #[must_use]
    pub fn disabled(self, now: Timestamp) -> Self {
        match self.state {
            AccountState::Disabled => self,
            AccountState::Active => Self {
                state: AccountState::Disabled,
                sessions_from: now,
                version: self.version.saturating_add(1),
                ..self
            },
        }
    }

    /// With other roles. They are in tokens from the next refresh on.
    #[must_use]
    pub fn with_roles(self, roles: Vec<Role>) -> Self {
        Self {
            roles,
            version: self.version.saturating_add(1),
            ..self
        }
    }

    /// The roles as in tokens.
    pub fn role_names(&self) -> Vec<String> {
        self.roles.iter().map(|role| role.as_str().to_owned()).collect()
    }

    /// Whether a session that started then may still be refreshed.
    pub fn accepts_session_of(&self, started_at: Timestamp) -> bool {
        self.state == AccountState::Active && started_at >= self.sessions_from
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_role_is_written_as_it_is_checked() {
        let all = [
            Role::Admin,
            Role::CatalogEdit,
            Role::CatalogApprove,
            Role::Stock,
            Role::Orders,
            Role::Fulfilment,
            Role::PaymentsRead,
            Role::PaymentsRefund,
            Role::PaymentsRefundLarge,
            Role::PaymentsReview,
            Role::PaymentsCash,
            Role::PaymentsRisk,
            Role::Courier,
            Role::Support,
            Role::Integrations,
        ];
        for role in all {
            assert_eq!(serde_json::to_value(role).unwrap(), role.as_str());
        }
        assert_eq!(
            serde_json::from_str::<Role>("\"payments\"").unwrap(),
            Role::PaymentsRead
        );
    }
}
