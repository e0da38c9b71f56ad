//! Cases: what waits for a person. One item each, by day, until somebody resolves it, and for ever after.

use std::{fmt, str::FromStr};

use dynamo::{CommitError, Consistency, Cursor, CursorError, Page, Part, Query, Record, StoreError, to_item};
use kernel::{Actor, Money, OrderId, Text, Timestamp};
use serde::{Deserialize, Serialize};

use super::{Kept, Notice, Payments, Stale, keys};
use crate::{
    HoldReason, ObjectId, Provider,
    events::latest::{PaymentHeld, Why},
};

/// The longest word of staff on a case, in characters.
pub const CASE_NOTE_CHARS_MAX: usize = 300;
/// Cases of one page.
pub const CASES_PAGE_MAX: u16 = 100;

/// Why something of money waits for a person, other than a hold.
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
    /// A refund that the provider can't finish by itself.
    RefundStuck,
    /// A refund that the provider will not do.
    RefundRefused,
    /// A refund came back, or was never made: the payer does not have it.
    RefundFailed,
    /// Single refunds and the provider's running total do not agree.
    RefundsDisagree,
    /// A payer's bank disputes a payment.
    Disputed,
    /// Evidence of a dispute is due within a day.
    EvidenceDue,
    /// A payment was asked about to the end, and its provider knows no outcome.
    Silent,
    /// The provider's statement has it, and we do not.
    MissingHere,
    /// We have it, and the provider's statement does not.
    MissingThere,
    /// We and the provider's statement have different amounts.
    AmountDiffers,
    /// We and the provider's statement differ about what became of it.
    StateDiffers,
    /// Rows of the provider's statement that cannot be read.
    StatementUnreadable,
    /// A courier collected another amount than was due.
    CashShort,
    /// A courier keeps cash longer than agreed.
    CashOverdue,
    /// Risk rules hold a payment before it starts: staff approve or refuse it.
    RiskReview,
    /// A risk rule speaks of the card that paid: the order is under review before it leaves.
    CardRisk,
    /// A day's entries of all accounts do not add up to nothing.
    LedgerUnbalanced,
}

impl CaseReason {
    /// All of them.
    pub const ALL: [Self; 28] = [
        Self::Unreadable,
        Self::UnknownPayment,
        Self::UnknownOrder,
        Self::WrongAmount,
        Self::WrongCurrency,
        Self::WrongObject,
        Self::WrongMode,
        Self::ProviderDisabled,
        Self::Unaccountable,
        Self::OrderRefuses,
        Self::TooManyFacts,
        Self::RefundStuck,
        Self::RefundRefused,
        Self::RefundFailed,
        Self::RefundsDisagree,
        Self::Disputed,
        Self::EvidenceDue,
        Self::Silent,
        Self::MissingHere,
        Self::MissingThere,
        Self::AmountDiffers,
        Self::StateDiffers,
        Self::StatementUnreadable,
        Self::CashShort,
        Self::CashOverdue,
        Self::RiskReview,
        Self::CardRisk,
        Self::LedgerUnbalanced,
    ];

    /// The name in keys, routes and logs.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Unreadable => "unreadable",
            Self::UnknownPayment => "unknown_payment",
            Self::UnknownOrder => "unknown_order",
            Self::WrongAmount => "wrong_amount",
            Self::WrongCurrency => "wrong_currency",
            Self::WrongObject => "wrong_object",
            Self::WrongMode => "wrong_mode",
            Self::ProviderDisabled => "provider_disabled",
            Self::Unaccountable => "unaccountable",
            Self::OrderRefuses => "order_refuses",
            Self::TooManyFacts => "too_many_facts",
            Self::RefundStuck => "refund_stuck",
            Self::RefundRefused => "refund_refused",
            Self::RefundFailed => "refund_failed",
            Self::RefundsDisagree => "refunds_disagree",
            Self::Disputed => "disputed",
            Self::EvidenceDue => "evidence_due",
            Self::Silent => "silent",
            Self::MissingHere => "missing_here",
            Self::MissingThere => "missing_there",
            Self::AmountDiffers => "amount_differs",
            Self::StateDiffers => "state_differs",
            Self::StatementUnreadable => "statement_unreadable",
            Self::CashShort => "cash_short",
            Self::CashOverdue => "cash_overdue",
            Self::RiskReview => "risk_review",
            Self::CardRisk => "card_risk",
            Self::LedgerUnbalanced => "ledger_unbalanced",
        }
    }
}

/// What names a case: the same finding on the same day is the same case. Written `2026-11-22~stripe~evt_1~wrong_amount`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct CaseId {
    /// The day of its list, `2026-11-22`: that of the notice, of the statement, or of the decision.
    pub day: String,
    /// Whose money, or whose word.
    pub provider: Provider,
    /// The delivery, where a notice caused it; else the payment, refund, dispute or other thing that it is about.
    pub of: ObjectId,
    /// Why.
    pub why: Why,
}

/// A text that is no case's id.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("not the id of a case")]
pub struct CaseIdError;

