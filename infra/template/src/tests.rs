//! What the reader makes of templates.

mod fixture;
mod globals;
mod intrinsics;
mod nested;
mod parameters;
mod real;
mod refused;
mod refused_api;
mod samconfig;
mod schedule;

use std::path::PathBuf;

use crate::model::Stack;
use crate::{Options, read};

/// Template files in a folder of their own, removed at the end.
pub(crate) struct Files(PathBuf);

impl Files {
    /// Writes `files` (name, text) under `…/<test>/infra`. `test` is unique among the tests.
    pub(crate) fn new(test: &str, files: &[(&str, &str)]) -> Self {
        let folder = std::env::temp_dir().join(format!("tradepost-template-{}-{test}", std::process::id()));
        std::fs::create_dir_all(folder.join("infra")).unwrap();
        for (name, text) in files {
            std::fs::write(folder.join("infra").join(name), text).unwrap();
        }
        Self(folder)
    }

    /// Path of one of the files.
    pub(crate) fn path(&self, name: &str) -> PathBuf {
        self.0.join("infra").join(name)
    }
}

impl Drop for Files {
    fn drop(&mut self) {
        drop(std::fs::remove_dir_all(&self.0));
    }
}

/// The stack of a root template, or its problems as texts.
pub(crate) fn read_with(test: &str, files: &[(&str, &str)], parameters: &[(&str, &str)]) -> Result<Stack, Vec<String>> {
    let files = Files::new(test, files);
    let parameters = parameters
        .iter()
        .map(|(name, value)| ((*name).to_owned(), (*value).to_owned()))
        .collect();
    read(
        &files.path("template.yaml"),
        &Options {
            parameters,
            ..Options::default()
        },
    )
    .map_err(|error| error.problems.iter().map(ToString::to_string).collect())
}

/// The problems of one template, which must have some.
pub(crate) fn problems(test: &str, template: &str) -> Vec<String> {
    read_with(test, &[("template.yaml", template)], &[]).unwrap_err()
}
