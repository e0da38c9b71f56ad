//! The platform in a process of its own, so that it can be killed.

use std::{
    io::{BufRead, BufReader},
    path::Path,
    process::{Command, Stdio},
};

use local::{Options, Platform, Storage};
use serde_json::{Value, json};

/// Tells the child where its data are.
const DATA: &str = "TRADEPOST_BENCH_CHILD_DATA";

/// A platform that runs.
pub(crate) struct Child {
    process: std::process::Child,
    pub(crate) base_url: String,
    pub(crate) aws_url: String,
    pub(crate) payments_table: String,
}

/// Whether this process is the platform.
pub(crate) fn is_meant() -> bool {
    std::env::var_os(DATA).is_some()
}

/// Is the platform until it is killed.
pub(crate) fn run() {
    let data = std::env::var_os(DATA).unwrap_or_default();
    let runtime = tokio::runtime::Builder::new_multi_thread()
        .worker_threads(2)
        .enable_all()
        .build()
        .expect("a runtime starts");
    runtime.block_on(async {
        let options = Options {
            storage: Storage::Directory(data.into()),
            seed: local::Seed::Demo,
            ..Options::ephemeral()
        };
        let running = Platform::start(options).await.unwrap_or_else(|error| panic!("{error}"));
        let tables = &running.handles.stack.tables;
        let payments = tables.get("PaymentsTable").expect("the templates have the table");
        println!(
            "{}",
            json!({"base_url": running.base_url, "aws_url": running.aws_url, "payments": payments.name})
        );
        std::future::pending::<()>().await;
    });
}

impl Child {
    /// On the data in a folder.
    pub(crate) fn begin(data: &Path) -> Self {
        let mut process = Command::new(std::env::current_exe().expect("this program has a path"))
            .env(DATA, data)
            .stdout(Stdio::piped())
            .stderr(Stdio::null())
            .spawn()
            .expect("the child starts");
        let stdout = process.stdout.take().expect("it is piped");
        let ready: Value = BufReader::new(stdout)
            .lines()
            .map_while(Result::ok)
            .find_map(|line| serde_json::from_str(&line).ok())
            .expect("the platform starts");
        let text = |name: &str| ready[name].as_str().unwrap_or_default().to_owned();
        Self {
            process,
            base_url: text("base_url"),
            aws_url: text("aws_url"),
            payments_table: text("payments"),
        }
    }

    /// `kill -9`.
    pub(crate) fn kill(mut self) {
        self.process.kill().expect("it runs");
        self.process.wait().expect("it ends");
    }
}
