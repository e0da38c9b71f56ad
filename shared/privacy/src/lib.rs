#![doc = include_str!("../README.md")]

mod keys;
mod person;
mod vault;

pub use keys::{MasterKeys, MasterKeysError};
pub use person::{PersonKey, Place, SealError, Sealed};
pub use vault::{Vault, VaultError};
