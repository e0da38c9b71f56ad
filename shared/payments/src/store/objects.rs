//! Whose a provider's payment object is; and notices that came before that was known.

use dynamo::{Consistency, Part, Record, StoreError, to_item};
use kernel::{OrderId, PaymentId};
use serde::{Deserialize, Serialize};

use super::{Payments, Stale, keys};
use crate::{ObjectId, Provider, events::latest::PaymentNoticed};

/// How many notices of one unknown payment object are remembered for when it becomes known.
const ORPHANS_MAX: usize = 20;

/// What is known of a provider's payment object.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
pub struct Link {
    /// The order that it pays, and our intent, once known.
    pub owner: Option<(OrderId, PaymentId)>,
    /// Deliveries that came before.
    pub orphans: Vec<ObjectId>,
    /// 0: not kept yet.
    pub version: u64,
}

impl Record for Link {
    const ENTITY: &'static str = "payment-object";
    const SHAPE: u16 = 1;
}

impl Payments {
    /// What is known of a payment object. Access pattern `payments.object.get`.
    pub async fn link(&self, provider: Provider, object: &ObjectId) -> Result<Link, StoreError> {
        let key = keys::object(provider, object);
        Ok(self
            .dynamo
            .get(&self.table, &key, Consistency::Strong)
            .await?
            .unwrap_or_default())
    }

    /// The parts that make the object's owner known, and hand the notices that waited for that on once more. Nothing, when
    /// it is known already. Access pattern `payments.object.link`.
    pub fn link_parts(
        &self,
        provider: Provider,
        object: &ObjectId,
        known: &Link,
        owner: (OrderId, PaymentId),
    ) -> Result<Vec<Part<Stale>>, StoreError> {
        if known.owner.is_some() {
            return Ok(Vec::new());
        }
        let linked = Link {
            owner: Some(owner),
            orphans: Vec::new(),
            version: known.version + 1,
        };
        let mut parts = vec![self.put_link(provider, object, known, &linked)?];
        for delivery in &known.orphans {
            let again = PaymentNoticed {
                provider,
                delivery: delivery.clone(),
                order: Some(owner.0),
            };
            parts.push(self.event(&again, Some(delivery.as_str()))?);
        }
        Ok(parts)
    }

    /// The part that remembers a notice of an object whose owner is not known; `None` when it is remembered already or
    /// there are too many. Access pattern `payments.object.orphan`.
    pub fn orphan_part(
        &self,
        provider: Provider,
        object: &ObjectId,
        known: &Link,
        delivery: &ObjectId,
    ) -> Result<Option<Part<Stale>>, StoreError> {
        if known.orphans.contains(delivery) || known.orphans.len() >= ORPHANS_MAX {
            return Ok(None);
        }
        let mut orphaned = known.clone();
        orphaned.orphans.push(delivery.clone());
        orphaned.version += 1;
        self.put_link(provider, object, known, &orphaned).map(Some)
    }

    fn put_link(
        &self,
        provider: Provider,
        object: &ObjectId,
        before: &Link,
        after: &Link,
    ) -> Result<Part<Stale>, StoreError> {
        let item = to_item(&keys::object(provider, object), after)?;
        let part = match before.version {
            0 => Part::insert(&self.table, item),
            version => Part::replace(&self.table, item, version),
        };
        Ok(part.refused(Stale))
    }
}
