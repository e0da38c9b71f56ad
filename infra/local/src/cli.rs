//! The command line.

use std::path::PathBuf;

use clap::Parser;

use crate::functions::Functions;
use crate::options::{Options, PORT, Seed, Storage, default_template};

#[expect(clippy::struct_excessive_bools, reason = "each is a switch of the command line")]
/// Runs the whole of Tradepost on this machine, from the SAM templates.
#[derive(Debug, Parser)]
#[command(name = "tradepost", version)]
pub struct Arguments {
    /// Port of the HTTP API on 127.0.0.1; 0 takes a free one.
    #[arg(long, default_value_t = PORT)]
    pub port: u16,
    /// Port of the endpoint for AWS SDKs and the CLI; 0 takes a free one.
    #[arg(long, default_value_t = 0)]
    pub aws_port: u16,
    /// Where state is kept.
    #[arg(long, value_name = "DIR", default_value = ".tradepost", conflicts_with = "ephemeral")]
    pub data: PathBuf,
    /// Keeps everything in memory.
    #[arg(long)]
    pub ephemeral: bool,
    /// Demo data, loaded on the first start of a data directory [default: infra/local/seed/demo.json].
    #[arg(long, value_name = "FILE", conflicts_with = "no_seed")]
    pub seed: Option<PathBuf>,
    /// Loads no demo data.
    #[arg(long)]
    pub no_seed: bool,
    /// What is logged, e.g. `info` or `warn,local=debug` [default: warn,local=info].
    #[arg(long, value_name = "FILTER")]
    pub log: Option<String>,
    /// Logs what functions log as well.
    #[arg(long)]
    pub function_logs: bool,
    /// The root template [default: infra/template.yaml of this checkout].
    #[arg(long, value_name = "FILE")]
    pub template: Option<PathBuf>,
    /// Sets a parameter of the root template; may be repeated.
    #[arg(long = "parameter", value_name = "NAME=VALUE", value_parser = pair)]
    pub parameters: Vec<(String, String)>,
    /// Values of secrets, JSON by logical id [default: infra/local/secrets.dev.json].
    #[arg(long, value_name = "FILE")]
    pub secrets: Option<PathBuf>,
    /// Prints one line `TRADEPOST READY {…}` instead of the welcome.
    #[arg(long)]
    pub json: bool,
}

fn pair(text: &str) -> Result<(String, String), String> {
    let (name, value) = text.split_once('=').ok_or("expected NAME=VALUE")?;
    Ok((name.to_owned(), value.to_owned()))
}

impl Arguments {
    /// What the platform is started with.
    pub fn options(&self) -> Options {
        let storage = if self.ephemeral {
            Storage::Ephemeral
        } else {
            Storage::Directory(self.data.clone())
        };
        let seed = match (&self.seed, self.no_seed) {
            (_, true) => Seed::Nothing,
            (Some(path), false) => Seed::Script(path.clone()),
            (None, false) => Seed::Demo,
        };
        Options {
            port: self.port,
            aws_port: self.aws_port,
            storage,
            seed,
            template: self.template.clone().unwrap_or_else(default_template),
            parameters: self.parameters.iter().cloned().collect(),
            secrets: self.secrets.clone(),
            functions: Functions::of_this_build(),
            interceptors: Vec::new(),
            permissions: true,
            schedules: true,
        }
    }

    /// The log filter.
    pub fn filter(&self) -> &str {
        let default = if self.function_logs { "info" } else { "warn,local=info" };
        self.log.as_deref().unwrap_or(default)
    }
}

#[cfg(test)]
mod tests {

    use clap::{CommandFactory, Parser};

    use super::Arguments;
    use crate::options::{Seed, Storage};

    #[test]
    fn the_arguments_are_consistent() {
        Arguments::command().debug_assert();
    }

    #[test]
    fn parameters_and_switches_become_options() {
        let text = [
            "tradepost",
            "--ephemeral",
            "--no-seed",
            "--port",
            "0",
            "--parameter",
            "Stage=dev",
            "--parameter",
            "A=b=c",
        ];
        let options = Arguments::try_parse_from(text).unwrap().options();
        assert_eq!(
            (options.port, options.storage, options.seed),
            (0, Storage::Ephemeral, Seed::Nothing)
        );
        assert_eq!(options.parameters["A"], "b=c");
        assert!(Arguments::try_parse_from(["tradepost", "--parameter", "nothing"]).is_err());
    }
}
