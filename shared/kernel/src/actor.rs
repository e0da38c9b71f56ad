//! Who did it.

use std::fmt;

use serde::{Deserialize, Serialize};

use crate::{CustomerId, StaffId};

/// Who caused a change, as kept in change histories.
#[derive(Debug, Clone, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(tag = "kind", rename_all = "snake_case")]
pub enum Actor {
    /// A signed-in customer.
    Customer {
        /// Who.
        id: CustomerId,
    },
    /// A member of staff.
    Staff {
        /// Who.
        id: StaffId,
    },
    /// A platform that speaks UCP, by its profile URL.
    Platform {
        /// The profile's URL.
        profile: String,
    },
    /// A payment provider or a carrier, by name.
    Provider {
        /// Its name, such as `stripe`.
        name: String,
    },
    /// A function of ours, by name: schedules and queue consumers.
    System {
        /// The function's name, such as `order-expiry`.
        function: String,
    },
}

impl Actor {
    /// A function of ours.
    pub fn system(function: &str) -> Self {
        Self::System {
            function: function.to_owned(),
        }
    }
}

impl fmt::Display for Actor {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Customer { id } => write!(f, "{id}"),
            Self::Staff { id } => write!(f, "{id}"),
            Self::Platform { profile } => f.write_str(profile),
            Self::Provider { name } => f.write_str(name),
            Self::System { function } => f.write_str(function),
        }
    }
}
