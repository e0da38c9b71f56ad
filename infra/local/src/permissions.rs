//! Least privilege, enforced: a function may do what its own policy statements in the template allow, nothing else.
//!
//! Which grants were used is kept, so that a test run can list those that nothing needs. Conditions of statements are
//! not evaluated: an `Allow` with one counts as holding, a `Deny` with one as not.

mod need;
mod statement;
#[cfg(test)]
mod tests;

use std::collections::{BTreeMap, BTreeSet};
use std::sync::{Mutex, PoisonError};

use futures::future::BoxFuture;
use http::StatusCode;
use serde::Serialize;
use template::model::Stack;

use crate::account;
use crate::front::{Answer, Call, Interceptor, Verdict};
use need::{Need, Resources};
use statement::{Effect, Statement};

/// One action on one resource, as one statement grants it.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Serialize)]
pub struct Grant {
    /// Logical id of the function.
    pub function: String,
    /// `Sid` of the statement, or its number.
    pub statement: String,
    /// Action as written.
    pub action: String,
    /// Resource as written, resolved.
    pub resource: String,
}

/// One action on one resource that a function asked for and no statement of its own grants.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Serialize)]
pub struct Denial {
    /// Logical id of the function.
    pub function: String,
    /// Action asked for.
    pub action: String,
    /// ARN of the resource, or its name when no template declares it.
    pub resource: String,
}

/// The statements of all functions. A caller that is no function (a tool, a test) may do everything.
pub struct Permissions {
    statements: BTreeMap<String, Vec<Statement>>,
    resources: Resources,
    used: Mutex<BTreeSet<Grant>>,
    denied: Mutex<BTreeSet<Denial>>,
}

impl Permissions {
    /// Of the declared functions.
    pub fn new(stack: &Stack) -> Self {
        let statements = stack.functions.iter().map(|(id, function)| {
            let parsed = function
                .statements
                .iter()
                .enumerate()
                .map(|(at, json)| Statement::parse(at, json))
                .collect();
            (id.clone(), parsed)
        });
        let resources = Resources::of(stack);
        Self {
            statements: statements.collect(),
            resources,
            used: Mutex::default(),
            denied: Mutex::default(),
        }
    }

    /// What functions were refused so far, each once.
    pub fn denied(&self) -> Vec<Denial> {
        let denied = self.denied.lock().unwrap_or_else(PoisonError::into_inner);
        denied.iter().cloned().collect()
    }

    /// Grants that no call has needed so far.
    pub fn unused(&self) -> Vec<Grant> {
        let used = self.used.lock().unwrap_or_else(PoisonError::into_inner);
        let all = self.statements.iter().flat_map(|(function, statements)| {
            let allowing = statements.iter().filter(|statement| statement.effect == Effect::Allow);
            allowing.flat_map(move |statement| statement.grants(function))
        });
        all.filter(|grant| !used.contains(grant)).collect()
    }

    /// The first need that the caller's statements do not cover.
    fn missing(&self, call: &Call) -> Option<Need> {
        let statements = self.statements.get(&call.caller)?;
        need::of(call, &self.resources)
            .into_iter()
            .find(|need| !self.allows(&call.caller, statements, need))
    }

    fn allows(&self, function: &str, statements: &[Statement], need: &Need) -> bool {
        if statements
            .iter()
            .any(|statement| statement.effect == Effect::Deny && statement.covers(need).is_some())
        {
            return false;
        }
        let mut allowing = statements.iter().filter(|statement| statement.effect == Effect::Allow);
        let granted = allowing.find_map(|statement| Some((statement, statement.covers(need)?)));
        let Some((statement, (action, resource))) = granted else {
            return false;
        };
        let grant = statement.grant(function, action, resource);
        self.used.lock().unwrap_or_else(PoisonError::into_inner).insert(grant);
        true
    }
}

impl Interceptor for Permissions {
    fn before<'a>(&'a self, call: &'a Call) -> BoxFuture<'a, Verdict> {
        Box::pin(async move {
            let Some(Need { action, resource }) = self.missing(call) else {
                return Verdict::Proceed;
            };
            tracing::warn!(function = call.caller, action, resource, "permissions.denied");
            self.denied
                .lock()
                .unwrap_or_else(PoisonError::into_inner)
                .insert(Denial {
                    function: call.caller.clone(),
                    action: action.clone(),
                    resource: resource.clone(),
                });
            let (account, caller) = (account::ACCOUNT, &call.caller);
            let message = format!(
                "User: arn:aws:sts::{account}:assumed-role/{caller}Role/{caller} is not authorized to perform: {action} on \
                 resource: {resource} because no identity-based policy allows the {action} action"
            );
            Verdict::Answer(Answer::error(
                StatusCode::BAD_REQUEST,
                "AccessDeniedException",
                &message,
            ))
        })
    }
}
