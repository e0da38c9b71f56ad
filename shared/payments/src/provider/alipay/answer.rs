//! Answers: whose they are, and what they say.
//!
//! `{"alipay_trade_query_response":{…},"sign":"…"}`. The signature is over the text of the node exactly as it was received,
//! so the node is cut out of the body and never written anew.

use std::fmt;

use serde::{
    Deserialize, Deserializer,
    de::{Error as _, MapAccess, Visitor},
};
use serde_json::value::RawValue;
use web::Incoming;

use super::{super::CallError, notices::Notices};

/// How many members the object around the node may have.
const MEMBERS_MAX: usize = 8;
/// The longest code that is kept, in bytes.
const CODE_BYTES_MAX: usize = 64;

/// The members of an object, as received; none twice.
struct Members<'a>(Vec<(String, &'a RawValue)>);

impl<'de: 'a, 'a> Deserialize<'de> for Members<'a> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct Reader;
        impl<'de> Visitor<'de> for Reader {
            type Value = Members<'de>;
            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str("an object")
            }
            fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<Members<'de>, A::Error> {
                let mut members: Vec<(String, &RawValue)> = Vec::new();
                while let Some((name, value)) = map.next_entry::<String, &RawValue>()? {
                    if members.len() >= MEMBERS_MAX || members.iter().any(|(known, _)| *known == name) {
                        return Err(A::Error::custom("a member too many"));
                    }
                    members.push((name, value));
                }
                Ok(Members(members))
            }
        }
        deserializer.deserialize_map(Reader)
    }
}

impl<'a> Members<'a> {
    fn get(&self, name: &str) -> Option<&'a str> {
        let found = self.0.iter().find(|(known, _)| known == name);
        found.map(|(_, value)| value.get())
    }
}

#[derive(Deserialize)]
struct Head {
    code: String,
    sub_code: Option<String>,
}

/// The node of a successful answer, for which Alipay's signature was verified.
///
/// # Errors
///
/// `Refused`: signed words about our payment or refund. `Unanswered`: about our configuration or the moment, whoever said
/// it; nothing is decided on it. `Misfit`: no answer to this call, or nobody's.
pub(super) fn read<'a>(notices: &Notices, method: &str, incoming: &'a Incoming) -> Result<&'a str, CallError> {
    if incoming.status != 200 {
        return Err(CallError::Unanswered(format!("status {}", incoming.status)));
    }
    let garbled = CallError::Misfit("answer");
    let text = std::str::from_utf8(&incoming.body).map_err(|_| garbled.clone())?;
    let members: Members<'a> = serde_json::from_str(text).map_err(|_| garbled.clone())?;
    let own = members.get(&format!("{}_response", method.replace('.', "_")));
    let node = own.or_else(|| members.get("error_response")).ok_or(garbled.clone())?;
    let head: Head = serde_json::from_str(node).map_err(|_| garbled)?;
    let signature: Option<String> = members.get("sign").and_then(|sign| serde_json::from_str(sign).ok());
    let proven = match signature.filter(|sign| !sign.is_empty()) {
        Some(signature) if notices.verifies(node, &signature) => own.is_some(),
        Some(_) => return Err(CallError::Misfit("signature")),
        None => false,
    };
    let sub_code = plain(head.sub_code.as_deref().unwrap_or_default());
    match head.code.as_str() {
        "10000" | "40004" if !proven => Err(CallError::Misfit("signature")),
        "10000" => Ok(node),
        "40004" if !passing(sub_code) => Err(CallError::Refused {
            status: incoming.status,
            code: sub_code.to_owned(),
        }),
        code => Err(CallError::Unanswered(format!("code {} {sub_code}", plain(code)))),
    }
}

/// A failure that is theirs and may be over at the next try.
fn passing(sub_code: &str) -> bool {
    sub_code.ends_with("SYSTEM_ERROR") || sub_code.ends_with("unknow-error")
}

/// A code, or none worth keeping.
fn plain(code: &str) -> &str {
    let plain = |byte: u8| byte.is_ascii_alphanumeric() || matches!(byte, b'_' | b'-' | b'.');
    if code.is_empty() || code.len() > CODE_BYTES_MAX || !code.bytes().all(plain) {
        return "unknown";
    }
    code
}

#[cfg(test)]
mod tests;
