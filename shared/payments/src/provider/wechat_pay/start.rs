//! Asking for money: pure transforms around one call.

use std::{collections::BTreeMap, net::IpAddr};

use kernel::{Currency, Money, Timestamp};
use serde::Serialize;
use web::HttpClient;

use super::{
    super::{CallError, Payer},
    WechatPay,
    call::number,
    money,
    parse::text,
    plain,
};
use crate::{Intent, Mode, ObjectId, Started};

/// The longest `openid`, in bytes.
const OPENID_BYTES_MAX: usize = 128;
/// The longest page, code or prepayment that is taken, in bytes.
const OPENER_BYTES_MAX: usize = 2_048;
/// From UTC to Beijing time, in seconds.
const BEIJING_S: i64 = 8 * 3_600;

/// What is asked for, in their words.
#[derive(Serialize)]
struct Order<'a> {
    appid: &'a str,
    mchid: &'a str,
    /// What the payer reads, 127 characters at most: the order's id, which names nothing that was bought.
    description: String,
    out_trade_no: ObjectId,
    /// Comes back with the notice.
    attach: String,
    notify_url: &'a str,
    amount: Amount,
    #[serde(skip_serializing_if = "Option::is_none")]
    time_expire: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    payer: Option<OpenId<'a>>,
    #[serde(skip_serializing_if = "Option::is_none")]
    scene_info: Option<Scene>,
}

#[derive(Serialize)]
struct Amount {
    total: i64,
    currency: Currency,
}

#[derive(Serialize)]
struct OpenId<'a> {
    openid: &'a str,
}

#[derive(Serialize)]
struct Scene {
    payer_client_ip: IpAddr,
    h5_info: H5,
}

#[derive(Serialize)]
struct H5 {
    #[serde(rename = "type")]
    kind: &'static str,
}

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

    fn order<'a>(&'a self, intent: &Intent, payer: &'a Payer) -> Result<(&'static str, Order<'a>), CallError> {
        let order = intent.order.to_string();
        let body = Order {
            appid: &self.merchant.appid,
            mchid: &self.merchant.mchid,
            description: order.clone(),
            out_trade_no: number(intent.id)?,
            attach: order,
            notify_url: &self.site.notify_url,
            amount: Amount {
                total: taken(intent.amount)?,
                currency: intent.amount.currency(),
            },
            time_expire: intent.pay_by.map(beijing),
            payer: None,
            scene_info: None,
        };
        match intent.mode {
            Mode::Native => Ok(("/v3/pay/transactions/native", body)),
            Mode::Jsapi => {
                let openid = payer.openid.as_deref().filter(|openid| plain(openid, OPENID_BYTES_MAX));
                let payer = Some(OpenId {
                    openid: openid.ok_or(CallError::Unsupported)?,
                });
                Ok(("/v3/pay/transactions/jsapi", Order { payer, ..body }))
            }
            Mode::H5 => {
                let scene_info = Some(Scene {
                    payer_client_ip: payer.address.parse().map_err(|_| CallError::Unsupported)?,
                    h5_info: H5 { kind: "Wap" },
                });
                Ok(("/v3/pay/transactions/h5", Order { scene_info, ..body }))
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
