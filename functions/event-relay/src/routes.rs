//! Which queues an event goes to, as the template says.

use std::collections::BTreeMap;

/// Queues by event name.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Routes(BTreeMap<String, Vec<String>>);

/// A line that is not `event.name url …`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct RoutesError {
    line: usize,
}

impl std::fmt::Display for RoutesError {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(
            f,
            "EVENT_ROUTES line {}: an event name and at least one queue URL, separated by spaces",
            self.line
        )
    }
}

impl std::error::Error for RoutesError {}

impl Routes {
    /// Reads lines of `event.name url url …`; empty lines are skipped, and a name may come on several lines.
    ///
    /// # Errors
    ///
    /// When a line has no URL.
    pub fn parse(text: &str) -> Result<Self, RoutesError> {
        let mut routes: BTreeMap<String, Vec<String>> = BTreeMap::new();
        for (index, line) in text.lines().enumerate() {
            let mut words = line.split_whitespace();
            let Some(name) = words.next() else {
                continue;
            };
            let urls: Vec<String> = words.map(str::to_owned).collect();
            if urls.is_empty() {
                return Err(RoutesError { line: index + 1 });
            }
            routes.entry(name.to_owned()).or_default().extend(urls);
        }
        Ok(Self(routes))
    }

    /// The queues of an event; none, when nobody waits for it.
    pub(crate) fn queues(&self, name: &str) -> &[String] {
        self.0.get(name).map(Vec::as_slice).unwrap_or_default()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_name_may_come_on_several_lines() {
        let routes = Routes::parse("order.paid a b\n\n  order.paid c\norder.placed a\n").unwrap();
        assert_eq!(routes.queues("order.paid"), ["a", "b", "c"]);
        assert!(routes.queues("order.lost").is_empty());
    }

    #[test]
    fn a_line_without_a_queue_is_named() {
        assert_eq!(
            Routes::parse("order.paid a\norder.placed"),
            Err(RoutesError { line: 2 })
        );
    }
}
