//! Notices: a form, signed over its decoded values without `sign` and `sign_type`.

use std::{collections::BTreeMap, sync::Mutex};

use serde_json::{Value, json};

use super::{Account, Shared, sign::signed_text, state::State};
use crate::{
    client::Answer,
    doubles::support::{Control, Letter, Notice, Telling, Voice, beijing_text, decimal, hundredths, wall_s},
};

/// The notice of a trade as it stands; none where the merchant gave no address. A refund adds the running total.
pub(super) fn of(state: &mut State, account: &Account, number: &str, request: Option<&str>) -> Vec<Notice> {
    let id = state.id(34);
    let Some(trade) = state.trades.get(number).filter(|trade| !trade.notify_url.is_empty()) else {
        return Vec::new();
    };
    let total = decimal(trade.total);
    let mut content = json!({
        "notify_id": id, "notify_type": "trade_status_sync", "notify_time": beijing_text(wall_s()),
        "charset": "utf-8", "version": "1.0", "sign_type": "RSA2", "app_id": account.app_id,
        "auth_app_id": account.app_id, "seller_id": account.seller_id, "seller_email": "seller@example.com",
        "trade_no": trade.alipay_no, "out_trade_no": number, "trade_status": trade.status, "total_amount": total,
        "subject": trade.subject, "buyer_logon_id": "dou***@example.com", "gmt_create": beijing_text(trade.created),
    });
    let mut say = |name: &str, value: String| content[name] = json!(value);
    if !trade.passback.is_empty() {
        say("passback_params", trade.passback.clone());
    }
    if let Some(paid) = trade.paid {
        say("buyer_id", "2088000000000099".to_owned());
        say("gmt_payment", beijing_text(paid));
        for name in ["buyer_pay_amount", "receipt_amount", "invoice_amount"] {
            say(name, total.clone());
        }
        say("point_amount", "0.00".to_owned());
        say(
            "fund_bill_list",
            format!(r#"[{{"amount":"{total}","fundChannel":"ALIPAYACCOUNT"}}]"#),
        );
    }
    if let Some(closed) = trade.closed {
        say("gmt_close", beijing_text(closed));
    }
    if let (Some(request), Some(refunded)) = (request, trade.refunded) {
        say("refund_fee", decimal(state.refunded(number)));
        say("gmt_refund", format!("{}.000", beijing_text(refunded)));
        say("out_biz_no", request.to_owned());
    }
    vec![Notice {
        id,
        kind: trade.status.to_owned(),
        url: trade.notify_url.clone(),
        content,
    }]
}

fn distort(fields: &mut BTreeMap<String, String>, telling: &Telling) {
    if let Some(amount) = telling.wrong_amount {
        fields.insert("total_amount".to_owned(), decimal(amount));
    }
    if telling.unknown_order {
        fields.insert("out_trade_no".to_owned(), "pay_unknown".to_owned());
        fields.remove("passback_params");
    }
}

impl Voice for Shared {
    fn write(&self, notice: &Notice, telling: &Telling) -> Letter {
        let fields = notice.content.as_object().into_iter().flatten();
        let text = |value: &Value| value.as_str().unwrap_or_default().to_owned();
        let mut fields: BTreeMap<String, String> = fields.map(|(name, value)| (name.clone(), text(value))).collect();
        distort(&mut fields, telling);
        let signed = signed_text(&fields, &["sign", "sign_type"]);
        fields.insert("sign".to_owned(), self.account.sign(telling.forged, signed.as_bytes()));
        if telling.tampered {
            let more = fields
                .get("total_amount")
                .and_then(|amount| hundredths(amount))
                .unwrap_or_default()
                + 1;
            fields.insert("total_amount".to_owned(), decimal(more));
        }
        let body = form_urlencoded::Serializer::new(String::new())
            .extend_pairs(&fields)
            .finish();
        Letter {
            url: notice.url.clone(),
            headers: vec![(
                "content-type",
                "application/x-www-form-urlencoded; charset=utf-8".to_owned(),
            )],
            body: body.into_bytes(),
        }
    }

    /// The seven letters and nothing else.
    fn taken(&self, answer: &Answer) -> bool {
        answer.status == 200 && answer.bytes.as_ref() == b"success"
    }

    fn control(&self) -> &Mutex<Control> {
        &self.control
    }
}
