//! The signature base: the text that is signed.

use std::fmt::Write;

use http::HeaderMap;

/// What a message is sent to.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Target {
    /// A request.
    Request {
        /// `POST`.
        method: String,
        /// Host, lower case, with the port when it is not the scheme's own.
        authority: String,
        /// Path as sent.
        path: String,
        /// Query as sent, without `?`; `None` when there is none.
        query: Option<String>,
    },
    /// A response, by its status.
    Response {
        /// HTTP status.
        status: u16,
    },
}

impl Target {
    fn derived(&self, name: &str) -> Option<String> {
        match (self, name) {
            (Self::Request { method, .. }, "@method") => Some(method.clone()),
            (Self::Request { authority, .. }, "@authority") => Some(authority.to_ascii_lowercase()),
            (Self::Request { path, .. }, "@path") if path.is_empty() => Some("/".to_owned()),
            (Self::Request { path, .. }, "@path") => Some(path.clone()),
            (Self::Request { query, .. }, "@query") => Some(format!("?{}", query.as_deref().unwrap_or_default())),
            (Self::Response { status }, "@status") => Some(status.to_string()),
            (Self::Request { .. } | Self::Response { .. }, _) => None,
        }
    }

    /// The components that a signature of this message must cover.
    pub(super) fn components(&self, headers: &HeaderMap, has_body: bool) -> Vec<&'static str> {
        let mut names = match self {
            Self::Request { query, .. } => {
                let mut names = vec!["@method", "@authority", "@path"];
                names.extend(query.is_some().then_some("@query"));
                names.extend(
                    ["ucp-agent", "idempotency-key"]
                        .into_iter()
                        .filter(|name| headers.contains_key(*name)),
                );
                names
            }
            Self::Response { .. } => vec!["@status"],
        };
        if has_body {
            names.push("content-digest");
            names.extend(headers.contains_key("content-type").then_some("content-type"));
        }
        names
    }
}

/// The lines to be signed; `None` when a component is not there. `params` is the list with its parameters as sent.
pub(super) fn base(target: &Target, headers: &HeaderMap, components: &[&str], params: &str) -> Option<String> {
    let mut text = String::new();
    for name in components {
        let value = if name.starts_with('@') {
            target.derived(name)
        } else {
            field(headers, name)
        };
        writeln!(text, "\"{name}\": {}", value?).ok()?;
    }
    write!(text, "\"@signature-params\": {params}").ok()?;
    Some(text)
}

/// A field's values, trimmed and joined.
fn field(headers: &HeaderMap, name: &str) -> Option<String> {
    let values: Vec<&str> = headers
        .get_all(name)
        .iter()
        .map(|v| v.to_str().map(str::trim))
        .collect::<Result<_, _>>()
        .ok()?;
    (!values.is_empty()).then(|| values.join(", "))
}
