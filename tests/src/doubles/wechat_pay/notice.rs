//! Notices: encrypted with the merchant's key, signed with the platform's.

use std::sync::Mutex;

use base64::{Engine, engine::general_purpose::STANDARD};
use ring::{
    aead::{AES_256_GCM, Aad, LessSafeKey, Nonce, UnboundKey},
    digest,
};
use serde_json::{Value, json};

use super::{Account, Shared};
use crate::{
    client::Answer,
    doubles::support::{Control, Letter, Notice, Telling, Voice, beijing_rfc3339, nonce, wall_s},
};

/// A serial that no merchant has a key for.
const STRANGE_SERIAL: &str = "PUB_KEY_ID_0119999999999999999999999999";

impl Account {
    /// AES-256-GCM under the `APIv3` key: its 32 characters are the key, the nonce's 12 characters the nonce.
    pub(super) fn encrypt(&self, plain: &[u8], nonce: &str, associated: &str) -> String {
        let key = UnboundKey::new(&AES_256_GCM, self.api_v3_key.as_bytes()).expect("an APIv3 key of 32 characters");
        let nonce = Nonce::try_assume_unique_for_key(nonce.as_bytes()).expect("a nonce of 12 characters");
        let mut sealed = plain.to_vec();
        LessSafeKey::new(key)
            .seal_in_place_append_tag(nonce, Aad::from(associated.as_bytes()), &mut sealed)
            .expect("a short text is sealed");
        STANDARD.encode(sealed)
    }

    /// A notice's body; of the same notice always the same bytes, as `WeChat` Pay repeats itself.
    fn body(&self, notice: &Notice, telling: &Telling) -> Vec<u8> {
        let mut content = notice.content.clone();
        distort(&mut content, telling);
        let plain = content.to_string();
        let digest = digest::digest(&digest::SHA256, format!("{}{plain}", notice.id).as_bytes());
        let once: String = hex::encode(digest.as_ref()).chars().take(12).collect();
        let original = if notice.kind.starts_with("REFUND.") {
            "refund"
        } else {
            "transaction"
        };
        let at = content["success_time"]
            .as_str()
            .map_or_else(|| beijing_rfc3339(wall_s()), str::to_owned);
        let body = json!({
            "id": notice.id, "create_time": at, "resource_type": "encrypt-resource",
            "event_type": notice.kind, "summary": summary(&notice.kind),
            "resource": {
                "original_type": original, "algorithm": "AEAD_AES_256_GCM", "associated_data": original,
                "nonce": once, "ciphertext": self.encrypt(plain.as_bytes(), &once, original),
            },
        });
        body.to_string().into_bytes()
    }
}

fn summary(kind: &str) -> &'static str {
    match kind {
        "TRANSACTION.SUCCESS" => "支付成功",
        "REFUND.SUCCESS" => "退款成功",
        "REFUND.ABNORMAL" => "退款异常",
        "REFUND.CLOSED" => "退款关闭",
        _ => "通知",
    }
}

fn distort(content: &mut Value, telling: &Telling) {
    if let Some(amount) = telling.wrong_amount {
        content["amount"]["total"] = json!(amount);
    }
    if let Some(currency) = &telling.wrong_currency {
        content["amount"]["currency"] = json!(currency);
    }
    if telling.unknown_order {
        content["out_trade_no"] = json!("00000000000000000000000000000000");
        content["attach"] = Value::Null;
    }
}

impl Voice for Shared {
    fn write(&self, notice: &Notice, telling: &Telling) -> Letter {
        let mut body = self.account.body(notice, telling);
        let (timestamp, nonce) = ((wall_s() + telling.skew_s).to_string(), nonce(32));
        let mut signature = self.account.sign(telling.forged, &timestamp, &nonce, &body);
        if telling.probe {
            signature = format!("WECHATPAY/SIGNTEST/{signature}");
        }
        if telling.tampered {
            body.push(b' ');
        }
        let serial = if telling.unknown_serial {
            STRANGE_SERIAL
        } else {
            self.account.platform_serial.as_str()
        };
        Letter {
            url: notice.url.clone(),
            headers: vec![
                ("content-type", "application/json".to_owned()),
                ("user-agent", "Mozilla/4.0".to_owned()),
                ("wechatpay-timestamp", timestamp),
                ("wechatpay-nonce", nonce),
                ("wechatpay-serial", serial.to_owned()),
                ("wechatpay-signature", signature),
                ("wechatpay-signature-type", "WECHATPAY2-SHA256-RSA2048".to_owned()),
            ],
            body,
        }
    }

    /// Whatever the body says: the status decides.
    fn taken(&self, answer: &Answer) -> bool {
        matches!(answer.status, 200 | 204)
    }

    fn control(&self) -> &Mutex<Control> {
        &self.control
    }
}
