//! Giving money back, and what became of it.

use serde_json::{Value, json};
use web::HttpClient;

use super::{
    super::{CallError, RefundOrder},
    WechatPay,
    call::number,
    parse,
    query::{is, ours, same, unheard},
    start::taken,
};
use crate::{Fact, Reading};

/// How they say that there is no such refund.
const NO_REFUND: [&str; 3] = ["RESOURCE_NOT_EXISTS", "REFUND_NOT_EXISTS", "REFUND_NOT_EXIST"];

impl<C: HttpClient> WechatPay<C> {
    /// Our refund id is its number over every try: the same number with the same amounts makes no second refund.
    pub(super) async fn give_back(&self, refund: RefundOrder<'_>) -> Result<Reading, CallError> {
        let RefundOrder { request, intent, .. } = refund;
        let object = number(intent.id)?;
        if request.payment != object {
            return Err(CallError::Misfit("payment"));
        }
        let body = json!({
            "out_trade_no": object,
            "out_refund_no": request.id,
            "notify_url": self.site.notify_url,
            "amount": {
                "refund": taken(request.amount)?,
                "total": taken(intent.amount)?,
                "currency": request.amount.currency(),
            },
        });
        let answer = self.post("/v3/refund/domestic/refunds", &body).await?;
        told(refund, &answer)
    }

    /// Asks by our own number.
    pub(super) async fn given_back(&self, refund: RefundOrder<'_>) -> Result<Reading, CallError> {
        let object = number(refund.intent.id)?;
        match self
            .get(&format!("/v3/refund/domestic/refunds/{}", refund.request.id))
            .await
        {
            Err(error) if is(&error, &NO_REFUND) => Ok(unheard(refund.intent, object)),
            answer => told(refund, &answer?),
        }
    }
}

/// Their answer is their word: what it says must be what was asked.
fn told(refund: RefundOrder<'_>, answer: &Value) -> Result<Reading, CallError> {
    let RefundOrder { request, intent, .. } = refund;
    same(answer, "out_trade_no", number(intent.id)?.as_str())?;
    same(answer, "out_refund_no", &request.id.to_string())?;
    let (reading, _) = parse::refund(answer, "status").map_err(|error| CallError::Misfit(error.0))?;
    let amount = reading.facts.iter().find_map(Fact::money);
    if amount != Some(request.amount) || reading.asked != Some(intent.amount) {
        return Err(CallError::Misfit("amount"));
    }
    Ok(ours(reading, intent))
}

#[cfg(test)]
mod tests;
