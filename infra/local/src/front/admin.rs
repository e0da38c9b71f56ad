//! The platform's own paths: what it counted, and what it hosts.

use std::sync::{Arc, OnceLock};

use http::{Method, StatusCode};
use serde_json::json;

use super::meter::Meter;
use crate::invoke::Invoker;
use crate::permissions::Permissions;
use crate::server::{self, Reply};

/// Where the platform's own paths begin.
pub(super) const PREFIX: &str = "/_tradepost/";

/// What the admin paths report.
#[derive(Clone, Default)]
pub struct Admin {
    hosted: Arc<OnceLock<(Invoker, Arc<Permissions>)>>,
}

impl Admin {
    /// Names what is hosted, once the functions are wired. The front must run before: functions read secrets on start.
    pub fn hosts(&self, invoker: &Invoker, permissions: &Arc<Permissions>) {
        // A second invoker would be a second platform; the first one stays.
        let _ = self.hosted.set((invoker.clone(), Arc::clone(permissions)));
    }

    pub(super) fn answer(&self, method: &Method, path: &str, meter: &Meter) -> Reply {
        let name = path.strip_prefix(PREFIX).unwrap_or_default();
        let found = match (method.as_str(), name) {
            ("GET", "meter") => json!({ "rows": meter.read() }),
            ("DELETE", "meter") => {
                meter.reset();
                json!({ "rows": [] })
            }
            ("GET", "functions") => json!(self.hosted.get().map(|(invoker, _)| invoker.statistics())),
            ("GET", "unused-grants") => json!(self.hosted.get().map(|(_, permissions)| permissions.unused())),
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
