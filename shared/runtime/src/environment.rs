//! Environment variables as a value.

use std::{collections::BTreeMap, str::FromStr};

/// The variables of one function.
#[derive(Debug, Clone, Default)]
pub struct Environment {
    variables: BTreeMap<String, String>,
    faults: Vec<String>,
}

/// Everything that is wrong with a function's configuration, at once.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("configuration: {}", .0.join("; "))]
pub struct ConfigError(pub Vec<String>);

impl From<String> for ConfigError {
    fn from(fault: String) -> Self {
        Self(vec![fault])
    }
}

impl Environment {
    /// Of this process.
    #[expect(clippy::disallowed_methods, reason = "the one place that reads the environment")]
    pub fn of_process() -> Self {
        Self {
            variables: std::env::vars().collect(),
            faults: Vec::new(),
        }
    }

    /// Given.
    pub const fn of(variables: BTreeMap<String, String>) -> Self {
        Self {
            variables,
            faults: Vec::new(),
        }
    }

    /// A variable that may be absent; empty counts as absent.
    pub fn optional(&self, name: &str) -> Option<String> {
        self.variables.get(name).filter(|value| !value.is_empty()).cloned()
    }

    /// A variable that must be there. A missing one is noted, and reported by [`Environment::finish`].
    pub fn required(&mut self, name: &str) -> String {
        self.optional(name).unwrap_or_else(|| {
            self.faults.push(format!("{name} is not set"));
            String::new()
        })
    }

    /// A variable of a type, with a default for when it is absent.
    pub fn parsed<T: FromStr>(&mut self, name: &str, default: T) -> T {
        match self.optional(name).map(|text| text.parse::<T>()) {
            None => default,
            Some(Ok(value)) => value,
            Some(Err(_)) => {
                self.faults.push(format!("{name} does not have the expected form"));
                default
            }
        }
    }

    /// Ends reading: all faults at once, or none.
    ///
    /// # Errors
    ///
    /// When a variable was missing or malformed.
    pub fn finish(&self) -> Result<(), ConfigError> {
        if self.faults.is_empty() {
            return Ok(());
        }
        Err(ConfigError(self.faults.clone()))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn all_faults_are_reported_at_once() {
        let mut environment = Environment::of(BTreeMap::from([("N".to_owned(), "x".to_owned())]));
        assert_eq!(environment.required("A"), "");
        assert_eq!(environment.parsed("N", 7_u32), 7);
        assert_eq!(
            environment.finish().unwrap_err().0,
            ["A is not set", "N does not have the expected form"]
        );
    }
}
