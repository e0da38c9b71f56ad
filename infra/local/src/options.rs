//! What a platform is started with.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use crate::front::Interceptor;
use crate::functions::Functions;

/// The port that the gateway takes when none is named.
pub const PORT: u16 = 8080;
/// The root template, from the top of the checkout.
const TEMPLATE: &str = "infra/template.yaml";

/// Where state is kept.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Storage {
    /// In memory, gone at the end.
    Ephemeral,
    /// In this directory, which survives a restart and a crash.
    Directory(PathBuf),
}

/// Demo data.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Seed {
    /// `local/seed/demo.json` beside the template, where there is one.
    Demo,
    /// This script.
    Script(PathBuf),
    /// None.
    Nothing,
}

/// What a platform is started with. [`Options::ephemeral`] is what tests want.
#[derive(Clone)]
pub struct Options {
    /// Port of the gateway on loopback; 0 takes a free one.
    pub port: u16,
    /// Port of the front for SDK calls; 0 takes a free one.
    pub aws_port: u16,
    /// Where state is kept.
    pub storage: Storage,
    /// Demo data.
    pub seed: Seed,
    /// The root template.
    pub template: PathBuf,
    /// Parameters of the root template, over those of `samconfig.toml`.
    pub parameters: BTreeMap<String, String>,
    /// Values of secrets by logical id; `local/secrets.dev.json` beside the template when `None`.
    pub secrets: Option<PathBuf>,
    /// Code by binary name.
    pub functions: Functions,
    /// See every SDK call that the functions' policies allow; for faults.
    pub interceptors: Vec<Arc<dyn Interceptor>>,
    /// Whether functions are held to the policies of their templates.
    pub permissions: bool,
    /// Whether schedules fire by themselves; off, only `Running::sources` fires them.
    pub schedules: bool,
}

impl Options {
    /// On free ports, in memory, without demo data, from this checkout's own templates.
    pub fn ephemeral() -> Self {
        Self {
            port: 0,
            aws_port: 0,
            storage: Storage::Ephemeral,
            seed: Seed::Nothing,
            template: default_template(),
            parameters: BTreeMap::new(),
            secrets: None,
            functions: Functions::of_this_build(),
            interceptors: Vec::new(),
            permissions: true,
            schedules: true,
        }
    }

    /// The folder of the templates.
    pub(crate) fn infra(&self) -> &Path {
        self.template.parent().unwrap_or(Path::new("."))
    }

    /// The file with the secrets, if there is one.
    pub(crate) fn secrets_file(&self) -> Option<PathBuf> {
        let default = self.infra().join("local/secrets.dev.json");
        self.secrets.clone().or_else(|| default.exists().then_some(default))
    }

    /// The seed script, if there is one.
    pub(crate) fn seed_file(&self) -> Option<PathBuf> {
        match &self.seed {
            Seed::Nothing => None,
            Seed::Script(path) => Some(path.clone()),
            Seed::Demo => Some(self.infra().join("local/seed/demo.json")).filter(|path| path.exists()),
        }
    }
}

/// The root template of the checkout that the current directory is in, else of the checkout this was built in.
pub(crate) fn default_template() -> PathBuf {
    let current = std::env::current_dir().unwrap_or_default();
    let found = current
        .ancestors()
        .map(|folder| folder.join(TEMPLATE))
        .find(|path| path.exists());
    found.unwrap_or_else(|| {
        let infra = Path::new(env!("CARGO_MANIFEST_DIR")).parent().unwrap_or(Path::new("."));
        infra.join("template.yaml")
    })
}
