//! Forms, and the text of one that is signed.
//!
//! `k=v` joined by `&` can be read in more than one way: `a=1&b=2` is two parameters, or one whose value is `1&b=2`, and
//! both have the same signature. So a form is refused when its signed text could be split in another way than it was.

use std::collections::BTreeMap;

use super::super::Refusal;

/// How many parameters one form may have. Alipay sends about 30.
const PARAMETERS_MAX: usize = 100;
/// The longest name, in bytes.
const NAME_BYTES_MAX: usize = 64;
/// The signature's own parameters. `sign` is never signed; `sign_type` is in requests, not in notices.
pub(super) const SIGN: &str = "sign";
/// The signature's algorithm.
pub(super) const SIGN_TYPE: &str = "sign_type";

/// Decoded parameters, by name, which is also the order in which they are signed.
pub(super) type Parameters = BTreeMap<String, String>;

/// Decodes a form, once: a value may hold a `%` of its own.
///
/// # Errors
///
/// When it is not UTF-8, has a name twice or too many names, or could be read in another way.
pub(super) fn decode(body: &[u8]) -> Result<Parameters, Refusal> {
    let mut parameters = Parameters::new();
    for pair in body.split(|byte| *byte == b'&').filter(|pair| !pair.is_empty()) {
        let mut halves = pair.splitn(2, |byte| *byte == b'=');
        let name = text(halves.next().unwrap_or_default()).filter(|name| plain(name));
        let value = text(halves.next().unwrap_or_default()).filter(|value| !splits(value));
        let (Some(name), Some(value)) = (name, value) else {
            return Err(Refusal::SignatureMalformed);
        };
        if parameters.len() >= PARAMETERS_MAX {
            return Err(Refusal::SignatureMalformed);
        }
        let of_signature = name == SIGN || name == SIGN_TYPE;
        match parameters.insert(name, value) {
            None => {}
            Some(_) if of_signature => return Err(Refusal::SignatureTwice),
            Some(_) => return Err(Refusal::SignatureMalformed),
        }
    }
    Ok(parameters)
}

/// The text that is signed: sorted by name, empty values left out.
pub(super) fn signed_text<'a>(parameters: impl Iterator<Item = (&'a str, &'a str)>) -> String {
    let pairs: Vec<String> = parameters
        .filter(|(_, value)| !value.is_empty())
        .map(|(name, value)| format!("{name}={value}"))
        .collect();
    pairs.join("&")
}

fn plain(name: &str) -> bool {
    let plain = |byte: u8| byte.is_ascii_alphanumeric() || byte == b'_' || byte == b'-' || byte == b'.';
    !name.is_empty() && name.len() <= NAME_BYTES_MAX && name.bytes().all(plain)
}

/// Whether the value holds what could be a parameter of its own.
fn splits(value: &str) -> bool {
    value.split('&').skip(1).any(|piece| piece.contains('='))
}

/// One decoding, strict: no half escapes, no other charset.
fn text(encoded: &[u8]) -> Option<String> {
    let mut bytes = Vec::with_capacity(encoded.len());
    let mut rest = encoded.iter();
    while let Some(byte) = rest.next() {
        bytes.push(match byte {
            b'+' => b' ',
            b'%' => hex(*rest.next()?)? << 4 | hex(*rest.next()?)?,
            other => *other,
        });
    }
    String::from_utf8(bytes).ok()
}

