//! What staff read of notices: where facts come from, what was refused, and handing a kept one on again.

use dynamo::{Cursor, CursorError, Page, Query, Record, StoreError};
use kernel::{OrderId, Timestamp};
use serde::{Deserialize, Serialize};

use super::{FACTS_MAX, Notice, NoticeSource, Payments, Refused, Stale, keys, notices::RefusedItem};
use crate::{Fact, ObjectId, Provider, events::latest::PaymentNoticed};

/// A fact, and how we came to know it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Told {
    /// What was told.
    pub fact: Fact,
    /// By which delivery.
    pub delivery: ObjectId,
    /// When that came.
    pub told_at: Timestamp,
}

impl Record for Told {
    const ENTITY: &'static str = "payment-fact";
    const SHAPE: u16 = 1;
}

impl Notice {
    /// How a delivery was come to know: those of our own findings are named by us.
    pub fn source_of(delivery: &ObjectId) -> NoticeSource {
        let ours = [
            NoticeSource::Query,
            NoticeSource::Refund,
            NoticeSource::Statement,
            NoticeSource::Courier,
        ];
        let digest = |text: &str| text.len() == 64 && text.bytes().all(|byte| byte.is_ascii_hexdigit());
        ours.into_iter()
            .find(|source| {
                let rest = delivery.as_str().strip_prefix(source.as_str());
                rest.and_then(|rest| rest.strip_prefix('-')).is_some_and(digest)
            })
            .unwrap_or_default()
    }
}

impl Payments {
    /// An order's facts with their sources, oldest first. Access pattern `payments.order.told`.
    ///
    /// # Errors
    ///
    /// When they cannot be read.
    pub async fn told(&self, order: OrderId) -> Result<Vec<Told>, StoreError> {
        let limit = u16::try_from(FACTS_MAX).unwrap_or(u16::MAX);
        let query = Query::new(&self.table, "pk = :order AND begins_with(sk, :facts)", limit)
            .text(":order", keys::order(order))
            .text(":facts", keys::FACT);
        let mut told = self.dynamo.query(query.strong()).await?.records::<Told>()?.items;
        told.sort_by_key(|told| told.told_at);
        Ok(told)
    }

    /// Hands a kept notice on once more: settlement decides again, and books nothing twice.
    /// Access pattern `payments.notice.redrive`.
    ///
    /// # Errors
    ///
    /// When the event does not serialise.
    pub fn redrive_part(&self, notice: &Notice, order: Option<OrderId>) -> Result<dynamo::Part<Stale>, StoreError> {
        let again = PaymentNoticed {
            provider: notice.provider,
            delivery: notice.delivery.clone(),
            order,
        };
        self.event(&again, Some(notice.delivery.as_str()))
    }

    /// A page of what one provider's endpoint refused in an hour, oldest first. Access pattern `payments.notice.refused`.
    ///
    /// # Errors
    ///
    /// When it cannot be read.
    pub async fn refused(
        &self,
        provider: Provider,
        hour: Timestamp,
        limit: u16,
        after: Option<Cursor>,
    ) -> Result<Page<Refused>, StoreError> {
        let query = Query::new(&self.table, "pk = :hour", limit).text(":hour", keys::refused_hour(provider, hour));
        let page = self.dynamo.query(query.after(after)).await?.records::<RefusedItem>()?;
        Ok(page.map(|item| item.refused))
    }

    /// Reads a cursor of [`Payments::refused`] back.
    ///
    /// # Errors
    ///
    /// When it is not one.
    pub fn refused_cursor(provider: Provider, hour: Timestamp, text: &str) -> Result<Cursor, CursorError> {
        Cursor::decode(text, "pk", &keys::refused_hour(provider, hour))
    }
}
