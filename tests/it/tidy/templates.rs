//! Rules about the templates, over what the local platform reads of them.

use std::collections::{BTreeMap, BTreeSet};

use template::{
    Options,
    model::{EventSource, Stack},
};

use super::root;

fn stack() -> Stack {
    let parameters = BTreeMap::from([("PublicUrl".to_owned(), "https://api.example.com".to_owned())]);
    let options = Options {
        parameters,
        ..Options::default()
    };
    template::read(&root().join("infra/template.yaml"), &options).unwrap_or_else(|error| panic!("{error}"))
}

#[test]
fn every_function_folder_is_one_function_of_the_templates_and_the_reverse() {
    let mut declared: Vec<_> = stack()
        .functions
        .into_values()
        .map(|function| function.binary)
        .collect();
    declared.sort();
    let mut folders: Vec<_> = std::fs::read_dir(root().join("functions"))
        .unwrap()
        .map(|entry| entry.unwrap().file_name().into_string().unwrap())
        .collect();
    folders.sort();
    assert_eq!(declared, folders);
}

#[test]
fn a_message_stays_invisible_six_times_as_long_as_its_function_may_run() {
    let stack = stack();
    for function in stack.functions.values() {
        for source in &function.sources {
            let EventSource::Queue(source) = source else { continue };
            let queue = &stack.queues[&source.queue];
            let visibility: u32 = queue
                .attributes
                .get("VisibilityTimeout")
                .map_or(30, |text| text.parse().unwrap());
            assert!(visibility >= 6 * function.timeout_s, "{}: {visibility} s", queue.place);
            assert!(source.report_failures, "{}: no ReportBatchItemFailures", function.place);
        }
    }
}

#[test]
fn every_queue_has_dead_letters_that_are_kept_longer() {
    let stack = stack();
    let by_arn: BTreeMap<_, _> = stack.queues.values().map(|queue| (queue.arn.clone(), queue)).collect();
    let retention = |queue: &template::model::Queue| -> u32 {
        queue
            .attributes
            .get("MessageRetentionPeriod")
            .map_or(345_600, |text| text.parse().unwrap())
    };
    let mut targets = BTreeSet::new();
    let mut sources = BTreeSet::new();
    for queue in stack.queues.values() {
        let Some(policy) = queue.attributes.get("RedrivePolicy") else {
            continue;
        };
        let policy: serde_json::Value = serde_json::from_str(policy).unwrap();
        let target = by_arn[policy["deadLetterTargetArn"].as_str().unwrap()];
        let tries = policy["maxReceiveCount"]
            .to_string()
            .trim_matches('"')
            .parse::<u32>()
            .unwrap();
        assert!(tries >= 5, "{}: {tries} tries", queue.place);
        assert!(retention(target) > retention(queue), "{}", queue.place);
        targets.insert(target.logical_id.clone());
        sources.insert(queue.logical_id.clone());
    }
    for function in stack.functions.values() {
        for source in &function.sources {
            let EventSource::Queue(source) = source else { continue };
            assert!(sources.contains(&source.queue), "{} has no dead letters", source.queue);
        }
    }
}

#[test]
fn no_permission_is_wild() {
    for function in stack().functions.into_values() {
        for statement in &function.statements {
            let text = |value: &serde_json::Value| match value {
                serde_json::Value::Array(all) => all.iter().map(|one| one.as_str().unwrap().to_owned()).collect(),
                one => vec![one.as_str().unwrap().to_owned()],
            };
            for action in text(&statement["Action"]) {
                assert!(!action.contains('*'), "{}: {action}", function.place);
            }
            for resource in text(&statement["Resource"]) {
                assert!(!resource.contains('*'), "{}: {resource}", function.place);
            }
        }
    }
}

#[test]
fn nobody_may_change_the_ledger() {
    for function in stack().functions.into_values() {
        for statement in &function.statements {
            if statement["Resource"].to_string().contains("LedgerTable") {
                let actions = statement["Action"].to_string();
                let changes = ["UpdateItem", "DeleteItem", "BatchWriteItem", "PartiQL"];
                assert!(
                    !changes.iter().any(|change| actions.contains(change)),
                    "{}: {actions}",
                    function.place
                );
            }
        }
    }
}
