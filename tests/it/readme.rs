//! The README is true: its script runs, and its commands are those that CI runs.

use std::process::Command;

use crate::{e2e::Stage, tidy::root};

/// What the script says, step by step.
const STEPS: usize = 8;

#[tokio::test(flavor = "multi_thread")]
async fn the_first_order_of_the_readme_goes_through() {
    let stage = Stage::set().await;
    let agent = stage.agent.header();
    let agent = agent
        .trim_start_matches("profile=\"")
        .trim_end_matches("/profile.json\"")
        .to_owned();
    let mut script = Command::new("bash");
    script
        .arg(root().join("docs/first-order.sh"))
        .env("SHOP", &stage.platform.base_url)
        .env("STRIPE", stage.stripe.url())
        .env("AGENT", agent);
    let output = tokio::task::spawn_blocking(move || script.output().unwrap())
        .await
        .unwrap();
    let (said, failed) = (
        String::from_utf8_lossy(&output.stdout),
        String::from_utf8_lossy(&output.stderr),
    );
    assert!(output.status.success(), "{said}\n{failed}");
    for step in 1..=STEPS {
        assert!(said.contains(&format!("{step}. ")), "no step {step}:\n{said}");
    }
    assert!(
        said.contains(r#""state":"completed""#) && said.contains(r#""shipment":"delivered""#),
        "{said}"
    );
    stage.settle().await;
    assert!(stage.agent.webhooks().iter().all(|webhook| webhook.verified));
}

#[test]
fn the_readme_names_what_is_there() {
    let readme = std::fs::read_to_string(root().join("README.md")).unwrap();
    for needed in [
        "cargo run",
        "cargo test",
        "cargo run --bin doubles",
        "docs/first-order.sh",
        ".ci/run",
    ] {
        assert!(readme.contains(needed), "the README does not name {needed}");
    }
    let links = readme.split("](").skip(1).filter_map(|rest| rest.split(')').next());
    for link in links.filter(|link| !link.starts_with("http")) {
        assert!(
            root().join(link).exists(),
            "the README links to {link}, which is not there"
        );
    }
}
