//! What became of a payment.

use serde_json::Value;
use web::HttpClient;

use super::{
    super::CallError,
    WechatPay,
    call::number,
    parse::{text, transaction},
};
use crate::{Intent, ObjectId, Reading, Reference};

/// How they say that there is no such payment: nobody has opened it, or it was never asked for.
const NO_PAYMENT: [&str; 2] = ["ORDER_NOT_EXIST", "ORDERNOTEXIST"];

impl<C: HttpClient> WechatPay<C> {
    /// Asks by our own number: theirs is not known before it is paid.
    pub(super) async fn payment(&self, intent: &Intent) -> Result<Reading, CallError> {
        let object = number(intent.id)?;
        let target = format!(
            "/v3/pay/transactions/out-trade-no/{object}?mchid={}",
            self.merchant.mchid
        );
        let answer = match self.get(&target).await {
            Err(error) if is(&error, &NO_PAYMENT) => return Ok(unheard(intent, object)),
            answer => answer?,
        };
        for (name, ours) in [("mchid", self.merchant.mchid.as_str()), ("appid", &self.merchant.appid)] {
            same(&answer, name, ours)?;
        }
        same(&answer, "out_trade_no", object.as_str())?;
        let (reading, _) = transaction(&answer)
            .map_err(|error| CallError::Misfit(error.0))?
            .ok_or(CallError::Misfit("trade_state"))?;
        Ok(ours(reading, intent))
    }
}

/// Whether a refusal says one of these codes.
pub(super) fn is(error: &CallError, codes: &[&str]) -> bool {
    matches!(error, CallError::Refused { code, .. } if codes.contains(&code.as_str()))
}

/// What we asked about is what is told of.
pub(super) fn same(answer: &Value, name: &'static str, ours: &str) -> Result<(), CallError> {
    if text(answer, name) == Some(ours) {
        Ok(())
    } else {
        Err(CallError::Misfit(name))
    }
}

/// We know the order, which refunds do not name, and they know no mode.
pub(super) fn ours(reading: Reading, intent: &Intent) -> Reading {
    let reference = Reference {
        order: Some(intent.order),
        payment: Some(intent.id),
        ..reading.reference
    };
    Reading {
        reference,
        livemode: intent.livemode,
        ..reading
    }
}

/// No facts: they never heard of it.
pub(super) fn unheard(intent: &Intent, object: ObjectId) -> Reading {
    Reading {
        reference: Reference {
            order: Some(intent.order),
            payment: Some(intent.id),
            object: Some(object),
            session: None,
        },
        asked: None,
        livemode: intent.livemode,
        occurred_at: None,
        evidence_due_at: None,
        card: None,
        facts: Vec::new(),
    }
}

#[cfg(test)]
mod tests;
