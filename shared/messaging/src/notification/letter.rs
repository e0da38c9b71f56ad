//! A letter, its recipient and its way.

use std::time::Duration;

use http::{HeaderMap, HeaderValue, Method, header};
use kernel::{EventId, Id, NotificationId, Timestamp};
use ring::digest;
use serde::{Deserialize, Serialize};
use serde_json::json;
use web::{Egress, OutgoingRequest};

/// How long the gateway may take.
const SEND_TIMEOUT: Duration = Duration::from_secs(10);

/// By which way a letter goes.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Channel {
    /// E-mail.
    Email,
    /// Text message.
    Sms,
    /// A POST to the recipient's own URL: staff systems.
    Webhook,
}

impl Channel {
    /// As templates and gateways are told.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Email => "email",
            Self::Sms => "sms",
            Self::Webhook => "webhook",
        }
    }
}

/// A language that there are templates in.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Language {
    /// Chinese.
    Zh,
    /// English.
    En,
}

impl Language {
    /// The best language for a BCP 47 tag: Chinese for any Chinese, else English.
    pub fn of(locale: Option<&str>) -> Self {
        let primary = locale.and_then(|tag| tag.split(['-', '_']).next()).unwrap_or_default();
        if primary.eq_ignore_ascii_case("zh") {
            Self::Zh
        } else {
            Self::En
        }
    }

    /// As templates and gateways are told.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Zh => "zh",
            Self::En => "en",
        }
    }
}

/// Whom a letter reaches. Personal data where it is a customer's.
#[derive(Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(transparent)]
pub struct Address(String);

impl Address {
    /// An e-mail address, a phone in E.164 or an https URL.
    pub fn new(text: &str) -> Option<Self> {
        let text = text.trim();
        (!text.is_empty()).then(|| Self(text.to_owned()))
    }

    /// By which way it is reached.
    pub fn channel(&self) -> Channel {
        if self.0.starts_with("https://") || self.0.starts_with("http://") {
            Channel::Webhook
        } else if self.0.contains('@') {
            Channel::Email
        } else {
            Channel::Sms
        }
    }
}

impl std::fmt::Debug for Address {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_tuple("Address").finish_non_exhaustive()
    }
}

/// A letter, ready to send. Personal data where it is a customer's.
#[derive(Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Letter {
    /// To whom.
    pub to: Address,
    /// Subject; text messages have none.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub subject: Option<String>,
    /// Text.
    pub body: String,
}

impl std::fmt::Debug for Letter {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Letter").finish_non_exhaustive()
    }
}

/// The id of a notification: the same for the same event, template and recipient, so that a second try is known as one.
pub fn notification_id(event: EventId, at: Timestamp, template: &str, to: &Address) -> NotificationId {
    let mut context = digest::Context::new(&digest::SHA256);
    for part in [event.to_string().as_str(), template, &to.0] {
        context.update(part.as_bytes());
        context.update(b"|");
    }
    let mut random = [0; 10];
    for (byte, hashed) in random.iter_mut().zip(context.finish().as_ref()) {
        *byte = *hashed;
    }
    NotificationId::from_parts(at, random)
}

/// The call that hands a letter to `url`: the gateway for e-mail and SMS, or the recipient's own URL. `Webhook-Id` is the
/// same over every try, for the receiver to deduplicate by.
pub fn post(url: &str, id: NotificationId, (template, language): (&str, Language), letter: &Letter) -> OutgoingRequest {
    let body = json!({
        "id": id,
        "channel": letter.to.channel().as_str(),
        "template": template,
        "language": language.as_str(),
        "to": letter.to,
        "subject": letter.subject,
        "text": letter.body,
    });
    let mut headers = HeaderMap::new();
    headers.insert(header::CONTENT_TYPE, HeaderValue::from_static("application/json"));
    if let Ok(id) = HeaderValue::from_str(&id.to_string()) {
        headers.insert("webhook-id", id);
    }
    OutgoingRequest {
        method: Method::POST,
        url: url.to_owned(),
        headers,
        body: body.to_string().into_bytes().into(),
        timeout: SEND_TIMEOUT,
        egress: Egress::Configured,
    }
}

impl Letter {
    /// The recipient's own URL, where it is one.
    pub fn own_url(&self) -> Option<&str> {
        (self.to.channel() == Channel::Webhook).then_some(self.to.0.as_str())
    }
}
