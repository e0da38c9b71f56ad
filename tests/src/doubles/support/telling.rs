//! Telling the merchant what happened, as good or bad as asked.

use std::{
    sync::{Arc, Mutex},
    time::Duration,
};

use http::Method;
use serde_json::Value;

use super::Control;
use crate::client::{Answer, Api};

/// How long a provider waits for the merchant's answer.
const ANSWER_MAX: Duration = Duration::from_secs(15);

/// How notices are sent.
#[derive(Debug, Clone)]
#[expect(
    clippy::struct_excessive_bools,
    reason = "each is a fault of its own, and they combine"
)]
pub struct Telling {
    /// How often each is delivered; 0 is silence.
    pub times: u32,
    /// Whether all of them are sent at the same time.
    pub at_once: bool,
    /// How long after the fact, in milliseconds.
    pub delay_ms: u64,
    /// Last one first.
    pub out_of_order: bool,
    /// Kept back until they are released, in either order, together with whatever else is kept back.
    pub held: bool,
    /// How often a delivery that was not taken is tried again.
    pub retries: u32,
    /// Pause before each further try, in milliseconds.
    pub retry_ms: u64,
    /// Signed with a key that is not the provider's.
    pub forged: bool,
    /// Signed as of this many seconds from now: negative is the past. Alipay signs no time.
    pub skew_s: i64,
    /// A body that was changed after it was signed.
    pub tampered: bool,
    /// A trial of the merchant's verification: `WeChat` Pay's `WECHATPAY/SIGNTEST/`.
    pub probe: bool,
    /// Signed under a serial that the merchant does not know: `WeChat` Pay only.
    pub unknown_serial: bool,
    /// Says another amount was asked for than was, in minor units.
    pub wrong_amount: Option<i64>,
    /// Says another currency; Alipay says none.
    pub wrong_currency: Option<String>,
    /// Of an order that nobody knows.
    pub unknown_order: bool,
}

impl Default for Telling {
    /// Once, at once, in order and honestly.
    fn default() -> Self {
        Self {
            times: 1,
            at_once: false,
            delay_ms: 0,
            out_of_order: false,
            held: false,
            retries: 0,
            retry_ms: 200,
            forged: false,
            skew_s: 0,
            tampered: false,
            probe: false,
            unknown_serial: false,
            wrong_amount: None,
            wrong_currency: None,
            unknown_order: false,
        }
    }
}

impl Telling {
    /// Never told.
    pub fn silent() -> Self {
        Self {
            times: 0,
            ..Self::default()
        }
    }

    /// From JSON of the same members, and `silent`; what is missing is the default.
    pub fn of(body: &Value) -> Self {
        let flag = |name: &str| body[name].as_bool().unwrap_or(false);
        let count = |name: &str| body[name].as_u64().and_then(|count| u32::try_from(count).ok());
        let usual = Self::default();
        Self {
            times: if flag("silent") { 0 } else { count("times").unwrap_or(1) },
            at_once: flag("at_once"),
            delay_ms: body["delay_ms"].as_u64().unwrap_or(0),
            out_of_order: flag("out_of_order"),
            held: flag("held"),
            retries: count("retries").unwrap_or(0),
            retry_ms: body["retry_ms"].as_u64().unwrap_or(usual.retry_ms),
            forged: flag("forged"),
            skew_s: body["skew_s"].as_i64().unwrap_or(0),
            tampered: flag("tampered"),
            probe: flag("probe"),
            unknown_serial: flag("unknown_serial"),
            wrong_amount: body["wrong_amount"].as_i64(),
            wrong_currency: body["wrong_currency"].as_str().map(str::to_owned),
            unknown_order: flag("unknown_order"),
        }
    }
}

/// One delivery of one notice.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Delivery {
    /// The notice's id; the same on redelivery.
    pub event: String,
    /// Its type.
    pub kind: String,
    /// What it was answered with; 0 when there was no answer.
    pub status: u16,
    /// Whether the provider takes that for received; else it would send it again.
    pub accepted: bool,
}

