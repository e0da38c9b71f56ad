//! Changes of one byte, one after the other, the same at every run.

use std::collections::BTreeMap;

use super::*;

/// What a form means: empty parameters mean nothing.
fn meaning(body: &[u8]) -> Option<BTreeMap<String, String>> {
    let mut form = form::decode(body).ok()?;
    form.retain(|_, value| !value.is_empty());
    Some(form)
}

/// On the wire: every byte, by several others. A change that leaves the meaning as it was (the case of an escape's digit)
/// is none; every other is refused.
#[test]
fn every_change_of_one_byte_on_the_wire_is_refused() {
    let notices = notices();
    let (headers, now, before) = (
        HeaderMap::new(),
        Timestamp::from_seconds(NOW),
        meaning(GOLDEN.as_bytes()),
    );
    let (mut refused, mut meaningless) = (0, 0);
    for at in 0..GOLDEN.len() {
        for flip in [0x01, 0x02, 0x04, 0x08, 0x20, 0x80] {
            let mut body = GOLDEN.as_bytes().to_vec();
            body[at] ^= flip;
            let taken = notices.verify(&headers, &body, now).is_ok();
            if meaning(&body) == before {
                meaningless += 1;
                assert!(taken, "byte {at} ^ {flip}");
            } else {
                refused += 1;
                assert!(!taken, "byte {at} ^ {flip}");
            }
        }
    }
    assert!(refused >= 2_000 && meaningless < 200, "{refused}, {meaningless}");
}

/// On what is decoded: every character of every name and value that is signed, changed, gone, or with one before it.
#[test]
fn every_change_of_one_character_of_a_signed_field_is_refused() {
    let notices = notices();
    let (headers, now, golden) = (HeaderMap::new(), Timestamp::from_seconds(NOW), golden());
    let mut count = 0;
    for (name, value) in golden.iter().filter(|(name, _)| *name != SIGN && *name != SIGN_TYPE) {
        let others = golden.iter().filter(|(other, _)| *other != name);
        let mut refused = |name: String, value: String| {
            let changed = others.clone().map(|(name, value)| (name.clone(), value.clone()));
            let body = encode(&changed.chain([(name, value)]).collect());
            assert!(notices.verify(&headers, body.as_bytes(), now).is_err(), "{body}");
            count += 1;
        };
        for change in changes(value) {
            refused(name.clone(), change);
        }
        for change in changes(name).into_iter().filter(|change| !golden.contains_key(change)) {
            refused(change, value.clone());
        }
    }
    assert!(count >= 2_000, "{count}");
}

fn changes(text: &str) -> Vec<String> {
    let mut changes = Vec::new();
    for at in 0..text.len() {
        let (head, tail) = text.split_at(at);
        let (this, rest) = tail.split_at(1);
        for other in ["0", "9", "&", "=", "%"] {
            if other != this {
                changes.push(format!("{head}{other}{rest}"));
            }
        }
        changes.extend([format!("{head}{rest}"), format!("{head} {tail}")]);
    }
    changes
}
