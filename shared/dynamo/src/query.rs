//! Queries of one partition.

use std::collections::HashMap;

use aws_sdk_dynamodb::types::AttributeValue;

use crate::{Cursor, Dynamo, Item, Page, StoreError};

/// How fresh a read must be.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Consistency {
    /// Sees every write that was answered before; costs twice as much; not on indexes.
    Strong,
    /// May lag.
    Eventual,
}

impl Consistency {
    pub(crate) const fn strong(self) -> bool {
        matches!(self, Self::Strong)
    }
}

/// A query of one partition of a table or an index.
#[derive(Debug, Clone)]
pub struct Query {
    table: String,
    index: Option<String>,
    condition: String,
    filter: Option<String>,
    names: HashMap<String, String>,
    values: HashMap<String, AttributeValue>,
    consistency: Consistency,
    ascending: bool,
    limit: u16,
    after: Option<Cursor>,
}

impl Query {
    /// By a key condition such as `pk = :pk AND begins_with(sk, :sk)`; ascending, eventual, at most `limit` items read.
    pub fn new(table: &str, condition: &str, limit: u16) -> Self {
        Self {
            table: table.to_owned(),
            index: None,
            condition: condition.to_owned(),
            filter: None,
            names: HashMap::new(),
            values: HashMap::new(),
            consistency: Consistency::Eventual,
            ascending: true,
            limit,
            after: None,
        }
    }

    /// On an index.
    #[must_use]
    pub fn index(mut self, index: &str) -> Self {
        self.index = Some(index.to_owned());
        self
    }

    /// Drops items after they were read and paid for.
    #[must_use]
    pub fn filter(mut self, expression: &str) -> Self {
        self.filter = Some(expression.to_owned());
        self
    }

    /// A name placeholder.
    #[must_use]
    pub fn name(mut self, placeholder: &str, attribute: &str) -> Self {
        self.names.insert(placeholder.to_owned(), attribute.to_owned());
        self
    }

    /// A text value placeholder.
    #[must_use]
    pub fn text(mut self, placeholder: &str, value: impl Into<String>) -> Self {
        self.values
            .insert(placeholder.to_owned(), AttributeValue::S(value.into()));
        self
    }

    /// A number value placeholder.
    #[must_use]
    pub fn number(mut self, placeholder: &str, value: impl Into<i128>) -> Self {
        self.values
            .insert(placeholder.to_owned(), AttributeValue::N(value.into().to_string()));
        self
    }

    /// With strong consistency.
    #[must_use]
    pub fn strong(mut self) -> Self {
        self.consistency = Consistency::Strong;
        self
    }

    /// Largest sort key first.
    #[must_use]
    pub fn descending(mut self) -> Self {
        self.ascending = false;
        self
    }

    /// From behind the last item of an earlier page.
    #[must_use]
    pub fn after(mut self, cursor: Option<Cursor>) -> Self {
        self.after = cursor;
        self
    }
}

impl Dynamo {
    /// One page of items. A page may be empty and still have a next one: it is over when `next` is `None`.
    pub async fn query(&self, query: Query) -> Result<Page<Item>, StoreError> {
        let output = self
            .client
            .query()
            .table_name(query.table)
            .set_index_name(query.index)
            .key_condition_expression(query.condition)
            .set_filter_expression(query.filter)
            .set_expression_attribute_names((!query.names.is_empty()).then_some(query.names))
            .set_expression_attribute_values((!query.values.is_empty()).then_some(query.values))
            .consistent_read(query.consistency.strong())
            .scan_index_forward(query.ascending)
            .limit(i32::from(query.limit))
            .set_exclusive_start_key(query.after.map(Cursor::into_key))
            .send()
            .await?;
        let next = output
            .last_evaluated_key
            .filter(|key| !key.is_empty())
            .map(Cursor::from_key);
        Ok(Page {
            items: output.items.unwrap_or_default(),
            next,
        })
    }
}
