//! A message that differs in one byte was not written by the platform.

use std::collections::BTreeSet;

use super::*;

/// How many changes of each part are tried, at least.
const CHANGES_MIN: usize = 2_000;

/// The same sequence each time.
struct Chance(u64);

impl Chance {
    fn below(&mut self, bound: usize) -> usize {
        self.0 = self
            .0
            .wrapping_mul(6_364_136_223_846_793_005)
            .wrapping_add(1_442_695_040_888_963_407);
        usize::try_from(self.0 >> 33).unwrap() % bound
    }
}

/// Texts that differ from `text` in one byte, each once: all there are, or some thousands of them.
fn changed(text: &[u8]) -> Vec<Vec<u8>> {
    let mut sequence = Chance(20_260_408);
    let all = text.len() * 255;
    let picked: BTreeSet<usize> = if all <= CHANGES_MIN * 2 {
        (0..all).collect()
    } else {
        std::iter::repeat_with(|| sequence.below(all))
            .take(CHANGES_MIN * 2)
            .collect()
    };
    let change = |pick: usize| {
        let mut text = text.to_vec();
        let byte = u8::try_from(pick % 255 + 1).unwrap();
        text[pick / 255] ^= byte;
        text
    };
    picked.into_iter().map(change).collect()
}

fn signed_event() -> (Fields, Vec<u8>) {
    let body = event("TRANSACTION.SUCCESS", &transaction()).to_string().into_bytes();
    (signed_by(&platform_key(), &NOW.to_string(), NONCE, &body), body)
}

#[test]
fn one_changed_byte_of_any_header_is_refused() {
    let (fields, body) = signed_event();
    let notices = notices();
    assert!(at(&notices, &fields, &body, NOW).is_ok());
    for (place, (name, value)) in fields.iter().enumerate() {
        let mut refused = 0;
        for value in changed(value) {
            let mut fields = fields.clone();
            fields[place].1 = value;
            // Bytes that HTTP does not take never come here.
            let Some(headers) = headers(&fields) else { continue };
            let verdict = notices.verify(&headers, &body, Timestamp::from_seconds(NOW));
            assert!(verdict.is_err(), "{name}: {:?}", headers.get(*name));
            refused += 1;
        }
        assert!(refused >= CHANGES_MIN, "{name}: {refused}");
    }
}

#[test]
fn one_changed_byte_of_the_body_is_refused() {
    let (fields, body) = signed_event();
    let (notices, headers) = (notices(), headers(&fields).unwrap());
    let changed = changed(&body);
    assert!(changed.len() >= CHANGES_MIN, "{}", changed.len());
    for body in changed {
        let verdict = notices.verify(&headers, &body, Timestamp::from_seconds(NOW));
        assert_eq!(verdict, Err(Refusal::SignatureWrong));
    }
    for body in [
        &body[1..],
        &body[..body.len() - 1],
        &[body.as_slice(), b"\n"].concat(),
        &[b" ", body.as_slice()].concat(),
    ] {
        let verdict = notices.verify(&headers, body, Timestamp::from_seconds(NOW));
        assert_eq!(verdict, Err(Refusal::SignatureWrong));
    }
}

#[test]
fn one_changed_byte_of_the_sealed_content_opens_nothing() {
    let key = secret("WechatPayNotices")["api_v3_keys"][0]
        .as_str()
        .unwrap()
        .to_owned();
    let associated_data = "transaction";
    let text = sealed(&key, "fdasflkja484", associated_data, &transaction().to_string());
    let bytes = STANDARD.decode(text).unwrap();
    let notices = notices();
    assert!(notices.open("fdasflkja484", associated_data, &bytes).is_some());
    let changes = changed(&bytes);
    assert!(changes.len() >= CHANGES_MIN);
    assert!(
        changes
            .iter()
            .all(|bytes| notices.open("fdasflkja484", associated_data, bytes).is_none())
    );
    let texts = |text: &str| -> Vec<String> {
        changed(text.as_bytes())
            .into_iter()
            .filter_map(|text| String::from_utf8(text).ok())
            .collect()
    };
    let (nonces, associated) = (texts("fdasflkja484"), texts(associated_data));
    assert!(nonces.len() > 1_000 && associated.len() > 1_000);
    assert!(
        nonces
            .iter()
            .all(|nonce| notices.open(nonce, associated_data, &bytes).is_none())
    );
    assert!(
        associated
            .iter()
            .all(|text| notices.open("fdasflkja484", text, &bytes).is_none())
    );
}

#[test]
fn no_two_messages_share_a_signed_text() {
    // What would be the same text if a line feed could move from one part to the next.
    let body = b"nonce\n{}";
    let fields = signed_by(&platform_key(), &NOW.to_string(), "x", body);
    let moved = fields.clone().map(|(name, value)| {
        (
            name,
            if name.ends_with("Nonce") {
                b"x\nnonce".to_vec()
            } else {
                value
            },
        )
    });
    assert_eq!(headers(&moved), None);
}
