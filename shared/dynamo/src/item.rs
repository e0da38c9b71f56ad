//! Items and their typed records.

use std::collections::HashMap;

use aws_sdk_dynamodb::types::AttributeValue;
use serde::{Serialize, de::DeserializeOwned};

use crate::StoreError;

/// An item as the store keeps it.
pub type Item = HashMap<String, AttributeValue>;

/// The key of an item: every table has `pk` and `sk`.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub struct Key {
    /// Partition key.
    pub pk: String,
    /// Sort key.
    pub sk: String,
}

/// A key from its two parts.
pub fn key(pk: impl Into<String>, sk: impl Into<String>) -> Key {
    Key {
        pk: pk.into(),
        sk: sk.into(),
    }
}

impl Key {
    pub(crate) fn attributes(&self) -> Item {
        HashMap::from([
            ("pk".to_owned(), AttributeValue::S(self.pk.clone())),
            ("sk".to_owned(), AttributeValue::S(self.sk.clone())),
        ])
    }

    pub(crate) fn of(item: &Item) -> Self {
        let text = |name: &str| {
            item.get(name)
                .and_then(|value| value.as_s().ok())
                .cloned()
                .unwrap_or_default()
        };
        Self {
            pk: text("pk"),
            sk: text("sk"),
        }
    }
}

/// What every kept record says beside its own attributes: which entity it is, and in which version of its shape.
pub trait Record: Serialize + DeserializeOwned {
    /// The entity's name, kept in the attribute `entity`.
    const ENTITY: &'static str;
    /// The version of the shape, kept in the attribute `v`.
    const SHAPE: u16;
}

/// The item of `record` under `key`.
///
/// # Errors
///
/// `Corrupt` when the record does not serialise to a map.
pub fn to_item<R: Record>(key: &Key, record: &R) -> Result<Item, StoreError> {
    let corrupt = |what: String| StoreError::Corrupt {
        pk: key.pk.clone(),
        sk: key.sk.clone(),
        attribute: what,
    };
    let mut item: Item = serde_dynamo::to_item(record).map_err(|error| corrupt(error.to_string()))?;
    item.extend(key.attributes());
    item.insert("entity".to_owned(), AttributeValue::S(R::ENTITY.to_owned()));
    item.insert("v".to_owned(), AttributeValue::N(R::SHAPE.to_string()));
    Ok(item)
}

/// The record of `item`, with its entity and version checked.
///
/// # Errors
///
/// `Corrupt` when the item is another entity, of a version that this code does not know, or of another shape.
pub fn from_item<R: Record>(item: Item) -> Result<R, StoreError> {
    let key = Key::of(&item);
    let corrupt = |what: String| StoreError::Corrupt {
        pk: key.pk.clone(),
        sk: key.sk.clone(),
        attribute: what,
    };
    let entity = item
        .get("entity")
        .and_then(|value| value.as_s().ok())
        .cloned()
        .unwrap_or_default();
    if entity != R::ENTITY {
        return Err(corrupt(format!("entity is {entity:?}, not {:?}", R::ENTITY)));
    }
    let version = item
        .get("v")
        .and_then(|value| value.as_n().ok())
        .and_then(|n| n.parse::<u16>().ok());
    if version != Some(R::SHAPE) {
        return Err(corrupt(format!("v is {version:?}, not {}", R::SHAPE)));
    }
    serde_dynamo::from_item(item).map_err(|error| corrupt(error.to_string()))
}
