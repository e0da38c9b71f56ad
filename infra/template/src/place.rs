//! Walking down a place.

use std::fmt;

use crate::model::Place;

impl Place {
    /// The top of a file: `infra/sales.yaml`.
    pub(crate) fn file(label: &str) -> Self {
        Self(format!("{label}:"))
    }

    /// One key down: `infra/sales.yaml: Resources.CheckoutFunction`.
    pub(crate) fn key(&self, key: &str) -> Self {
        let separator = if self.0.ends_with(':') { " " } else { "." };
        Self(format!("{}{separator}{key}", self.0))
    }

    /// One element down: `…Events[2]`.
    pub(crate) fn index(&self, index: usize) -> Self {
        Self(format!("{}[{index}]", self.0))
    }
}

impl fmt::Display for Place {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str(self.0.trim_end_matches(':'))
    }
}
