//! Transactions: asked for, queried, closed, paid.

use serde_json::{Value, json};

use super::{
    Shared,
    api::{Answer, error},
    state::{Order, Paid, State},
};
use crate::doubles::support::{Notice, beijing_rfc3339};

/// Where the payer's browser goes with H5.
pub(super) const H5_PAGE: &str = "/cgi-bin/mmpayweb-bin/checkmweb";
/// How long an order's number is.
const NUMBER_LENGTH: std::ops::RangeInclusive<usize> = 6..=32;
/// How long a description and an attachment may be, in characters.
const TEXT_MAX: usize = 127;

/// `POST /v3/pay/transactions/{native,jsapi,h5}`.
pub(super) fn create(shared: &Shared, kind: &str, asked: Value, base: &str) -> Answer {
    if let Err(message) = check(kind, &asked) {
        return error(400, "PARAM_ERROR", message);
    }
    if asked["appid"] != shared.account.appid.as_str() || asked["mchid"] != shared.account.mchid.as_str() {
        return error(400, "APPID_MCHID_NOT_MATCH", "appid和mch_id不匹配");
    }
    let number = asked["out_trade_no"].as_str().unwrap_or_default().to_owned();
    let trade_type = match kind {
        "native" => "NATIVE",
        "jsapi" => "JSAPI",
        _ => "MWEB",
    };
    let mut state = shared.state();
    if let Some(order) = state.orders.get(&number) {
        return again(order, trade_type, &asked);
    }
    let id = state.id("wx");
    let answer = match kind {
        "native" => json!({"code_url": format!("weixin://wxpay/bizpayurl?pr={id}")}),
        "jsapi" => json!({"prepay_id": id}),
        _ => json!({"h5_url": format!("{base}{H5_PAGE}?prepay_id={id}&out_trade_no={number}")}),
    };
    let order = Order {
        asked,
        trade_type,
        answer: answer.clone(),
        closed: false,
        paid: None,
    };
    state.keep(&number, order);
    (200, Some(answer))
}

/// The same number once more.
fn again(order: &Order, trade_type: &str, asked: &Value) -> Answer {
    if order.paid.is_some() {
        return error(400, "ORDERPAID", "该订单已支付");
    }
    if order.closed {
        return error(400, "ORDER_CLOSED", "该订单已关闭，请重新下单");
    }
    if order.asked != *asked || order.trade_type != trade_type {
        return error(
            400,
            "INVALID_REQUEST",
            "请求重入时，参数与首次请求时不一致，请检查后再试",
        );
    }
    (200, Some(order.answer.clone()))
}

fn check(kind: &str, asked: &Value) -> Result<(), &'static str> {
    let text = |name: &str| asked[name].as_str().unwrap_or_default();
    let number = text("out_trade_no");
    let letters = |letter: char| letter.is_ascii_alphanumeric() || "_-|*".contains(letter);
    if !NUMBER_LENGTH.contains(&number.len()) || !number.chars().all(letters) {
        return Err("输入源“/body/out_trade_no”映射到值字段“商户订单号”字符串规则校验失败");
    }
    let description = text("description").chars().count();
    if description == 0 || description > TEXT_MAX || text("attach").chars().count() > TEXT_MAX {
        return Err("输入源“/body/description”映射到值字段“商品描述”字符串规则校验失败");
    }
    let url = text("notify_url");
    let scheme = ["https://", "http://127.0.0.1", "http://localhost"];
    if !scheme.iter().any(|scheme| url.starts_with(scheme)) || url.contains('?') {
        return Err("输入源“/body/notify_url”映射到值字段“通知地址”字符串规则校验失败");
    }
    let currency = asked["amount"]["currency"].as_str().unwrap_or("CNY");
    if asked["amount"]["total"].as_i64().unwrap_or_default() < 1 || currency != "CNY" {
        return Err("输入源“/body/amount/total”映射到数值字段“总金额”规则校验失败");
    }
    let (scene, payer) = (&asked["scene_info"], &asked["payer"]);
    if kind == "jsapi" && payer["openid"].as_str().is_none_or(str::is_empty) {
        return Err("输入源“/body/payer/openid”映射到值字段“用户标识”必填性规则校验失败");
    }
    if kind == "h5" && (scene["payer_client_ip"].is_null() || scene["h5_info"]["type"].is_null()) {
        return Err("输入源“/body/scene_info/h5_info”映射到值字段“H5场景信息”必填性规则校验失败");
    }
    if text("appid").is_empty() || text("mchid").is_empty() {
        return Err("输入源“/body/appid”映射到值字段“应用ID”必填性规则校验失败");
    }
    Ok(())
}

