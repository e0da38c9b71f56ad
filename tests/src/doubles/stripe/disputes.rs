//! Disputes and their money.

use serde_json::{Value, json};

use super::{
    refused,
    state::{Form, State, shown},
};

/// What becomes of a dispute.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum DisputeEnd {
    /// Evidence is looked at; not the end yet.
    UnderReview,
    /// An inquiry becomes a dispute: the money is gone.
    Escalated,
    /// The money comes back.
    Won,
    /// The money stays away.
    Lost,
}

impl State {
    /// Opens a dispute, or an inquiry: its id and its events.
    pub(super) fn dispute(
        &mut self,
        object: &str,
        amount: Option<i64>,
        due_by: i64,
        inquiry: bool,
    ) -> Result<(String, Vec<Value>), String> {
        let intent = self.intent_id(object).ok_or("no such payment")?;
        let charge = self.charge_of(&intent).cloned().ok_or("the payment is not paid")?;
        let id = self.id("du");
        let status = if inquiry {
            "warning_needs_response"
        } else {
            "needs_response"
        };
        let dispute = self.keep(json!({
            "id": id, "object": "dispute", "amount": amount.or(charge["amount"].as_i64()), "charge": charge["id"],
            "created": self.now, "currency": charge["currency"], "evidence": {},
            "evidence_details": {"due_by": due_by, "has_evidence": false, "past_due": false, "submission_count": 0},
            "is_charge_refundable": inquiry, "livemode": false, "metadata": {}, "payment_intent": intent,
            "reason": "product_not_received", "status": status,
        }));
        let mut events = vec![self.event("charge.dispute.created", &dispute)];
        if !inquiry {
            events.push(self.withdraw(&dispute));
        }
        Ok((id, events))
    }

    fn withdraw(&mut self, dispute: &Value) -> Value {
        let charge = dispute["charge"].as_str().unwrap_or_default();
        if let Some(charge) = self.objects.get_mut(charge) {
            charge["disputed"] = json!(true);
        }
        let amount = dispute["amount"].as_i64().unwrap_or_default();
        self.enter("adjustment", "dispute", -amount, dispute);
        self.event("charge.dispute.funds_withdrawn", dispute)
    }

    /// Moves a dispute on: its events.
    pub(super) fn end_dispute(&mut self, id: &str, end: DisputeEnd) -> Result<Vec<Value>, String> {
        let dispute = self.objects.get_mut(id).filter(|object| object["object"] == "dispute");
        let dispute = dispute.ok_or("no such dispute")?;
        let inquiry = dispute["status"].as_str().unwrap_or_default().starts_with("warning_");
        dispute["status"] = json!(match end {
            DisputeEnd::UnderReview if inquiry => "warning_under_review",
            DisputeEnd::UnderReview => "under_review",
            DisputeEnd::Escalated => "needs_response",
            DisputeEnd::Won if inquiry => "warning_closed",
            DisputeEnd::Won => "won",
            DisputeEnd::Lost => "lost",
        });
        let dispute = dispute.clone();
        Ok(match end {
            DisputeEnd::UnderReview => vec![self.event("charge.dispute.updated", &dispute)],
            DisputeEnd::Escalated => vec![self.event("charge.dispute.updated", &dispute), self.withdraw(&dispute)],
            DisputeEnd::Won if !inquiry => {
                let amount = dispute["amount"].as_i64().unwrap_or_default();
                self.enter("adjustment", "dispute_reversal", amount, &dispute);
                vec![
                    self.event("charge.dispute.funds_reinstated", &dispute),
                    self.event("charge.dispute.closed", &dispute),
                ]
            }
            DisputeEnd::Won | DisputeEnd::Lost => vec![self.event("charge.dispute.closed", &dispute)],
        })
    }

    /// `POST /v1/disputes/{id}`: evidence, submitted or kept.
    pub(super) fn evidence(&mut self, id: &str, form: &Form) -> (u16, Value) {
        let dispute = self.objects.get_mut(id).filter(|object| object["object"] == "dispute");
        let Some(dispute) = dispute else {
            return refused(404, "resource_missing", "id", "No such dispute");
        };
        dispute["evidence"] = super::payments::metadata(form, "evidence");
        let submitted = form.get("submit").is_none_or(|submit| submit == "true");
        let count = dispute["evidence_details"]["submission_count"]
            .as_i64()
            .unwrap_or_default();
        dispute["evidence_details"]["has_evidence"] = json!(true);
        if submitted {
            dispute["evidence_details"]["submission_count"] = json!(count + 1);
            dispute["status"] = json!("under_review");
        }
        (200, shown(dispute))
    }
}
