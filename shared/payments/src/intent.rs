//! Our record of a try to pay: written before the provider is asked.

use std::collections::BTreeMap;

use kernel::{Actor, Id, Money, OrderId, PaymentId, Timestamp};
use serde::{Deserialize, Serialize};

use crate::{ObjectId, Provider, Reading, Reference};

/// How long the same request may be sent again under its idempotency key, in seconds: 23 hours. Providers keep keys for at
/// least 24; after that the same key could make a second payment.
pub const RESEND_WITHIN_S: i64 = 23 * 3_600;

/// How the payer pays.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Mode {
    /// Stripe: the storefront confirms a `PaymentIntent` with its client secret.
    PaymentIntent,
    /// Stripe: the payer is sent to a hosted page.
    CheckoutSession,
    /// `WeChat` Pay: the payer scans a QR code.
    Native,
    /// `WeChat` Pay: inside the `WeChat` application, official account or mini-program.
    Jsapi,
    /// `WeChat` Pay: a phone's browser that opens the application.
    H5,
    /// Alipay: the payer is sent to Alipay's page.
    Page,
    /// Alipay: a phone's browser that opens the application.
    Wap,
    /// Alipay: the payer scans a QR code.
    Qr,
    /// Cash, to the courier.
    Cash,
    /// Development: paid as it is asked.
    Instant,
}

impl Mode {
    /// The name in requests, logs and problems.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::PaymentIntent => "payment_intent",
            Self::CheckoutSession => "checkout_session",
            Self::Native => "native",
            Self::Jsapi => "jsapi",
            Self::H5 => "h5",
            Self::Page => "page",
            Self::Wap => "wap",
            Self::Qr => "qr",
            Self::Cash => "cash",
            Self::Instant => "instant",
        }
    }

    /// Whose mode it is.
    pub const fn provider(self) -> Provider {
        match self {
            Self::PaymentIntent | Self::CheckoutSession => Provider::Stripe,
            Self::Native | Self::Jsapi | Self::H5 => Provider::WechatPay,
            Self::Page | Self::Wap | Self::Qr => Provider::Alipay,
            Self::Cash => Provider::CashOnDelivery,
            Self::Instant => Provider::Instant,
        }
    }
}

/// A try to pay an order with one provider.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Intent {
    /// Its id, and the provider's idempotency key.
    pub id: PaymentId,
    /// What is paid.
    pub order: OrderId,
    /// With whom.
    pub provider: Provider,
    /// How.
    pub mode: Mode,
    /// What the provider is asked to collect: our order's figure, never the caller's.
    pub amount: Money,
    /// Whether real money is meant.
    pub livemode: bool,
    /// Digest of the request that asked for it, to tell a repeated key from a reused one.
    pub fingerprint: String,
    /// Counts its writes, from 1. The fencing token: a result is kept only by the last sender.
    pub version: u64,
    /// Until when the provider is told to take it; later payments are given back.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub pay_by: Option<Timestamp>,
    /// Whether the payer has to prove who they are more strongly than usual.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub step_up: bool,
    /// How far it is.
    pub state: IntentState,
    /// When it was first written; for one that staff looked at first, when it went on. Before that, nobody was asked.
    pub created_at: Timestamp,
}

impl Intent {
    /// The payment object, where it is ours to name: known before the provider is asked. `None` where the provider gives it
    /// an id of its own.
    pub fn own_object(&self) -> Option<ObjectId> {
        let name = match self.provider {
            // An order number of theirs has 32 characters at most.
            Provider::WechatPay => self.id.uuid().simple().to_string(),
            Provider::Alipay | Provider::CashOnDelivery | Provider::Instant => self.id.to_string(),
            Provider::Stripe => return None,
        };
        name.parse().ok()
    }

    /// The reading of a payment that there is nothing to tell of.
    pub const fn nothing_told(&self) -> Reading {
        Reading {
            reference: Reference {
                order: Some(self.order),
                payment: Some(self.id),
                object: None,
                session: None,
            },
            asked: None,
            livemode: self.livemode,
            occurred_at: None,
            evidence_due_at: None,
            card: None,
            facts: Vec::new(),
        }
    }
}

