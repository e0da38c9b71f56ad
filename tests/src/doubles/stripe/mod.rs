//! Stripe: payment intents and checkout sessions with idempotency keys, and signed webhooks as good or bad as asked.
//!
//! It keeps what Stripe keeps: the same key with the same parameters gets the same answer, with others an
//! `idempotency_error`. Nothing is paid by itself: [`StripeDouble::pay`], or `POST /_double/pay`, says what happens and how
//! often, how late, in which order and how honestly it is told.

mod api;
mod state;
mod webhook;

use std::sync::{Arc, Mutex};

use serde_json::{Value, json};

pub(crate) use self::state::State;
pub use self::webhook::{Delivery, Telling, sign};
use crate::server::{Server, json as answer};

/// The double.
pub struct StripeDouble {
    server: Server,
    shared: Arc<Shared>,
}

/// What its server and its owner share.
pub(crate) struct Shared {
    pub(crate) state: Mutex<State>,
    /// Where webhooks go, whole.
    pub(crate) webhook_url: Mutex<String>,
    /// What they are signed with.
    pub(crate) secret: String,
}

/// A payment to make.
#[derive(Debug, Clone)]
pub struct Pay {
    /// The `pi_…` or `cs_…` that is paid.
    pub object: String,
    /// What is received; what was asked, when not said.
    pub received: Option<i64>,
    /// How it is told.
    pub telling: Telling,
}

impl Pay {
    /// Pays what was asked, told once, at once and honestly.
    pub fn exactly(object: &str) -> Self {
        Self {
            object: object.to_owned(),
            received: None,
            telling: Telling::default(),
        }
    }
}

impl StripeDouble {
    /// Listens on a loopback port; 0 takes a free one. Webhooks go to `webhook_url`, signed with `secret`.
    pub async fn start(port: u16, webhook_url: &str, secret: &str) -> Self {
        let shared = Arc::new(Shared {
            state: Mutex::new(State::numbered_from(webhook::now_s().unsigned_abs() * 1_000_000)),
            webhook_url: Mutex::new(webhook_url.to_owned()),
            secret: secret.to_owned(),
        });
        let serving = Arc::clone(&shared);
        let server = Server::start(port, move |request| {
            let shared = Arc::clone(&serving);
            async move {
                let (status, body) = api::serve(&shared, &request).await;
                answer(status, &body)
            }
        })
        .await;
        Self { server, shared }
    }

    /// What `STRIPE_API_BASE` is set to.
    pub fn url(&self) -> String {
        self.server.url()
    }

    /// Sends webhooks there from now on: for when the platform starts after the double.
    pub fn notify(&self, webhook_url: &str) {
        webhook_url.clone_into(&mut self.shared.webhook_url.lock().expect("nobody panics with the lock"));
    }

    /// Pays, and tells of it. Gives the deliveries in the order in which they were answered.
    pub async fn pay(&self, pay: &Pay) -> Vec<Delivery> {
        let events = self.state().pay(pay);
        webhook::tell(&self.shared, events, &pay.telling).await
    }

    /// Refunds some of a payment, and tells of it: the refund by itself, and the charge's running total.
    pub async fn refund(&self, object: &str, amount: i64, telling: &Telling) -> Vec<Delivery> {
        let events = self.state().refund(object, amount);
        webhook::tell(&self.shared, events, telling).await
    }

    /// Sends any event about any object.
    pub async fn send(&self, kind: &str, object: &Value, telling: &Telling) -> Vec<Delivery> {
        let event = self.state().event(kind, object);
        webhook::tell(&self.shared, vec![event], telling).await
    }

    /// Ids of the payment intents and sessions that were made, oldest first.
    pub fn made(&self) -> Vec<String> {
        self.state().made()
    }

    /// Answers the next calls of the API with these statuses, after doing what was asked: lost answers.
    pub fn fail_next(&self, statuses: &[u16]) {
        self.state().failures.extend(statuses);
    }

    fn state(&self) -> std::sync::MutexGuard<'_, State> {
        self.shared.state.lock().expect("nobody panics with the lock")
    }
}

/// A Stripe error.
fn error(status: u16, kind: &str, message: &str) -> (u16, Value) {
    (status, json!({"error": {"type": kind, "message": message}}))
}
