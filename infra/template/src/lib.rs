//! Reads the SAM templates (`infra/template.yaml` and its nested applications) into what they declare.
//!
//! The templates are the one description of routes, queues, streams, schedules, tables, environment and permissions.
//! This crate evaluates them as CloudFormation and SAM would, and refuses what the local platform could not host as
//! written: each [`Problem`] names the place, what is wrong there and what is supported. It reads files and nothing else:
//! no clock, no network, no environment.
//!
//! - [`read`] gives the [`model::Stack`];
//! - [`overrides`] gives the parameters that `samconfig.toml` holds for one environment.
//!
//! What is read, what is ignored and what is refused stands in `docs/decisions/0004-templates.md` and, as data, in
//! [`known`].

mod application;
mod conditions;
mod document;
mod fields;
mod globals;
mod host;
mod intrinsics;
pub mod known;
pub mod model;
mod names;
mod parameters;
mod pattern;
mod place;
mod problem;
mod samconfig;
mod schedule;
mod yaml;

#[cfg(test)]
mod tests;

use std::collections::BTreeMap;
use std::path::Path;

pub use problem::{Problem, ReadError};
pub use samconfig::{SamconfigError, overrides};

/// What the account, the region and the caller decide rather than the templates.
#[derive(Debug, Clone)]
pub struct Options {
    /// Parameters of the root template. A name that the template does not declare is a problem.
    pub parameters: BTreeMap<String, String>,
    /// `AWS::Region`; part of every ARN.
    pub region: String,
    /// `AWS::AccountId`; part of every ARN and queue URL.
    pub account: String,
    /// `AWS::StackName`; the prefix of every physical name.
    pub stack_name: String,
    /// Where SQS answers, without a closing slash: a queue's URL is `{queue_base_url}/{account}/{name}`.
    pub queue_base_url: String,
}

impl Default for Options {
    fn default() -> Self {
        Self {
            parameters: BTreeMap::new(),
            region: "us-east-1".to_owned(),
            account: "000000000000".to_owned(),
            stack_name: "tradepost".to_owned(),
            queue_base_url: "http://127.0.0.1:9324".to_owned(),
        }
    }
}

/// Reads the root template and every nested application.
///
/// # Errors
///
/// [`ReadError`] holds everything that was found wrong, not only the first.
pub fn read(root: &Path, options: &Options) -> Result<model::Stack, ReadError> {
    let mut problems = problem::Problems::default();
    let set = application::read_all(root, options, &mut problems);
    let stack = host::build(&set, options, &mut problems);
    problems.into_result(stack)
}
