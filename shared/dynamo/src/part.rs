//! Parts of a transaction.

use std::collections::HashMap;

use aws_sdk_dynamodb::types::{
    AttributeValue, ConditionCheck, Delete, Put, ReturnValuesOnConditionCheckFailure, TransactWriteItem, Update,
    builders::TransactWriteItemBuilder,
};
use serde::Serialize;

use crate::{Item, Key, StoreError};

/// How many parts one transaction may have: DynamoDB's limit.
pub const PARTS_MAX: usize = 100;

/// One write or check of a transaction. `R` is what the caller is told when the part's condition fails.
#[derive(Debug, Clone)]
pub struct Part<R> {
    pub(crate) action: Action,
    pub(crate) table: String,
    pub(crate) condition: Option<String>,
    pub(crate) names: HashMap<String, String>,
    pub(crate) values: Item,
    pub(crate) refused: Option<R>,
}

#[derive(Debug, Clone)]
pub(crate) enum Action {
    Put(Item),
    Update(Key, String),
    Delete(Key),
    Check(Key),
}

impl<R> Part<R> {
    fn new(table: &str, action: Action, condition: Option<&str>) -> Self {
        Self {
            action,
            table: table.to_owned(),
            condition: condition.map(str::to_owned),
            names: HashMap::new(),
            values: HashMap::new(),
            refused: None,
        }
    }

    /// Writes an item that must not exist yet.
    pub fn insert(table: &str, item: Item) -> Self {
        Self::new(table, Action::Put(item), Some("attribute_not_exists(pk)"))
    }

    /// Replaces an item whose number attribute `version` must still be `expected`.
    pub fn replace(table: &str, item: Item, expected: u64) -> Self {
        let mut part = Self::new(table, Action::Put(item), Some("#version = :expected"));
        part.names.insert("#version".to_owned(), "version".to_owned());
        part.values
            .insert(":expected".to_owned(), AttributeValue::N(expected.to_string()));
        part
    }

    /// Writes an item whatever was there: add a condition with [`Part::when`] unless overwriting is harmless.
    pub fn put(table: &str, item: Item) -> Self {
        Self::new(table, Action::Put(item), None)
    }

    /// Changes an item by an update expression.
    pub fn update(table: &str, key: Key, expression: &str) -> Self {
        Self::new(table, Action::Update(key, expression.to_owned()), None)
    }

    /// Deletes an item.
    pub fn delete(table: &str, key: Key) -> Self {
        Self::new(table, Action::Delete(key), None)
    }

    /// Checks an item that the transaction does not write; only within a transaction of two or more parts.
    pub fn check(table: &str, key: Key, condition: &str) -> Self {
        Self::new(table, Action::Check(key), Some(condition))
    }

    /// The condition, in place of one that was there.
    #[must_use]
    pub fn when(mut self, condition: &str) -> Self {
        self.condition = Some(condition.to_owned());
        self
    }

    /// A name placeholder: `.name("#state", "state")`.
    #[must_use]
    pub fn name(mut self, placeholder: &str, attribute: &str) -> Self {
        self.names.insert(placeholder.to_owned(), attribute.to_owned());
        self
    }

    /// A text value placeholder: `.text(":state", "open")`.
    #[must_use]
    pub fn text(mut self, placeholder: &str, value: impl Into<String>) -> Self {
        self.values
            .insert(placeholder.to_owned(), AttributeValue::S(value.into()));
        self
    }

    /// A number value placeholder: `.number(":n", 3_u32)`.
    #[must_use]
    pub fn number(mut self, placeholder: &str, value: impl Into<i128>) -> Self {
        self.values
            .insert(placeholder.to_owned(), AttributeValue::N(value.into().to_string()));
        self
    }

    /// A value placeholder of any serialisable shape.
    ///
    /// # Errors
    ///
    /// `Corrupt` when the value does not serialise.
    pub fn value(mut self, placeholder: &str, value: &impl Serialize) -> Result<Self, StoreError> {
        let value = serde_dynamo::to_attribute_value(value).map_err(|error| StoreError::Corrupt {
            pk: self.table.clone(),
            sk: placeholder.to_owned(),
            attribute: error.to_string(),
        })?;
        self.values.insert(placeholder.to_owned(), value);
        Ok(self)
    }

    /// What a failed condition means. A part without it says: this cannot be refused; if it is, that is a bug.
    #[must_use]
    pub fn refused(mut self, reason: R) -> Self {
        self.refused = Some(reason);
        self
    }

    /// The same part with its refusal in another context's words.
    pub fn map<S>(self, into: impl FnOnce(R) -> S) -> Part<S> {
        Part {
            action: self.action,
            table: self.table,
            condition: self.condition,
            names: self.names,
            values: self.values,
            refused: self.refused.map(into),
        }
    }

    /// Table and key, by which two parts are the same item (a transaction may name each item once).
    pub fn target(&self) -> (String, Key) {
        let key = match &self.action {
            Action::Put(item) => Key::of(item),
            Action::Update(key, _) | Action::Delete(key) | Action::Check(key) => key.clone(),
        };
        (self.table.clone(), key)
    }

    pub(crate) fn placeholders(&self) -> (Option<HashMap<String, String>>, Option<Item>) {
        let names = (!self.names.is_empty()).then(|| self.names.clone());
        let values = (!self.values.is_empty()).then(|| self.values.clone());
        (names, values)
    }

    pub(crate) fn transact_item(&self) -> Result<TransactWriteItem, StoreError> {
        let (names, values) = self.placeholders();
        let all_old = ReturnValuesOnConditionCheckFailure::AllOld;
        let condition = self.condition.clone();
        let built = match &self.action {
            Action::Put(item) => Put::builder()
                .table_name(&self.table)
                .set_item(Some(item.clone()))
                .set_condition_expression(condition)
                .set_expression_attribute_names(names)
                .set_expression_attribute_values(values)
                .return_values_on_condition_check_failure(all_old)
                .build()
                .map(|put| TransactWriteItem::builder().put(put)),
            Action::Update(key, expression) => Update::builder()
                .table_name(&self.table)
                .set_key(Some(key.attributes()))
                .update_expression(expression)
                .set_condition_expression(condition)
                .set_expression_attribute_names(names)
                .set_expression_attribute_values(values)
                .return_values_on_condition_check_failure(all_old)
                .build()
                .map(|update| TransactWriteItem::builder().update(update)),
            Action::Delete(key) => Delete::builder()
                .table_name(&self.table)
                .set_key(Some(key.attributes()))
                .set_condition_expression(condition)
                .set_expression_attribute_names(names)
                .set_expression_attribute_values(values)
                .return_values_on_condition_check_failure(all_old)
                .build()
                .map(|delete| TransactWriteItem::builder().delete(delete)),
            Action::Check(key) => ConditionCheck::builder()
                .table_name(&self.table)
                .set_key(Some(key.attributes()))
                .set_condition_expression(condition)
                .set_expression_attribute_names(names)
                .set_expression_attribute_values(values)
                .return_values_on_condition_check_failure(all_old)
                .build()
                .map(|check| TransactWriteItem::builder().condition_check(check)),
        };
        built
            .map(TransactWriteItemBuilder::build)
            .map_err(|error| StoreError::Rejected(error.to_string()))
    }
}
