//! Stripe: payment intents, checkout sessions, refunds, disputes and their lists, with idempotency keys and signed
//! webhooks as good or bad as asked.
//!
//! It keeps what Stripe keeps: the same key with the same parameters gets the same answer, with others an
//! `idempotency_error`. Nothing is paid by itself: [`StripeDouble::pay`], or `POST /_double/pay`, says what happens and how
//! often, how late, in which order and how honestly it is told.

mod api;
mod command;
mod disputes;
mod list;
#[cfg(test)]
mod merchant;
mod payments;
mod refunds;
mod state;
#[cfg(test)]
mod tests;
mod webhook;

use std::sync::{Arc, Mutex, MutexGuard};

use serde_json::{Value, json};

pub(crate) use self::state::State;
pub use self::{
    disputes::DisputeEnd,
    refunds::{RefundEnd, RefundPlan},
    webhook::sign,
};
use super::support::{self, Notice};
pub use super::support::{Control, Delivery, Telling};
use crate::server::{Server, json as answer};

/// The double.
pub struct StripeDouble {
    server: Server,
    shared: Arc<Shared>,
}

/// What its server and its owner share.
pub(crate) struct Shared {
    state: Mutex<State>,
    control: Mutex<Control>,
    /// Where webhooks go, whole.
    webhook_url: Mutex<String>,
    /// What they are signed with.
    secret: String,
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
            state: Mutex::new(State::numbered_from(support::wall_s().unsigned_abs() * 1_000_000)),
            control: Mutex::default(),
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
        let events = self.shared.state().pay(&pay.object, pay.received);
        self.shared.tell(events, &pay.telling).await
    }

    /// The card is refused, and it is told; the intent waits for another try.
    ///
    /// # Errors
    ///
    /// When nothing waits for its payment.
    pub async fn decline(&self, object: &str, telling: &Telling) -> Result<Vec<Delivery>, String> {
        let events = self.shared.state().decline(object)?;
        Ok(self.shared.tell(events, telling).await)
    }

    /// Pays with the card of this fingerprint from now on, and tells of the charge too, which names the card.
    pub fn card(&self, fingerprint: &str) {
        self.shared.state().card = Some(fingerprint.to_owned());
    }

    /// Refunds some of a payment past the API, as in the dashboard, and tells of it: the refund by itself, and the
    /// charge's running total.
    pub async fn refund(&self, object: &str, amount: i64, telling: &Telling) -> Vec<Delivery> {
        let events = self.shared.state().refund_by_hand(object, amount);
        self.shared.tell(events, telling).await
    }

    /// How refunds that are asked for from now on go.
    pub fn plan_refunds(&self, plan: RefundPlan) {
        self.shared.state().plan = plan;
    }

    /// Ends a refund (`re_…`), or ends it otherwise, and tells of it.
    ///
    /// # Errors
    ///
    /// When there is no such refund.
    pub async fn end_refund(&self, refund: &str, end: RefundEnd, telling: &Telling) -> Result<Vec<Delivery>, String> {
        let events = self.shared.state().end_refund(refund, end)?;
        Ok(self.shared.tell(events, telling).await)
    }

    /// The payer's bank takes the money back: the dispute's id. `due_by`, in seconds since the epoch, is when evidence
    /// must be there; an inquiry moves no money yet. `amount` is all of it, when not said.
    ///
    /// # Errors
    ///
    /// When there is no such payment.
    pub async fn dispute(
        &self,
        object: &str,
        amount: Option<i64>,
        due_by: i64,
        inquiry: bool,
        telling: &Telling,
    ) -> Result<(String, Vec<Delivery>), String> {
        let (id, events) = self.shared.state().dispute(object, amount, due_by, inquiry)?;
        Ok((id, self.shared.tell(events, telling).await))
    }

    /// What becomes of a dispute (`du_…`), told.
    ///
    /// # Errors
    ///
    /// When there is no such dispute.
    pub async fn end_dispute(
        &self,
        dispute: &str,
        end: DisputeEnd,
        telling: &Telling,
    ) -> Result<Vec<Delivery>, String> {
        let events = self.shared.state().end_dispute(dispute, end)?;
        Ok(self.shared.tell(events, telling).await)
    }

    /// Sends any event about any object.
    pub async fn send(&self, kind: &str, object: &Value, telling: &Telling) -> Vec<Delivery> {
        let event = self.shared.state().event(kind, object);
        self.shared.tell(vec![event], telling).await
    }

    /// Delivers what was held back; reversed: newest first.
    pub async fn release(&self, reversed: bool) -> Vec<Delivery> {
        support::release(&self.shared, reversed).await
    }

    /// Delivers everything that was sent once more.
    pub async fn redeliver(&self) -> Vec<Delivery> {
        support::redeliver(&self.shared).await
    }

    /// Ids of the payment intents and sessions that were made, oldest first.
    pub fn made(&self) -> Vec<String> {
        self.shared.state().made()
    }

    /// An object as it stands.
    pub fn object(&self, id: &str) -> Option<Value> {
        self.shared.state().get(id).cloned()
    }

    /// Answers the next calls of the API with these statuses, after doing what was asked: lost answers.
    pub fn fail_next(&self, statuses: &[u16]) {
        self.control().lose_next(statuses);
    }

    /// Faults of the API, the clock, and the lists.
    pub fn control(&self) -> MutexGuard<'_, Control> {
        self.shared.control()
    }
}

impl Shared {
    /// The state, dated now.
    fn state(&self) -> MutexGuard<'_, State> {
        let now = self.control().now_s();
        let mut state = self.state.lock().expect("nobody panics with the lock");
        state.now = now;
        state
    }

    fn control(&self) -> MutexGuard<'_, Control> {
        self.control.lock().expect("nobody panics with the lock")
    }

    async fn tell(self: &Arc<Self>, events: Vec<Value>, telling: &Telling) -> Vec<Delivery> {
        let text = |event: &Value, name: &str| event[name].as_str().unwrap_or_default().to_owned();
        let notice = |event: Value| Notice {
            id: text(&event, "id"),
            kind: text(&event, "type"),
            url: String::new(),
            content: event,
        };
        support::tell(self, events.into_iter().map(notice).collect(), telling).await
    }
}

/// A Stripe error.
fn error(status: u16, kind: &str, message: &str) -> (u16, Value) {
    (status, json!({"error": {"type": kind, "message": message}}))
}

/// A Stripe error of the request, with its code, and the parameter that it is about.
fn refused(status: u16, code: &str, parameter: &str, message: &str) -> (u16, Value) {
    let mut body = json!({"error": {"type": "invalid_request_error", "message": message, "param": parameter}});
    if !code.is_empty() {
        body["error"]["code"] = json!(code);
    }
    (status, body)
}
