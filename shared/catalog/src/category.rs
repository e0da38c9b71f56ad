//! Categories: a tree, and the attributes that each defines.

use std::{collections::BTreeMap, fmt, str::FromStr};

use kernel::Text;
use serde::{Deserialize, Deserializer, Serialize};

use crate::Localised;

/// The most categories of one shop: the whole tree is read at once.
pub const CATEGORIES_MAX: u16 = 500;
/// The most levels of the tree: a product has an index row per level.
pub const CATEGORY_DEPTH_MAX: usize = 4;
/// The most attributes that one category defines.
const ATTRIBUTES_MAX: usize = 30;
/// The most values to choose from of one attribute.
const CHOICES_MAX: usize = 100;
/// The longest slug, in bytes.
const SLUG_BYTES_MAX: usize = 60;

/// A name for URLs and filters: lower-case letters, digits and hyphens.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize)]
#[serde(transparent)]
pub struct Slug(String);

/// A text that is no slug.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("must have 1 to {SLUG_BYTES_MAX} lower-case letters, digits and hyphens")]
pub struct SlugError;

impl Slug {
    /// The text.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl FromStr for Slug {
    type Err = SlugError;
    fn from_str(text: &str) -> Result<Self, SlugError> {
        let plain = text
            .bytes()
            .all(|b| b.is_ascii_lowercase() || b.is_ascii_digit() || b == b'-');
        if text.is_empty() || text.len() > SLUG_BYTES_MAX || !plain {
            return Err(SlugError);
        }
        Ok(Self(text.to_owned()))
    }
}

impl fmt::Display for Slug {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

impl<'de> Deserialize<'de> for Slug {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let text = std::borrow::Cow::<'de, str>::deserialize(deserializer)?;
        text.parse().map_err(serde::de::Error::custom)
    }
}

/// What values an attribute takes.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "kind", rename_all = "snake_case")]
pub enum AttributeKind {
    /// Any text.
    Text,
    /// A whole number.
    Number,
    /// Yes or no.
    Boolean,
    /// One of these.
    Choice {
        /// The values.
        values: Vec<Text<100>>,
    },
}

/// An attribute that products of a category have.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct AttributeDefinition {
    /// By which products and filters name it.
    pub name: Slug,
    /// What readers see.
    pub label: Localised<100>,
    /// What values it takes.
    #[serde(flatten)]
    pub kind: AttributeKind,
    /// Whether a product must have it to be published.
    #[serde(default)]
    pub required: bool,
}

/// A product's value of an attribute.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(untagged)]
pub enum AttributeValue {
    /// Yes or no.
    Boolean(bool),
    /// A whole number.
    Number(i64),
    /// A text, chosen or free.
    Text(Text<500>),
}

impl AttributeKind {
    /// Whether a value is one of this kind.
    pub fn accepts(&self, value: &AttributeValue) -> bool {
        match (self, value) {
            (Self::Text, AttributeValue::Text(_))
            | (Self::Number, AttributeValue::Number(_))
            | (Self::Boolean, AttributeValue::Boolean(_)) => true,
            (Self::Choice { values }, AttributeValue::Text(text)) => values.iter().any(|v| v.as_str() == text.as_str()),
            (
                Self::Text | Self::Number | Self::Boolean | Self::Choice { .. },
                AttributeValue::Text(_) | AttributeValue::Number(_) | AttributeValue::Boolean(_),
            ) => false,
        }
    }
}

/// A category.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Category {
    /// Its name in URLs and filters, for ever.
    pub slug: Slug,
    /// The category above.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub parent: Option<Slug>,
    /// What readers see.
    pub title: Localised<100>,
    /// Attributes of its products, beside those of the categories above.
    #[serde(default)]
    pub attributes: Vec<AttributeDefinition>,
    /// Grows with each change.
    #[serde(default)]
    pub version: u64,
}

/// What is wrong with a category.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum CategoryFault {
    /// The category above does not exist.
    #[error("there is no category {0}")]
    UnknownParent(Slug),
    /// Too deep, or its own ancestor.
    #[error("the tree has at most {CATEGORY_DEPTH_MAX} levels and no loops")]
    TooDeep,
    /// Too many attributes or choices.
    #[error("at most {ATTRIBUTES_MAX} attributes and {CHOICES_MAX} choices each")]
    TooManyAttributes,
    /// An attribute is defined twice, here or above.
    #[error("attribute {0} is defined twice")]
    Twice(Slug),
    /// The shop has as many categories as it can.
    #[error("at most {CATEGORIES_MAX} categories")]
    TooMany,
}

/// All categories.
#[derive(Debug, Clone, Default)]
pub struct Tree(BTreeMap<Slug, Category>);

impl Tree {
    /// From all categories.
    pub fn of(categories: impl IntoIterator<Item = Category>) -> Self {
        Self(
            categories
                .into_iter()
                .map(|category| (category.slug.clone(), category))
                .collect(),
        )
    }

