//! What Alipay keeps.

use std::collections::BTreeMap;

use super::{
    refunds::{Refund, RefundPlan},
    sign::Answers,
};
use crate::doubles::support::Telling;

/// Trades by `out_trade_no`, refunds by `out_request_no`.
#[derive(Debug, Default)]
pub(crate) struct State {
    pub(super) trades: BTreeMap<String, Trade>,
    pub(super) refunds: BTreeMap<String, Refund>,
    pub(super) plan: RefundPlan,
    pub(super) telling: Telling,
    pub(super) answers: Answers,
    order: Vec<String>,
    next: u64,
}

/// A trade, or a QR code that may become one.
#[derive(Debug, Clone)]
pub(super) struct Trade {
    pub(super) total: i64,
    pub(super) subject: String,
    pub(super) passback: String,
    pub(super) notify_url: String,
    pub(super) qr_code: Option<String>,
    /// Empty until the payer scanned the code or opened the page.
    pub(super) status: &'static str,
    /// `trade_no`.
    pub(super) alipay_no: String,
    pub(super) created: i64,
    pub(super) paid: Option<i64>,
    pub(super) refunded: Option<i64>,
    pub(super) closed: Option<i64>,
}

impl Trade {
    pub(super) const fn exists(&self) -> bool {
        !self.status.is_empty()
    }
}

impl State {
    /// With numbers from `first` on: a double that is started again gives none twice.
    pub(super) fn numbered_from(first: u64) -> Self {
        Self {
            next: first,
            ..Self::default()
        }
    }

    /// A new id of that many digits.
    pub(super) fn id(&mut self, digits: usize) -> String {
        self.next += 1;
        format!("2026{:0width$}", self.next, width = digits - 4)
    }

    pub(super) fn keep(&mut self, number: &str, trade: Trade) {
        if self.trades.insert(number.to_owned(), trade).is_none() {
            self.order.push(number.to_owned());
        }
    }

    pub(super) fn made(&self) -> Vec<String> {
        self.order.clone()
    }

    /// What is refunded of a trade, in fen.
    pub(super) fn refunded(&self, number: &str) -> i64 {
        let done = self
            .refunds
            .values()
            .filter(|refund| refund.trade == number && refund.done.is_some());
        done.map(|refund| refund.amount).sum()
    }

    /// The number of a trade that exists, by either number.
    pub(super) fn find(&self, content: &serde_json::Value) -> Option<String> {
        let (ours, theirs) = (content["trade_no"].as_str(), content["out_trade_no"].as_str());
        let found = self.trades.iter().find(|(number, trade)| {
            let same = ours.map_or(theirs == Some(number), |number| trade.alipay_no == number);
            same && trade.exists()
        });
        found.map(|(number, _)| number.clone())
    }
}
