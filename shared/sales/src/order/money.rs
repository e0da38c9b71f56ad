//! Amounts of an order, and what it knows of its payment.

use kernel::{Currency, Money, MoneyError};
use serde::{Deserialize, Serialize};

/// The most amounts in one list of totals.
pub const TOTALS_MAX: usize = 20;

/// One amount of an order or a line.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Total {
    /// What it is.
    pub kind: TotalKind,
    /// How much: negative for discounts.
    pub amount: Money,
    /// What buyers read beside it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub display_text: Option<String>,
}

/// What an amount is, in UCP's words.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum TotalKind {
    /// Goods before everything else; exactly one.
    Subtotal,
    /// Off single items; negative.
    ItemsDiscount,
    /// Off the order; negative.
    Discount,
    /// Freight.
    Fulfillment,
    /// Tax.
    Tax,
    /// A fee.
    Fee,
    /// What is to be paid; exactly one; the sum of the others.
    Total,
}

impl TotalKind {
    /// As UCP writes it.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Subtotal => "subtotal",
            Self::ItemsDiscount => "items_discount",
            Self::Discount => "discount",
            Self::Fulfillment => "fulfillment",
            Self::Tax => "tax",
            Self::Fee => "fee",
            Self::Total => "total",
        }
    }

    const fn sign_fits(self, amount: i64) -> bool {
        match self {
            Self::Subtotal | Self::Fulfillment | Self::Tax | Self::Fee | Self::Total => amount >= 0,
            Self::ItemsDiscount | Self::Discount => amount < 0,
        }
    }
}

impl Total {
    /// The amount of a kind, when there is exactly one.
    pub fn only(totals: &[Self], kind: TotalKind) -> Option<Money> {
        let mut found = totals.iter().filter(|total| total.kind == kind);
        let first = found.next()?;
        found.next().is_none().then_some(first.amount)
    }

    /// Whether the amounts are of one currency, have their signs, one subtotal and one total, and sum up.
    pub fn consistent(totals: &[Self], currency: Currency) -> bool {
        let parts = totals
            .iter()
            .filter(|total| total.kind != TotalKind::Total)
            .map(|total| total.amount);
        totals.len() <= TOTALS_MAX
            && totals.iter().all(|total| total.kind.sign_fits(total.amount.amount()))
            && Self::only(totals, TotalKind::Subtotal).is_some()
            && Self::only(totals, TotalKind::Total).is_some_and(|total| Money::sum(currency, parts) == Ok(total))
    }
}

/// What the payments context last told of an order's money: a summary, never the books.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct Payment {
    /// Where the money stands.
    pub status: PaymentStatus,
    /// Received over all payments.
    pub captured: Money,
    /// Given back.
    pub refunded: Money,
    /// Taken back by disputes that are open or lost.
    pub withdrawn: Money,
}

/// Where an order's money stands: the outcome of the fold over its payment facts.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum PaymentStatus {
    /// Nothing came yet.
    Unpaid,
    /// Too little came.
    UnderpaidHold,
    /// The whole came.
    Paid,
    /// Too much came.
    OverpaidHold,
    /// A refund was asked for and is not through.
    RefundPending,
    /// Part was given back.
    PartiallyRefunded,
    /// All was given back.
    Refunded,
    /// A dispute is open.
    Disputed,
    /// A dispute was lost.
    ChargedBack,
    /// Money came for an order that is cancelled or expired, and could not be revived.
    PaidAfterCancel,
}

impl Payment {
    /// Nothing came yet.
    pub const fn unpaid(currency: Currency) -> Self {
        let zero = Money::zero(currency);
        Self {
            status: PaymentStatus::Unpaid,
            captured: zero,
            refunded: zero,
            withdrawn: zero,
        }
    }

    /// What we hold: captured, less what went back or was taken back.
    ///
    /// # Errors
    ///
    /// When the amounts are of several currencies.
    pub fn held(&self) -> Result<Money, MoneyError> {
        self.captured.minus(self.refunded)?.minus(self.withdrawn)
    }

    pub(super) fn of_currency(&self, currency: Currency) -> bool {
        [self.captured, self.refunded, self.withdrawn]
            .iter()
            .all(|money| money.currency() == currency && money.amount() >= 0)
    }
}
