//! Platforms that are known before they ask.

use std::collections::BTreeMap;

use serde::Deserialize;
use serde_json::Value;

/// Pre-approved platforms, with the answer that their profile URL is taken to give: they are never fetched.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct Platforms {
    answers: BTreeMap<String, Answer>,
    loopback: bool,
}

/// A pinned answer.
#[derive(Debug, Clone, PartialEq)]
pub(crate) struct Answer {
    pub(crate) status: u16,
    pub(crate) body: Vec<u8>,
    /// Whether its requests count only when they are signed.
    pub(crate) signed: bool,
}

/// The configuration is not a registry of platforms.
#[derive(Debug, thiserror::Error)]
#[error("known platforms: {0}")]
pub struct PlatformsError(#[from] serde_json::Error);

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Pinned {
    #[serde(default)]
    profile: Option<Value>,
    #[serde(default)]
    text: Option<String>,
    #[serde(default)]
    status: Option<u16>,
    #[serde(default)]
    signed: bool,
}

impl Platforms {
    /// From JSON: by profile URL `{"profile": {…}}`, or, to rehearse failures, `{"text": "…"}` (what it answers instead)
    /// or `{"status": 504}`. With `"signed": true` nobody can act for the platform without its key. `loopback`: whether strangers may name this machine over plain http, as in development.
    ///
    /// # Errors
    ///
    /// When the JSON does not have that shape.
    pub fn parse(json: &str, loopback: bool) -> Result<Self, PlatformsError> {
        let pinned: BTreeMap<String, Pinned> = if json.trim().is_empty() {
            BTreeMap::new()
        } else {
            serde_json::from_str(json)?
        };
        let answers = pinned.into_iter().map(|(url, pinned)| {
            let Pinned {
                profile,
                text,
                status,
                signed,
            } = pinned;
            let body = text
                .or_else(|| profile.map(|profile| profile.to_string()))
                .unwrap_or_default()
                .into_bytes();
            (
                url,
                Answer {
                    status: status.unwrap_or(200),
                    body,
                    signed,
                },
            )
        });
        Ok(Self {
            answers: answers.collect(),
            loopback,
        })
    }

    pub(crate) fn answer(&self, url: &str) -> Option<&Answer> {
        self.answers.get(url)
    }

    pub(crate) const fn loopback(&self) -> bool {
        self.loopback
    }
}
