//! Who of the staff calls, and what their roles allow.

use kernel::StaffId;
use web::{Caller, Problem, Request, types};

use crate::Error;

/// The scope that the gateway asks for, asked for again here.
pub const STAFF_SCOPE: &str = "staff";
/// The role that may do everything.
pub const ADMIN: &str = "admin";

/// A member of staff who may call.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Member {
    /// Who.
    pub id: StaffId,
    roles: Vec<String>,
}

impl Member {
    /// The caller, who must have one of `roles`.
    ///
    /// # Errors
    ///
    /// Without a token, without staff's scope, and without any of the roles.
    pub fn with(request: &Request, roles: &[&str]) -> Result<Self, Error> {
        let caller = Caller::required(request)?;
        if !caller.scopes.iter().any(|scope| scope == STAFF_SCOPE) {
            return Err(Problem::new(&types::FORBIDDEN).into());
        }
        let member = Self {
            id: caller.id()?,
            roles: caller.roles,
        };
        if roles.iter().any(|role| member.may(role)) {
            return Ok(member);
        }
        let detail = format!("one of these roles is needed: {}", roles.join(", "));
        Err(Error::refused(&types::FORBIDDEN, detail))
    }

    /// Whether one of the caller's roles is this one, or the one that may do everything.
    pub fn may(&self, role: &str) -> bool {
        self.roles.iter().any(|has| has == role || has == ADMIN)
    }
}
