//! Asking for money: pure transforms around one call.

use std::{collections::BTreeMap, net::IpAddr};

use kernel::{Money, Timestamp};
use serde_json::{Value, json};
use web::HttpClient;

use super::{
    super::{CallError, Payer},
    WechatPay,
    call::number,
    money,
    parse::text,
    plain,
};
use crate::{Intent, Mode, Started};

/// The longest `openid`, in bytes.
const OPENID_BYTES_MAX: usize = 128;
/// The longest page, code or prepayment that is taken, in bytes.
const OPENER_BYTES_MAX: usize = 2_048;
/// From UTC to Beijing time, in seconds.
const BEIJING_S: i64 = 8 * 3_600;

impl<C: HttpClient> WechatPay<C> {
    /// Asks for the intent's payment. The request is the same for the same intent and payer, so asking again gives a new
    /// opener of the same payment.
    pub(super) async fn ask(&self, intent: &Intent, payer: &Payer) -> Result<Started, CallError> {
        let (target, body) = self.order(intent, payer)?;
        let answer = self.post(target, &body).await?;
        let opener = |name: &'static str| {
            let opener = text(&answer, name).filter(|opener| (1..=OPENER_BYTES_MAX).contains(&opener.len()));
            opener.map(str::to_owned).ok_or(CallError::Misfit(name))
        };
        let started = Started::of(number(intent.id)?);
        match intent.mode {
            Mode::Jsapi => Ok(Started {
                application: self.application(&opener("prepay_id")?)?,
                ..started
            }),
            Mode::H5 => Ok(Started {
                url: Some(opener("h5_url")?),
                ..started
            }),
            _ => Ok(Started {
                qr_code: Some(opener("code_url")?),
                ..started
            }),
        }
    }

    fn order(&self, intent: &Intent, payer: &Payer) -> Result<(&'static str, Value), CallError> {
        let order = intent.order.to_string();
        let mut body = json!({
            "appid": self.merchant.appid,
            "mchid": self.merchant.mchid,
            "description": order,
            "out_trade_no": number(intent.id)?,
            "attach": order,
            "notify_url": self.site.notify_url,
            "amount": {"total": taken(intent.amount)?, "currency": intent.amount.currency()},
        });
        if let Some(pay_by) = intent.pay_by {
            body["time_expire"] = json!(beijing(pay_by));
        }
        match intent.mode {
            Mode::Native => Ok(("/v3/pay/transactions/native", body)),
            Mode::Jsapi => {
                let openid = payer.openid.as_deref().filter(|openid| plain(openid, OPENID_BYTES_MAX));
                body["payer"] = json!({"openid": openid.ok_or(CallError::Unsupported)?});
                Ok(("/v3/pay/transactions/jsapi", body))
            }
            Mode::H5 => {
                let address: IpAddr = payer.address.parse().map_err(|_| CallError::Unsupported)?;
                body["scene_info"] = json!({"payer_client_ip": address, "h5_info": {"type": "Wap"}});
                Ok(("/v3/pay/transactions/h5", body))
            }
            Mode::PaymentIntent
            | Mode::CheckoutSession
            | Mode::Page
            | Mode::Wap
            | Mode::Qr
            | Mode::Cash
            | Mode::Instant => Err(CallError::Unsupported),
        }
    }

    /// What the payer's application is opened with, signed by us: `WeChat` checks that it comes from the merchant.
    fn application(&self, prepay_id: &str) -> Result<BTreeMap<String, String>, CallError> {
        let appid = &self.merchant.appid;
        let (time, nonce) = (self.ambient.now().seconds(), self.nonce());
        let package = format!("prepay_id={prepay_id}");
        let signature = self.merchant.sign(&format!("{appid}\n{time}\n{nonce}\n{package}\n"))?;
        let parameters = [
            ("appId", appid.clone()),
            ("timeStamp", time.to_string()),
            ("nonceStr", nonce),
            ("package", package),
            ("signType", "RSA".to_owned()),
            ("paySign", signature),
        ];
        Ok(parameters.map(|(name, value)| (name.to_owned(), value)).into())
    }
}

/// Minor units of an amount that can be asked for: CNY, and more than nothing.
pub(super) fn taken(amount: Money) -> Result<i64, CallError> {
    if money::currency() != Ok(amount.currency()) || amount.amount() <= 0 {
        return Err(CallError::Unsupported);
    }
    Ok(amount.amount())
}

/// Whole seconds in Beijing time: what their examples show, and nothing finer.
fn beijing(at: Timestamp) -> String {
    let there = at.plus_seconds(BEIJING_S).to_string();
    let seconds = there.split(['.', 'Z']).next().unwrap_or_default();
    format!("{seconds}+08:00")
}

#[cfg(test)]
mod tests;
