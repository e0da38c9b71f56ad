//! Pages and the opaque cursors between them.

use std::collections::BTreeMap;

use aws_sdk_dynamodb::types::AttributeValue;
use base64::{Engine, engine::general_purpose::URL_SAFE_NO_PAD};

use crate::{Item, StoreError, from_item, item::Record};

/// The longest cursor that is read, in characters.
const CURSOR_CHARS_MAX: usize = 2_048;

/// Some of a list, and where the rest begins.
#[derive(Debug, Clone, PartialEq)]
pub struct Page<T> {
    /// The items, in the list's order.
    pub items: Vec<T>,
    /// Where the next page begins; `None` at the end.
    pub next: Option<Cursor>,
}

impl Page<Item> {
    /// The page's records.
    pub fn records<R: Record>(self) -> Result<Page<R>, StoreError> {
        let items = self.items.into_iter().map(from_item).collect::<Result<_, _>>()?;
        Ok(Page { items, next: self.next })
    }
}

impl<T> Page<T> {
    /// The page with each item changed.
    pub fn map<S>(self, change: impl FnMut(T) -> S) -> Page<S> {
        Page {
            items: self.items.into_iter().map(change).collect(),
            next: self.next,
        }
    }
}

/// A position in a list, opaque to callers: the last key that was read.
#[derive(Debug, Clone, PartialEq)]
pub struct Cursor(Item);

/// A text that is no cursor of ours.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("not a cursor that this list gave out")]
pub struct CursorError;

impl Cursor {
    pub(crate) const fn from_key(key: Item) -> Self {
        Self(key)
    }

    pub(crate) fn into_key(self) -> Item {
        self.0
    }

    /// The text to give to the caller. Key attributes are texts or numbers; others cannot be part of a key.
    pub fn encode(&self) -> String {
        let plain: BTreeMap<&str, (char, &str)> = self
            .0
            .iter()
            .filter_map(|(name, value)| match value {
                AttributeValue::S(text) => Some((name.as_str(), ('s', text.as_str()))),
                AttributeValue::N(number) => Some((name.as_str(), ('n', number.as_str()))),
                _ => None,
            })
            .collect();
        URL_SAFE_NO_PAD.encode(serde_json::to_vec(&plain).unwrap_or_default())
    }

    /// Reads a cursor back, as one of a list whose partition key `attribute` must be `partition`: a cursor of another
    /// list, or another owner's, is refused.
    pub fn decode(text: &str, attribute: &str, partition: &str) -> Result<Self, CursorError> {
        if text.len() > CURSOR_CHARS_MAX {
            return Err(CursorError);
        }
        let bytes = URL_SAFE_NO_PAD.decode(text).map_err(|_| CursorError)?;
        let plain: BTreeMap<String, (char, String)> = serde_json::from_slice(&bytes).map_err(|_| CursorError)?;
        let key: Item = plain
            .into_iter()
            .map(|(name, (kind, text))| match kind {
                's' => Ok((name, AttributeValue::S(text))),
                'n' => Ok((name, AttributeValue::N(text))),
                _ => Err(CursorError),
            })
            .collect::<Result<_, _>>()?;
        match key.get(attribute) {
            Some(AttributeValue::S(found)) if found == partition => Ok(Self(key)),
            _ => Err(CursorError),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn cursor() -> Cursor {
        Cursor(Item::from([
            ("pk".to_owned(), AttributeValue::S("day#2026-04-08".to_owned())),
            ("n".to_owned(), AttributeValue::N("7".to_owned())),
        ]))
    }

    #[test]
    fn a_cursor_reads_back_what_it_writes() {
        assert_eq!(Cursor::decode(&cursor().encode(), "pk", "day#2026-04-08"), Ok(cursor()));
    }

    #[test]
    fn a_cursor_of_another_list_is_refused() {
        assert_eq!(
            Cursor::decode(&cursor().encode(), "pk", "day#2026-04-09"),
            Err(CursorError)
        );
        assert_eq!(Cursor::decode("!", "pk", "day#2026-04-08"), Err(CursorError));
        assert_eq!(
            Cursor::decode(&"A".repeat(4_000), "pk", "day#2026-04-08"),
            Err(CursorError)
        );
    }
}
