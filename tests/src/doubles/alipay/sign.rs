//! RSA2 of both directions.

use std::{collections::BTreeMap, sync::Arc};

use crate::doubles::support::{PrivateKey, PublicKey, fixture, secret};

/// The application as Alipay knows it, and Alipay's own keys.
#[derive(Debug, Clone)]
pub struct Account {
    pub(crate) app_id: String,
    pub(crate) seller_id: String,
    application: PublicKey,
    platform: Arc<PrivateKey>,
    stranger: Arc<PrivateKey>,
}

/// How answers are signed.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum Answers {
    /// By Alipay.
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
            app_id: secret("/AlipayApplication/app_id"),
            seller_id: secret("/AlipayApplication/seller_id"),
            application: PublicKey::read(&fixture("/alipay_application/public_key")),
            platform: Arc::new(PrivateKey::read(&fixture("/alipay_platform/private_key"))),
            stranger: Arc::new(PrivateKey::read(&fixture("/wechat_platform/private_key"))),
        }
    }

    pub(crate) fn sign(&self, forged: bool, text: &[u8]) -> String {
        let key = if forged { &self.stranger } else { &self.platform };
        key.sign(text)
    }

    /// Whether the application signed these parameters: all but `sign`, `sign_type` too.
    pub(super) fn verifies(&self, parameters: &BTreeMap<String, String>) -> bool {
        let signature = parameters.get("sign").map(String::as_str).unwrap_or_default();
        self.application
            .verifies(signed_text(parameters, &["sign"]).as_bytes(), signature)
    }
}

/// `k=v` joined by `&`, sorted, without empty values and without these names.
pub(super) fn signed_text(parameters: &BTreeMap<String, String>, without: &[&str]) -> String {
    let pairs: Vec<String> = parameters
        .iter()
        .filter(|(name, value)| !value.is_empty() && !without.contains(&name.as_str()))
        .map(|(name, value)| format!("{name}={value}"))
        .collect();
    pairs.join("&")
}