    /// A category.
    pub fn get(&self, slug: &Slug) -> Option<&Category> {
        self.0.get(slug)
    }

    /// Every category, by slug.
    pub fn all(&self) -> impl Iterator<Item = &Category> {
        self.0.values()
    }

    /// A category and those above it, from itself to the root; empty when it does not exist.
    pub fn path(&self, slug: &Slug) -> Vec<&Category> {
        let mut path = Vec::new();
        let mut next = self.0.get(slug);
        while let Some(category) = next
            && path.len() <= CATEGORY_DEPTH_MAX
        {
            path.push(category);
            next = category.parent.as_ref().and_then(|parent| self.0.get(parent));
        }
        path
    }

    /// The attributes of a category's products, its own and those from above.
    pub fn attributes(&self, slug: &Slug) -> Vec<&AttributeDefinition> {
        self.path(slug)
            .into_iter()
            .flat_map(|category| &category.attributes)
            .collect()
    }

    /// Whether a category may be written into the tree, new or changed. The depth is checked at every category below it.
    pub fn check(&self, category: &Category) -> Result<(), CategoryFault> {
        let mut tree = self.clone();
        tree.0.insert(category.slug.clone(), category.clone());
        if tree.0.len() > usize::from(CATEGORIES_MAX) {
            return Err(CategoryFault::TooMany);
        }
        if let Some(parent) = category.parent.as_ref().filter(|parent| !self.0.contains_key(*parent)) {
            return Err(CategoryFault::UnknownParent(parent.clone()));
        }
        if tree.0.keys().any(|slug| tree.path(slug).len() > CATEGORY_DEPTH_MAX) {
            return Err(CategoryFault::TooDeep);
        }
        let choices = |kind: &AttributeKind| match kind {
            AttributeKind::Choice { values } => values.len(),
            AttributeKind::Text | AttributeKind::Number | AttributeKind::Boolean => 0,
        };
        let too_many = |definition: &AttributeDefinition| choices(&definition.kind) > CHOICES_MAX;
        if category.attributes.len() > ATTRIBUTES_MAX || category.attributes.iter().any(too_many) {
            return Err(CategoryFault::TooManyAttributes);
        }
        let mut seen = std::collections::BTreeSet::new();
        let twice = tree
            .attributes(&category.slug)
            .into_iter()
            .find(|definition| !seen.insert(&definition.name));
        twice.map_or(Ok(()), |definition| Err(CategoryFault::Twice(definition.name.clone())))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn category(slug: &str, parent: Option<&str>) -> Category {
        let title = Localised::parse([("en", slug)]).unwrap();
        let parent = parent.map(|parent| parent.parse().unwrap());
        Category {
            slug: slug.parse().unwrap(),
            parent,
            title,
            attributes: Vec::new(),
            version: 1,
        }
    }

    #[test]
    fn the_tree_has_no_loops_and_bounded_depth() {
        let tree = Tree::of([category("a", None), category("b", Some("a")), category("c", Some("b"))]);
        assert_eq!(tree.check(&category("d", Some("c"))), Ok(()));
        assert_eq!(tree.check(&category("a", Some("c"))), Err(CategoryFault::TooDeep));
        assert_eq!(
            tree.check(&category("d", Some("x"))),
            Err(CategoryFault::UnknownParent("x".parse().unwrap()))
        );
        let tree = Tree::of([
            category("a", None),
            category("b", Some("a")),
            category("c", Some("b")),
            category("d", Some("c")),
        ]);
        assert_eq!(tree.check(&category("e", Some("d"))), Err(CategoryFault::TooDeep));
        let path: Vec<_> = tree
            .path(&"c".parse().unwrap())
            .iter()
            .map(|c| c.slug.to_string())
            .collect();
        assert_eq!(path, ["c", "b", "a"]);
    }

    #[test]
    fn an_attribute_is_defined_once_on_the_way_up() {
        let definition: AttributeDefinition =
            serde_json::from_str(r#"{"name":"material","label":{"en":"Material"},"kind":"choice","values":["wool"]}"#)
                .unwrap();
        let mut top = category("a", None);
        top.attributes.push(definition.clone());
        let mut below = category("b", Some("a"));
        below.attributes.push(definition.clone());
        assert_eq!(
            Tree::of([top]).check(&below),
            Err(CategoryFault::Twice("material".parse().unwrap()))
        );
        assert!(
            definition
                .kind
                .accepts(&AttributeValue::Text(Text::parse("wool").unwrap()))
        );
        assert!(
            !definition
                .kind
                .accepts(&AttributeValue::Text(Text::parse("silk").unwrap()))
        );
        assert!(!definition.kind.accepts(&AttributeValue::Number(1)));
    }
}
