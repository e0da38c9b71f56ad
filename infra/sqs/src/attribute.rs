//! Message attributes: their types, their limits and their digest.

use std::collections::BTreeMap;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use md5::{Digest as _, Md5};
use serde::{Deserialize, Serialize};

use crate::error::Error;
use crate::limits::{MESSAGE_ATTRIBUTE_NAME_CHARS_MAX, MESSAGE_ATTRIBUTES_MAX, NUMBER_DIGITS_MAX};

/// One attribute's value with its type, such as `String`, `Number`, `Binary` or `Number.cents`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct AttributeValue {
    /// The type, with its optional label.
    pub data_type: String,
    /// The value itself.
    pub data: AttributeData,
}

/// What an attribute holds.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum AttributeData {
    /// A `String` or `Number`.
    Text(String),
    /// A `Binary`.
    Bytes(Vec<u8>),
}

impl AttributeValue {
    /// A value of type `String`.
    pub fn text(value: impl Into<String>) -> Self {
        Self {
            data_type: "String".into(),
            data: AttributeData::Text(value.into()),
        }
    }

    fn bytes(&self) -> &[u8] {
        match &self.data {
            AttributeData::Text(text) => text.as_bytes(),
            AttributeData::Bytes(bytes) => bytes,
        }
    }
}

/// The attributes of one message, by name.
pub type Attributes = BTreeMap<String, AttributeValue>;

/// An attribute's value as JSON, on the wire and in the journal.
#[derive(Clone, Debug, Default, Serialize, Deserialize)]
#[serde(rename_all = "PascalCase", default)]
pub(crate) struct WireValue {
    pub(crate) data_type: String,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) string_value: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) binary_value: Option<String>,
}

impl From<&AttributeValue> for WireValue {
    fn from(value: &AttributeValue) -> Self {
        let (string_value, binary_value) = match &value.data {
            AttributeData::Text(text) => (Some(text.clone()), None),
            AttributeData::Bytes(bytes) => (None, Some(STANDARD.encode(bytes))),
        };
        Self {
            data_type: value.data_type.clone(),
            string_value,
            binary_value,
        }
    }
}

/// Reads one attribute as it came in JSON and checks name, type and value.
pub(crate) fn parse(name: &str, wire: WireValue) -> Result<AttributeValue, Error> {
    check_name(name)?;
    let WireValue {
        data_type,
        string_value,
        binary_value,
    } = wire;
    let data = match (string_value, binary_value) {
        (Some(text), None) => AttributeData::Text(text),
        (None, Some(encoded)) => AttributeData::Bytes(STANDARD.decode(encoded).map_err(|_| {
            Error::InvalidParameterValue(format!(
                "The message attribute '{name}' has a binary value that is not base64."
            ))
        })?),
        (Some(_), Some(_)) | (None, None) => {
            return Err(Error::InvalidParameterValue(format!(
                "The message attribute '{name}' must contain a non-empty value of exactly one type."
            )));
        }
    };
    let value = AttributeValue { data_type, data };
    check_value(name, &value)?;
    Ok(value)
}

/// Checks the attributes of one message: how many, names, types and values.
pub(crate) fn check(attributes: &Attributes) -> Result<(), Error> {
    if attributes.len() > MESSAGE_ATTRIBUTES_MAX {
        return Err(Error::InvalidParameterValue(format!(
            "Number of message attributes [{}] exceeds the allowed maximum [{MESSAGE_ATTRIBUTES_MAX}].",
            attributes.len()
        )));
    }
    for (name, value) in attributes {
        check_name(name)?;
        check_value(name, value)?;
    }
    Ok(())
}

fn check_name(name: &str) -> Result<(), Error> {
    let legal = |c: char| c.is_ascii_alphanumeric() || matches!(c, '_' | '-' | '.');
    let lower = name.to_ascii_lowercase();
    let dots = name.starts_with('.') || name.ends_with('.') || name.contains("..");
    let reserved = lower.starts_with("aws.") || lower.starts_with("amazon.");
    let long = name.chars().count() > MESSAGE_ATTRIBUTE_NAME_CHARS_MAX;
    if name.is_empty() || long || dots || reserved || !name.chars().all(legal) {
        return Err(Error::InvalidParameterValue(format!(
            "Invalid message attribute name '{name}'."
        )));
    }
    Ok(())
}

