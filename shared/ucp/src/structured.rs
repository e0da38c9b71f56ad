//! Dictionaries of RFC 8941, as far as UCP's headers use them.

use base64::{Engine, engine::general_purpose::STANDARD};

/// The longest header that is parsed, in bytes.
const FIELD_BYTES_MAX: usize = 8_192;
/// Members of one dictionary, and items of one list, at most.
const MEMBERS_MAX: usize = 32;

/// A value without parameters.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Bare {
    /// A quoted string.
    Text(String),
    /// A byte sequence.
    Bytes(Vec<u8>),
    /// A token, a number or a boolean, as written.
    Other(String),
}

/// A member's value.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Value {
    /// One item.
    Item(Bare),
    /// A list in parentheses. `true` when an item of it has parameters of its own.
    List(Vec<Bare>, bool),
}

/// One member of a dictionary.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Member {
    pub(crate) key: String,
    pub(crate) value: Value,
    pub(crate) parameters: Vec<(String, Bare)>,
    /// Value and parameters exactly as written: what `@signature-params` repeats.
    pub(crate) raw: String,
}

struct Reader<'a> {
    text: &'a str,
    at: usize,
}

/// Parses a dictionary; `None` when it is malformed or too large. A key that comes twice means its last value.
pub(crate) fn dictionary(text: &str) -> Option<Vec<Member>> {
    if text.len() > FIELD_BYTES_MAX || !text.is_ascii() {
        return None;
    }
    let mut reader = Reader { text, at: 0 };
    let mut members: Vec<Member> = Vec::new();
    reader.skip_spaces();
    while !reader.done() {
        let member = reader.member()?;
        members.retain(|known| known.key != member.key);
        members.push(member);
        reader.skip_spaces();
        if reader.done() {
            break;
        }
        reader.expect(b',')?;
        reader.skip_spaces();
        if reader.done() || members.len() > MEMBERS_MAX {
            return None;
        }
    }
    Some(members)
}

impl Reader<'_> {
    fn peek(&self) -> Option<u8> {
        self.text.as_bytes().get(self.at).copied()
    }

    fn done(&self) -> bool {
        self.at >= self.text.len()
    }

    fn skip_spaces(&mut self) {
        while matches!(self.peek(), Some(b' ' | b'\t')) {
            self.at += 1;
        }
    }

    fn expect(&mut self, byte: u8) -> Option<()> {
        (self.peek()? == byte).then(|| self.at += 1)
    }

    fn take_while(&mut self, allowed: impl Fn(u8) -> bool) -> String {
        let start = self.at;
        while self.peek().is_some_and(&allowed) {
            self.at += 1;
        }
        self.text.get(start..self.at).unwrap_or_default().to_owned()
    }

    fn key(&mut self) -> Option<String> {
        if !matches!(self.peek()?, b'a'..=b'z' | b'*') {
            return None;
        }
        Some(
            self.take_while(|b| b.is_ascii_lowercase() || b.is_ascii_digit() || matches!(b, b'_' | b'-' | b'.' | b'*')),
        )
    }

    fn member(&mut self) -> Option<Member> {
        let key = self.key()?;
        if self.expect(b'=').is_none() {
            let parameters = self.parameters()?;
            let value = Value::Item(Bare::Other("?1".to_owned()));
            return Some(Member {
                key,
                value,
                parameters,
                raw: String::new(),
            });
        }
        let start = self.at;
        let value = if self.peek()? == b'(' {
            self.list()?
        } else {
            Value::Item(self.bare()?)
        };
        let parameters = self.parameters()?;
        let raw = self.text.get(start..self.at)?.to_owned();
        Some(Member {
            key,
            value,
            parameters,
            raw,
        })
    }

    fn list(&mut self) -> Option<Value> {
        self.expect(b'(')?;
        let mut items = Vec::new();
        let mut parametrised = false;
        loop {
            self.skip_spaces();
            if self.expect(b')').is_some() {
                return Some(Value::List(items, parametrised));
            }
            items.push(self.bare()?);
            parametrised |= !self.parameters()?.is_empty();
            if items.len() > MEMBERS_MAX || !matches!(self.peek()?, b' ' | b')') {
                return None;
            }
        }
    }

    fn parameters(&mut self) -> Option<Vec<(String, Bare)>> {
        let mut found = Vec::new();
        while self.expect(b';').is_some() {
            self.skip_spaces();
            let key = self.key()?;
            let value = match self.expect(b'=') {
                Some(()) => self.bare()?,
                None => Bare::Other("?1".to_owned()),
            };
            found.push((key, value));
            if found.len() > MEMBERS_MAX {
                return None;
            }
        }
        Some(found)
    }

    fn bare(&mut self) -> Option<Bare> {
        match self.peek()? {
            b'"' => self.quoted().map(Bare::Text),
            b':' => {
                self.expect(b':')?;
                let text = self.take_while(|b| b != b':');
                self.expect(b':')?;
                STANDARD.decode(text).ok().map(Bare::Bytes)
            }
            _ => {
                let allowed = |b: u8| b.is_ascii_graphic() && !matches!(b, b',' | b';' | b'(' | b')' | b'"' | b'=');
                let text = self.take_while(allowed);
                (!text.is_empty()).then_some(Bare::Other(text))
            }
        }
    }

    fn quoted(&mut self) -> Option<String> {
        self.expect(b'"')?;
        let mut text = String::new();
        loop {
            let byte = self.peek()?;
            self.at += 1;
            match byte {
                b'"' => return Some(text),
                b'\\' => {
                    let escaped = self.peek()?;
                    self.at += 1;
                    matches!(escaped, b'"' | b'\\').then(|| text.push(char::from(escaped)))?;
                }
                b' '..=b'~' => text.push(char::from(byte)),
                _ => return None,
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_dictionary_of_an_item_and_a_list_is_read_with_its_raw_text() {
        let members = dictionary(r#"sig1=("@method" "@path");keyid="k1";created=17, b=:aGk=:"#).unwrap();
        assert_eq!(
            members[0].value,
            Value::List(vec![Bare::Text("@method".into()), Bare::Text("@path".into())], false)
        );
        assert_eq!(members[0].raw, r#"("@method" "@path");keyid="k1";created=17"#);
        assert_eq!(members[0].parameters[0], ("keyid".to_owned(), Bare::Text("k1".into())));
        assert_eq!(members[1].value, Value::Item(Bare::Bytes(b"hi".to_vec())));
    }

    #[test]
    fn what_is_no_dictionary_is_refused() {
        for text in [
            "a=",
            "a=\"x",
            "a=(\"x\"",
            "A=1",
            "a=1,",
            "a=1 b=2",
            "a=:!:",
            "a=\"\u{e9}\"",
            "a=\"\\x\"",
        ] {
            assert_eq!(dictionary(text), None, "{text}");
        }
        assert_eq!(dictionary(&"a".repeat(9_000)), None);
        assert_eq!(dictionary(""), Some(Vec::new()));
    }

    #[test]
    fn the_last_of_two_members_with_one_key_counts() {
        let members = dictionary("a=1, a=2").unwrap();
        assert_eq!(members.len(), 1);
        assert_eq!(members[0].value, Value::Item(Bare::Other("2".into())));
    }
}
