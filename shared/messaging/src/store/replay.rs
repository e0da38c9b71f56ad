//! Sending again what was held. Access pattern: `delivery.replay`.

use dynamo::{Part, Query, StoreError};

use super::{
    item, keys,
    webhooks::{Lost, Webhooks},
};
use crate::webhook::{Delivery, Endpoint, EndpointId, EndpointState};

/// The most deliveries of one replay: each is two parts of one transaction, beside the endpoint and the request's answer.
pub const REPLAY_MAX: u16 = 40;

/// The parts of a replay.
#[derive(Debug)]
pub struct Replayed {
    /// Commit all of them, with others of the caller's.
    pub parts: Vec<Part<Lost>>,
    /// How many deliveries are sent again.
    pub count: usize,
    /// Whether more are held: replay again.
    pub more: bool,
}

impl Webhooks {
    /// Opens an endpoint again and sends what was held for it, oldest first, [`REPLAY_MAX`] at a time.
    ///
    /// # Errors
    ///
    /// When the store fails.
    pub async fn replay_endpoint(&self, id: &EndpointId) -> Result<Replayed, StoreError> {
        let query = Query::new(&self.table, "#list = :list", REPLAY_MAX)
            .index(keys::LISTS)
            .name("#list", "list")
            .text(":list", keys::endpoint_list(id, "held"));
        let page = self.dynamo.query(query).await?;
        let held = page
            .items
            .into_iter()
            .map(item::to_delivery)
            .collect::<Result<Vec<_>, _>>()?;
        let mut parts = self.opened(id).await?;
        for delivery in &held {
            parts.extend(self.replay_parts(delivery)?);
        }
        Ok(Replayed {
            parts,
            count: held.len(),
            more: page.next.is_some(),
        })
    }

    /// Sends one delivery again, whatever became of it, and opens its endpoint.
    ///
    /// # Errors
    ///
    /// When the store fails.
    pub async fn replay_one(&self, delivery: &Delivery) -> Result<Replayed, StoreError> {
        let mut parts = self.opened(&delivery.endpoint).await?;
        parts.extend(self.replay_parts(delivery)?);
        Ok(Replayed {
            parts,
            count: 1,
            more: false,
        })
    }

    fn replay_parts(&self, delivery: &Delivery) -> Result<Vec<Part<Lost>>, StoreError> {
        self.delivery_parts(&delivery.clone().replayed(self.dynamo.ambient().now()))
    }

    /// The part that opens an endpoint; none, when it has no record: it is open.
    async fn opened(&self, id: &EndpointId) -> Result<Vec<Part<Lost>>, StoreError> {
        let Some(endpoint) = self.endpoint(id).await? else {
            return Ok(Vec::new());
        };
        let open = Endpoint {
            state: EndpointState::Open,
            ..endpoint
        };
        Ok(vec![Part::put(&self.table, item::of_endpoint(&open)?)])
    }

    /// Commits parts of a replay.
    ///
    /// # Errors
    ///
    /// `Ok(Err)` names who was quicker.
    pub async fn commit_replay(&self, parts: Vec<Part<Lost>>) -> Result<Result<(), Lost>, StoreError> {
        self.commit(parts).await
    }
}
