//! Alipay's gateway (`/gateway.do`, RSA2): QR and page payments, queries, refunds, closing, the list of sold trades, and
//! form-encoded notices.
//!
//! It keeps what Alipay keeps. A QR code that nobody scanned is no trade yet: queries and closing say
//! `ACQ.TRADE_NOT_EXIST`. Every call's `sign` is verified with the application's public key, every answer is signed over
//! the raw text of its node, slashes escaped as Alipay does. [`AlipayDouble::pay`], or `POST /_double/pay`, says what
//! happens and how it is told.

mod api;
mod command;
mod list;
#[cfg(test)]
mod merchant;
mod notice;
mod refunds;
mod sign;
mod state;
#[cfg(test)]
mod tests;
mod trades;

use std::sync::{Arc, Mutex, MutexGuard};

use self::state::State;
pub use self::{
    refunds::RefundPlan,
    sign::{Account, Answers},
};
use super::support::{self, Control, Delivery, Telling};
use crate::server::Server;

/// The double.
pub struct AlipayDouble {
    server: Server,
    shared: Arc<Shared>,
}

/// What its server and its owner share.
pub(crate) struct Shared {
    account: Account,
    state: Mutex<State>,
    control: Mutex<Control>,
}

impl AlipayDouble {
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

    /// Where it is.
    pub fn url(&self) -> String {
        self.server.url()
    }

    /// What `ALIPAY_GATEWAY_URL` is set to.
    pub fn gateway(&self) -> String {
        format!("{}{}", self.server.url(), api::GATEWAY)
    }

    /// The payer scans the QR code: the trade exists, and waits. Not told, as Alipay does not by default.
    ///
    /// # Errors
    ///
    /// When nothing was asked for under this number.
    pub fn scan(&self, out_trade_no: &str) -> Result<(), String> {
        self.shared.scan(out_trade_no)
    }

    /// Pays what was asked, scanning first if need be, and tells of it.
    ///
    /// # Errors
    ///
    /// When nothing was asked for under this number, or it cannot be paid any more.
    pub async fn pay(&self, out_trade_no: &str, telling: &Telling) -> Result<Vec<Delivery>, String> {
        let notices = self.shared.pay(out_trade_no)?;
        Ok(support::tell(&self.shared, notices, telling).await)
    }

    /// The time for refunds is over: `TRADE_FINISHED`.
    ///
    /// # Errors
    ///
    /// When the trade is not paid.
    pub async fn finish(&self, out_trade_no: &str, telling: &Telling) -> Result<Vec<Delivery>, String> {
        let notices = self.shared.end(out_trade_no, "TRADE_FINISHED")?;
        Ok(support::tell(&self.shared, notices, telling).await)
    }

    /// The payer did not pay in time: `TRADE_CLOSED`.
    ///
    /// # Errors
    ///
    /// When the trade does not wait for its payment.
    pub async fn expire(&self, out_trade_no: &str, telling: &Telling) -> Result<Vec<Delivery>, String> {
        let notices = self.shared.end(out_trade_no, "TRADE_CLOSED")?;
        Ok(support::tell(&self.shared, notices, telling).await)
    }

    /// How refunds that are asked for from now on go.
    pub fn plan_refunds(&self, plan: RefundPlan) {
        self.shared.state().plan = plan;
    }

    /// How notices that follow an API call (refunded, closed) are told from now on.
    pub fn tell_calls(&self, telling: Telling) {
        self.shared.state().telling = telling;
    }

    /// A refund that waited is done, and told.
    ///
    /// # Errors
    ///
    /// When no such refund waits.
    pub async fn end_refund(&self, out_request_no: &str, telling: &Telling) -> Result<Vec<Delivery>, String> {
        let notices = self.shared.end_refund(out_request_no)?;
        Ok(support::tell(&self.shared, notices, telling).await)
    }

    /// Refunds in the merchant's pages, past the API: Alipay chooses the number.
    ///
    /// # Errors
    ///
    /// When there is no such trade, or not that much left of it.
    pub async fn refund_by_hand(
        &self,
        out_trade_no: &str,
        amount: i64,
        telling: &Telling,
    ) -> Result<Vec<Delivery>, String> {
        let notices = self.shared.refund_by_hand(out_trade_no, amount)?;
        Ok(support::tell(&self.shared, notices, telling).await)
    }

    /// Delivers what was held back; reversed: newest first.
    pub async fn release(&self, reversed: bool) -> Vec<Delivery> {
        support::release(&self.shared, reversed).await
    }

    /// Delivers everything that was sent once more, with the same `notify_id` and signature.
    pub async fn redeliver(&self) -> Vec<Delivery> {
        support::redeliver(&self.shared).await
    }

    /// Numbers that were asked for, oldest first.
    pub fn made(&self) -> Vec<String> {
        self.shared.state().made()
    }

    /// How answers are signed from now on.
    pub fn answers(&self, answers: Answers) {
        self.shared.state().answers = answers;
    }

    /// Faults of the API, the clock, and the list of sold trades.
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
