//! Cash on delivery: what couriers collect at the door, hold, and hand in.
//!
//! What a courier holds is kept as running totals, so that where the cash of one order is follows from them: what was
//! collected first is handed in and banked first. No record of an order changes when its cash moves on.

use kernel::{Money, MoneyError, OrderId, PaymentId, RemittanceId, StaffId, Text, Timestamp};
use serde::{Deserialize, Serialize};

use crate::{
    Account, Entry, Fact, FactKind, Intent, LedgerError, ObjectId, Posting, Provider, Reading, Reference, Step, Subject,
};

/// The longest reason for a refusal at the door, in characters.
pub const DOOR_REASON_CHARS_MAX: usize = 300;
/// Digits of a buyer's code.
const CODE_DIGITS: u32 = 6;

/// Where the cash of one order is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum CashState {
    /// To be collected.
    CodPending,
    /// The courier has it.
    CodCollected,
    /// The courier has it, and it is less than was due.
    CodShort,
    /// The buyer did not pay. May still be collected, on another try.
    CodRefused,
    /// The courier handed it in.
    CodRemitted,
    /// It is at the bank.
    Settled,
}

/// What one courier holds in one currency, as running totals: collected ≥ remitted ≥ confirmed, always.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct CashInHand {
    /// Who.
    pub courier: StaffId,
    /// Collected at doors, ever.
    pub collected: Money,
    /// Handed in, ever; less what was given back.
    pub remitted: Money,
    /// Of that, what was counted and banked.
    pub confirmed: Money,
    /// 0: not kept yet.
    pub version: u64,
}

/// Why cash does not move.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum CashRefused {
    /// Nothing, or less.
    #[error("the amount must be more than nothing")]
    Amount,
    /// More than is there.
    #[error("there is no more than {held}")]
    TooMuch {
        /// What is there.
        held: Money,
    },
    /// Another currency, or beyond all bounds.
    #[error(transparent)]
    Money(#[from] MoneyError),
}

impl CashInHand {
    /// Of a courier who never collected.
    pub const fn nothing(courier: StaffId, currency: kernel::Currency) -> Self {
        let zero = Money::zero(currency);
        Self {
            courier,
            collected: zero,
            remitted: zero,
            confirmed: zero,
            version: 0,
        }
    }

    /// What the courier has: collected and not handed in. Never less than nothing.
    ///
    /// # Errors
    ///
    /// When the totals are of several currencies, which they are not.
    pub fn held(&self) -> Result<Money, MoneyError> {
        self.collected.minus(self.remitted)
    }

    /// Handed in, and not counted yet.
    ///
    /// # Errors
    ///
    /// When the totals are of several currencies, which they are not.
    pub fn uncounted(&self) -> Result<Money, MoneyError> {
        self.remitted.minus(self.confirmed)
    }

    /// More is collected.
    ///
    /// # Errors
    ///
    /// See [`CashRefused`].
    pub fn collect(self, amount: Money) -> Result<Self, CashRefused> {
        let collected = self.collected.plus(positive(amount)?)?;
        Ok(Self { collected, ..self }.next())
    }

    /// Some is handed in: no more than the courier has.
    ///
    /// # Errors
    ///
    /// See [`CashRefused`].
    pub fn remit(self, amount: Money) -> Result<Self, CashRefused> {
        within(amount, self.held()?)?;
        let remitted = self.remitted.plus(amount)?;
        Ok(Self { remitted, ..self }.next())
    }

    /// What was handed in is counted and banked.
    ///
    /// # Errors
    ///
    /// See [`CashRefused`].
    pub fn confirm(self, amount: Money) -> Result<Self, CashRefused> {
        within(amount, self.uncounted()?)?;
        let confirmed = self.confirmed.plus(amount)?;
        Ok(Self { confirmed, ..self }.next())
    }

    /// What was handed in was not what was said: the courier has it again.
    ///
    /// # Errors
    ///
    /// See [`CashRefused`].
    pub fn give_back(self, amount: Money) -> Result<Self, CashRefused> {
        within(amount, self.uncounted()?)?;
        let remitted = self.remitted.minus(amount)?;
        Ok(Self { remitted, ..self }.next())
    }

    const fn next(mut self) -> Self {
        self.version = self.version.saturating_add(1);
        self
    }
}

fn positive(amount: Money) -> Result<Money, CashRefused> {
    if amount.amount() <= 0 {
        return Err(CashRefused::Amount);
    }
    Ok(amount)
}

fn within(amount: Money, held: Money) -> Result<(), CashRefused> {
    if held.minus(positive(amount)?)?.amount() < 0 {
        return Err(CashRefused::TooMuch { held });
    }
    Ok(())
}

/// What proves a collection.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "by", rename_all = "snake_case")]
pub enum Evidence {
    /// A photograph.
    Photo {
        /// Where it is.
        url: String,
    },
    /// The buyer's code, which was right.
    Code,
}

/// What happened at the door.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "is", rename_all = "snake_case")]
pub enum AtTheDoor {
    /// The buyer paid.
    Collected {
        /// How much.
        amount: Money,
        /// The courier's running total with it: by this, where the cash is follows.
        through: Money,
        /// What proves it.
        evidence: Evidence,
    },
    /// The buyer did not.
    Refused {
        /// Why, in the courier's words.
        reason: Text<DOOR_REASON_CHARS_MAX>,
    },
}

/// A courier's visit for one payment.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Collection {
    /// What is paid.
    pub order: OrderId,
    /// Our intent.
    pub payment: PaymentId,
    /// Who was there.
    pub courier: StaffId,
    /// What was to be collected then.
    pub due: Money,
    /// What happened.
    pub outcome: AtTheDoor,
    /// When.
    pub at: Timestamp,
    /// Counts visits, from 1: a refusal may be followed by another.
    pub version: u64,
}

