//! Signatures of both directions.

use std::sync::Arc;

use bytes::Bytes;
use http::{HeaderValue, Response};
use http_body_util::Full;

use crate::{
    doubles::support::{PrivateKey, PublicKey, fixture, header, nonce, secret, wall_s},
    server::Received,
};

/// The scheme of `Authorization`.
const SCHEME: &str = "WECHATPAY2-SHA256-RSA2048 ";
/// How far the merchant's clock may be away, in seconds.
const SKEW_MAX_S: i64 = 300;

/// The merchant as `WeChat` Pay knows it, and the platform's own keys.
#[derive(Debug, Clone)]
pub struct Account {
    pub(crate) mchid: String,
    pub(crate) appid: String,
    pub(crate) api_v3_key: String,
    merchant_serial: String,
    merchant: PublicKey,
    pub(crate) platform_serial: String,
    platform: Arc<PrivateKey>,
    stranger: Arc<PrivateKey>,
}

/// How answers are signed.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum Answers {
    /// By the platform.
    #[default]
    Honest,
    /// By somebody else.
    Forged,
    /// Not at all.
    Unsigned,
}

impl Account {
    /// The public test account: `infra/local/secrets.dev.json` and `tests/fixtures/payment-keys.dev.json`.
    pub fn dev() -> Self {
        Self {
            mchid: secret("/WechatPayMerchant/mchid"),
            appid: secret("/WechatPayMerchant/appid"),
            api_v3_key: secret("/WechatPayNotices/api_v3_keys/0"),
            merchant_serial: secret("/WechatPayMerchant/merchant_serial"),
            merchant: PublicKey::read(&fixture("/wechat_merchant/public_key")),
            platform_serial: fixture("/wechat_platform/serial"),
            platform: Arc::new(PrivateKey::read(&fixture("/wechat_platform/private_key"))),
            stranger: Arc::new(PrivateKey::read(&fixture("/alipay_platform/private_key"))),
        }
    }

    /// Whether the merchant signed `text`: what opens the payer's application carries such a signature.
    pub fn signed_by_merchant(&self, text: &[u8], signature: &str) -> bool {
        self.merchant.verifies(text, signature)
    }

    /// Signs `timestamp\nnonce\nbody\n`.
    pub(crate) fn sign(&self, forged: bool, timestamp: &str, nonce: &str, body: &[u8]) -> String {
        let text = [timestamp.as_bytes(), b"\n", nonce.as_bytes(), b"\n", body, b"\n"].concat();
        let key = if forged { &self.stranger } else { &self.platform };
        key.sign(&text)
    }

    /// Verifies a call of the API.
    ///
    /// # Errors
    ///
    /// What is wrong with it, in words for the merchant.
    pub(super) fn verify(&self, request: &Received) -> Result<(), &'static str> {
        let value = header(request, "authorization").ok_or("Http头缺少Authorization")?;
        let fields = value.strip_prefix(SCHEME).ok_or("Http头Authorization认证类型不正确")?;
        let malformed = "Http头Authorization值格式错误，请参考《微信支付商户REST API签名规则》";
        let field = |name: &str| field(fields, name).ok_or(malformed);
        let timestamp = field("timestamp")?;
        if field("mchid")? != self.mchid {
            return Err("商户号与签名不匹配");
        }
        if field("serial_no")? != self.merchant_serial {
            return Err("商户证书序列号有误");
        }
        let signed_at: i64 = timestamp.parse().map_err(|_| malformed)?;
        if (wall_s() - signed_at).abs() > SKEW_MAX_S {
            return Err("Http头Authorization中的timestamp与发起请求的时间不得超过5分钟");
        }
        let mut path = request.path.clone();
        if !request.query.is_empty() {
            path = format!("{path}?{}", request.query);
        }
        let mut text = format!("{}\n{path}\n{timestamp}\n{}\n", request.method, field("nonce_str")?).into_bytes();
        text.extend_from_slice(&request.body);
        text.push(b'\n');
        if self.merchant.verifies(&text, field("signature")?) {
            Ok(())
        } else {
            Err("签名错误，请检查后再试")
        }
    }

    /// Puts the platform's signature on an answer.
    pub(super) fn sign_answer(&self, answers: Answers, body: &[u8], response: &mut Response<Full<Bytes>>) {
        if answers == Answers::Unsigned {
            return;
        }
        let (timestamp, nonce) = (wall_s().to_string(), nonce(32));
        let signature = self.sign(answers == Answers::Forged, &timestamp, &nonce, body);
        let headers = [
            ("wechatpay-timestamp", timestamp),
            ("wechatpay-nonce", nonce),
            ("wechatpay-serial", self.platform_serial.clone()),
            ("wechatpay-signature", signature),
            ("wechatpay-signature-type", SCHEME.trim_end().to_owned()),
        ];
        for (name, value) in headers {
            let value = HeaderValue::from_str(&value).expect("a signature is a header's text");
            response.headers_mut().insert(name, value);
        }
    }
}

/// `name="value"` among fields in any order.
fn field<'a>(fields: &'a str, name: &str) -> Option<&'a str> {
    fields.split(',').find_map(|field| {
        let (key, value) = field.trim().split_once('=')?;
        (key == name)
            .then(|| value.strip_prefix('"')?.strip_suffix('"'))
            .flatten()
    })
}
