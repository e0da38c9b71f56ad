//! `WeChat` Pay `APIv3`: Native, JSAPI and H5 transactions, domestic refunds, the daily bill, and encrypted notices.
//!
//! It keeps what `WeChat` Pay keeps: the same number with the same parameters gets the same answer, with others an error.
//! Every call's `Authorization` is verified with the merchant's public key, every answer is signed with the platform's.
//! Nothing is paid by itself: [`WechatPayDouble::pay`], or `POST /_double/pay`, says what happens and how it is told.
//! Refunds are taken as `PROCESSING` and end by themselves, as [`RefundPlan`] says.

mod api;
mod auth;
mod bill;
mod command;
#[cfg(test)]
mod merchant;
mod notice;
mod orders;
mod refunds;
mod state;
#[cfg(test)]
mod tests;

use std::sync::{Arc, Mutex, MutexGuard};

use serde_json::Value;

use self::state::State;
pub use self::{
    auth::{Account, Answers},
    refunds::{RefundEnd, RefundPlan},
};
use super::support::{self, Control, Delivery, Notice, Telling};
use crate::server::Server;

/// The double.
pub struct WechatPayDouble {
    server: Server,
    shared: Arc<Shared>,
}

/// What its server and its owner share.
pub(crate) struct Shared {
    account: Account,
    state: Mutex<State>,
    control: Mutex<Control>,
}

/// A payment to make.
#[derive(Debug, Clone)]
pub struct Pay {
    /// The `out_trade_no` that is paid.
    pub out_trade_no: String,
    /// What the payer pays after coupons, in fen; all of it, when not said. The order's amount stays.
    pub payer_total: Option<i64>,
    /// How it is told.
    pub telling: Telling,
}

impl Pay {
    /// Pays what was asked, told once, at once and honestly.
    pub fn exactly(out_trade_no: &str) -> Self {
        Self {
            out_trade_no: out_trade_no.to_owned(),
            payer_total: None,
            telling: Telling::default(),
        }
    }
}

impl WechatPayDouble {
    /// Listens on a loopback port; 0 takes a free one.
    pub async fn start(port: u16, account: Account) -> Self {
        let shared = Arc::new(Shared {
            account,
            state: Mutex::new(State::numbered_from(support::wall_s().unsigned_abs() * 1_000)),
            control: Mutex::default(),
        });
        let serving = Arc::clone(&shared);
        let server = Server::start(port, move |request| {
            let shared = Arc::clone(&serving);
            async move { api::serve(&shared, &request).await }
        })
        .await;
        Self { server, shared }
    }

    /// What `WECHAT_PAY_API_BASE` is set to.
    pub fn url(&self) -> String {
        self.server.url()
    }

    /// Pays, and tells of it. Gives the deliveries in the order in which they were answered.
    ///
    /// # Errors
    ///
    /// When there is no such order, or it cannot be paid any more.
    pub async fn pay(&self, pay: &Pay) -> Result<Vec<Delivery>, String> {
        let notices = self.shared.pay(&pay.out_trade_no, pay.payer_total)?;
        Ok(support::tell(&self.shared, notices, &pay.telling).await)
    }

    /// How refunds that are asked for from now on end.
    pub fn plan_refunds(&self, plan: RefundPlan) {
        self.shared.state().plan = plan;
    }

    /// Ends a refund, or ends it otherwise, and tells of it.
    ///
    /// # Errors
    ///
    /// When there is no such refund.
    pub async fn end_refund(
        &self,
        out_refund_no: &str,
        end: RefundEnd,
        telling: &Telling,
    ) -> Result<Vec<Delivery>, String> {
        let notices = self.shared.end_refund(out_refund_no, end)?;
        Ok(support::tell(&self.shared, notices, telling).await)
    }

    /// Refunds in the merchant platform, past the API: `WeChat` Pay chooses the number. It is told to `notify_url`.
    ///
    /// # Errors
    ///
    /// When there is no such payment, or not that much left of it.
    pub async fn refund_by_hand(
        &self,
        out_trade_no: &str,
        amount: i64,
        notify_url: &str,
        telling: &Telling,
    ) -> Result<Vec<Delivery>, String> {
        let notices = self.shared.refund_by_hand(out_trade_no, amount, notify_url)?;
        Ok(support::tell(&self.shared, notices, telling).await)
    }

    /// Sends any event with any content.
    pub async fn send(&self, kind: &str, content: &Value, url: &str, telling: &Telling) -> Vec<Delivery> {
        let notice = Notice {
            id: self.shared.state().id("EV"),
            kind: kind.to_owned(),
            url: url.to_owned(),
            content: content.clone(),
        };
        support::tell(&self.shared, vec![notice], telling).await
    }

    /// Delivers what was held back; reversed: newest first.
    pub async fn release(&self, reversed: bool) -> Vec<Delivery> {
        support::release(&self.shared, reversed).await
    }

    /// Delivers everything that was sent once more.
    pub async fn redeliver(&self) -> Vec<Delivery> {
        support::redeliver(&self.shared).await
    }

    /// Order numbers, oldest first.
    pub fn made(&self) -> Vec<String> {
        self.shared.state().made()
    }

    /// Refund numbers and their states, by number.
    pub fn refunds(&self) -> Vec<(String, String)> {
        self.shared.state().refund_states()
    }

    /// How answers are signed from now on.
    pub fn answers(&self, answers: Answers) {
        self.shared.state().answers = answers;
    }

    /// Faults of the API, the clock, and the bill.
    pub fn control(&self) -> MutexGuard<'_, Control> {
        self.shared.control()
    }
}

impl Shared {
    fn state(&self) -> MutexGuard<'_, State> {
        self.state.lock().expect("nobody panics with the lock")
    }

    fn control(&self) -> MutexGuard<'_, Control> {
        self.control.lock().expect("nobody panics with the lock")
    }

    fn now_s(&self) -> i64 {
        self.control().now_s()
    }
}