/// What is known of a case when it is opened, beside its id.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Finding {
    /// The order, where it is known.
    pub order: Option<OrderId>,
    /// What our books say, where amounts are compared.
    pub here: Option<Money>,
    /// What the other side says, where amounts are compared.
    pub there: Option<Money>,
}

/// A case. The raw notice stays in its own item, under its delivery id, until that expires.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Case {
    /// The day of its list.
    pub day: String,
    /// Whose money, or whose word.
    pub provider: Provider,
    /// The delivery, where a notice caused it; else what it is about.
    pub of: ObjectId,
    /// The order, where it is known.
    pub order: Option<OrderId>,
    /// Why it waits.
    pub why: Why,
    /// What our books say, where amounts are compared.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub here: Option<Money>,
    /// What the other side says, where amounts are compared.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub there: Option<Money>,
    /// When it was opened.
    pub opened_at: Timestamp,
    /// Whether somebody resolved it.
    pub state: CaseState,
    /// Counts its writes, from 1.
    pub version: u64,
}

/// Whether a case still waits.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "is", rename_all = "snake_case")]
pub enum CaseState {
    /// It waits.
    Open,
    /// Somebody looked after it.
    Resolved {
        /// Who.
        by: Actor,
        /// When.
        at: Timestamp,
        /// What they say of it.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        note: Option<Text<CASE_NOTE_CHARS_MAX>>,
    },
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Blocked {
    HasCase,
    Beside,
}

impl Record for Case {
    const ENTITY: &'static str = "payment-case";
    const SHAPE: u16 = 2;
}

impl Case {
    /// What names it.
    pub fn id(&self) -> CaseId {
        CaseId {
            day: self.day.clone(),
            provider: self.provider,
            of: self.of.clone(),
            why: self.why,
        }
    }

    /// The case as somebody resolved it; `None` when somebody did before.
    pub fn resolved(&self, by: Actor, at: Timestamp, note: Option<Text<CASE_NOTE_CHARS_MAX>>) -> Option<Self> {
        match self.state {
            CaseState::Resolved { .. } => None,
            CaseState::Open => Some(Self {
                state: CaseState::Resolved { by, at, note },
                version: self.version.saturating_add(1),
                ..self.clone()
            }),
        }
    }
}

impl fmt::Display for CaseId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { day, provider, of, why } = self;
        write!(f, "{day}~{provider}~{of}~{}", why.as_str())
    }
}

impl FromStr for CaseId {
    type Err = CaseIdError;
    fn from_str(text: &str) -> Result<Self, CaseIdError> {
        let mut parts = text.split('~');
        let mut part = || parts.next().ok_or(CaseIdError);
        let day = part()?;
        if day.len() != 10 || !day.bytes().all(|byte| byte.is_ascii_digit() || byte == b'-') {
            return Err(CaseIdError);
        }
        let id = Self {
            day: day.to_owned(),
            provider: part()?.parse().map_err(|_| CaseIdError)?,
            of: part()?.parse().map_err(|_| CaseIdError)?,
            why: Why::named(part()?).ok_or(CaseIdError)?,
        };
        parts.next().is_none().then_some(id).ok_or(CaseIdError)
    }
}

impl Payments {
    /// The parts that open a case, with `payment.held`. Refused when there is one of that id.
    /// Access pattern `payments.case.open`.
    ///
    /// # Errors
    ///
    /// When an item does not serialise.
    pub fn finding_parts(&self, id: &CaseId, finding: Finding) -> Result<Vec<Part<Stale>>, StoreError> {
        let held = PaymentHeld {
            provider: id.provider,
            delivery: id.of.clone(),
            order: finding.order,
            why: id.why,
        };
        let case = Case {
            day: id.day.clone(),
            provider: id.provider,
            of: id.of.clone(),
            order: finding.order,
            why: id.why,
            here: finding.here,
            there: finding.there,
            opened_at: self.dynamo.ambient().now(),
            state: CaseState::Open,
            version: 1,
        };
        Ok(vec![
            Part::insert(&self.table, to_item(&keys::case(id), &case)?).refused(Stale),
            self.event(&held, Some(id.of.as_str()))?,
        ])
    }

    /// Opens a case by itself: for what no notice tells. One that is there already, open or resolved, stays as it is, so a
    /// finding that is made again is told once. Access pattern `payments.case.open`.
    ///
    /// # Errors
    ///
    /// When it cannot be stored.
    pub async fn open_finding(&self, id: &CaseId, finding: Finding) -> Result<Kept, StoreError> {
        match self.dynamo.commit(self.finding_parts(id, finding)?).await {
            Ok(()) => Ok(Kept::New),
            Err(CommitError::Refused(_)) => Ok(Kept::Duplicate),
            Err(error) => error.first().map(|Stale| Kept::Duplicate),
        }
    }

