//! The development-only provider: a payment that succeeds as it is asked, and moves no money.
//!
//! It has no webhook. Checkout writes its notice in the order's own transaction, and the usual settlement pays the order.

use kernel::{Money, OrderId, PaymentId};
use serde::{Deserialize, Serialize};

use super::{ParseError, Parsed, RefundOrder};
use crate::{Fact, FactKind, ObjectId, Provider, Reading, Reference};

/// The body of an instant notice.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct InstantNotice {
    /// The order that is paid.
    pub order: OrderId,
    /// Our intent.
    pub payment: PaymentId,
    /// What is "received".
    pub amount: Money,
}

/// The payment object of an instant payment: our own id of it.
pub(crate) fn object(payment: PaymentId) -> Result<ObjectId, ParseError> {
    payment.to_string().parse().map_err(|_| ParseError("payment"))
}

/// The refund of an instant payment: done as it is asked, for no money moved. `None` for other providers' payments.
pub(super) fn refunded(refund: RefundOrder<'_>) -> Option<Reading> {
    let RefundOrder { request, intent, .. } = refund;
    if intent.provider != Provider::Instant {
        return None;
    }
    let mut reading = intent.nothing_told();
    reading.reference.object = Some(request.payment.clone());
    reading.facts = vec![Fact {
        provider: Provider::Instant,
        payment: request.payment.clone(),
        kind: FactKind::RefundSucceeded {
            refund: request.object()?,
            amount: request.amount,
        },
    }];
    Some(reading)
}

pub(super) fn parse(body: &[u8]) -> Result<Parsed, ParseError> {
    let notice: InstantNotice = serde_json::from_slice(body).map_err(|_| ParseError("body"))?;
    let object = object(notice.payment)?;
    let kind = FactKind::Captured {
        received: notice.amount,
    };
    Ok(Parsed::Told(Reading {
        reference: Reference {
            order: Some(notice.order),
            payment: Some(notice.payment),
            object: Some(object.clone()),
            session: None,
        },
        asked: Some(notice.amount),
        livemode: false,
        occurred_at: None,
        evidence_due_at: None,
        card: None,
        facts: vec![Fact {
            provider: Provider::Instant,
            payment: object,
            kind,
        }],
    }))
}
