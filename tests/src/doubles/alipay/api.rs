//! `/gateway.do`, as far as it is used.

use std::{collections::BTreeMap, sync::Arc};

use bytes::Bytes;
use http::{HeaderValue, Response, StatusCode};
use http_body_util::Full;
use serde_json::{Value, json};

use super::{Answers, Shared, command, list, refunds, trades};
use crate::{
    doubles::support::{Fate, from_beijing},
    server::{Received, json as answer},
};

/// The one path.
pub(super) const GATEWAY: &str = "/gateway.do";

/// What a method answers with: its node.
pub(super) type Node = Result<Value, Refused>;

/// A refusal of Alipay's form.
#[derive(Debug, Clone, Copy)]
pub(super) struct Refused {
    code: &'static str,
    sub_code: &'static str,
    sub_msg: &'static str,
}

/// A business refusal: code 40004.
pub(super) const fn business(sub_code: &'static str, sub_msg: &'static str) -> Refused {
    Refused {
        code: "40004",
        sub_code,
        sub_msg,
    }
}

/// A bad parameter: code 40002.
const fn invalid(sub_code: &'static str, sub_msg: &'static str) -> Refused {
    Refused {
        code: "40002",
        sub_code,
        sub_msg,
    }
}

impl Refused {
    fn node(self) -> Value {
        let msg = match self.code {
            "40001" => "Missing Required Arguments",
            "40002" => "Invalid Arguments",
            "20000" => "Service Currently Unavailable",
            _ => "Business Failed",
        };
        json!({"code": self.code, "msg": msg, "sub_code": self.sub_code, "sub_msg": self.sub_msg})
    }
}

/// Answers one call.
pub(super) async fn serve(shared: &Arc<Shared>, request: &Received) -> Response<Full<Bytes>> {
    if let Some(own) = request.path.strip_prefix("/_double/") {
        let (status, body) = command::run(shared, own, request).await;
        return answer(status, &body);
    }
    if request.path != GATEWAY {
        return answer(404, &json!({"error": "no such call"}));
    }
    let (pause, fate) = shared.control().next();
    let response = match fate {
        Fate::Refused(status) => failure(status),
        Fate::Lost(status) => {
            answered(shared, request);
            failure(status)
        }
        Fate::Answered => answered(shared, request),
    };
    tokio::time::sleep(pause).await;
    response
}

/// Bad gateways say so in HTML. A fault of 200 is Alipay's own, signed by nobody: `20000`.
fn failure(status: u16) -> Response<Full<Bytes>> {
    if status == 200 {
        let busy = Refused {
            code: "20000",
            sub_code: "isp.unknow-error",
            sub_msg: "系统繁忙",
        };
        return answer(200, &json!({"error_response": busy.node()}));
    }
    html(status, "<html><h1>Bad Gateway</h1></html>".to_owned())
}

fn html(status: u16, text: String) -> Response<Full<Bytes>> {
    let mut response = Response::new(Full::new(Bytes::from(text)));
    *response.status_mut() = StatusCode::from_u16(status).expect("a status");
    response
        .headers_mut()
        .insert("content-type", HeaderValue::from_static("text/html;charset=utf-8"));
    response
}

fn answered(shared: &Arc<Shared>, request: &Received) -> Response<Full<Bytes>> {
    let mut parameters: BTreeMap<String, String> =
        form_urlencoded::parse(request.query.as_bytes()).into_owned().collect();
    parameters.extend(form_urlencoded::parse(&request.body).into_owned());
    let method = parameters.get("method").cloned().unwrap_or_default();
    let page = matches!(method.as_str(), "alipay.trade.page.pay" | "alipay.trade.wap.pay");
    let done = check(shared, &parameters).and_then(|content| match method.as_str() {
        _ if page => trades::open_page(shared, &parameters, &content),
        "alipay.trade.precreate" => trades::precreate(shared, &parameters, &content),
        "alipay.trade.query" => trades::query(shared, &content),
        "alipay.trade.close" => trades::close(shared, &content),
        "alipay.trade.refund" => refunds::create(shared, &content),
        "alipay.trade.fastpay.refund.query" => refunds::query(shared, &content),
        "alipay.data.bill.sell.query" => list::sold(shared, &content),
        "alipay.data.bill.accountlog.query" => list::moved(shared, &content),
        _ => Err(invalid("isv.invalid-method", "不存在的方法名")),
    });
    if page {
        return match done {
            Ok(node) => html(200, trades::page(&node)),
            Err(refused) => html(200, format!("<h1>{}</h1><p>{}</p>", refused.sub_code, refused.sub_msg)),
        };
    }
    let name = format!("{}_response", method.replace('.', "_"));
    match done {
        Err(refused) if refused.sub_code == "isv.invalid-method" || refused.sub_code == "isv.invalid-app-id" => {
            answer(200, &json!({"error_response": refused.node()}))
        }
        Err(refused) => node(shared, &name, &refused.node()),
        Ok(done) => node(shared, &name, &done),
    }
}

/// The node and its signature over exactly its text; slashes are escaped, so that who writes it anew does not verify it.
fn node(shared: &Shared, name: &str, node: &Value) -> Response<Full<Bytes>> {
    let text = node.to_string().replace('/', "\\/");
    let answers = shared.state().answers;
    let body = if answers == Answers::Unsigned {
        format!("{{\"{name}\":{text}}}")
    } else {
        let sign = shared.account.sign(answers == Answers::Forged, text.as_bytes());
        format!("{{\"{name}\":{text},\"sign\":\"{sign}\"}}")
    };
    let mut response = Response::new(Full::new(Bytes::from(body)));
    response
        .headers_mut()
        .insert("content-type", HeaderValue::from_static("text/html;charset=utf-8"));
    response
}

/// Checks the common parameters; gives the business ones.
fn check(shared: &Shared, parameters: &BTreeMap<String, String>) -> Result<Value, Refused> {
    let text = |name: &str| parameters.get(name).map(String::as_str).unwrap_or_default();
    if text("app_id") != shared.account.app_id {
        return Err(invalid("isv.invalid-app-id", "无效的AppID参数"));
    }
    if text("sign_type") != "RSA2" {
        return Err(invalid("isv.invalid-signature-type", "无效的签名类型"));
    }
    if !text("charset").eq_ignore_ascii_case("utf-8") {
        return Err(invalid("isv.invalid-charset", "字符集错误"));
    }
    if text("version") != "1.0" {
        return Err(invalid("isv.invalid-version", "版本参数无效"));
    }
    if from_beijing(text("timestamp")).is_none() {
        return Err(invalid("isv.invalid-timestamp", "非法的时间戳参数"));
    }
    if !shared.account.verifies(parameters) {
        return Err(invalid(
            "isv.invalid-signature",
            "验签出错，建议检查签名字符串或签名私钥与应用公钥是否匹配",
        ));
    }
    let content = serde_json::from_str::<Value>(text("biz_content")).ok();
    content
        .filter(Value::is_object)
        .ok_or_else(|| invalid("isv.invalid-parameter", "参数无效"))
}
