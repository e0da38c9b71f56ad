//! First shapes.

use kernel::{Event, Money, OrderId, RefundId, Timestamp};
use serde::{Deserialize, Serialize};

use crate::{CaseReason, HoldReason, ObjectId, Provider, RefundReason};

/// A verified notice was kept, and waits to be settled.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct PaymentNoticed {
    /// Who sent it.
    pub provider: Provider,
    /// Its delivery id: with the provider, the kept notice's key.
    pub delivery: ObjectId,
    /// The order that it says it is about, where it says so. A hint for ordering; settlement finds out by itself.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub order: Option<OrderId>,
}

impl Event for PaymentNoticed {
    const NAME: &'static str = "payment.noticed";
    const VERSION: u16 = 1;
    fn key(&self) -> String {
        self.order.map_or_else(
            || format!("{}-{}", self.provider, self.delivery),
            |order| order.to_string(),
        )
    }
}

/// Money should go back to the payer.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct PaymentRefundRequested {
    /// Whose money.
    pub order: OrderId,
    /// Our refund.
    pub refund: RefundId,
    /// Through whom.
    pub provider: Provider,
    /// Of which payment object of theirs.
    pub payment: ObjectId,
    /// How much.
    pub amount: Money,
    /// Why.
    pub reason: RefundReason,
}

impl Event for PaymentRefundRequested {
    const NAME: &'static str = "payment.refund_requested";
    const VERSION: u16 = 1;
    fn key(&self) -> String {
        self.order.to_string()
    }
}

/// Money, or the word of money, waits for a person.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct PaymentHeld {
    /// Who sent the notice, where one caused it.
    pub provider: Provider,
    /// The delivery, where one caused it.
    pub delivery: ObjectId,
    /// The order, where it is known.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub order: Option<OrderId>,
    /// Why.
    pub why: Why,
}

/// Our books and a provider's statement differ. Told once for each difference.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct PaymentReconciliationDifference {
    /// The day that the difference belongs to, `2026-11-22`.
    pub day: String,
    /// Whose statement.
    pub provider: Provider,
    /// The payment, refund, or statement that it is about.
    pub of: ObjectId,
    /// The order, where it is known.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub order: Option<OrderId>,
    /// What differs.
    pub why: Why,
    /// What our books say, where amounts are compared.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub here: Option<Money>,
    /// What the statement says, where amounts are compared.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub there: Option<Money>,
}

impl Event for PaymentReconciliationDifference {
    const NAME: &'static str = "payment.reconciliation_difference";
    const VERSION: u16 = 1;
    fn key(&self) -> String {
        self.order
            .map_or_else(|| format!("{}-{}", self.provider, self.of), |order| order.to_string())
    }
}

/// Why money waits.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Why {
    /// It is booked, and does not fit the order.
    Hold(HoldReason),
    /// It is not booked: the notice is kept as a case.
    Case(CaseReason),
}

impl Why {
    /// The name in keys, routes and logs.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Hold(hold) => hold.as_str(),
            Self::Case(case) => case.as_str(),
        }
    }

    /// The one of that name.
    pub fn named(name: &str) -> Option<Self> {
        let cases = CaseReason::ALL.into_iter().map(Self::Case);
        let mut all = cases.chain(HoldReason::ALL.into_iter().map(Self::Hold));
        all.find(|why| why.as_str() == name)
    }
}

impl Event for PaymentHeld {
    const NAME: &'static str = "payment.held";
    const VERSION: u16 = 1;
    fn key(&self) -> String {
        self.order.map_or_else(
            || format!("{}-{}", self.provider, self.delivery),
            |order| order.to_string(),
        )
    }
}

/// Evidence of a dispute is due within a day.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct PaymentDisputeDue {
    /// Whose money.
    pub order: OrderId,
    /// Through whom.
    pub provider: Provider,
    /// Of which payment object of theirs.
    pub payment: ObjectId,
    /// Their id of the dispute.
    pub dispute: ObjectId,
    /// How much was withdrawn; nothing for a question alone.
    pub amount: Money,
    /// Until when evidence is taken.
    pub due_at: Timestamp,
}

impl Event for PaymentDisputeDue {
    const NAME: &'static str = "payment.dispute_due";
    const VERSION: u16 = 1;
    fn key(&self) -> String {
        self.order.to_string()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn golden<E: Event + PartialEq + std::fmt::Debug>(event: &E, text: &str) {
        assert_eq!(serde_json::to_string(event).unwrap(), text);
        assert_eq!(&serde_json::from_str::<E>(text).unwrap(), event);
    }

    #[test]
    fn released_shapes_stay_as_they_are() {
        let order: OrderId = "ord_0190a6d0000070008000000000000000".parse().unwrap();
        let delivery: ObjectId = "evt_1".parse().unwrap();
        golden(
            &PaymentNoticed {
                provider: Provider::Stripe,
                delivery: delivery.clone(),
                order: Some(order),
            },
            r#"{"provider":"stripe","delivery":"evt_1","order":"ord_0190a6d0000070008000000000000000"}"#,
        );
        golden(
            &PaymentRefundRequested {
                order,
                refund: "rfd_0190a6d0000070008000000000000000".parse().unwrap(),
                provider: Provider::Stripe,
                payment: "pi_1".parse().unwrap(),
                amount: Money::new(500, "CNY".parse().unwrap()).unwrap(),
                reason: RefundReason::Overpaid,
            },
            r#"{"order":"ord_0190a6d0000070008000000000000000","refund":"rfd_0190a6d0000070008000000000000000","provider":"stripe","payment":"pi_1","amount":{"amount":500,"currency":"CNY"},"reason":"overpaid"}"#,
        );
        golden(
            &PaymentDisputeDue {
                order,
                provider: Provider::Stripe,
                payment: "pi_1".parse().unwrap(),
                dispute: "dp_1".parse().unwrap(),
                amount: Money::new(500, "CNY".parse().unwrap()).unwrap(),
                due_at: Timestamp::from_millis(1_775_640_600_000),
            },
            r#"{"order":"ord_0190a6d0000070008000000000000000","provider":"stripe","payment":"pi_1","dispute":"dp_1","amount":{"amount":500,"currency":"CNY"},"due_at":"2026-04-08T09:30:00.000Z"}"#,
        );
        golden(
            &PaymentHeld {
                provider: Provider::Stripe,
                delivery: delivery.clone(),
                order: None,
                why: Why::Case(CaseReason::UnknownPayment),
            },
            r#"{"provider":"stripe","delivery":"evt_1","why":{"case":"unknown_payment"}}"#,
        );
        golden(
            &PaymentReconciliationDifference {
                day: "2026-11-22".to_owned(),
                provider: Provider::Alipay,
                of: "pay_1".parse().unwrap(),
                order: None,
                why: Why::Case(CaseReason::MissingHere),
                here: None,
                there: Some(Money::new(500, "CNY".parse().unwrap()).unwrap()),
            },
            r#"{"day":"2026-11-22","provider":"alipay","of":"pay_1","why":{"case":"missing_here"},"there":{"amount":500,"currency":"CNY"}}"#,
        );
        golden(
            &PaymentHeld {
                provider: Provider::Stripe,
                delivery,
                order: Some(order),
                why: Why::Hold(HoldReason::Underpaid),
            },
            r#"{"provider":"stripe","delivery":"evt_1","order":"ord_0190a6d0000070008000000000000000","why":{"hold":"underpaid"}}"#,
        );
    }
}
