//! What the claims of a token must say.

use serde_json::{Map, Value};
use template::model::JwtAuthorizer;

/// Checks issuer, audience and times. `client_id` counts only where there is no `aud`.
pub(super) fn check(claims: &Map<String, Value>, declared: &JwtAuthorizer, now_s: u64) -> Result<(), String> {
    let refuse = |reason: &str| Err(reason.to_owned());
    if claims.get("iss").and_then(Value::as_str) != Some(declared.issuer.as_str()) {
        return refuse("the token does not have a valid issuer");
    }
    let audience = match claims.get("aud") {
        Some(aud) => texts(aud),
        None => claims.get("client_id").map(texts).unwrap_or_default(),
    };
    if !audience.iter().any(|one| declared.audience.contains(one)) {
        return refuse("the token does not have a valid audience");
    }
    match time(claims, "exp")? {
        None => return refuse("the token has no expiry"),
        Some(at) if at <= now_s => return refuse("the token has expired"),
        Some(_) => {}
    }
    if time(claims, "nbf")?.is_some_and(|at| at > now_s) {
        return refuse("the token is not valid yet");
    }
    if time(claims, "iat")?.is_some_and(|at| at > now_s) {
        return refuse("the token was issued in the future");
    }
    Ok(())
}

/// Seconds since the epoch; a claim that is there but no whole number refuses the token.
fn time(claims: &Map<String, Value>, name: &str) -> Result<Option<u64>, String> {
    let Some(value) = claims.get(name) else { return Ok(None) };
    value
        .as_u64()
        .map(Some)
        .ok_or_else(|| format!("the token's {name} is malformed"))
}

fn texts(value: &Value) -> Vec<String> {
    match value {
        Value::String(text) => vec![text.clone()],
        Value::Array(items) => items.iter().filter_map(Value::as_str).map(str::to_owned).collect(),
        _ => Vec::new(),
    }
}

/// Scopes of `scope` (text parted by spaces) or `scp` (text or list).
pub(super) fn scopes(claims: &Map<String, Value>) -> Vec<String> {
    let declared = claims
        .get("scope")
        .or_else(|| claims.get("scp"))
        .map(texts)
        .unwrap_or_default();
    declared
        .iter()
        .flat_map(|text| text.split_ascii_whitespace())
        .map(str::to_owned)
        .collect()
}

/// Claims as the event carries them: every value is text, a list is `[a b]`.
pub(super) fn as_text(claims: &Map<String, Value>) -> Map<String, Value> {
    claims
        .iter()
        .map(|(name, value)| (name.clone(), Value::String(text(value))))
        .collect()
}

fn text(value: &Value) -> String {
    match value {
        Value::String(text) => text.clone(),
        Value::Array(items) => format!("[{}]", items.iter().map(text).collect::<Vec<_>>().join(" ")),
        other => other.to_string(),
    }
}
