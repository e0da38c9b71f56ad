//! Who we are to `WeChat` Pay, and the key that we sign calls with.

use std::sync::Arc;

use secrecy::{ExposeSecret, SecretString};
use serde::Deserialize;

use super::{
    super::{CallError, rsa::PrivateKey},
    keys::ID_BYTES_MAX,
    plain,
};

/// A merchant with one application. Cheap to clone.
#[derive(Debug, Clone)]
pub struct Merchant {
    pub(super) mchid: String,
    pub(super) appid: String,
    /// Of the merchant's certificate, not of the platform's.
    serial: String,
    key: Arc<PrivateKey>,
}

/// A configured value that is no merchant, or another than notices are for. Never shows the value.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error(r#"not {{"mchid","appid","merchant_serial","private_key"}} of the merchant whose notices we take"#)]
pub struct MerchantError;

#[derive(Deserialize)]
struct Configured {
    mchid: String,
    appid: String,
    merchant_serial: String,
    private_key: String,
}

impl Merchant {
    /// From the JSON that Secrets Manager keeps as `WechatPayMerchant`:
    /// `{"mchid","appid","merchant_serial","private_key"}`.
    ///
    /// # Errors
    ///
    /// See [`MerchantError`].
    pub fn parse(json: &SecretString) -> Result<Self, MerchantError> {
        let configured: Configured = serde_json::from_str(json.expose_secret()).map_err(|_| MerchantError)?;
        let Configured {
            mchid,
            appid,
            merchant_serial: serial,
            private_key,
        } = configured;
        if ![&mchid, &appid, &serial].into_iter().all(|id| plain(id, ID_BYTES_MAX)) {
            return Err(MerchantError);
        }
        let key = PrivateKey::parse(&private_key).map_err(|_| MerchantError)?;
        Ok(Self {
            mchid,
            appid,
            serial,
            key: Arc::new(key),
        })
    }

    /// The `Authorization` of a call: `target` is the path with its query, as sent.
    ///
    /// # Errors
    ///
    /// When there is no randomness to sign with.
    pub(super) fn authorization(&self, call: (&str, &str, &str), at_s: i64, nonce: &str) -> Result<String, CallError> {
        let (method, target, body) = call;
        let signature = self.sign(&format!("{method}\n{target}\n{at_s}\n{nonce}\n{body}\n"))?;
        let Self { mchid, serial, .. } = self;
        Ok(format!(
            r#"WECHATPAY2-SHA256-RSA2048 mchid="{mchid}",nonce_str="{nonce}",timestamp="{at_s}",serial_no="{serial}",signature="{signature}""#
        ))
    }

    /// Our signature, in base64.
    ///
    /// # Errors
    ///
    /// When there is no randomness to sign with.
    pub(super) fn sign(&self, text: &str) -> Result<String, CallError> {
        self.key.sign(text.as_bytes()).map_err(|_| CallError::Misfit("the key"))
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::{
        super::testing::{self, secret},
        *,
    };

    fn merchant(change: (&str, &str)) -> Result<Merchant, MerchantError> {
        let mut json = secret("WechatPayMerchant");
        json[change.0] = json!(change.1);
        Merchant::parse(&SecretString::from(json.to_string()))
    }

    #[test]
    fn a_call_is_signed_over_five_lines() {
        let merchant = merchant(("merchant_serial", "AB12")).unwrap();
        let call = ("GET", "/v3/x?mchid=1", "");
        let header = merchant.authorization(call, 1_775_640_600, "0a").unwrap();
        let (head, signature) = header.split_once(",signature=").unwrap();
        assert_eq!(
            head,
            r#"WECHATPAY2-SHA256-RSA2048 mchid="1900000001",nonce_str="0a",timestamp="1775640600",serial_no="AB12""#
        );
        let text = "GET\n/v3/x?mchid=1\n1775640600\n0a\n\n";
        assert!(testing::merchant_key().verifies(text.as_bytes(), signature.trim_matches('"')));
    }

    #[test]
    fn a_secret_that_cannot_stand_in_a_header_is_refused() {
        for change in [
            ("mchid", "1\""),
            ("appid", ""),
            ("merchant_serial", "A B"),
            ("private_key", "MIIB"),
        ] {
            assert_eq!(merchant(change).map(drop), Err(MerchantError), "{change:?}");
        }
    }
}
