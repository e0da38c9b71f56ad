//! The platform's own paths: what it counted, what it hosts, and what tests of the real binary need.

use std::sync::{Arc, OnceLock, Weak};

use http::{Method, StatusCode};
use serde_json::{Value, json};

use super::meter::Meter;
use crate::invoke::{Invoker, Outcome};
use crate::permissions::Permissions;
use crate::server::{self, Reply};
use crate::sources::Sources;

/// Where the platform's own paths begin.
pub(super) const PREFIX: &str = "/_tradepost/";

/// What the admin paths report.
#[derive(Clone, Default)]
pub struct Admin {
    hosted: Arc<OnceLock<(Invoker, Arc<Permissions>)>>,
    sources: Arc<OnceLock<Weak<Sources>>>,
}

impl Admin {
    /// Names what is hosted, once the functions are wired. The front must run before: functions read secrets on start.
    pub fn hosts(&self, invoker: &Invoker, permissions: &Arc<Permissions>) {
        // A second invoker would be a second platform; the first one stays.
        let _ = self.hosted.set((invoker.clone(), Arc::clone(permissions)));
    }

    /// Names the event sources, once they run. They are not kept alive by it.
    pub fn runs(&self, sources: &Arc<Sources>) {
        let _ = self.sources.set(Arc::downgrade(sources));
    }

    pub(super) async fn answer(&self, method: &Method, path: &str, meter: &Meter) -> Reply {
        let name = path.strip_prefix(PREFIX).unwrap_or_default();
        let (status, body) = match (method.as_str(), name) {
            ("GET", "meter") => (StatusCode::OK, json!({ "rows": meter.read() })),
            ("DELETE", "meter") => {
                meter.reset();
                (StatusCode::OK, json!({ "rows": [] }))
            }
            ("GET", "functions") => (
                StatusCode::OK,
                json!(self.hosted.get().map(|(invoker, _)| invoker.statistics())),
            ),
            ("GET", "unused-grants") => (
                StatusCode::OK,
                json!(self.hosted.get().map(|(_, permissions)| permissions.unused())),
            ),
            ("GET", "idle") => self.idle().await,
            ("POST", name) if name.starts_with("fire/") => self.fire(name.trim_start_matches("fire/")).await,
            _ => (StatusCode::NOT_FOUND, json!({ "message": "Not Found" })),
        };
        server::reply(status, "application/json", body.to_string())
    }

    /// Waits until no queue, stream or invocation has anything left to do.
    async fn idle(&self) -> (StatusCode, Value) {
        let Some(sources) = self.running() else {
            return starting();
        };
        match sources.idle().await {
            Ok(()) => (StatusCode::OK, json!({ "idle": true })),
            Err(busy) => (
                StatusCode::CONFLICT,
                json!({ "idle": false, "message": busy.to_string() }),
            ),
        }
    }

    /// Fires the schedules of a function now.
    async fn fire(&self, function: &str) -> (StatusCode, Value) {
        let Some(sources) = self.running() else {
            return starting();
        };
        match sources.fire(function).await {
            Ok(outcomes) if outcomes.iter().all(|outcome| matches!(outcome, Outcome::Answer(_))) => {
                (StatusCode::OK, json!({ "fired": outcomes.len() }))
            }
            Ok(outcomes) => (StatusCode::BAD_GATEWAY, json!({ "message": format!("{outcomes:?}") })),
            Err(error) => (StatusCode::NOT_FOUND, json!({ "message": error.to_string() })),
        }
    }

    fn running(&self) -> Option<Arc<Sources>> {
        self.sources.get().and_then(Weak::upgrade)
    }
}

fn starting() -> (StatusCode, Value) {
    (
        StatusCode::SERVICE_UNAVAILABLE,
        json!({ "message": "the event sources do not run" }),
    )
}
