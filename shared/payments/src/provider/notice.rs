//! From a kept notice to what it tells.

use super::{Provider, alipay, instant, stripe, wechat_pay};
use crate::{Notice, NoticeSource, Reading};

/// What a notice is worth.
#[derive(Debug, Clone, PartialEq, Eq)]
#[expect(clippy::large_enum_variant, reason = "there is one at a time")]
pub enum Parsed {
    /// Something that concerns money of ours.
    Told(Reading),
    /// An event type that we do not need: answered, counted, forgotten.
    Ignored,
}

/// A notice of a known type that cannot be read. It is kept, and becomes a case for a person.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("the notice lacks or garbles {0}")]
pub struct ParseError(pub &'static str);

/// Reads a kept notice, whoever told it.
///
/// # Errors
///
/// When the type is known and its content cannot be read.
pub fn read(notice: &Notice) -> Result<Parsed, ParseError> {
    match notice.source {
        NoticeSource::Webhook => parse(notice.provider, notice.readable()),
        NoticeSource::Query | NoticeSource::Refund | NoticeSource::Statement | NoticeSource::Courier => {
            serde_json::from_str(&notice.body)
                .map(Parsed::Told)
                .map_err(|_| ParseError("body"))
        }
    }
}

fn parse(provider: Provider, text: &str) -> Result<Parsed, ParseError> {
    match provider {
        Provider::Stripe => stripe::parse(text.as_bytes()),
        Provider::Instant => instant::parse(text.as_bytes()),
        Provider::WechatPay => wechat_pay::parse(text),
        Provider::Alipay => alipay::parse(text.as_bytes()),
        // Its notices are readings.
        Provider::CashOnDelivery => Err(ParseError("provider")),
    }
}
