//! Texts in several languages.

use std::collections::BTreeMap;

use kernel::{Text, TextError};
use serde::{Deserialize, Deserializer, Serialize};

/// The most languages of one text.
const LANGUAGES_MAX: usize = 10;
/// The longest language tag, in bytes.
const TAG_BYTES_MAX: usize = 35;
/// What is shown to readers whose language is missing.
const FALLBACK: &str = "en";

/// A text of at most `MAX` characters per language, by BCP 47 tag; in at least one language.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[serde(transparent)]
pub struct Localised<const MAX: usize>(BTreeMap<String, Text<MAX>>);

/// Why texts were refused.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum TextsError {
    /// Not one language.
    #[error("must be given in at least one language")]
    Empty,
    /// Too many languages.
    #[error("must be given in at most {LANGUAGES_MAX} languages")]
    TooMany,
    /// A tag is not of the form `zh`, `zh-Hans` or `en-GB`.
    #[error("{0:?} is not a language tag")]
    Tag(String),
    /// A text does not hold.
    #[error("{tag}: {error}")]
    Text {
        /// In which language.
        tag: String,
        /// Why.
        error: TextError,
    },
}

impl<const MAX: usize> Localised<MAX> {
    /// From texts by language tag.
    pub fn parse<'a>(texts: impl IntoIterator<Item = (&'a str, &'a str)>) -> Result<Self, TextsError> {
        let mut parsed = BTreeMap::new();
        for (tag, text) in texts {
            if !is_tag(tag) {
                return Err(TextsError::Tag(tag.chars().take(TAG_BYTES_MAX).collect()));
            }
            let text = Text::parse(text).map_err(|error| TextsError::Text {
                tag: tag.to_owned(),
                error,
            })?;
            parsed.insert(tag.to_owned(), text);
        }
        match parsed.len() {
            0 => Err(TextsError::Empty),
            1..=LANGUAGES_MAX => Ok(Self(parsed)),
            _ => Err(TextsError::TooMany),
        }
    }

    /// The text for a reader: in the wanted language, else in another of the same primary language, else in English,
    /// else in the first there is.
    pub fn pick(&self, language: Option<&str>) -> &str {
        let same = |a: &str, b: &str| a.eq_ignore_ascii_case(b);
        let by = |wanted: &str| self.0.iter().find(|(tag, _)| same(tag, wanted));
        let by_primary = |wanted: &str| self.0.iter().find(|(tag, _)| same(primary(tag), primary(wanted)));
        let wanted = language.and_then(|wanted| by(wanted).or_else(|| by_primary(wanted)));
        let found = wanted.or_else(|| by_primary(FALLBACK)).or_else(|| self.0.iter().next());
        found.map(|(_, text)| text.as_str()).unwrap_or_default()
    }

    /// Every language's text.
    pub fn all(&self) -> impl Iterator<Item = (&str, &str)> {
        self.0.iter().map(|(tag, text)| (tag.as_str(), text.as_str()))
    }
}

fn primary(tag: &str) -> &str {
    tag.split('-').next().unwrap_or(tag)
}

fn is_tag(tag: &str) -> bool {
    let part = |part: &str| (1..=8).contains(&part.len()) && part.bytes().all(|b| b.is_ascii_alphanumeric());
    let first = primary(tag);
    tag.len() <= TAG_BYTES_MAX
        && (2..=3).contains(&first.len())
        && first.bytes().all(|b| b.is_ascii_lowercase())
        && tag.split('-').all(part)
}

impl<'de, const MAX: usize> Deserialize<'de> for Localised<MAX> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let texts = BTreeMap::<String, String>::deserialize(deserializer)?;
        Self::parse(texts.iter().map(|(tag, text)| (tag.as_str(), text.as_str()))).map_err(serde::de::Error::custom)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn readers_get_the_nearest_language() {
        let texts = Localised::<50>::parse([("zh-Hans", "茶"), ("en", "tea"), ("de", "Tee")]).unwrap();
        assert_eq!(texts.pick(Some("zh-CN")), "茶");
        assert_eq!(texts.pick(Some("de-AT")), "Tee");
        assert_eq!(texts.pick(Some("fr")), "tea");
        assert_eq!(texts.pick(None), "tea");
        let chinese = Localised::<50>::parse([("zh", "茶")]).unwrap();
        assert_eq!(chinese.pick(Some("fr")), "茶");
    }

    #[test]
    fn tags_and_texts_are_checked() {
        assert_eq!(Localised::<50>::parse([]), Err(TextsError::Empty));
        for tag in ["", "e", "EN", "english1", "en_GB", "en-", "zh-#"] {
            assert!(
                matches!(Localised::<50>::parse([(tag, "x")]), Err(TextsError::Tag(_))),
                "{tag}"
            );
        }
        assert!(matches!(
            Localised::<3>::parse([("en", "long")]),
            Err(TextsError::Text { .. })
        ));
        assert!(serde_json::from_str::<Localised<9>>(r#"{"en":"tea"}"#).is_ok());
    }
}
