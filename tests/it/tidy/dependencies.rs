//! Rules about the dependency tree: licences, banned crates, and who may depend on whom.

use std::{collections::BTreeMap, process::Command};

use serde_json::Value;

use super::root;

/// Licences that may be shipped. An expression passes when one of its alternatives is made of these.
const LICENCES: &[&str] = &[
    "0BSD",
    "Apache-2.0",
    "Apache-2.0 WITH LLVM-exception",
    "BSD-2-Clause",
    "BSD-3-Clause",
    "BSL-1.0",
    "CC0-1.0",
    "CDLA-Permissive-2.0",
    "ISC",
    "MIT",
    "MIT-0",
    "Unicode-3.0",
    "Unlicense",
    "Zlib",
];

/// Crates that must not come in, each with its reason.
const BANNED: &[(&str, &str)] = &[
    ("rsa", "RUSTSEC-2023-0071, no patched version: RSA is ring's"),
    ("openssl", "one TLS stack: rustls on ring"),
    ("native-tls", "one TLS stack: rustls on ring"),
    (
        "aws-lc-rs",
        "one crypto library: ring; its first handshake costs 30 ms of CPU",
    ),
    ("serde_yaml", "unmaintained: serde_norway"),
];

/// What each crate of ours may depend on, of ours. Functions are checked by rule below.
const MAY_USE: &[(&str, &[&str])] = &[
    ("kernel", &[]),
    ("dynamo", &["kernel"]),
    ("queue", &["kernel"]),
    ("web", &["kernel"]),
    ("ucp", &["kernel", "web"]),
    ("privacy", &["kernel", "dynamo"]),
    ("runtime", &["kernel", "dynamo", "queue", "web"]),
    ("desk", &["kernel", "dynamo", "web"]),
    ("catalog", &["kernel", "dynamo"]),
    ("inventory", &["kernel", "dynamo"]),
    (
        "sales",
        &[
            "kernel",
            "dynamo",
            "catalog",
            "inventory",
            "payments",
            "privacy",
            "ucp",
            "web",
        ],
    ),
    ("payments", &["kernel", "dynamo", "web"]),
    ("payment-gateways", &["payments", "runtime"]),
    ("fulfilment", &["kernel", "dynamo", "web"]),
    ("messaging", &["kernel", "dynamo", "web", "privacy", "ucp"]),
    ("identity", &["kernel", "dynamo", "web", "privacy"]),
    ("template", &[]),
    ("sqs", &[]),
];

fn metadata() -> Value {
    let output = Command::new(env!("CARGO"))
        .args([
            "metadata",
            "--format-version",
            "1",
            "--locked",
            "--offline",
            "--filter-platform",
            "x86_64-unknown-linux-gnu",
        ])
        .current_dir(root())
        .output()
        .unwrap();
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    serde_json::from_slice(&output.stdout).unwrap()
}

fn packages(metadata: &Value) -> impl Iterator<Item = &Value> {
    metadata["packages"].as_array().unwrap().iter()
}

fn ours(package: &Value) -> bool {
    package["source"].is_null()
}

#[test]
fn every_licence_may_be_shipped() {
    for package in packages(&metadata()).filter(|package| !ours(package)) {
        let expression = package["license"].as_str().unwrap_or("none given");
        let passes = |alternative: &str| {
            let alternative = alternative.trim_matches(|c| c == '(' || c == ')' || c == ' ');
            alternative
                .split(" AND ")
                .all(|licence| LICENCES.contains(&licence.trim_matches(|c| c == '(' || c == ')' || c == ' ')))
        };
        let expression = expression.replace('/', " OR ");
        assert!(
            expression.split(" OR ").any(passes),
            "{}: {expression}",
            package["name"]
        );
    }
}

#[test]
fn no_banned_crate_comes_in() {
    let metadata = metadata();
    for package in packages(&metadata) {
        let name = package["name"].as_str().unwrap();
        let banned = BANNED.iter().find(|(banned, _)| *banned == name);
        assert!(banned.is_none(), "{banned:?}");
    }
}

#[test]
fn crates_depend_on_what_they_may_know() {
    let metadata = metadata();
    let allowed: BTreeMap<_, _> = MAY_USE.iter().copied().collect();
    let names: Vec<_> = packages(&metadata)
        .filter(|package| ours(package))
        .map(|p| p["name"].as_str().unwrap())
        .collect();
    for package in packages(&metadata).filter(|package| ours(package)) {
        let name = package["name"].as_str().unwrap();
        let function = package["manifest_path"].as_str().unwrap().contains("/functions/");
        let edges = package["dependencies"].as_array().unwrap().iter();
        let used: Vec<_> = edges
            .filter(|edge| edge["kind"] != "dev")
            .map(|edge| edge["name"].as_str().unwrap())
            .filter(|edge| names.contains(edge))
            .collect();
        if function {
            let shared = |edge: &&&str| !allowed.contains_key(**edge) || ["template", "sqs"].contains(*edge);
            let strange: Vec<_> = used.iter().filter(shared).collect();
            assert!(strange.is_empty(), "function {name} knows {strange:?}");
        } else if let Some(may) = allowed.get(name) {
            let strange: Vec<_> = used.iter().filter(|edge| !may.contains(edge)).collect();
            assert!(strange.is_empty(), "{name} knows {strange:?}");
        } else {
            assert!(
                ["tradepost", "tests", "testkit"].contains(&name),
                "{name} has no row in the table"
            );
        }
    }
}
