//! Templates: data files with named placeholders, `{order}`.

use std::collections::BTreeMap;

use serde::Deserialize;

use super::{Channel, Language};

/// All templates, as JSON: name, language, channel, subject, body.
const SOURCE: &str = include_str!("templates.json");

/// Names of all templates. Each is there in every language, as e-mail and as text message.
pub const TEMPLATES: &[&str] = &[
    "order-placed",
    "order-paid",
    "order-shipped",
    "order-delivered",
    "order-cancelled",
    "order-expired",
    "refund-requested",
    "code",
    "staff-payment-held",
    "staff-shipment-exception",
    "staff-shipment-silent",
    "staff-stock-low",
    "staff-webhook-stopped",
];

/// One text.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Template {
    /// One of [`TEMPLATES`].
    pub name: String,
    /// Its language.
    pub language: Language,
    /// `email` or `sms`; what goes to a URL takes the e-mail's.
    pub channel: Channel,
    /// Subject, of e-mails.
    #[serde(default)]
    pub subject: Option<String>,
    /// Text.
    pub body: String,
}

/// Why a template does not render.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum RenderError {
    /// The data file is broken.
    #[error("the templates do not read")]
    Source,
    /// There is no such template.
    #[error("there is no template {0}")]
    Unknown(String),
    /// A placeholder has no value.
    #[error("template {template} wants a value for {placeholder}")]
    Missing {
        /// The template.
        template: String,
        /// The placeholder.
        placeholder: String,
    },
}

fn all() -> Result<Vec<Template>, RenderError> {
    serde_json::from_str(SOURCE).map_err(|_| RenderError::Source)
}

/// Subject and body of a template, with its placeholders replaced.
///
/// # Errors
///
/// When there is no such template, or a placeholder has no value.
pub fn render(
    name: &str,
    language: Language,
    channel: Channel,
    values: &BTreeMap<&str, String>,
) -> Result<(Option<String>, String), RenderError> {
    let channel = match channel {
        Channel::Sms => Channel::Sms,
        Channel::Email | Channel::Webhook => Channel::Email,
    };
    let is = |t: &Template| t.name == name && t.language == language && t.channel == channel;
    let template = all()?
        .into_iter()
        .find(is)
        .ok_or_else(|| RenderError::Unknown(name.to_owned()))?;
    let fill = |text: &str| filled(name, text, values);
    Ok((
        template.subject.as_deref().map(fill).transpose()?,
        fill(&template.body)?,
    ))
}

fn filled(template: &str, text: &str, values: &BTreeMap<&str, String>) -> Result<String, RenderError> {
    let mut pieces = text.split('{');
    let mut filled = pieces.next().unwrap_or_default().to_owned();
    for piece in pieces {
        let (placeholder, rest) = piece.split_once('}').unwrap_or((piece, ""));
        let missing = || RenderError::Missing {
            template: template.to_owned(),
            placeholder: placeholder.to_owned(),
        };
        filled.push_str(values.get(placeholder).ok_or_else(missing)?);
        filled.push_str(rest);
    }
    Ok(filled)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn values() -> BTreeMap<&'static str, String> {
        let names = [
            "order", "total", "link", "parcel", "code", "minutes", "reason", "variant", "free", "origin", "amount",
        ];
        names.into_iter().map(|name| (name, format!("<{name}>"))).collect()
    }

    #[test]
    fn every_template_renders_in_every_language_as_email_and_text_message() {
        for name in TEMPLATES {
            for language in [Language::Zh, Language::En] {
                let (subject, body) = render(name, language, Channel::Email, &values()).unwrap();
                assert!(
                    subject.is_some_and(|subject| !subject.is_empty()) && !body.contains('{'),
                    "{name}"
                );
                let (subject, body) = render(name, language, Channel::Sms, &values()).unwrap();
                assert!(
                    subject.is_none() && !body.contains('{') && body.chars().count() <= 300,
                    "{name}: {body}"
                );
            }
        }
        assert_eq!(all().unwrap().len(), TEMPLATES.len() * 4);
    }

    #[test]
    fn languages_of_one_template_say_the_same_things() {
        let placeholders = |text: &str| {
            let mut found: Vec<String> = text
                .split('{')
                .skip(1)
                .filter_map(|p| p.split_once('}'))
                .map(|(name, _)| name.to_owned())
                .collect();
            found.sort();
            found
        };
        let all = all().unwrap();
        for zh in all.iter().filter(|template| template.language == Language::Zh) {
            let twin = |t: &&Template| t.name == zh.name && t.channel == zh.channel && t.language == Language::En;
            let en = all.iter().find(twin).unwrap();
            assert_eq!(placeholders(&zh.body), placeholders(&en.body), "{}", zh.name);
        }
    }

    #[test]
    fn a_missing_value_is_named() {
        let error = render("code", Language::En, Channel::Sms, &BTreeMap::new()).unwrap_err();
        assert!(matches!(error, RenderError::Missing { placeholder, .. } if placeholder == "code"));
        let error = render("nothing", Language::En, Channel::Sms, &BTreeMap::new()).unwrap_err();
        assert_eq!(error, RenderError::Unknown("nothing".to_owned()));
    }
}
