//! What `WeChat` Pay keeps.

use std::collections::BTreeMap;

use serde_json::Value;

use super::{
    auth::Answers,
    refunds::{Refund, RefundPlan},
};

/// Orders by `out_trade_no`, refunds by `out_refund_no`, bills by token.
#[derive(Debug, Default)]
pub(crate) struct State {
    pub(super) orders: BTreeMap<String, Order>,
    pub(super) refunds: BTreeMap<String, Refund>,
    pub(super) bills: BTreeMap<String, String>,
    pub(super) plan: RefundPlan,
    pub(super) answers: Answers,
    order: Vec<String>,
    next: u64,
}

/// An order.
#[derive(Debug, Clone)]
pub(super) struct Order {
    /// The request that made it.
    pub(super) asked: Value,
    /// `NATIVE`, `JSAPI` or `MWEB`.
    pub(super) trade_type: &'static str,
    /// What the request was answered with.
    pub(super) answer: Value,
    pub(super) closed: bool,
    pub(super) paid: Option<Paid>,
}

/// How an order was paid.
#[derive(Debug, Clone)]
pub(super) struct Paid {
    pub(super) transaction_id: String,
    pub(super) at: i64,
    pub(super) payer_total: i64,
}

impl Order {
    /// What is asked, in fen.
    pub(super) fn total(&self) -> i64 {
        self.asked["amount"]["total"].as_i64().unwrap_or_default()
    }

    /// A text of the request.
    pub(super) fn text(&self, name: &str) -> &str {
        self.asked[name].as_str().unwrap_or_default()
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

    /// A new id of 28 digits after the prefix.
    pub(super) fn id(&mut self, prefix: &str) -> String {
        self.next += 1;
        format!("{prefix}{:028}", self.next)
    }

    pub(super) fn keep(&mut self, number: &str, order: Order) {
        if self.orders.insert(number.to_owned(), order).is_none() {
            self.order.push(number.to_owned());
        }
    }

    pub(super) fn made(&self) -> Vec<String> {
        self.order.clone()
    }

    pub(super) fn refund_states(&self) -> Vec<(String, String)> {
        let state = |(number, refund): (&String, &Refund)| (number.clone(), refund.status.to_owned());
        self.refunds.iter().map(state).collect()
    }
}
