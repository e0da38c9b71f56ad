//! What is wrong with a set of templates, all of it at once.

use std::fmt;

use crate::model::Place;

/// Stands in for a value that could not be resolved. A complaint that quotes it would only repeat the first one, so
/// [`Problems::add`] drops it.
pub(crate) const UNRESOLVED: &str = "\u{fffd}unresolved\u{fffd}";

/// Problems listed in one [`ReadError`]; the rest is counted.
const LISTED_MAX: usize = 200;

/// One thing that is wrong, where, and what would be right.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub struct Problem {
    /// E.g. `infra/sales.yaml: Resources.CheckoutFunction.Properties.Events.Lines`.
    pub place: Place,
    /// A sentence without its full stop.
    pub message: String,
}

impl fmt::Display for Problem {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(formatter, "{}: {}", self.place, self.message)
    }
}

/// The templates can't be hosted as written.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub struct ReadError {
    /// At least one, in the order in which they were found.
    pub problems: Vec<Problem>,
}

impl fmt::Display for ReadError {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(
            formatter,
            "the templates can't be hosted, {} problem(s):",
            self.problems.len()
        )?;
        for problem in self.problems.iter().take(LISTED_MAX) {
            write!(formatter, "\n  {problem}")?;
        }
        match self.problems.len().checked_sub(LISTED_MAX) {
            Some(rest) if rest > 0 => write!(formatter, "\n  and {rest} more"),
            _ => Ok(()),
        }
    }
}

/// Collects problems while reading goes on.
#[derive(Debug, Default)]
pub(crate) struct Problems {
    found: Vec<Problem>,
}

impl Problems {
    /// Adds one, unless it is a complaint about a value that is already complained about.
    pub(crate) fn add(&mut self, place: &Place, message: impl Into<String>) {
        let problem = Problem {
            place: place.clone(),
            message: message.into(),
        };
        let follows = !self.found.is_empty() && problem.message.contains(UNRESOLVED);
        if !follows && !self.found.contains(&problem) {
            self.found.push(problem);
        }
    }

    /// The stack, if nothing was wrong.
    pub(crate) fn into_result<T>(self, value: T) -> Result<T, ReadError> {
        if self.found.is_empty() {
            Ok(value)
        } else {
            Err(ReadError { problems: self.found })
        }
    }
}
