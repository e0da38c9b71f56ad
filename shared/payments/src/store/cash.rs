//! Couriers' cash. Access patterns: `payments.cash.*` of `docs/data-model/payments.md`.

use dynamo::{Consistency, Cursor, CursorError, Page, Part, Query, Record, StoreError, to_item};
use kernel::{Currency, PaymentId, RemittanceId, StaffId};

use super::{Notice, NoticeSource, Payments, Stale, keys};
use crate::{CashInHand, Collection, Intent, Posting, Provider, Remittance};

impl Record for CashInHand {
    const ENTITY: &'static str = "cash-in-hand";
    const SHAPE: u16 = 1;
}

impl Record for Collection {
    const ENTITY: &'static str = "cash-collection";
    const SHAPE: u16 = 1;
}

impl Record for Remittance {
    const ENTITY: &'static str = "cash-remittance";
    const SHAPE: u16 = 1;
}

impl Payments {
    /// What a courier holds. Access pattern `payments.cash.hand`.
    ///
    /// # Errors
    ///
    /// When it cannot be read.
    pub async fn cash_in_hand(&self, courier: StaffId, currency: Currency) -> Result<CashInHand, StoreError> {
        let key = keys::cash_in_hand(courier, currency);
        let found = self.dynamo.get(&self.table, &key, Consistency::Strong).await?;
        Ok(found.unwrap_or_else(|| CashInHand::nothing(courier, currency)))
    }

    /// The last visit for a payment. Access pattern `payments.cash.visit`.
    ///
    /// # Errors
    ///
    /// When it cannot be read.
    pub async fn collection(&self, payment: PaymentId) -> Result<Option<Collection>, StoreError> {
        let key = keys::collection(payment);
        self.dynamo.get(&self.table, &key, Consistency::Strong).await
    }

    /// The parts that keep a visit, for its payment and in its courier's list, and tell settlement of it: the notice with
    /// `payment.noticed`. Refused when the payment was visited meanwhile. Access pattern `payments.cash.collect`.
    ///
    /// # Errors
    ///
    /// When an item does not serialise.
    pub fn collection_parts(&self, visit: &Collection, intent: &Intent) -> Result<Vec<Part<Stale>>, StoreError> {
        let object = intent
            .own_object()
            .ok_or_else(|| StoreError::Rejected("cash has objects of ours".to_owned()))?;
        let reading = visit.reading(intent, object);
        let notice = Notice::of_reading(NoticeSource::Courier, Provider::CashOnDelivery, &reading, visit.at)?;
        let kept = to_item(&keys::collection(visit.payment), visit)?;
        let kept = match visit.version {
            0 | 1 => Part::insert(&self.table, kept),
            version => Part::replace(&self.table, kept, version - 1),
        };
        let listed = to_item(&keys::courier_collection(visit), visit)?;
        let mut parts = vec![kept.refused(Stale), Part::insert(&self.table, listed).refused(Stale)];
        parts.extend(self.notice_parts(&notice, Some(visit.order))?);
        Ok(parts)
    }

    /// The part that keeps what a courier holds. Refused when it changed meanwhile.
    ///
    /// # Errors
    ///
    /// When it does not serialise.
    pub fn cash_in_hand_part(&self, hand: &CashInHand) -> Result<Part<Stale>, StoreError> {
        let item = to_item(&keys::cash_in_hand(hand.courier, hand.collected.currency()), hand)?;
        let part = match hand.version {
            0 | 1 => Part::insert(&self.table, item),
            version => Part::replace(&self.table, item, version - 1),
        };
        Ok(part.refused(Stale))
    }

    /// What a courier handed in. Access pattern `payments.cash.remittance`.
    ///
    /// # Errors
    ///
    /// When it cannot be read.
    pub async fn remittance(
        &self,
        courier: StaffId,
        currency: Currency,
        id: RemittanceId,
    ) -> Result<Option<Remittance>, StoreError> {
        let key = keys::remittance(courier, currency, id);
        self.dynamo.get(&self.table, &key, Consistency::Strong).await
    }

    /// The parts that keep what was handed in, in its newest state, with its posting. Refused when it changed meanwhile.
    /// Access pattern `payments.cash.remit`.
    ///
    /// # Errors
    ///
    /// When an item does not serialise.
    pub fn remittance_parts(&self, remittance: &Remittance, posting: &Posting) -> Result<Vec<Part<Stale>>, StoreError> {
        let key = keys::remittance(remittance.courier, remittance.amount.currency(), remittance.id);
        let item = to_item(&key, remittance)?;
        let part = match remittance.version {
            0 | 1 => Part::insert(&self.table, item),
            version => Part::replace(&self.table, item, version - 1),
        };
        let mut parts = vec![part.refused(Stale)];
        parts.extend(self.posting_parts(posting, None)?);
        Ok(parts)
    }

    /// A page of a courier's visits, newest first. Access pattern `payments.cash.list`.
    ///
    /// # Errors
    ///
    /// When it cannot be read.
    pub async fn collections(
        &self,
        courier: StaffId,
        currency: Currency,
        limit: u16,
        after: Option<Cursor>,
    ) -> Result<Page<Collection>, StoreError> {
        self.cash_list(courier, currency, keys::COLLECTION, (limit, after))
            .await
    }

    /// A page of what a courier handed in, newest first. Access pattern `payments.cash.list`.
    ///
    /// # Errors
    ///
    /// When it cannot be read.
    pub async fn remittances(
        &self,
        courier: StaffId,
        currency: Currency,
        limit: u16,
        after: Option<Cursor>,
    ) -> Result<Page<Remittance>, StoreError> {
        self.cash_list(courier, currency, keys::REMITTANCE, (limit, after))
            .await
    }

    async fn cash_list<R: Record>(
        &self,
        courier: StaffId,
        currency: Currency,
        kind: &str,
        (limit, after): (u16, Option<Cursor>),
    ) -> Result<Page<R>, StoreError> {
        let query = Query::new(&self.table, "pk = :courier AND begins_with(sk, :kind)", limit)
            .text(":courier", keys::courier(courier, currency))
            .text(":kind", kind)
            .descending();
        self.dynamo.query(query.strong().after(after)).await?.records()
    }

    /// Reads a cursor of a courier's lists back.
    ///
    /// # Errors
    ///
    /// When it is not one.
    pub fn cash_cursor(courier: StaffId, currency: Currency, text: &str) -> Result<Cursor, CursorError> {
        Cursor::decode(text, "pk", &keys::courier(courier, currency))
    }
}
