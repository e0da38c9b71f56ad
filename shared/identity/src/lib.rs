#![doc = include_str!("../README.md")]

mod answer;
mod code;
mod customer;
pub mod events;
mod hasher;
mod identifier;
pub mod limit;
mod password;
mod peppers;
pub mod session;
mod staff;
mod store;
#[cfg(test)]
mod testing;
pub mod token;

pub use answer::Tokens;
pub use code::{CODE_DIGITS, CODE_LASTS_S, CODE_TRIES_MAX, Code, CodeState, NewCode};
pub use customer::{AddressIndex, CUSTOMER_SCOPE, Customer, NAME_CHARS_MAX};
pub use hasher::Hasher;
pub use identifier::{Channel, Identifier, IdentifierError};
pub use password::{
    HashError, PASSWORD_CHARS_MAX, PASSWORD_CHARS_MIN, Password, PasswordError, PasswordHash, STAFF_PASSWORD_CHARS_MIN,
};
pub use peppers::{Peppers, PeppersError};
pub use session::{Family, FamilyState, RefreshToken};
pub use staff::{AccountState, ROLES_MAX, Role, STAFF_SCOPE, Staff};
pub use store::{
    Charge, Charged, Codes, Customers, Limits, Refreshed, STAFF_EMAIL_KIND, Sessions, StaffAccounts, StaffRefusal,
};
