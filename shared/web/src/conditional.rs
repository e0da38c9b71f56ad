//! Optimistic concurrency by `ETag` and `If-Match`.

use lambda_http::Request;

use crate::{Problem, header, types};

/// The strong entity tag of a version.
pub fn etag(version: u64) -> String {
    format!("\"{version}\"")
}

/// What `If-Match` asks for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Precondition(u64);

impl Precondition {
    /// From the header, which must be there.
    pub fn required(request: &Request) -> Result<Self, Problem> {
        let text = header(request, "if-match").ok_or_else(|| Problem::new(&types::PRECONDITION_REQUIRED))?;
        let version = text
            .trim()
            .strip_prefix('"')
            .and_then(|rest| rest.strip_suffix('"'))
            .and_then(|n| n.parse().ok());
        version
            .map(Self)
            .ok_or_else(|| Problem::new(&types::MALFORMED).detail("If-Match is one ETag as it was read"))
    }

    /// Refuses a stale copy.
    pub fn check(self, version: u64) -> Result<(), Problem> {
        if self.0 == version {
            return Ok(());
        }
        Err(Problem::new(&types::STALE))
    }
}
