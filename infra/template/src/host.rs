//! From resolved resources to what the platform hosts.

mod api;
mod function;
mod policy;
mod queue;
mod route;
mod secret;
mod source;
mod table;

use std::collections::BTreeMap;

use crate::application::{Resource, Set};
use crate::model::{Queue, Stack, Table};
use crate::names;
use crate::problem::Problems;
use crate::{Options, known};

/// What event sources and permissions point at, by ARN.
#[derive(Debug, Default)]
pub(crate) struct Links {
    /// Logical id and whether it is FIFO.
    queues: BTreeMap<String, (String, bool)>,
    /// Logical id, by stream ARN.
    streams: BTreeMap<String, String>,
    /// ARNs of tables without a stream, as their stream's ARN would be.
    streamless: BTreeMap<String, String>,
}

impl Links {
    fn of(queues: &BTreeMap<String, Queue>, tables: &BTreeMap<String, Table>, options: &Options) -> Self {
        let mut links = Self::default();
        for queue in queues.values() {
            links
                .queues
                .insert(queue.arn.clone(), (queue.logical_id.clone(), queue::is_fifo(queue)));
        }
        for table in tables.values() {
            let all = if table.stream_arn.is_some() {
                &mut links.streams
            } else {
                &mut links.streamless
            };
            all.insert(names::stream_arn(&table.name, options), table.logical_id.clone());
        }
        links
    }
}

/// Builds everything; what can't be hosted is a problem.
pub(crate) fn build(set: &Set, options: &Options, problems: &mut Problems) -> Stack {
    let of = |kind: &'static str| {
        set.resources
            .values()
            .filter(move |resource| resource.identity.kind == kind)
    };
    let id = |resource: &Resource| resource.identity.logical_id.clone();
    let mut stack = Stack {
        outputs: set.outputs.clone(),
        ..Stack::default()
    };
    for resource in of("AWS::DynamoDB::Table") {
        stack
            .tables
            .insert(id(resource), table::build(resource, options, problems));
    }
    for resource in of("AWS::SQS::Queue") {
        stack
            .queues
            .insert(id(resource), queue::build(resource, options, problems));
    }
    queue::check_redrive(&stack.queues, problems);
    for resource in of("AWS::SecretsManager::Secret") {
        stack
            .secrets
            .insert(id(resource), secret::build(resource, options, problems));
    }
    let links = Links::of(&stack.queues, &stack.tables, options);
    for resource in of("AWS::Serverless::Function") {
        stack
            .functions
            .insert(id(resource), function::build(resource, &links, problems));
    }
    stack.api = api::build(set, options, problems);
    unique_names(set, problems);
    stack
}

/// Two resources of one type may not share a physical name.
fn unique_names(set: &Set, problems: &mut Problems) {
    let mut names: BTreeMap<(&str, &str), &Resource> = BTreeMap::new();
    for resource in set
        .resources
        .values()
        .filter(|resource| known::HOSTED.contains(&resource.identity.kind.as_str()))
    {
        let key = (resource.identity.kind.as_str(), resource.identity.name.as_str());
        if let Some(other) = names.insert(key, resource) {
            let message = format!("the name `{}` is also taken by {}", resource.identity.name, other.place);
            problems.add(&resource.place, message);
        }
    }
}

#[cfg(test)]
pub(crate) fn check_route_key(key: &str) -> Result<(), String> {
    route::check_key(key)
}