fn check_value(name: &str, value: &AttributeValue) -> Result<(), Error> {
    let kind = value.data_type.split('.').next().unwrap_or_default();
    let invalid = |reason: &str| {
        Err(Error::InvalidParameterValue(format!(
            "The message attribute '{name}' {reason}"
        )))
    };
    if value.data_type.chars().count() > MESSAGE_ATTRIBUTE_NAME_CHARS_MAX {
        return invalid("has a type that is longer than 256 characters.");
    }
    match (kind, &value.data) {
        ("String", AttributeData::Text(text)) if !text.is_empty() => Ok(()),
        ("Binary", AttributeData::Bytes(bytes)) if !bytes.is_empty() => Ok(()),
        ("Number", AttributeData::Text(text)) if is_number(text) => Ok(()),
        ("Number", AttributeData::Text(_)) => invalid("has a value that is not a number."),
        ("String" | "Binary" | "Number", _) => invalid("must contain a non-empty value of its type."),
        _ => invalid("has an invalid type: it must start with String, Number or Binary."),
    }
}

/// A decimal number of at most 38 digits with an optional exponent; read as text, so that nothing is rounded.
fn is_number(text: &str) -> bool {
    let (mantissa, exponent) = match text.split_once(['e', 'E']) {
        Some((mantissa, exponent)) => (mantissa, Some(exponent)),
        None => (text, None),
    };
    let unsigned = |part: &str| {
        part.strip_prefix(['+', '-'])
            .map_or_else(|| part.to_owned(), str::to_owned)
    };
    let mantissa = unsigned(mantissa);
    let (whole, fraction) = mantissa.split_once('.').unwrap_or((&mantissa, ""));
    let digits = |part: &str| part.bytes().all(|b| b.is_ascii_digit());
    let count = whole.len() + fraction.len();
    let exponent_fits = exponent.is_none_or(|e| unsigned(e).parse::<u16>().is_ok_and(|e| e <= 128));
    digits(whole) && digits(fraction) && (1..=NUMBER_DIGITS_MAX).contains(&count) && exponent_fits
}

/// Bytes that the attributes count towards the message size.
pub(crate) fn size(attributes: &Attributes) -> usize {
    attributes
        .iter()
        .map(|(name, value)| name.len() + value.data_type.len() + value.bytes().len())
        .sum()
}

/// The digest that SDKs check: MD5 over names, types and values in the order of the names; `None` without attributes.
pub(crate) fn md5<'a>(attributes: impl Iterator<Item = (&'a str, &'a AttributeValue)>) -> Option<String> {
    let mut digest = Md5::new();
    let mut any = false;
    let put = |bytes: &[u8], digest: &mut Md5| {
        let length = u32::try_from(bytes.len()).unwrap_or(u32::MAX);
        digest.update(length.to_be_bytes());
        digest.update(bytes);
    };
    for (name, value) in attributes {
        any = true;
        put(name.as_bytes(), &mut digest);
        put(value.data_type.as_bytes(), &mut digest);
        digest.update([match &value.data {
            AttributeData::Text(_) => 1_u8,
            AttributeData::Bytes(_) => 2,
        }]);
        put(value.bytes(), &mut digest);
    }
    any.then(|| hex::encode(digest.finalize()))
}

/// The MD5 of a body, in lower-case hexadecimal.
pub(crate) fn md5_of_text(text: &str) -> String {
    hex::encode(Md5::digest(text.as_bytes()))
}

/// Whether a receive that asks for `wanted` names gets the attribute `name` (`All`, `.*`, `prefix.*` or the name).
pub(crate) fn is_wanted(wanted: &[String], name: &str) -> bool {
    wanted.iter().any(|pattern| match pattern.strip_suffix(".*") {
        Some(prefix) => name.starts_with(prefix),
        None => pattern == "All" || pattern == name,
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_number_is_a_decimal_of_at_most_38_digits() {
        for good in [
            "0",
            "-1",
            "+3.5",
            ".5",
            "1e10",
            "12345678901234567890123456789012345678",
        ] {
            assert!(is_number(good), "{good}");
        }
        for bad in [
            "",
            "-",
            ".",
            "1x",
            "--1",
            "1e",
            "1e999",
            "123456789012345678901234567890123456789",
            "NaN",
        ] {
            assert!(!is_number(bad), "{bad}");
        }
    }

    #[test]
    fn names_with_reserved_prefixes_or_stray_dots_are_refused() {
        for bad in ["", "AWS.x", "amazon.x", ".a", "a.", "a..b", "a b"] {
            assert!(check_name(bad).is_err(), "{bad}");
        }
        assert_eq!(check_name("correlation_id-1.x"), Ok(()));
    }

    #[test]
    fn attributes_are_chosen_by_name_prefix_or_all() {
        let wanted = |pattern: &str| is_wanted(&[pattern.to_owned()], "trace.id");
        assert!(wanted("All") && wanted(".*") && wanted("trace.*") && wanted("trace.id"));
        assert!(!wanted("trace") && !wanted("span.*"));
    }
}
