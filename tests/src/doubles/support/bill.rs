//! A bill that disagrees with what happened.

use std::collections::{BTreeMap, BTreeSet};

use serde_json::{Value, json};

/// How long the pages of lists and bills are at most, when not said.
const PAGE_MAX: usize = 2_000;

/// What the bill says otherwise. Numbers are the merchant's (`out_trade_no`, `out_refund_no`, `out_request_no`) or, with
/// Stripe, the object's id.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Bill {
    missing: BTreeSet<String>,
    amounts: BTreeMap<String, i64>,
    pub(crate) added: Vec<Added>,
    pub(crate) creating: bool,
    pub(crate) page_max: usize,
}

/// A row of something that never was.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Added {
    /// The payment.
    pub number: String,
    /// The refund, if the row is one.
    pub refund: Option<String>,
    /// Minor units.
    pub amount: i64,
    /// When, in seconds since the epoch.
    pub at: i64,
}

impl Default for Bill {
    fn default() -> Self {
        Self {
            missing: BTreeSet::new(),
            amounts: BTreeMap::new(),
            added: Vec::new(),
            creating: false,
            page_max: PAGE_MAX,
        }
    }
}

impl Bill {
    /// Leaves a payment or a refund out.
    pub fn forgets(&mut self, number: &str) -> &mut Self {
        self.missing.insert(number.to_owned());
        self
    }

    /// Says another amount, in minor units.
    pub fn says(&mut self, number: &str, amount: i64) -> &mut Self {
        self.amounts.insert(number.to_owned(), amount);
        self
    }

    /// Says what never was.
    pub fn invents(&mut self, row: Added) -> &mut Self {
        self.added.push(row);
        self
    }

    /// Is not written yet; only `WeChat` Pay writes one.
    pub const fn creating(&mut self, creating: bool) -> &mut Self {
        self.creating = creating;
        self
    }

    /// Cuts the pages of Stripe's lists shorter than asked for.
    pub const fn pages_of(&mut self, rows: usize) -> &mut Self {
        self.page_max = rows;
        self
    }

    /// Agrees again.
    pub fn honest(&mut self) {
        *self = Self::default();
    }

    /// What it says of an amount; nothing when the row is missing.
    pub(crate) fn of(&self, number: &str, amount: i64) -> Option<i64> {
        let said = self.amounts.get(number).copied().unwrap_or(amount);
        (!self.missing.contains(number)).then_some(said)
    }

    /// `{"missing": "…"}`, `{"number": "…", "amount": 1}`, `{"added": {"number", "refund", "amount", "at"}}`,
    /// `{"creating": true}`, `{"pages_of": 2}`, `{"honest": true}`; more than one at a time is fine.
    pub(crate) fn command(&mut self, body: &Value, now: i64) -> Value {
        if body["honest"].as_bool() == Some(true) {
            self.honest();
        }
        if let Some(number) = body["missing"].as_str() {
            self.forgets(number);
        }
        if let (Some(number), Some(amount)) = (body["number"].as_str(), body["amount"].as_i64()) {
            self.says(number, amount);
        }
        if let Some(creating) = body["creating"].as_bool() {
            self.creating(creating);
        }
        if let Some(rows) = body["pages_of"].as_u64() {
            self.pages_of(usize::try_from(rows).unwrap_or(PAGE_MAX));
        }
        let added = &body["added"];
        if let (Some(number), Some(amount)) = (added["number"].as_str(), added["amount"].as_i64()) {
            self.invents(Added {
                number: number.to_owned(),
                refund: added["refund"].as_str().map(str::to_owned),
                amount,
                at: added["at"].as_i64().unwrap_or(now),
            });
        }
        json!({"missing": self.missing, "amounts": self.amounts, "added": self.added.len(), "creating": self.creating})
    }
}
