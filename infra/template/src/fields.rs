//! Typed reading of one mapping of properties. What was not asked for by the end is unknown, and a problem.

use std::ops::RangeInclusive;

use serde_json::{Map, Value};

use crate::intrinsics::scalar;
use crate::model::Place;
use crate::problem::Problems;

/// One mapping, being read.
#[derive(Debug)]
pub(crate) struct Fields<'a, 'p> {
    pub place: Place,
    pub problems: &'p mut Problems,
    map: Option<&'a Map<String, Value>>,
    asked: Vec<&'static str>,
}

impl<'a, 'p> Fields<'a, 'p> {
    /// Starts reading `value`, which must be a mapping.
    pub(crate) fn new(value: &'a Value, place: Place, problems: &'p mut Problems) -> Self {
        let map = value.as_object();
        if map.is_none() {
            problems.add(&place, format!("must be a mapping, not {value}"));
        }
        Self {
            place,
            problems,
            map,
            asked: Vec::new(),
        }
    }

    /// Reports a problem at one property.
    pub(crate) fn wrong(&mut self, key: &str, message: impl Into<String>) {
        self.problems.add(&self.place.key(key), message);
    }

    /// A property as it stands.
    pub(crate) fn value(&mut self, key: &'static str) -> Option<&'a Value> {
        self.asked.push(key);
        self.map.and_then(|map| map.get(key))
    }

    /// A property that must be there.
    pub(crate) fn required(&mut self, key: &'static str) -> Option<&'a Value> {
        let value = self.value(key);
        if value.is_none() && self.map.is_some() {
            self.wrong(key, "is missing");
        }
        value
    }

    /// A text.
    pub(crate) fn text(&mut self, key: &'static str) -> Option<String> {
        let value = self.value(key)?;
        let text = scalar(value);
        if text.is_none() {
            self.wrong(key, format!("must be a text, not {value}"));
        }
        text
    }

    /// A text that must be there.
    pub(crate) fn required_text(&mut self, key: &'static str) -> Option<String> {
        self.required(key)?;
        self.text(key)
    }

    /// A text out of a closed list.
    pub(crate) fn one_of(&mut self, key: &'static str, supported: &[&str]) -> Option<String> {
        let text = self.text(key)?;
        if supported.contains(&text.as_str()) {
            return Some(text);
        }
        self.wrong(
            key,
            format!("`{text}` is not supported; supported: {}", supported.join(", ")),
        );
        None
    }

    /// A whole number within the service's own limits.
    pub(crate) fn number<T>(&mut self, key: &'static str, range: RangeInclusive<T>) -> Option<T>
    where
        T: std::str::FromStr + PartialOrd + std::fmt::Display,
    {
        let text = self.text(key)?;
        match text.parse() {
            Ok(number) if range.contains(&number) => Some(number),
            Ok(_) => {
                self.wrong(
                    key,
                    format!(
                        "{text} is out of range; {} to {} are allowed",
                        range.start(),
                        range.end()
                    ),
                );
                None
            }
            Err(_) => {
                self.wrong(
                    key,
                    format!(
                        "`{text}` is not a whole number from {} to {}",
                        range.start(),
                        range.end()
                    ),
                );
                None
            }
        }
    }

    /// True or false, also as text.
    pub(crate) fn flag(&mut self, key: &'static str) -> Option<bool> {
        let text = self.text(key)?;
        match text.as_str() {
            "true" => Some(true),
            "false" => Some(false),
            _ => {
                self.wrong(key, format!("must be true or false, not `{text}`"));
                None
            }
        }
    }

    /// A list, each element with its place; empty when absent.
    pub(crate) fn items(&mut self, key: &'static str) -> Vec<(Place, &'a Value)> {
        let place = self.place.key(key);
        match self.value(key) {
            None => Vec::new(),
            Some(Value::Array(items)) => items
                .iter()
                .enumerate()
                .map(|(index, item)| (place.index(index), item))
                .collect(),
            Some(other) => {
                self.problems.add(&place, format!("must be a list, not {other}"));
                Vec::new()
            }
        }
    }

    /// A list of texts; empty when absent.
    pub(crate) fn texts(&mut self, key: &'static str) -> Vec<String> {
        let items = self.items(key);
        let mut texts = Vec::with_capacity(items.len());
        for (place, item) in items {
            match scalar(item) {
                Some(text) => texts.push(text),
                None => self.problems.add(&place, format!("must be a text, not {item}")),
            }
        }
        texts
    }

    /// A nested mapping, or `None` when absent.
    pub(crate) fn nested(&mut self, key: &'static str) -> Option<Fields<'a, '_>> {
        let value = self.value(key)?;
        Some(Fields::new(value, self.place.key(key), self.problems))
    }

    /// Ends reading: whatever was neither asked for nor may be ignored is a problem.
    pub(crate) fn finish(self, ignored: &[&str]) {
        let Self {
            place,
            problems,
            map,
            mut asked,
        } = self;
        asked.sort_unstable();
        asked.dedup();
        for key in map.into_iter().flat_map(Map::keys) {
            if !asked.contains(&key.as_str()) && !ignored.contains(&key.as_str()) {
                problems.add(
                    &place.key(key),
                    format!("is not supported; supported: {}", asked.join(", ")),
                );
            }
        }
    }
}
