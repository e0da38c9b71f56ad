//! Rules about the sources.

use super::files;

/// No file is longer than this.
const FILE_LINES_MAX: usize = 600;
/// Half of all files are shorter than this.
const FILE_LINES_MEDIAN_MAX: usize = 150;

fn all() -> Vec<(String, String)> {
    ["functions", "shared", "infra", "tests"]
        .iter()
        .flat_map(|folder| files(folder, ".rs"))
        .map(|(path, text)| (path.to_string_lossy().into_owned(), text))
        .collect()
}

#[test]
fn files_are_small() {
    let mut lengths: Vec<(usize, String)> = all()
        .into_iter()
        .map(|(path, text)| (text.lines().count(), path))
        .collect();
    lengths.sort();
    let long: Vec<_> = lengths.iter().filter(|(lines, _)| *lines > FILE_LINES_MAX).collect();
    assert!(long.is_empty(), "files above {FILE_LINES_MAX} lines: {long:?}");
    let median = lengths[lengths.len() / 2].0;
    assert!(median < FILE_LINES_MEDIAN_MAX, "the median file has {median} lines");
}

/// Who may name which SDK: path prefixes.
const SDK_USERS: &[(&str, &[&str])] = &[
    (
        "aws_sdk_dynamodb",
        &["shared/dynamo/", "shared/runtime/", "infra/", "tests/"],
    ),
    ("aws_sdk_sqs", &["shared/queue/", "shared/runtime/", "infra/", "tests/"]),
    ("aws_sdk_secretsmanager", &["shared/runtime/", "infra/", "tests/"]),
];

#[test]
fn only_the_technical_crates_name_the_sdks() {
    for (sdk, users) in SDK_USERS {
        let strangers: Vec<_> = all()
            .into_iter()
            .filter(|(path, text)| text.contains(sdk) && !users.iter().any(|user| path.starts_with(user)))
            // A context's store may, it names its own expressions.
            .filter(|(path, _)| !(path.starts_with("shared/") && path.contains("/store")))
            .map(|(path, _)| path)
            .collect();
        assert!(strangers.is_empty(), "{sdk} is named by {strangers:?}");
    }
}

#[test]
fn pure_modules_have_no_async_and_no_io() {
    let contexts = [
        "catalog",
        "inventory",
        "sales",
        "payments",
        "fulfilment",
        "messaging",
        "identity",
        "kernel",
    ];
    let io = ["async fn", ".await", "dynamo::Dynamo", "lambda_http", "tokio::"];
    for context in contexts {
        for (path, text) in files(&format!("shared/{context}/src"), ".rs") {
            let path = path.to_string_lossy().into_owned();
            let pure = [
                "/order/",
                "/checkout/",
                "/rules",
                "/events/",
                "/fold",
                "/provider/",
                "/product/",
                "/kernel/",
            ];
            let product = text.split("#[cfg(test)]").next().unwrap();
            if !pure.iter().any(|part| path.contains(part)) || path.contains("/store") {
                continue;
            }
            // A provider's thin call waits for the HTTP port, and for nothing else.
            let calls = path.contains("/provider/") && product.contains("HttpClient");
            let io: Vec<_> = io
                .iter()
                .filter(|word| !calls || !["async fn", ".await"].contains(word))
                .collect();
            if path.contains("tests") {
                continue;
            }
            let found: Vec<_> = io.iter().filter(|word| product.contains(***word)).collect();
            assert!(found.is_empty(), "{path} names {found:?}");
        }
    }
}

#[test]
fn main_files_only_launch() {
    for (path, text) in files("functions", "main.rs") {
        assert!(
            text.lines().count() <= 25 && !text.contains(" if "),
            "{} does more than launch",
            path.display()
        );
        assert!(text.contains("runtime::launch("), "{} does not launch", path.display());
    }
}

#[test]
fn nothing_is_left_unfinished() {
    let marks = [
        concat!("to", "do!("),
        concat!("unimple", "mented!("),
        concat!("#[ig", "nore"),
        concat!("FIX", "ME"),
    ];
    for (path, text) in all() {
        let found: Vec<_> = marks.iter().filter(|mark| text.contains(**mark)).collect();
        assert!(found.is_empty(), "{path}: {found:?}");
    }
}
