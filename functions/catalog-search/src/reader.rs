//! Who reads: language, currency, filters.

use catalog::{AttributeFilter, AttributeValue, Criteria, PriceFilter};
use kernel::{Currency, Text};
use serde::de::DeserializeOwned;
use serde_json::Value;
use ucp::{
    Message, Metadata, Refusal,
    catalog::{Context, Filters},
};
use web::Request;

use crate::Error;

/// The longest language tag that is read, in bytes.
const TAG_BYTES_MAX: usize = 35;

/// The language and the currency that texts and prices are wanted in.
pub(crate) struct Reader {
    pub(crate) language: Option<String>,
    pub(crate) currency: Option<Currency>,
    /// What prices are shown in otherwise.
    pub(crate) usual: Currency,
}

/// The body as the call's shape.
pub(crate) fn body<T: DeserializeOwned>(ucp: &Metadata, request: &Request) -> Result<T, Error> {
    let bytes = web::body(request).map_err(|problem| Refusal::of_problem(&problem))?;
    serde_json::from_slice(bytes)
        .map_err(|error| Error::invalid(ucp, format!("the body does not have the expected shape: {error}")))
}

impl Reader {
    /// From the context, and the header where the context has no language.
    pub(crate) fn of(request: &Request, context: &Context, usual: Currency) -> Self {
        let header = || web::header(request, "accept-language").and_then(first_language);
        let given = context.language.clone().filter(|tag| tag.len() <= TAG_BYTES_MAX);
        let currency = context.currency.as_ref().and_then(|code| code.parse().ok());
        Self {
            language: given.or_else(header),
            currency,
            usual,
        }
    }

    /// What a search or a look-up asks for, and what of it was not considered.
    pub(crate) fn criteria(&self, query: Option<&str>, filters: &Filters) -> (Criteria, Vec<Message>) {
        let mut messages = Vec::new();
        let mut criteria = Criteria::new(query);
        if let Some(categories) = &filters.categories {
            criteria = criteria.categories(categories.iter().map(String::as_str));
        }
        match (filters.price, self.currency) {
            (Some(price), Some(currency)) => {
                criteria = criteria.price(Some(PriceFilter {
                    min: price.min,
                    max: price.max,
                    currency,
                }));
            }
            (Some(_), None) => {
                let content = "the price filter was ignored: context.currency must say what it is in";
                messages.push(Message::warning("filter_ignored", content).at("$.filters.price"));
            }
            (None, _) => {}
        }
        for (name, wanted) in filters.attributes.iter().flatten() {
            let values: Vec<AttributeValue> = match wanted {
                Value::Array(values) => values.iter().filter_map(attribute).collect(),
                value => attribute(value).into_iter().collect(),
            };
            // A name that no category can define, or a value of no kind, is had by no product.
            match name.parse() {
                Ok(name) => criteria = criteria.attributes([AttributeFilter { name, values }]),
                Err(_) => criteria = criteria.nothing(),
            }
        }
        (criteria, messages)
    }
}

fn attribute(value: &Value) -> Option<AttributeValue> {
    match value {
        Value::Bool(flag) => Some(AttributeValue::Boolean(*flag)),
        Value::Number(number) => number.as_i64().map(AttributeValue::Number),
        Value::String(text) => Text::parse(text).ok().map(AttributeValue::Text),
        Value::Null | Value::Array(_) | Value::Object(_) => None,
    }
}

/// The first tag of an `Accept-Language` header: clients list the wanted language first.
fn first_language(header: &str) -> Option<String> {
    let tag = header.split([',', ';']).next().unwrap_or_default().trim();
    (!tag.is_empty() && tag != "*" && tag.len() <= TAG_BYTES_MAX).then(|| tag.to_owned())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_first_language_of_the_header_counts() {
        assert_eq!(first_language("zh-CN,zh;q=0.9,en;q=0.8").as_deref(), Some("zh-CN"));
        assert_eq!(first_language("*"), None);
        assert_eq!(first_language(""), None);
    }
}
