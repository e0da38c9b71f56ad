//! The README is true: its script runs, and its commands are those that CI runs.

use std::process::Command;

use crate::{e2e::Stage, tidy::root};

/// Runs a script of `docs/` against a stage, and gives what it says. Fails unless it says each of its steps.
async fn script(stage: &Stage, name: &str, steps: usize) -> String {
    let agent = stage.agent.header();
    let agent = agent
        .trim_start_matches("profile=\"")
        .trim_end_matches("/profile.json\"")
        .to_owned();
    let mut script = Command::new("bash");
    script
        .arg(root().join("docs").join(name))
        .env("SHOP", &stage.platform.base_url)
        .env("STRIPE", stage.stripe.url())
        .env("WECHAT_PAY", stage.wechat_pay.url())
        .env("ALIPAY", stage.alipay.url())
        .env("AGENT", agent);
    let output = tokio::task::spawn_blocking(move || script.output().unwrap())
        .await
        .unwrap();
    let (said, failed) = (
        String::from_utf8_lossy(&output.stdout).into_owned(),
        String::from_utf8_lossy(&output.stderr),
    );
    assert!(output.status.success(), "{said}\n{failed}");
    for step in 1..=steps {
        assert!(said.contains(&format!("{step}. ")), "no step {step}:\n{said}");
    }
    said
}

#[tokio::test(flavor = "multi_thread")]
async fn the_first_order_of_the_readme_goes_through() {
    let stage = Stage::set().await;
    let said = script(&stage, "first-order.sh", 8).await;
    assert!(
        said.contains(r#""state":"completed""#) && said.contains(r#""shipment":"delivered""#),
        "{said}"
    );
    stage.settle().await;
    assert!(stage.agent.webhooks().iter().all(|webhook| webhook.verified));
}

#[tokio::test(flavor = "multi_thread")]
async fn the_three_payments_of_the_readme_go_through() {
    let stage = Stage::set().await;
    let said = script(&stage, "three-payments.sh", 6).await;
    for told in [
        r#""state":"cod_collected""#,
        r#""status":"partially_refunded""#,
        r#""progress":"settled""#,
        "provider_clearing:wechat_pay",
    ] {
        assert!(said.contains(told), "{told} is missing:\n{said}");
    }
    stage.settle().await;
    stage.audit().await;
}

#[test]
fn the_readme_names_what_is_there() {
    let readme = std::fs::read_to_string(root().join("README.md")).unwrap();
    for needed in [
        "cargo run",
        "cargo test",
        "cargo run --bin doubles",
        "docs/first-order.sh",
        "docs/three-payments.sh",
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
