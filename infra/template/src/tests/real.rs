//! The project's own templates.

use std::path::{Path, PathBuf};

use crate::known::{HOSTED, IGNORED, NOTHING_TO_HOST};
use crate::{Options, overrides, read};

fn infra() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).parent().unwrap().to_path_buf()
}

#[test]
fn our_own_templates_read_in_every_environment_of_samconfig() {
    for environment in ["default", "dev", "staging", "production", "local"] {
        let mut parameters = overrides(&infra().join("../samconfig.toml"), environment).unwrap();
        parameters
            .entry("PublicUrl".to_owned())
            .or_insert_with(|| "http://127.0.0.1:3000".to_owned());
        let stack = read(
            &infra().join("template.yaml"),
            &Options {
                parameters,
                ..Options::default()
            },
        )
        .unwrap();
        let api = stack.api.unwrap();
        assert!(!api.authorizers.is_empty());
        assert_eq!(stack.tables["OutboxTable"].ttl_attribute.as_deref(), Some("expires_at"));
        assert!(stack.tables["OutboxTable"].stream_arn.is_some());
    }
}

#[test]
fn a_production_stack_can_not_take_play_money() {
    let parameters = [
        ("Stage", "production"),
        ("DevelopmentPayments", "true"),
        ("PublicUrl", "https://x.example"),
    ];
    let parameters = parameters
        .into_iter()
        .map(|(name, value)| (name.to_owned(), value.to_owned()))
        .collect();
    let error = read(
        &infra().join("template.yaml"),
        &Options {
            parameters,
            ..Options::default()
        },
    )
    .unwrap_err();
    let problem = error.problems.first().unwrap().to_string();
    assert!(
        problem.starts_with("infra/template.yaml: Rules.ProductionTakesRealMoney.Assertions[0]: "),
        "{error}"
    );
}

#[test]
fn each_type_is_listed_once_and_in_order() {
    let types: Vec<&str> = NOTHING_TO_HOST.iter().map(|(kind, _)| *kind).collect();
    assert!(types.is_sorted_by(|left, right| left < right), "{types:?}");
    assert!(HOSTED.iter().all(|kind| !types.contains(kind)));
    assert!(IGNORED.iter().all(|(kind, _)| HOSTED.contains(kind)));
}
