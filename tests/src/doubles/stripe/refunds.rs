//! Refunds, and the charge's running total.

use serde_json::{Value, json};

use super::{
    payments::metadata,
    refused,
    state::{Form, State, shown},
};
use crate::doubles::support::Telling;

/// How a refund ends.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum RefundEnd {
    /// The payer has the money.
    Succeeded,
    /// It came back: the refunded total goes down.
    Failed,
    /// It was taken back before it was sent.
    Canceled,
}

/// What becomes of the refunds that are asked for.
#[derive(Debug, Clone)]
pub enum RefundPlan {
    /// They succeed at once, told so.
    Succeeds(Telling),
    /// They are `pending`, told so, until somebody says how they end.
    Waits(Telling),
    /// They are refused: the account has not enough money.
    NotEnough,
}

impl Default for RefundPlan {
    fn default() -> Self {
        Self::Succeeds(Telling::default())
    }
}

impl RefundEnd {
    pub(super) const fn as_str(self) -> &'static str {
        match self {
            Self::Succeeded => "succeeded",
            Self::Failed => "failed",
            Self::Canceled => "canceled",
        }
    }
}

/// What Stripe knows as reasons.
const REASONS: [&str; 3] = ["duplicate", "fraudulent", "requested_by_customer"];

impl State {
    /// `POST /v1/refunds`: the answer; the refund is told by [`State::refund_events`].
    pub(super) fn create_refund(&mut self, form: &Form) -> (u16, Value) {
        let text = |name: &str| form.get(name).map(String::as_str);
        let Some(of) = text("payment_intent").or(text("charge")) else {
            return refused(
                400,
                "parameter_missing",
                "charge",
                "One of payment_intent and charge is required.",
            );
        };
        if text("reason").is_some_and(|reason| !REASONS.contains(&reason)) {
            return refused(400, "", "reason", "Invalid reason");
        }
        let Some(intent) = self.intent_id(of) else {
            let message = format!("No such payment_intent: '{of}'");
            return refused(404, "resource_missing", "payment_intent", &message);
        };
        let Some(charge) = self.charge_of(&intent).cloned() else {
            let message = format!("This PaymentIntent ({intent}) does not have a successful charge to refund.");
            return refused(400, "", "payment_intent", &message);
        };
        let left = self.left(&charge);
        if charge["disputed"] == true {
            return refused(
                400,
                "charge_disputed",
                "charge",
                "Charge has been charged back; cannot issue a refund.",
            );
        }
        if left == 0 {
            let message = format!(
                "Charge {} has already been refunded.",
                charge["id"].as_str().unwrap_or("?")
            );
            return refused(400, "charge_already_refunded", "charge", &message);
        }
        let Some(amount) = text("amount")
            .map_or(Some(left), |amount| amount.parse().ok())
            .filter(|amount| *amount > 0)
        else {
            return refused(400, "parameter_invalid_integer", "amount", "Invalid positive integer");
        };
        if amount > left {
            let message = format!("Refund amount ({amount}) is greater than unrefunded amount on charge ({left})");
            return refused(400, "", "amount", &message);
        }
        let status = match self.plan {
            RefundPlan::NotEnough => {
                return refused(
                    400,
                    "balance_insufficient",
                    "amount",
                    "Insufficient funds in your Stripe balance.",
                );
            }
            RefundPlan::Waits(_) => "pending",
            RefundPlan::Succeeds(_) => "succeeded",
        };
        let told = metadata(form, "metadata");
        let refund = self.new_refund(&charge, amount, status, &told, text("reason"));
        (200, shown(&refund))
    }

    /// What is left of a charge; refunds that wait count.
    fn left(&self, charge: &Value) -> i64 {
        let taken = self.objects.values().filter(|object| {
            object["object"] == "refund"
                && object["charge"] == charge["id"]
                && object["status"] != "failed"
                && object["status"] != "canceled"
        });
        let taken: i64 = taken.filter_map(|refund| refund["amount"].as_i64()).sum();
        (charge["amount"].as_i64().unwrap_or_default() - taken).max(0)
    }

    fn new_refund(&mut self, charge: &Value, amount: i64, status: &str, told: &Value, reason: Option<&str>) -> Value {
        let id = self.id("re");
        let refund = self.keep(json!({
            "id": id, "object": "refund", "amount": amount, "charge": charge["id"], "created": self.now,
            "currency": charge["currency"], "metadata": told, "payment_intent": charge["payment_intent"],
            "reason": reason, "status": status,
        }));
        self.enter("refund", "refund", -amount, &refund);
        self.total(&refund);
        refund
    }

    /// Brings the charge's running total up to date: what has succeeded.
    fn total(&mut self, refund: &Value) -> Value {
        let done = self.objects.values().filter(|object| {
            object["object"] == "refund" && object["charge"] == refund["charge"] && object["status"] == "succeeded"
        });
        let total: i64 = done.filter_map(|refund| refund["amount"].as_i64()).sum();
        let id = refund["charge"].as_str().unwrap_or_default();
        let charge = self.objects.get_mut(id).expect("the charge is kept");
        charge["amount_refunded"] = json!(total);
        charge["refunded"] = json!(charge["amount"].as_i64() == Some(total));
        charge.clone()
    }

    /// What Stripe sends about a new refund.
    pub(super) fn refund_events(&mut self, refund: &str) -> Vec<Value> {
        let refund = self.objects[refund].clone();
        let mut events = vec![self.event("refund.created", &refund)];
        if refund["status"] == "succeeded" {
            let charge = self.total(&refund);
            events.push(self.event("charge.refunded", &charge));
        }
        events
    }

    /// A refund in the dashboard: nobody checks it, and it carries no metadata.
    pub(super) fn refund_by_hand(&mut self, object: &str, amount: i64) -> Vec<Value> {
        let intent = if object.starts_with("cs_") {
            self.intent_of(object)
        } else {
            object.to_owned()
        };
        let charge = self.charge_of(&intent).cloned().expect("the payment is paid");
        let refund = self.new_refund(&charge, amount, "succeeded", &json!({}), None);
        self.refund_events(refund["id"].as_str().unwrap_or_default())
    }

    /// Ends a refund, also one that had ended otherwise.
    pub(super) fn end_refund(&mut self, id: &str, end: RefundEnd) -> Result<Vec<Value>, String> {
        let refund = self.objects.get_mut(id).filter(|object| object["object"] == "refund");
        let refund = refund.ok_or("no such refund")?;
        let before = refund["status"].clone();
        refund["status"] = json!(end.as_str());
        if end == RefundEnd::Failed {
            refund["failure_reason"] = json!("lost_or_stolen_card");
        }
        let refund = refund.clone();
        let charge = self.total(&refund);
        if end == RefundEnd::Succeeded {
            return Ok(vec![
                self.event("refund.updated", &refund),
                self.event("charge.refunded", &charge),
            ]);
        }
        if before != refund["status"] {
            let amount = refund["amount"].as_i64().unwrap_or_default();
            self.enter("refund_failure", "refund_failure", amount, &refund);
        }
        let kind = if end == RefundEnd::Failed {
            "refund.failed"
        } else {
            "refund.updated"
        };
        Ok(vec![self.event(kind, &refund)])
    }
}
