//! Events of this context. Business code names `latest` only; versions never change once released.

pub mod v1;

/// The newest version of each event.
pub mod latest {
    pub use super::v1::{ProductPublished, ProductUnpublished};
}
