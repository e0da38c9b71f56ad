//! The identity table: the only place that names it, its attributes and its expressions.

mod codes;
mod customers;
mod keys;
mod limits;
mod sessions;
mod staff;
#[cfg(test)]
mod tests;

pub use codes::Codes;
pub use customers::Customers;
pub use limits::{Charge, Charged, Limits};
pub use sessions::{Refreshed, Sessions};
pub use staff::{STAFF_EMAIL_KIND, StaffAccounts, StaffRefusal};
