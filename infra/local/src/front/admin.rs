//! The platform's own paths: what it counted, and what it hosts.

use http::{Method, StatusCode};
use serde_json::json;

use super::meter::Meter;
use crate::invoke::Invoker;
use crate::server::{self, Reply};

/// Where the platform's own paths begin.
pub(super) const PREFIX: &str = "/_tradepost/";

/// What the admin paths report.
#[derive(Clone, Default)]
pub struct Admin {
    invoker: std::sync::Arc<std::sync::OnceLock<Invoker>>,
}

impl Admin {
    /// Names the invoker, once the functions are wired. The front must run before: functions read secrets on start.
    pub fn hosts(&self, invoker: &Invoker) {
        // A second invoker would be a second platform; the first one stays.
        let _ = self.invoker.set(invoker.clone());
    }

    pub(super) fn answer(&self, method: &Method, path: &str, meter: &Meter) -> Reply {
        let name = path.strip_prefix(PREFIX).unwrap_or_default();
        let found = match (method.as_str(), name) {
            ("GET", "meter") => json!({ "rows": meter.read() }),
            ("DELETE", "meter") => {
                meter.reset();
                json!({ "rows": [] })
            }
            ("GET", "functions") => json!(self.invoker.get().map(Invoker::statistics)),
            _ => {
                return server::reply(
                    StatusCode::NOT_FOUND,
                    "application/json",
                    json!({"message": "Not Found"}).to_string(),
                );
            }
        };
        server::reply(StatusCode::OK, "application/json", found.to_string())
    }
}
