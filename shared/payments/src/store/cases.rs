//! Cases: what waits for a person.

use dynamo::{CommitError, Part, Record, StoreError, to_item};
use kernel::{OrderId, Timestamp};
use serde::{Deserialize, Serialize};

use super::{Notice, Payments, Stale, keys};
use crate::{
    HoldReason, ObjectId, Provider,
    events::latest::{PaymentHeld, Why},
};

/// Why a verified notice books nothing.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum CaseReason {
    /// It cannot be read.
    Unreadable,
    /// It names no payment of ours.
    UnknownPayment,
    /// It names a payment of ours, but the order is not there.
    UnknownOrder,
    /// It asks for another amount than we did.
    WrongAmount,
    /// It is in another currency than the order.
    WrongCurrency,
    /// It is of another payment object than the one we started.
    WrongObject,
    /// Test money for a live order, or the reverse.
    WrongMode,
    /// Its provider is not enabled here.
    ProviderDisabled,
    /// Its amounts do not add up with those that are known.
    Unaccountable,
    /// The order refuses to be paid in the state that it is in.
    OrderRefuses,
    /// The order has more facts than are folded.
    TooManyFacts,
}

/// A case. The raw notice stays in its own item, under its delivery id, until that expires.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Case {
    /// Who sent the notice.
    pub provider: Provider,
    /// Which notice.
    pub delivery: ObjectId,
    /// The order, where it is known.
    pub order: Option<OrderId>,
    /// Why it waits.
    pub why: Why,
    /// When the notice came.
    pub received_at: Timestamp,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Blocked {
    HasCase,
    Beside,
}

impl Record for Case {
    const ENTITY: &'static str = "payment-case";
    const SHAPE: u16 = 1;
}

impl Payments {
    /// The parts that open a case for a notice, with `payment.held`. Refused when the notice has one.
    /// Access pattern `payments.case.open`.
    pub fn case_parts(
        &self,
        notice: &Notice,
        order: Option<OrderId>,
        why: Why,
    ) -> Result<Vec<Part<Stale>>, StoreError> {
        let (provider, delivery) = (notice.provider, notice.delivery.clone());
        let key = keys::case(&notice.received_at.day(), provider, &delivery);
        let held = PaymentHeld {
            provider,
            delivery: delivery.clone(),
            order,
            why,
        };
        let case = Case {
            provider,
            delivery,
            order,
            why,
            received_at: notice.received_at,
        };
        Ok(vec![
            Part::insert(&self.table, to_item(&key, &case)?).refused(Stale),
            self.event(&held, Some(notice.delivery.as_str()))?,
        ])
    }

    /// Opens a case for a notice that books nothing, with whatever else must happen then. A notice that has a case is done.
    /// `Some(Stale)`: what was to happen beside it was refused; read again.
    pub async fn open_case(
        &self,
        notice: &Notice,
        order: Option<OrderId>,
        reason: CaseReason,
        with: Option<Part<Stale>>,
    ) -> Result<Option<Stale>, StoreError> {
        let parts = self.case_parts(notice, order, Why::Case(reason))?;
        let mut parts: Vec<_> = parts
            .into_iter()
            .map(|part| part.map(|Stale| Blocked::HasCase))
            .collect();
        parts.extend(with.map(|part| part.map(|Stale| Blocked::Beside)));
        match self.dynamo.commit(parts).await {
            Ok(()) => Ok(None),
            Err(CommitError::Refused(all)) if all.iter().any(|refusal| refusal.reason == Blocked::HasCase) => Ok(None),
            Err(CommitError::Refused(_)) => Ok(Some(Stale)),
            Err(error) => error.first().map(|_| None),
        }
    }

    /// The part that tells of a hold on an order that no notice caused: its end did.
    pub fn hold_event(
        &self,
        order: OrderId,
        provider: Provider,
        of: &ObjectId,
        why: HoldReason,
    ) -> Result<Part<Stale>, StoreError> {
        self.event(
            &PaymentHeld {
                provider,
                delivery: of.clone(),
                order: Some(order),
                why: Why::Hold(why),
            },
            None,
        )
    }
}
