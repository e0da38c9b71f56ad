//! Carriers as 快递100 and EasyPost tell of them: signed webhooks, late, twice, out of order or forged, as asked.
//!
//! Nothing moves by itself: [`CarrierDouble::tell`], or `POST /_double/tell`, says what happened to a parcel and how it is
//! told. The platform needs no word of it: it knows the carriers by what they sign with.

mod notice;
mod request;

use std::time::Duration;

use http::Method;
use serde_json::json;

use crate::{
    client::Api,
    server::{Server, json as answer},
};

/// The most steps of one parcel.
pub const STEPS_MAX: usize = 50;
/// The most copies of one webhook.
pub const TIMES_MAX: usize = 10;

/// What webhooks are signed with.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Keys {
    /// Salt of 快递100.
    pub salt: String,
    /// Webhook secret of EasyPost.
    pub easypost: String,
}

impl Keys {
    /// Those of `infra/local/secrets.dev.json`: public, for tests only.
    pub fn development() -> Self {
        Self {
            salt: "dev-salt-public-not-a-secret".to_owned(),
            easypost: "dev-easypost-public-not-a-secret".to_owned(),
        }
    }

    /// New ones, which nobody knows.
    pub fn generate() -> Self {
        let text = || uuid::Uuid::now_v7().simple().to_string();
        Self {
            salt: text(),
            easypost: text(),
        }
    }
}

/// Who tells.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Provider {
    /// 快递100.
    Kuaidi100,
    /// EasyPost.
    Easypost,
}

impl Provider {
    /// The route of its webhook.
    pub const fn path(self) -> &'static str {
        match self {
            Self::Kuaidi100 => "/webhooks/carriers/kuaidi100",
            Self::Easypost => "/webhooks/carriers/easypost",
        }
    }
}

/// What happens to a parcel.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Step {
    /// The carrier took it.
    PickedUp,
    /// It moves.
    InTransit,
    /// The courier has it.
    OutForDelivery,
    /// It is there.
    Delivered,
    /// Damaged or lost.
    Exception,
    /// It was not taken.
    Refused,
    /// It comes back.
    Returning,
    /// A code that nobody knows.
    Unheard,
}

/// A parcel and its way.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Parcel {
    /// Who tells of it.
    pub provider: Provider,
    /// The carrier, as the provider calls it: `shunfeng`, `USPS`.
    pub carrier: String,
    /// Its number.
    pub number: String,
    /// What happened when, in seconds since the epoch; oldest first, at most [`STEPS_MAX`].
    pub steps: Vec<(Step, i64)>,
}

/// How webhooks are posted: one for each step, each with the whole way up to it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Telling {
    /// How often each is posted, 1 to [`TIMES_MAX`].
    pub times: usize,
    /// Newest first.
    pub out_of_order: bool,
    /// Signed with a key that nobody knows.
    pub forged: bool,
    /// Only the last one: what comes after an outage.
    pub last_only: bool,
    /// Pause before each.
    pub delay: Duration,
}

impl Default for Telling {
    fn default() -> Self {
        Self {
            times: 1,
            out_of_order: false,
            forged: false,
            last_only: false,
            delay: Duration::ZERO,
        }
    }
}

/// How the platform answered one webhook.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Told {
    /// HTTP status.
    pub status: u16,
    /// Body.
    pub body: String,
    /// Whether the provider takes that for received; else it would send it again.
    pub received: bool,
}

/// The carriers, telling one platform. Cheap to clone.
#[derive(Clone)]
pub struct Carriers {
    shop: Api,
    keys: Keys,
}

impl Carriers {
    /// Telling the platform at `shop`, without a closing slash.
    pub fn new(shop: &str, keys: Keys) -> Self {
        Self {
            shop: Api::new(shop),
            keys,
        }
    }

    /// Posts the webhooks of a parcel; the answers, in the order of the posts.
    ///
    /// # Errors
    ///
    /// When the platform does not answer.
    pub async fn tell(&self, parcel: &Parcel, telling: Telling) -> Result<Vec<Told>, String> {
        let all = parcel.steps.len().min(STEPS_MAX);
        let mut ways: Vec<usize> = if telling.last_only {
            vec![all]
        } else {
            (1..=all).collect()
        };
        if telling.out_of_order {
            ways.reverse();
        }
        let mut told = Vec::new();
        for way in ways {
            for _ in 0..telling.times.clamp(1, TIMES_MAX) {
                tokio::time::sleep(telling.delay).await;
                told.push(self.post(parcel, &parcel.steps[..way], telling.forged).await?);
            }
        }
        Ok(told)
    }

    async fn post(&self, parcel: &Parcel, sofar: &[(Step, i64)], forged: bool) -> Result<Told, String> {
        let keys = if forged { Keys::generate() } else { self.keys.clone() };
        let signed = match parcel.provider {
            Provider::Kuaidi100 => notice::kuaidi100(parcel, sofar, &keys.salt),
            Provider::Easypost => notice::easypost(parcel, sofar, &keys.easypost),
        };
        let mut headers = vec![("content-type", signed.content_type)];
        headers.extend(
            signed
                .signature
                .as_deref()
                .map(|signature| ("x-hmac-signature", signature)),
        );
        let answer = self
            .shop
            .send(Method::POST, parcel.provider.path(), &headers, signed.body)
            .await?;
        let body = String::from_utf8_lossy(&answer.bytes).into_owned();
        let said = match parcel.provider {
            Provider::Kuaidi100 => body == r#"{"result":true,"returnCode":"200","message":"成功"}"#,
            Provider::Easypost => true,
        };
        Ok(Told {
            status: answer.status,
            received: answer.status == 200 && said,
            body,
        })
    }
}

/// The double, as a server.
pub struct CarrierDouble {
    server: Server,
    carriers: Carriers,
}

impl CarrierDouble {
    /// Listens on a loopback port; 0 takes a free one. Webhooks go to the platform at `shop`, signed with `keys`.
    pub async fn start(port: u16, shop: &str, keys: Keys) -> Self {
        let carriers = Carriers::new(shop, keys);
        let serving = carriers.clone();
        let server = Server::start(port, move |received| {
            let carriers = serving.clone();
            async move {
                match (received.method.as_str(), received.path.as_str()) {
                    ("POST", "/_double/tell") => request::tell(&carriers, &received.body).await,
                    _ => answer(404, &json!({"error": "no such call"})),
                }
            }
        })
        .await;
        Self { server, carriers }
    }

    /// Where it is.
    pub fn url(&self) -> String {
        self.server.url()
    }

    /// Posts the webhooks of a parcel; see [`Carriers::tell`].
    ///
    /// # Errors
    ///
    /// When the platform does not answer.
    pub async fn tell(&self, parcel: &Parcel, telling: Telling) -> Result<Vec<Told>, String> {
        self.carriers.tell(parcel, telling).await
    }
}
