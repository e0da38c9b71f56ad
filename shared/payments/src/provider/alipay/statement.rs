//! A day's movements.
//!
//! Two lists, one after the other. What was sold (`alipay.data.bill.sell.query`) has one row for each trade that began that
//! day, with its fee, but refunds only as a running total. What moved on the account (`alipay.data.bill.accountlog.query`)
//! has one row for each movement, and names our own number of a refund. So payments are read from the first and refunds
//! from the second; its other rows (payments again, fees, withdrawals) are left out.

use kernel::Money;
use serde::Deserialize;
use serde_json::{Value, json, value::RawValue};

use super::{
    super::{CallError, StatementPage, StatementRow, StatementState},
    amount, beijing,
};
use crate::ObjectId;

/// The method for trades.
pub(super) const SOLD: &str = "alipay.data.bill.sell.query";
/// The method for movements.
pub(super) const MOVED: &str = "alipay.data.bill.accountlog.query";
/// Rows of a page: the least that may be asked for, as a page has to fit into the answer that we read.
const PAGE_ROWS: u64 = 1_000;
/// Pages of one list of one day, at most.
const PAGES_MAX: u64 = 1_000;

/// What goes out of the account.
const OUT: &str = "支出";

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum List {
    Sold,
    Moved,
}

/// One page of one of the lists; from 1.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Page {
    list: List,
    number: u64,
}

impl Page {
    /// The page that a cursor of ours names; the first of all without one.
    pub(super) fn after(cursor: Option<&str>) -> Result<Self, CallError> {
        let (list, number) = cursor.unwrap_or("sold-1").split_once('-').unwrap_or_default();
        let list = match list {
            "sold" => List::Sold,
            "moved" => List::Moved,
            _ => return Err(CallError::Misfit("page")),
        };
        let number = number.parse().ok().filter(|number| (1..=PAGES_MAX).contains(number));
        number
            .map(|number| Self { list, number })
            .ok_or(CallError::Misfit("page"))
    }

    pub(super) const fn method(self) -> &'static str {
        match self.list {
            List::Sold => SOLD,
            List::Moved => MOVED,
        }
    }

    /// Of a day of Beijing's.
    pub(super) fn content(self, day: &str) -> Result<Value, CallError> {
        let (from, to) = beijing::day(day).ok_or(CallError::Misfit("day"))?;
        Ok(json!({
            "start_time": from,
            "end_time": to,
            "page_no": self.number.to_string(),
            "page_size": PAGE_ROWS.to_string(),
        }))
    }

    pub(super) fn read(self, node: &str) -> Result<StatementPage, CallError> {
        let listed: Listed = serde_json::from_str(node).map_err(|_| CallError::Misfit("statement"))?;
        let size = listed.total_size.get().trim_matches('"').parse();
        let size: u64 = size.map_err(|_| CallError::Misfit("total_size"))?;
        let mut page = StatementPage {
            next: self.next(size)?,
            ..StatementPage::default()
        };
        for row in listed.detail_list.unwrap_or_default() {
            let read = match self.list {
                List::Sold => sold(row.get()).map(Some).ok_or(Unreadable),
                List::Moved => moved(row.get()),
            };
            match read {
                Ok(Some(row)) => page.rows.push(row),
                Ok(None) => {}
                Err(Unreadable) => page.unreadable = page.unreadable.saturating_add(1),
            }
        }
        Ok(page)
    }

    fn next(self, size: u64) -> Result<Option<String>, CallError> {
        let more = self.number.saturating_mul(PAGE_ROWS) < size;
        match self.list {
            _ if more && self.number >= PAGES_MAX => Err(CallError::Misfit("total_size")),
            List::Sold if more => Ok(Some(format!("sold-{}", self.number + 1))),
            List::Moved if more => Ok(Some(format!("moved-{}", self.number + 1))),
            List::Sold => Ok(Some("moved-1".to_owned())),
            List::Moved => Ok(None),
        }
    }
}

/// A row that says what we do not understand.
struct Unreadable;

#[derive(Deserialize)]
struct Listed<'a> {
    #[serde(borrow)]
    detail_list: Option<Vec<&'a RawValue>>,
    #[serde(borrow)]
    total_size: &'a RawValue,
}

#[derive(Deserialize)]
struct Sold<'a> {
    merchant_order_no: String,
    trade_status: String,
    #[serde(borrow)]
    total_amount: &'a RawValue,
    #[serde(borrow)]
    refund_amount: Option<&'a RawValue>,
    #[serde(borrow)]
    service_fee: Option<&'a RawValue>,
}

/// A trade: the payment.
fn sold(row: &str) -> Option<StatementRow> {
    let row: Sold = serde_json::from_str(row).ok()?;
    let payment: ObjectId = row.merchant_order_no.parse().ok()?;
    let amount = amount::read_json(row.total_amount)?;
    let or_nothing =
        |raw: Option<&RawValue>| given(raw).map_or(Some(Money::zero(amount.currency())), amount::read_json_magnitude);
    let refunded = or_nothing(row.refund_amount)?;
    Some(StatementRow {
        state: state(&row.trade_status, refunded.amount() > 0)?,
        intent: row.merchant_order_no.parse().ok(),
        payment,
        refund: None,
        amount,
        fee: or_nothing(row.service_fee)?,
        order: None,
    })
}

/// The statement's own words, or those of notices. Closed: nobody paid, or all of it went back.
fn state(status: &str, refunded: bool) -> Option<StatementState> {
    match status {
        "成功" | "TRADE_SUCCESS" | "TRADE_FINISHED" => Some(StatementState::Succeeded),
        "关闭" | "TRADE_CLOSED" if refunded => Some(StatementState::Succeeded),
        "关闭" | "TRADE_CLOSED" => Some(StatementState::Failed),
        "待付款" | "进行中" | "已预付" | "待发货" | "待确认收货" | "WAIT_BUYER_PAY" => {
            Some(StatementState::Pending)
        }
        _ => None,
    }
}

#[derive(Deserialize)]
struct Moved<'a> {
    merchant_order_no: Option<String>,
    merchant_out_refund_no: Option<String>,
    direction: Option<String>,
    #[serde(borrow)]
    trans_amount: &'a RawValue,
}

/// A movement, where it is a refund.
fn moved(row: &str) -> Result<Option<StatementRow>, Unreadable> {
    let row: Moved = serde_json::from_str(row).map_err(|_| Unreadable)?;
    let number = row
        .merchant_out_refund_no
        .as_deref()
        .filter(|number| !number.is_empty());
    let (Some(number), Some(OUT)) = (number, row.direction.as_deref()) else {
        return Ok(None);
    };
    refunded(&row, number).map(Some).ok_or(Unreadable)
}

fn refunded(row: &Moved, number: &str) -> Option<StatementRow> {
    let trade = row.merchant_order_no.as_deref()?;
    let amount = amount::read_json_magnitude(row.trans_amount)?;
    Some(StatementRow {
        payment: trade.parse().ok()?,
        refund: Some(number.parse().ok()?),
        amount,
        fee: Money::zero(amount.currency()),
        state: StatementState::Succeeded,
        order: None,
        intent: trade.parse().ok(),
    })
}

fn given(raw: Option<&RawValue>) -> Option<&RawValue> {
    raw.filter(|raw| !matches!(raw.get(), "null" | "\"\""))
}

#[cfg(test)]
mod tests;