/// What a provider has to say, before it is signed.
#[derive(Debug, Clone)]
pub(crate) struct Notice {
    pub(crate) id: String,
    pub(crate) kind: String,
    /// Where to; empty where the provider has one place for everything.
    pub(crate) url: String,
    pub(crate) content: Value,
}

/// A notice as it goes out.
#[derive(Debug)]
pub(crate) struct Letter {
    pub(crate) url: String,
    pub(crate) headers: Vec<(&'static str, String)>,
    pub(crate) body: Vec<u8>,
}

/// A provider that tells.
pub(crate) trait Voice: Send + Sync + 'static {
    /// Signs a notice; asked anew for each delivery.
    fn write(&self, notice: &Notice, telling: &Telling) -> Letter;
    /// Whether the answer means that the notice was received.
    fn taken(&self, answer: &Answer) -> bool;
    /// What tests do to it.
    fn control(&self) -> &Mutex<Control>;
}

fn control<V: Voice>(voice: &V) -> std::sync::MutexGuard<'_, Control> {
    voice.control().lock().expect("nobody panics with the lock")
}

/// Delivers notices as asked; the deliveries in the order in which they were answered.
pub(crate) async fn tell<V: Voice>(voice: &Arc<V>, mut notices: Vec<Notice>, telling: &Telling) -> Vec<Delivery> {
    if telling.held {
        let mut control = control(&**voice);
        control
            .held
            .extend(notices.into_iter().map(|notice| (notice, telling.clone())));
        return Vec::new();
    }
    tokio::time::sleep(Duration::from_millis(telling.delay_ms)).await;
    if telling.out_of_order {
        notices.reverse();
    }
    let mut sending = Vec::new();
    let mut told = Vec::new();
    for notice in &notices {
        if telling.times > 0 {
            control(&**voice).sent.push(notice.clone());
        }
        for _ in 0..telling.times {
            let one = deliver(Arc::clone(voice), notice.clone(), telling.clone());
            if telling.at_once {
                sending.push(tokio::spawn(one));
            } else {
                told.push(one.await);
            }
        }
    }
    for one in sending {
        told.push(one.await.expect("a delivery does not panic"));
    }
    told
}

/// Delivers what was held back, each as it was asked for; reversed: newest first.
pub(crate) async fn release<V: Voice>(voice: &Arc<V>, reversed: bool) -> Vec<Delivery> {
    let mut held = std::mem::take(&mut control(&**voice).held);
    if reversed {
        held.reverse();
    }
    let mut told = Vec::new();
    for (notice, telling) in held {
        let telling = Telling { held: false, ..telling };
        told.extend(tell(voice, vec![notice], &telling).await);
    }
    told
}

/// Delivers everything that was ever sent once more, oldest first, honestly.
pub(crate) async fn redeliver<V: Voice>(voice: &Arc<V>) -> Vec<Delivery> {
    let sent = control(&**voice).sent.clone();
    let mut told = Vec::new();
    for notice in sent {
        told.push(deliver(Arc::clone(voice), notice, Telling::default()).await);
    }
    told
}

async fn deliver<V: Voice>(voice: Arc<V>, notice: Notice, telling: Telling) -> Delivery {
    let mut tries = 0;
    loop {
        let letter = voice.write(&notice, &telling);
        let headers: Vec<(&str, &str)> = letter
            .headers
            .iter()
            .map(|(name, value)| (*name, value.as_str()))
            .collect();
        let api = Api::new(&letter.url);
        let sent = tokio::time::timeout(ANSWER_MAX, api.send(Method::POST, "", &headers, letter.body)).await;
        let answer = sent.ok().and_then(Result::ok);
        let accepted = answer.as_ref().is_some_and(|answer| voice.taken(answer));
        if accepted || tries >= telling.retries {
            return Delivery {
                event: notice.id,
                kind: notice.kind,
                status: answer.map_or(0, |answer| answer.status),
                accepted,
            };
        }
        tries += 1;
        tokio::time::sleep(Duration::from_millis(telling.retry_ms)).await;
    }
}