fn hex(digit: u8) -> Option<u8> {
    match digit {
        b'0'..=b'9' => Some(digit - b'0'),
        b'a'..=b'f' => Some(digit - b'a' + 10),
        b'A'..=b'F' => Some(digit - b'A' + 10),
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn value(body: &str) -> Option<String> {
        decode(body.as_bytes()).ok()?.remove("a")
    }

    #[test]
    fn a_value_is_decoded_once() {
        for (body, decoded) in [
            ("a=1+2", "1 2"),
            ("a=1%2B2", "1+2"),
            ("a=100%25", "100%"),
            ("a=%2541", "%41"),
            ("a=%e4%BD%a0", "你"),
            ("a=你", "你"),
            ("a=b=c", "b=c"),
            ("&a=1&&", "1"),
            ("a", ""),
            ("a=A%26B", "A&B"),
        ] {
            assert_eq!(value(body).as_deref(), Some(decoded), "{body}");
        }
    }

    #[test]
    fn what_cannot_be_read_in_one_way_is_refused() {
        for (body, refusal) in [
            ("a=%", Refusal::SignatureMalformed),
            ("a=%4", Refusal::SignatureMalformed),
            ("a=%zz", Refusal::SignatureMalformed),
            ("a=%ff", Refusal::SignatureMalformed),
            ("=1", Refusal::SignatureMalformed),
            ("a%3Db=1", Refusal::SignatureMalformed),
            ("a=1&a=1", Refusal::SignatureMalformed),
            ("a=1&%61=2", Refusal::SignatureMalformed),
            ("sign=1&sign=1", Refusal::SignatureTwice),
            ("sign_type=RSA2&sign_type=RSA2", Refusal::SignatureTwice),
            // One parameter that has the signed text of two.
            ("a=1%26b=2", Refusal::SignatureMalformed),
            ("a=1%26b%3D2", Refusal::SignatureMalformed),
        ] {
            assert_eq!(decode(body.as_bytes()), Err(refusal), "{body}");
        }
    }

    #[test]
    fn the_number_of_parameters_is_limited() {
        let form = |count: usize| {
            let pairs: Vec<String> = (0..count).map(|i| format!("p{i}=1")).collect();
            pairs.join("&")
        };
        assert_eq!(
            decode(form(PARAMETERS_MAX).as_bytes()).map(|all| all.len()),
            Ok(PARAMETERS_MAX)
        );
        assert_eq!(
            decode(form(PARAMETERS_MAX + 1).as_bytes()),
            Err(Refusal::SignatureMalformed)
        );
    }

    #[test]
    fn a_name_is_of_plain_characters_and_not_too_long() {
        let taken = |name: &str| decode(format!("{name}=1").as_bytes()).is_ok_and(|form| form[name] == "1");
        for name in ["a", "Z", "0", "_", "-", ".", "a_b-c.d", &"n".repeat(NAME_BYTES_MAX)] {
            assert!(taken(name), "{name}");
        }
        for name in ["a b", "a/b", "a:b", "[", "~", "é", &"n".repeat(NAME_BYTES_MAX + 1)] {
            assert!(!taken(name), "{name}");
        }
    }

    #[test]
    fn the_signed_text_is_sorted_and_has_nothing_empty() {
        let form = decode(b"b=2&a_b=3&a=1+%25&empty=&B=4").unwrap();
        let text = signed_text(form.iter().map(|(name, value)| (name.as_str(), value.as_str())));
        assert_eq!(text, "B=4&a=1 %&a_b=3&b=2");
    }

    /// All texts of these letters, of 1 to `length_max` of them.
    fn texts(length_max: usize) -> Vec<String> {
        let mut texts = vec![String::new()];
        for from in 0..length_max {
            let longer: Vec<String> = texts.iter().filter(|text| text.len() == from).cloned().collect();
            texts.extend(
                longer
                    .iter()
                    .flat_map(|text| "b1=&".chars().map(move |letter| format!("{text}{letter}"))),
            );
        }
        texts.split_off(1)
    }

    #[test]
    fn no_two_forms_have_the_same_signed_text() {
        let one = texts(5).into_iter().map(|a| vec![("a", a)]);
        let short = texts(3);
        let two = short
            .iter()
            .flat_map(|a| short.iter().map(move |b| vec![("a", a.clone()), ("b", b.clone())]));
        let mut known = BTreeMap::new();
        for pairs in one.chain(two) {
            let body: String = form_urlencoded::Serializer::new(String::new())
                .extend_pairs(pairs)
                .finish();
            let Ok(form) = decode(body.as_bytes()) else { continue };
            let text = signed_text(form.iter().map(|(name, value)| (name.as_str(), value.as_str())));
            assert_eq!(known.insert(text.clone(), body), None, "{text}");
        }
        assert!(known.len() > 5_000, "{}", known.len());
    }

    proptest! {
        #[test]
        fn what_is_encoded_is_decoded(value in "[^&=]{0,20}") {
            let body: String = form_urlencoded::Serializer::new(String::new()).append_pair("a", &value).finish();
            prop_assert_eq!(decode(body.as_bytes()).unwrap().remove("a"), Some(value));
        }
    }
}
