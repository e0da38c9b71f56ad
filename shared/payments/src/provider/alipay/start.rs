//! Asking for a payment: what is asked, and what the answer gives.

use serde::Deserialize;
use serde_json::{Value, json};

use super::{super::CallError, beijing, gateway::object};
use crate::{Intent, Started};

/// The payer is sent to Alipay's page.
pub(super) const PAGE: &str = "alipay.trade.page.pay";
/// A phone's browser opens the application.
pub(super) const WAP: &str = "alipay.trade.wap.pay";
/// The payer scans a code.
pub(super) const QR: &str = "alipay.trade.precreate";

/// What all three ask, the same for the same intent: our number makes it one trade. Nothing in it says who buys what.
pub(super) fn content(intent: &Intent, total: &str) -> Value {
    let order = intent.order.to_string();
    // What is to be passed back has to be encoded once by us.
    let passed: String = form_urlencoded::byte_serialize(order.as_bytes()).collect();
    let mut content = json!({
        "out_trade_no": intent.id,
        "total_amount": total,
        "subject": order,
        "passback_params": passed,
    });
    if let (Some(pay_by), Some(content)) = (intent.pay_by, content.as_object_mut()) {
        content.insert("time_expire".to_owned(), beijing::write(pay_by).into());
    }
    content
}

/// Of a page.
pub(super) fn page(intent: &Intent, total: &str) -> Value {
    with(content(intent, total), &[("product_code", "FAST_INSTANT_TRADE_PAY")])
}

/// Of a phone's page, which also knows where to go when the payer gives up.
pub(super) fn wap(intent: &Intent, total: &str, quit_url: &str) -> Value {
    with(
        content(intent, total),
        &[("product_code", "QUICK_WAP_WAY"), ("quit_url", quit_url)],
    )
}

fn with(mut content: Value, more: &[(&str, &str)]) -> Value {
    if let Some(content) = content.as_object_mut() {
        content.extend(more.iter().map(|(name, value)| ((*name).to_owned(), (*value).into())));
    }
    content
}

#[derive(Deserialize)]
struct Precreated {
    out_trade_no: String,
    qr_code: String,
}

/// The code to scan.
pub(super) fn started(intent: &Intent, node: &str) -> Result<Started, CallError> {
    let given: Precreated = serde_json::from_str(node).map_err(|_| CallError::Misfit("qr_code"))?;
    if given.out_trade_no != intent.id.to_string() {
        return Err(CallError::Misfit("out_trade_no"));
    }
    if given.qr_code.is_empty() {
        return Err(CallError::Misfit("qr_code"));
    }
    Ok(Started {
        qr_code: Some(given.qr_code),
        ..Started::of(object(intent)?)
    })
}