/// How far a try is.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "is", rename_all = "snake_case")]
pub enum IntentState {
    /// Risk rules hold it: staff look at it first. Nobody was asked.
    InReview {
        /// The rules, by name.
        rules: Vec<String>,
    },
    /// Staff let it go on, as soon as its payer comes back. Nobody was asked yet.
    Approved {
        /// Who.
        by: Actor,
        /// When.
        at: Timestamp,
    },
    /// Sent or about to be: the answer is not known.
    Sending,
    /// The provider takes the payment.
    Open {
        /// What it gave us.
        started: Started,
    },
    /// The provider refused to take it, or staff did: [`crate::risk::REFUSED_BY_STAFF`].
    Refused {
        /// The code, of ours or theirs; no text of theirs.
        code: String,
    },
}

/// What a provider gave us to let the payer pay.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Started {
    /// Its payment or session object.
    pub object: ObjectId,
    /// What the storefront confirms with.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub client_secret: Option<String>,
    /// Where the payer pays.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub url: Option<String>,
    /// What the payer scans.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub qr_code: Option<String>,
    /// What the payer's application is opened with, as the provider names its parameters.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub application: BTreeMap<String, String>,
}

impl Started {
    /// Nothing but the object.
    pub const fn of(object: ObjectId) -> Self {
        Self {
            object,
            client_secret: None,
            url: None,
            qr_code: None,
            application: BTreeMap::new(),
        }
    }
}

/// The payment that an order and a caller's key name: always the same, so that a repeated request finds its own intent
/// even when the first one died half-way.
pub fn payment_id(order: OrderId, caller_key: &str) -> PaymentId {
    let text = format!("{order}#{caller_key}");
    let digest = ring::digest::digest(&ring::digest::SHA256, text.as_bytes());
    let mut random = [0; 10];
    for (to, from) in random.iter_mut().zip(digest.as_ref()) {
        *to = *from;
    }
    // The order's own time: the first 48 bits of its UUIDv7.
    let millis = order.uuid().as_u128() >> 80;
    PaymentId::from_parts(
        Timestamp::from_millis(i64::try_from(millis).unwrap_or_default()),
        random,
    )
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_object_of_a_payment_is_ours_to_name_everywhere_but_at_stripe() {
        let at = Timestamp::from_millis(1_700_000_000_000);
        let id = PaymentId::from_parts(at, [3; 10]);
        let named = |mode: Mode| {
            let intent = Intent {
                id,
                order: OrderId::from_parts(at, [4; 10]),
                provider: mode.provider(),
                mode,
                amount: Money::new(1, "CNY".parse().unwrap()).unwrap(),
                livemode: false,
                fingerprint: String::new(),
                version: 1,
                pay_by: None,
                step_up: false,
                state: IntentState::Sending,
                created_at: at,
            };
            intent.own_object().map(|object| object.to_string())
        };
        let hex = id.to_string().split_off("pay_".len());
        assert_eq!(hex.len(), 32);
        assert_eq!(named(Mode::Native), Some(hex));
        assert_eq!(named(Mode::Page), Some(id.to_string()));
        assert_eq!(named(Mode::Cash), Some(id.to_string()));
        assert_eq!(named(Mode::CheckoutSession), None);
    }

    #[test]
    fn a_callers_key_names_one_payment_of_the_order() {
        let order = OrderId::from_parts(Timestamp::from_millis(1_700_000_000_000), [3; 10]);
        let other = OrderId::from_parts(Timestamp::from_millis(1_700_000_000_000), [4; 10]);
        assert_eq!(payment_id(order, "k1"), payment_id(order, "k1"));
        assert_ne!(payment_id(order, "k1"), payment_id(order, "k2"));
        assert_ne!(payment_id(order, "k1"), payment_id(other, "k1"));
    }
}
