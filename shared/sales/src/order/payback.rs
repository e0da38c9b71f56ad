//! Money that goes back, as the order tells it: one adjustment per refund and dispute, from pending to its end.

use kernel::Money;

use super::{
    Act, Adjustment, AdjustmentKind, AdjustmentStatus, Changed, LineQuantity, Order, Payment, PaymentStatus, Refused,
    SignedQuantity,
};

/// Ids of adjustments that are of this order alone begin so; all others are ids of refunds and disputes.
const OWN: &str = "adj_";

/// One refund or dispute, as the payments context tells of it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Payback {
    /// Our refund's id, or the provider's id of the dispute: the adjustment's too.
    pub id: String,
    /// A refund or a dispute.
    pub kind: AdjustmentKind,
    /// How far it is: pending while it is asked for or open, completed when the money went, failed when it stays or came
    /// back.
    pub status: AdjustmentStatus,
    /// How much, positive.
    pub amount: Money,
    /// The units that it is for, where it is for units.
    pub lines: Vec<LineQuantity>,
}

impl Order {
    /// [`Order::record_payment`], with every refund and dispute that is known. Each has one adjustment under its own id,
    /// which changes its status and nothing else; a refund takes the place, and the units, of what was promised before it
    /// was asked for. What went back without any of them, since somebody gave it back at the provider's, is told by
    /// adjustments of its own.
    ///
    /// # Errors
    ///
    /// See [`Refused`].
    pub fn record_paybacks(self, payment: Payment, paybacks: &[Payback], act: &Act) -> Result<Changed, Refused> {
        self.record_money(payment, paybacks, act)
    }

    pub(super) fn take_over(&mut self, payment: Payment, act: &Act) -> Result<(), Refused> {
        self.take_over_all(payment, &[], act)
    }

    pub(super) fn take_over_all(&mut self, payment: Payment, paybacks: &[Payback], act: &Act) -> Result<(), Refused> {
        let amounts = paybacks.iter().map(|payback| payback.amount);
        if !payment.of_currency(self.currency) || amounts.clone().any(|amount| !self.is_amount(amount)) {
            return Err(Refused::Amounts);
        }
        self.payment = payment;
        for payback in paybacks {
            self.follow(payback, act);
        }
        let disputed = if payment.status == PaymentStatus::Disputed {
            AdjustmentStatus::Pending
        } else {
            self.close_disputes();
            AdjustmentStatus::Completed
        };
        let (gone, asked) = self.linked(AdjustmentKind::Refund);
        let refunded = payment.refunded.amount() - gone;
        self.tell_rest(
            AdjustmentKind::Refund,
            refunded - asked,
            refunded,
            AdjustmentStatus::Completed,
            act,
        )?;
        let (lost, open) = self.linked(AdjustmentKind::Dispute);
        let withdrawn = payment.withdrawn.amount() - lost - open;
        self.tell_rest(AdjustmentKind::Dispute, withdrawn, withdrawn, disputed, act)
    }

    fn is_amount(&self, amount: Money) -> bool {
        amount.currency() == self.currency && amount.amount() > 0
    }

    /// Brings the adjustment of one refund or dispute up to date.
    fn follow(&mut self, payback: &Payback, act: &Act) {
        if let Some(known) = self.adjustments.iter_mut().find(|known| known.id == payback.id) {
            if known.status != payback.status {
                known.status = payback.status;
                known.at = act.at;
            }
            return;
        }
        let mut told = Adjustment {
            id: payback.id.clone(),
            kind: payback.kind,
            status: payback.status,
            at: act.at,
            lines: SignedQuantity::reductions(&payback.lines),
            amount: Some(payback.amount.negated()),
        };
        if payback.kind == AdjustmentKind::Refund {
            let promised = self.redeem(payback.amount.amount(), &told.lines);
            if told.lines.is_empty() {
                told.lines = promised;
            }
        }
        self.adjustments.push(told);
    }

    /// Takes what was promised, up to `amount`, for it is asked for now: that of the same units first, then the oldest.
    /// Gives back the units of what was redeemed in full.
    fn redeem(&mut self, amount: i64, lines: &[SignedQuantity]) -> Vec<SignedQuantity> {
        let mut left = amount;
        let mut units = Vec::new();
        for same in [true, false] {
            for promise in &mut self.adjustments {
                let owed = promise.amount.map_or(0, |owed| -owed.amount());
                if left <= 0 || owed <= 0 || !promise.is_promise() || (promise.lines == lines) != same {
                    continue;
                }
                let redeemed = owed.min(left);
                left -= redeemed;
                promise.amount = Money::new(redeemed - owed, self.currency).ok();
                if redeemed == owed {
                    units.append(&mut promise.lines);
                }
            }
        }
        self.adjustments
            .retain(|kept| !kept.is_promise() || kept.amount.is_some_and(|owed| owed.amount() != 0));
        units
    }

    /// Disputes that nobody names are over together.
    fn close_disputes(&mut self) {
        let open = self.adjustments.iter_mut().filter(|told| {
            told.kind == AdjustmentKind::Dispute && told.is_own() && told.status == AdjustmentStatus::Pending
        });
        for told in open {
            told.status = AdjustmentStatus::Completed;
        }
    }

    /// Of adjustments with ids of refunds and disputes: what is completed, and what is pending, positive.
    fn linked(&self, kind: AdjustmentKind) -> (i64, i64) {
        let of = |status: AdjustmentStatus| {
            let told = self
                .adjustments
                .iter()
                .filter(|told| told.kind == kind && told.status == status && !told.is_own());
            told.filter_map(|told| told.amount).map(|amount| -amount.amount()).sum()
        };
        (of(AdjustmentStatus::Completed), of(AdjustmentStatus::Pending))
    }

    /// Tells what no refund or dispute accounts for, once: at least `least`, and no more than `most`. More than was told
    /// is an adjustment in the buyer's favour. Less: it came to us again.
    fn tell_rest(
        &mut self,
        kind: AdjustmentKind,
        least: i64,
        most: i64,
        status: AdjustmentStatus,
        act: &Act,
    ) -> Result<(), Refused> {
        let own = self
            .adjustments
            .iter()
            .filter(|told| told.kind == kind && told.is_own() && !told.is_promise());
        let told: i64 = own.filter_map(|told| told.amount).map(|amount| -amount.amount()).sum();
        let (more, status) = if told < least {
            (least - told, status)
        } else if told > most.max(0) {
            (most.max(0) - told, AdjustmentStatus::Failed)
        } else {
            return Ok(());
        };
        let amount = Money::new(-more, self.currency).map_err(|_| Refused::Amounts)?;
        let id = self.adjustment_id();
        self.adjustments.push(Adjustment {
            id,
            kind,
            status,
            at: act.at,
            lines: Vec::new(),
            amount: Some(amount),
        });
        Ok(())
    }

    /// The next id of the order's own: never one that was given, though promises go away.
    pub(super) fn adjustment_id(&self) -> String {
        let given = self
            .adjustments
            .iter()
            .filter_map(|told| told.id.strip_prefix(OWN)?.parse().ok());
        let last: usize = given.max().unwrap_or(0);
        format!("{OWN}{}", last.max(self.adjustments.len()).saturating_add(1))
    }
}

impl Adjustment {
    fn is_own(&self) -> bool {
        self.id.starts_with(OWN)
    }

    /// Owed and not asked for yet.
    fn is_promise(&self) -> bool {
        self.kind == AdjustmentKind::Refund && self.status == AdjustmentStatus::Pending && self.is_own()
    }
}

#[cfg(test)]
mod tests;