/// `GET /v3/pay/transactions/out-trade-no/{number}?mchid=`.
pub(super) fn query(shared: &Shared, number: &str, mchid: Option<&str>) -> Answer {
    if mchid != Some(&shared.account.mchid) {
        return error(400, "PARAM_ERROR", "缺少mchid，或与签名不符");
    }
    let state = shared.state();
    state.orders.get(number).map_or_else(
        || error(404, "ORDER_NOT_EXIST", "订单不存在"),
        |order| (200, Some(shared.transaction(&state, number, order))),
    )
}

/// `POST /v3/pay/transactions/out-trade-no/{number}/close`. To close a number that was never asked for is fine.
pub(super) fn close(shared: &Shared, number: &str, body: &Value) -> Answer {
    if body["mchid"] != shared.account.mchid.as_str() {
        return error(400, "PARAM_ERROR", "缺少mchid，或与签名不符");
    }
    match shared.state().orders.get_mut(number) {
        Some(order) if order.paid.is_some() => error(400, "ORDERPAID", "该订单已支付"),
        Some(order) => {
            order.closed = true;
            (204, None)
        }
        None => (204, None),
    }
}

impl Shared {
    /// Pays an order; the notice of it.
    pub(super) fn pay(&self, number: &str, payer_total: Option<i64>) -> Result<Vec<Notice>, String> {
        let now = self.now_s();
        let mut state = self.state();
        let (transaction_id, id) = (state.id(""), state.id("EV"));
        let order = state.orders.get_mut(number).ok_or("no such order")?;
        if order.closed || order.paid.is_some() {
            return Err("the order is closed, or paid already".to_owned());
        }
        order.paid = Some(Paid {
            transaction_id,
            at: now,
            payer_total: payer_total.unwrap_or_else(|| order.total()),
        });
        let order = order.clone();
        Ok(vec![Notice {
            id,
            kind: "TRANSACTION.SUCCESS".to_owned(),
            url: order.text("notify_url").to_owned(),
            content: self.transaction(&state, number, &order),
        }])
    }

    /// An order as `WeChat` Pay shows it.
    fn transaction(&self, state: &State, number: &str, order: &Order) -> Value {
        let mut shown = json!({
            "appid": self.account.appid, "mchid": self.account.mchid, "out_trade_no": number,
            "amount": {"total": order.total(), "currency": "CNY"},
        });
        let refunded = state.refunds.values().any(|refund| refund.out_trade_no == number);
        let (name, words) = match &order.paid {
            Some(_) if refunded => ("REFUND", "订单发生过退款，退款详情请查询退款单"),
            Some(_) => ("SUCCESS", "支付成功"),
            None if order.closed => ("CLOSED", "订单已关闭"),
            None => ("NOTPAY", "订单未支付"),
        };
        shown["trade_state"] = json!(name);
        shown["trade_state_desc"] = json!(words);
        if !order.text("attach").is_empty() {
            shown["attach"] = json!(order.text("attach"));
        }
        if let Some(paid) = &order.paid {
            let openid = order.asked["payer"]["openid"]
                .as_str()
                .unwrap_or("oDouble0000000000000000000001");
            shown["transaction_id"] = json!(paid.transaction_id);
            shown["trade_type"] = json!(order.trade_type);
            shown["bank_type"] = json!("OTHERS");
            shown["success_time"] = json!(beijing_rfc3339(paid.at));
            shown["payer"] = json!({"openid": openid});
            shown["amount"]["payer_total"] = json!(paid.payer_total);
            shown["amount"]["payer_currency"] = json!("CNY");
        }
        shown
    }
}
