//! How far a seed script came, kept in the data directory.

use std::collections::BTreeMap;
use std::fs;
use std::io;
use std::path::Path;

use serde::{Deserialize, Serialize};

use super::SeedError;

/// File of the progress in the data directory.
const FILE: &str = "seeded.json";

/// Steps done and variables saved.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct Progress {
    /// Steps done, from the first on.
    pub done: usize,
    /// Variables saved by them.
    pub variables: BTreeMap<String, String>,
}

impl Progress {
    /// Nothing yet, or what the data directory remembers.
    pub(crate) fn load(data: Option<&Path>) -> Result<Self, SeedError> {
        let Some(path) = data.map(|data| data.join(FILE)) else {
            return Ok(Self::default());
        };
        match fs::read(&path) {
            Ok(text) => serde_json::from_slice(&text).map_err(|error| SeedError::Progress {
                path,
                source: error.into(),
            }),
            Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(Self::default()),
            Err(source) => Err(SeedError::Progress { path, source }),
        }
    }

    /// Writes it as a whole, so that a crash leaves the old or the new one.
    pub(super) fn keep(&self, data: Option<&Path>) -> Result<(), SeedError> {
        let Some(path) = data.map(|data| data.join(FILE)) else {
            return Ok(());
        };
        let fresh = path.with_extension("json.new");
        let text = serde_json::to_vec_pretty(self).map_err(io::Error::from);
        let kept = text
            .and_then(|text| fs::write(&fresh, text))
            .and_then(|()| fs::rename(&fresh, &path));
        kept.map_err(|source| SeedError::Progress { path, source })
    }
}
