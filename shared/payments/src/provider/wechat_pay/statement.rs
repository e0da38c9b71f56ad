//! The bill of a day: all that was paid, and all refunds that were asked for, on that day in Beijing.
//!
//! It is a snapshot: a refund that was on its way when the bill was written stays so in it. Fees of refunds are negative:
//! they come back to us.

use ring::digest;
use web::HttpClient;

use super::{
    super::{CallError, StatementPage, StatementRow, StatementState},
    WechatPay,
    call::split,
    money::{self, Beyond, decimal},
    parse::text,
    payment_of,
    query::is,
};

/// How many rows of a bill are read; more are counted as unreadable. A body of 1 MiB holds about 4,000.
const ROWS_MAX: usize = 10_000;
/// Where bills are, whatever our configuration calls their API.
const BILL_BASE: &str = "https://api.mch.weixin.qq.com";
/// How they say that a day has no bill, because nothing happened on it.
const NO_BILL: [&str; 1] = ["NO_STATEMENT_EXIST"];
/// What the line of the summary's names begins with.
const SUMMARY: &str = "总交易单数";

impl<C: HttpClient> WechatPay<C> {
    /// The bill of a day, such as `2026-11-22`.
    pub(super) async fn bill(&self, day: &str) -> Result<StatementPage, CallError> {
        if !is_day(day) {
            return Err(CallError::Misfit("day"));
        }
        let target = format!("/v3/bill/tradebill?bill_date={day}&bill_type=ALL");
        let answer = match self.get(&target).await {
            Err(error) if is(&error, &NO_BILL) => return Ok(StatementPage::default()),
            answer => answer?,
        };
        if text(&answer, "hash_type") != Some("SHA1") {
            return Err(CallError::Misfit("hash_type"));
        }
        let hash = text(&answer, "hash_value").ok_or(CallError::Misfit("hash_value"))?;
        let url = text(&answer, "download_url").ok_or(CallError::Misfit("download_url"))?;
        let (base, target) = split(url).ok_or(CallError::Misfit("download_url"))?;
        if base != BILL_BASE && base != self.base() {
            return Err(CallError::Misfit("download_url"));
        }
        // The file itself is not signed; its hash, in the signed answer, is what vouches for it.
        let file = self.download(&base, &target).await?;
        let found = hex::encode(digest::digest(&digest::SHA1_FOR_LEGACY_USE_ONLY, &file));
        if !found.eq_ignore_ascii_case(hash) {
            return Err(CallError::Misfit("hash_value"));
        }
        let file = std::str::from_utf8(&file).map_err(|_| CallError::Misfit("bill"))?;
        read(file).ok_or(CallError::Misfit("bill"))
    }
}

fn is_day(day: &str) -> bool {
    let fits = |(at, byte): (usize, u8)| {
        if at == 4 || at == 7 {
            byte == b'-'
        } else {
            byte.is_ascii_digit()
        }
    };
    day.len() == 10 && day.bytes().enumerate().all(fits)
}

/// Rows by the names in the first line, up to the summary. `None`: it is no bill, or not all of one.
fn read(file: &str) -> Option<StatementPage> {
    let mut lines = file.trim_start_matches('\u{feff}').lines();
    let columns = Columns::of(lines.next()?)?;
    let mut page = StatementPage::default();
    for line in lines {
        if line.starts_with(SUMMARY) {
            return Some(page);
        }
        match columns.row(line) {
            Some(row) if page.rows.len() < ROWS_MAX => page.rows.push(row),
            _ => page.unreadable = page.unreadable.saturating_add(1),
        }
    }
    None
}

/// Where what we need stands.
struct Columns {
    count: usize,
    payment: usize,
    state: usize,
    currency: usize,
    total: usize,
    fee: usize,
    order: usize,
    refund: usize,
    refunded: usize,
    refund_state: usize,
}

impl Columns {
    /// The second name of an amount is that of accounts whose bills have the older form.
    fn of(line: &str) -> Option<Self> {
        let names: Vec<&str> = line.split(',').map(str::trim).collect();
        let at = |wanted: &[&str]| {
            wanted
                .iter()
                .find_map(|wanted| names.iter().position(|name| name == wanted))
        };
        Some(Self {
            count: names.len(),
            payment: at(&["商户订单号"])?,
            state: at(&["交易状态"])?,
            currency: at(&["货币种类"])?,
            total: at(&["订单金额", "总金额"])?,
            fee: at(&["手续费"])?,
            order: at(&["商户数据包"])?,
            refund: at(&["商户退款单号"])?,
            refunded: at(&["申请退款金额", "退款金额"])?,
            refund_state: at(&["退款状态"])?,
        })
    }

    /// Every field of a row begins with a backtick, so a comma inside of one divides nothing.
    fn row(&self, line: &str) -> Option<StatementRow> {
        let fields: Vec<&str> = line.strip_prefix('`')?.split(",`").map(str::trim).collect();
        if fields.len() != self.count {
            return None;
        }
        let field = |at: usize| fields.get(at).copied();
        let currency = field(self.currency)?
            .parse()
            .ok()
            .filter(|told| money::currency() == Ok(*told))?;
        let amount = |at: usize| decimal(field(at)?, currency, Beyond::Refused).filter(|amount| amount.amount() >= 0);
        let payment = field(self.payment)?;
        let (refund, amount, state) = match field(self.state)? {
            "SUCCESS" => (None, amount(self.total)?, StatementState::Succeeded),
            "REFUND" => {
                let state = refund_state(field(self.refund_state)?)?;
                (Some(field(self.refund)?.parse().ok()?), amount(self.refunded)?, state)
            }
            _ => return None,
        };
        Some(StatementRow {
            payment: payment.parse().ok()?,
            refund,
            amount,
            fee: decimal(field(self.fee)?, currency, Beyond::Rounded)?,
            state,
            order: field(self.order)?.parse().ok(),
            intent: payment_of(payment),
        })
    }
}

/// `CHANGE` is what the API calls abnormal: the money waits for a person.
fn refund_state(text: &str) -> Option<StatementState> {
    match text {
        "SUCCESS" => Some(StatementState::Succeeded),
        "PROCESSING" | "CHANGE" => Some(StatementState::Pending),
        "FAIL" => Some(StatementState::Failed),
        _ => None,
    }
}

#[cfg(test)]
mod tests;
