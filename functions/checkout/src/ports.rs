//! What the function works with.

use std::{collections::BTreeMap, future::Future};

use catalog::{Catalog, SellableVariant};
use dynamo::{Dynamo, Idempotency, StoreError};
use inventory::Inventory;
use kernel::{Ambient, VariantId};
use payments::Payments;
use privacy::Vault;
use sales::{Orders, Sessions, checkout::Market};
use ucp::{Negotiator, signature::SigningKey};

/// Goods as they were last published.
pub trait Shelf: Send + Sync {
    /// Those of `ids` that ever were, in no order; strong.
    fn variants(&self, ids: &[VariantId]) -> impl Future<Output = Result<Vec<SellableVariant>, StoreError>> + Send;
}

impl Shelf for Catalog {
    async fn variants(&self, ids: &[VariantId]) -> Result<Vec<SellableVariant>, StoreError> {
        Self::variants(self, ids).await
    }
}

/// Goods that a test names.
impl Shelf for BTreeMap<VariantId, SellableVariant> {
    async fn variants(&self, ids: &[VariantId]) -> Result<Vec<SellableVariant>, StoreError> {
        Ok(ids.iter().filter_map(|id| self.get(id).cloned()).collect())
    }
}

/// What the function works with.
#[derive(Debug)]
pub struct Ports<H, S> {
    /// Who asks, and what both sides can do.
    pub negotiator: Negotiator<H>,
    /// Goods.
    pub shelf: S,
    /// Stock.
    pub inventory: Inventory,
    /// Sessions.
    pub sessions: Sessions,
    /// Orders.
    pub orders: Orders,
    /// Instant payments.
    pub payments: Payments,
    /// Keys of persons.
    pub vault: Vault,
    /// Kept answers.
    pub idempotency: Idempotency,
    /// Commits parts.
    pub dynamo: Dynamo,
    /// Currencies and freight.
    pub market: Market,
    /// Base URL of the shop's pages, without a closing slash.
    pub storefront: String,
    /// Signs answers.
    pub signing_key: SigningKey,
    /// How long an order may wait for its payment, in seconds.
    pub payment_due_s: i64,
    /// Clock and chance.
    pub ambient: Ambient,
}