    /// The parts that open a case for a notice, with `payment.held`. Refused when the notice has one for that reason.
    /// Access pattern `payments.case.open`.
    ///
    /// # Errors
    ///
    /// When an item does not serialise.
    pub fn case_parts(
        &self,
        notice: &Notice,
        order: Option<OrderId>,
        why: Why,
    ) -> Result<Vec<Part<Stale>>, StoreError> {
        let finding = Finding {
            order,
            ..Finding::default()
        };
        self.finding_parts(&CaseId::of_notice(notice, why), finding)
    }

    /// Opens a case for a notice that books nothing, with whatever else must happen then. A notice that has a case is done.
    /// `Some(Stale)`: what was to happen beside it was refused; read again.
    ///
    /// # Errors
    ///
    /// When it cannot be stored.
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

    /// The parts that open the case of a hold on an order that no notice caused: its end did.
    ///
    /// # Errors
    ///
    /// When an item does not serialise.
    pub fn hold_parts(
        &self,
        order: OrderId,
        provider: Provider,
        of: &ObjectId,
        why: HoldReason,
    ) -> Result<Vec<Part<Stale>>, StoreError> {
        let id = CaseId {
            day: self.dynamo.ambient().now().day(),
            provider,
            of: of.clone(),
            why: Why::Hold(why),
        };
        let finding = Finding {
            order: Some(order),
            ..Finding::default()
        };
        self.finding_parts(&id, finding)
    }

    /// A page of a day's cases, open and resolved, [`CASES_PAGE_MAX`] at most. Access pattern `payments.case.list`.
    ///
    /// # Errors
    ///
    /// When they cannot be read.
    pub async fn cases(&self, day: &str, after: Option<Cursor>) -> Result<Page<Case>, StoreError> {
        let query = Query::new(&self.table, "pk = :day", CASES_PAGE_MAX).text(":day", keys::cases(day));
        self.dynamo.query(query.after(after)).await?.records()
    }

    /// Reads back the cursor of a day's cases.
    ///
    /// # Errors
    ///
    /// When it is not of that list.
    pub fn cases_cursor(day: &str, text: &str) -> Result<Cursor, CursorError> {
        Cursor::decode(text, "pk", &keys::cases(day))
    }

    /// One case. Access pattern `payments.case.get`.
    ///
    /// # Errors
    ///
    /// When it cannot be read.
    pub async fn case(&self, id: &CaseId) -> Result<Option<Case>, StoreError> {
        self.dynamo.get(&self.table, &keys::case(id), Consistency::Strong).await
    }

    /// The part that keeps a case as [`Case::resolved`] gave it: for a transaction that also keeps the answer. Refused
    /// when somebody else was quicker. Access pattern `payments.case.resolve`.
    ///
    /// # Errors
    ///
    /// When it does not serialise.
    pub fn resolve_part(&self, resolved: &Case) -> Result<Part<Stale>, StoreError> {
        let item = to_item(&keys::case(&resolved.id()), resolved)?;
        let before = resolved.version.saturating_sub(1);
        Ok(Part::replace(&self.table, item, before).refused(Stale))
    }

    /// Resolves a case. `None`: there is none of that id. One that was resolved stays as it was, and is what comes back.
    /// Access pattern `payments.case.resolve`.
    ///
    /// # Errors
    ///
    /// When it cannot be read or written.
    pub async fn resolve_case(
        &self,
        id: &CaseId,
        by: Actor,
        note: Option<Text<CASE_NOTE_CHARS_MAX>>,
    ) -> Result<Option<Case>, StoreError> {
        let Some(case) = self.case(id).await? else {
            return Ok(None);
        };
        let Some(resolved) = case.resolved(by, self.dynamo.ambient().now(), note) else {
            return Ok(Some(case));
        };
        match self.dynamo.commit(vec![self.resolve_part(&resolved)?]).await {
            Ok(()) => Ok(Some(resolved)),
            Err(CommitError::Refused(_)) => self.case(id).await,
            Err(error) => error.first().map(|Stale| None),
        }
    }
}

impl CaseId {
    /// Of a notice: on the day on which it came, the same for every try to settle it.
    pub fn of_notice(notice: &Notice, why: Why) -> Self {
        Self {
            day: notice.received_at.day(),
            provider: notice.provider,
            of: notice.delivery.clone(),
            why,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_id_reads_back_from_its_text() {
        let reasons = CaseReason::ALL.into_iter().map(Why::Case);
        for why in reasons.chain(HoldReason::ALL.into_iter().map(Why::Hold)) {
            let id = CaseId {
                day: "2026-11-22".to_owned(),
                provider: Provider::WechatPay,
                of: "evt_1".parse().unwrap(),
                why,
            };
            assert_eq!(id.to_string().parse(), Ok(id));
        }
        for bad in [
            "",
            "2026-11-22~stripe~evt_1",
            "2026-11-22~stripe~evt_1~underpaid~",
            "2026-11-2#~stripe~evt_1~underpaid",
            "2026-11-22~stripe~e#~underpaid",
            "2026-11-22~stripe~evt_1~bored",
        ] {
            assert_eq!(bad.parse::<CaseId>(), Err(CaseIdError), "{bad}");
        }
    }
}