impl Collection {
    /// Where the cash is, by what its courier holds now.
    pub fn state(&self, hand: &CashInHand) -> CashState {
        let AtTheDoor::Collected { amount, through, .. } = &self.outcome else {
            return CashState::CodRefused;
        };
        if through.amount() <= hand.confirmed.amount() {
            return CashState::Settled;
        }
        if through.amount() <= hand.remitted.amount() {
            return CashState::CodRemitted;
        }
        if amount.amount() < self.due.amount() {
            return CashState::CodShort;
        }
        CashState::CodCollected
    }

    /// What it tells of the payment, in canonical facts.
    pub fn reading(&self, intent: &Intent, object: ObjectId) -> Reading {
        let kind = match &self.outcome {
            AtTheDoor::Collected { amount, .. } => FactKind::Captured { received: *amount },
            AtTheDoor::Refused { .. } => FactKind::Progress { step: Step::Failed },
        };
        Reading {
            reference: Reference {
                order: Some(self.order),
                payment: Some(self.payment),
                object: Some(object.clone()),
                session: None,
            },
            asked: Some(intent.amount),
            livemode: intent.livemode,
            occurred_at: Some(self.at),
            evidence_due_at: None,
            card: None,
            facts: vec![Fact {
                provider: Provider::CashOnDelivery,
                payment: object,
                kind,
            }],
        }
    }
}

/// The code that the buyer gives the courier in exchange for the parcel. It follows from our payment's id, which the payer
/// was given and no courier is.
pub fn door_code(payment: PaymentId) -> String {
    let digest = ring::digest::digest(&ring::digest::SHA256, format!("door#{payment}").as_bytes());
    let number = digest
        .as_ref()
        .iter()
        .take(8)
        .fold(0_u64, |number, byte| (number << 8) | u64::from(*byte));
    let code = number % 10_u64.pow(CODE_DIGITS);
    format!("{code:06}")
}

/// How far cash that was handed in is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "is", rename_all = "snake_case")]
pub enum RemittanceState {
    /// To be counted.
    HandedIn,
    /// Counted, and at the bank.
    Banked {
        /// Who counted.
        by: StaffId,
        /// When.
        at: Timestamp,
    },
    /// Not what was said: the courier has it again.
    GivenBack {
        /// What was there instead.
        counted: Money,
        /// Who counted.
        by: StaffId,
        /// When.
        at: Timestamp,
    },
}

/// Cash that a courier hands in.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Remittance {
    /// Which.
    pub id: RemittanceId,
    /// Whose.
    pub courier: StaffId,
    /// What the courier says it is.
    pub amount: Money,
    /// When.
    pub handed_in_at: Timestamp,
    /// How far it is.
    pub state: RemittanceState,
    /// Counts its writes, from 1.
    pub version: u64,
}

impl Remittance {
    /// Handed in now.
    pub const fn new(id: RemittanceId, courier: StaffId, amount: Money, at: Timestamp) -> Self {
        Self {
            id,
            courier,
            amount,
            handed_in_at: at,
            state: RemittanceState::HandedIn,
            version: 1,
        }
    }

    /// Counted by staff: banked when it is what was said, else given back. `None` when it was counted before.
    pub fn counted(self, counted: Money, by: StaffId, at: Timestamp) -> Option<Self> {
        let state = match self.state {
            RemittanceState::HandedIn if counted == self.amount => RemittanceState::Banked { by, at },
            RemittanceState::HandedIn => RemittanceState::GivenBack { counted, by, at },
            RemittanceState::Banked { .. } | RemittanceState::GivenBack { .. } => return None,
        };
        let version = self.version.saturating_add(1);
        Some(Self { state, version, ..self })
    }

    /// What its newest state moves in the ledger.
    ///
    /// # Errors
    ///
    /// When the amount is none.
    pub fn posting(&self) -> Result<Posting, LedgerError> {
        let clearing = Account::ProviderClearing(Provider::CashOnDelivery);
        let (cause, to, from, at) = match self.state {
            RemittanceState::HandedIn => ("handed_in", Account::CashInTransit, clearing, self.handed_in_at),
            RemittanceState::Banked { at, .. } => ("banked", Account::Bank, Account::CashInTransit, at),
            RemittanceState::GivenBack { at, .. } => ("given_back", clearing, Account::CashInTransit, at),
        };
        let subject = Subject::Remittance(self.id.to_string());
        moved(subject, cause, (to, from), self.amount, at)
    }
}

/// What a refund of cash that was paid out of the bank moves, beside the refund itself: the bank's money is less, and cash on
/// delivery is not owed it.
///
/// # Errors
///
/// When the amount is none.
pub fn paid_out(refund: kernel::RefundId, amount: Money, at: Timestamp) -> Result<Posting, LedgerError> {
    let clearing = Account::ProviderClearing(Provider::CashOnDelivery);
    let subject = Subject::Remittance(refund.to_string());
    moved(subject, "paid_out", (clearing, Account::Bank), amount, at)
}

fn moved(
    subject: Subject,
    cause: &str,
    (to, from): (Account, Account),
    amount: Money,
    at: Timestamp,
) -> Result<Posting, LedgerError> {
    let entry = |account, amount| Entry { account, amount };
    let entries = vec![entry(to, amount), entry(from, amount.negated())];
    Posting::new(subject, cause.to_owned(), entries, at)
}

#[cfg(test)]
mod tests;
