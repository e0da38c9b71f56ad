//! Loads demo data as a client would: by calls on the platform's own HTTP API, so that no function knows of a demo.
//!
//! A script is a JSON list of steps. What they save is kept in the data directory after each step, with the number of
//! the steps done: a crash repeats one step at most, and its `Idempotency-Key` makes that harmless.

mod script;
mod store;

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use std::time::Duration;

use bytes::Bytes;
use http::{HeaderMap, Method, Request, StatusCode};
use http_body_util::{BodyExt, Full, Limited};
use hyper_util::client::legacy::Client;
use hyper_util::client::legacy::connect::HttpConnector;
use hyper_util::rt::TokioExecutor;
use serde_json::Value;

pub(crate) use script::{ScriptError, Step};
pub(crate) use store::Progress;

/// An answer's size that is still read.
const ANSWER_BYTES_MAX: usize = 1024 * 1024;
/// Pause before a step is tried again.
const RETRY_PAUSE: Duration = Duration::from_millis(200);
/// Marks a place that is a header of the answer.
const HEADER: &str = "header:";
/// Characters of an unexpected answer that an error shows.
const SHOWN_MAX: usize = 600;

/// Why demo data could not be loaded.
#[derive(Debug, thiserror::Error)]
pub enum SeedError {
    /// The script can't be read.
    #[error("the seed script {path} can't be read")]
    Script {
        /// The script.
        path: PathBuf,
        /// Why.
        #[source]
        source: ScriptError,
    },
    /// A step names a variable that no step before it saved.
    #[error("seed step `{step}` uses ${{{variable}}}, which no step before it saves")]
    Variable {
        /// Name of the step.
        step: String,
        /// Name of the variable.
        variable: String,
    },
    /// The platform answered something else.
    #[error("seed step `{step}` expected {expected:?} but was answered {status}: {body}")]
    Unexpected {
        /// Name of the step.
        step: String,
        /// Statuses that would have been right.
        expected: Vec<u16>,
        /// Status of the answer.
        status: u16,
        /// Beginning of the answer.
        body: String,
    },
    /// The answer lacks what the step saves.
    #[error("seed step `{step}`: the answer has nothing at {place}")]
    Missing {
        /// Name of the step.
        step: String,
        /// JSON pointer, or `header:` and a name.
        place: String,
    },
    /// No answer.
    #[error("seed step `{step}` was not answered: {reason}")]
    NoAnswer {
        /// Name of the step.
        step: String,
        /// Why.
        reason: String,
    },
    /// The progress can't be kept.
    #[error("the progress of the seed can't be kept in {path}")]
    Progress {
        /// The file.
        path: PathBuf,
        /// Why.
        #[source]
        source: std::io::Error,
    },
}

/// Runs a script against a platform.
pub(crate) struct Seeder {
    base_url: String,
    client: Client<HttpConnector, Full<Bytes>>,
}

impl Seeder {
    /// A seeder for the platform at a base URL.
    pub(crate) fn new(base_url: &str) -> Self {
        Self {
            base_url: base_url.to_owned(),
            client: Client::builder(TokioExecutor::new()).build_http(),
        }
    }

    /// Runs what is left of the script, and the steps that run on every start. Gives the variables.
    ///
    /// `given` are variables that no step saves (`base_url`, secrets); they are never kept.
    pub(crate) async fn run(
        &self,
        script: &Path,
        given: &BTreeMap<String, String>,
        data: Option<&Path>,
    ) -> Result<BTreeMap<String, String>, SeedError> {
        let fault = |source| SeedError::Script {
            path: script.to_owned(),
            source,
        };
        let steps = script::read(script).map_err(fault)?;
        let mut progress = Progress::load(data)?;
        for (at, step) in steps.iter().enumerate() {
            if at < progress.done && !step.always {
                continue;
            }
            let mut variables = given.clone();
            variables.extend(progress.variables.clone());
            variables.insert("step".to_owned(), format!("seed-{at}"));
            progress.variables.extend(self.step(step, &variables).await?);
            progress.done = progress.done.max(at.saturating_add(1));
            progress.keep(data)?;
        }
        Ok(progress.variables)
    }

    async fn step(
        &self,
        step: &Step,
        variables: &BTreeMap<String, String>,
    ) -> Result<BTreeMap<String, String>, SeedError> {
        let unknown = |variable| SeedError::Variable {
            step: step.name.clone(),
            variable,
        };
        let filled = step.fill(variables).map_err(unknown)?;
        let mut tries = step.tries.max(1);
        loop {
            tries = tries.saturating_sub(1);
            let outcome = self.send(&filled).await.and_then(|answer| accept(&filled, &answer));
            match outcome {
                Err(error) if tries > 0 => tracing::debug!(%error, "seed.again"),
                outcome => return outcome,
            }
            tokio::time::sleep(RETRY_PAUSE).await;
        }
    }

    async fn send(&self, step: &Step) -> Result<Answer, SeedError> {
        let fault = |reason: String| SeedError::NoAnswer {
            step: step.name.clone(),
            reason,
        };
        let method: Method = step
            .method
            .parse()
            .map_err(|_| fault(format!("no method {}", step.method)))?;
        let mut request = Request::builder()
            .method(method)
            .uri(format!("{}{}", self.base_url, step.path));
        for (name, value) in &step.headers {
            request = request.header(name, value);
        }
        let body = match &step.body {
            Some(body) => {
                request = request.header("content-type", "application/json");
                Bytes::from(body.to_string())
            }
            None => Bytes::new(),
        };
        let request = request
            .body(Full::new(body))
            .map_err(|error| fault(error.to_string()))?;
        let response = self
            .client
            .request(request)
            .await
            .map_err(|error| fault(error.to_string()))?;
        let (head, body) = response.into_parts();
        let body = Limited::new(body, ANSWER_BYTES_MAX).collect().await;
        let body = body.map_err(|error| fault(error.to_string()))?.to_bytes();
        Ok(Answer {
            status: head.status,
            headers: head.headers,
            body,
        })
    }
}

/// What a call was answered.
struct Answer {
    status: StatusCode,
    headers: HeaderMap,
    body: Bytes,
}

/// What the step saves of the answer, when it is the expected one.
fn accept(step: &Step, answer: &Answer) -> Result<BTreeMap<String, String>, SeedError> {
    let status = answer.status.as_u16();
    if !step.expect.contains(&status) {
        let body: String = String::from_utf8_lossy(&answer.body).chars().take(SHOWN_MAX).collect();
        let (step, expected) = (step.name.clone(), step.expect.clone());
        return Err(SeedError::Unexpected {
            step,
            expected,
            status,
            body,
        });
    }
    let body: Value = serde_json::from_slice(&answer.body).unwrap_or(Value::Null);
    let mut saved = BTreeMap::new();
    for (variable, place) in &step.save {
        let found = match place.strip_prefix(HEADER) {
            Some(name) => answer
                .headers
                .get(name)
                .and_then(|value| value.to_str().ok())
                .map(str::to_owned),
            None => match body.pointer(place) {
                Some(Value::String(text)) => Some(text.clone()),
                None | Some(Value::Null) => None,
                Some(other) => Some(other.to_string()),
            },
        };
        let missing = || SeedError::Missing {
            step: step.name.clone(),
            place: place.clone(),
        };
        saved.insert(variable.clone(), found.ok_or_else(missing)?);
    }
    Ok(saved)
}

#[cfg(test)]
mod tests {

    use std::net::SocketAddr;
    use std::sync::Arc;
    use std::sync::atomic::{AtomicUsize, Ordering};

    use http::Request;
    use hyper::body::Incoming;
    use serde_json::json;
    use tokio::sync::watch;

    use super::*;
    use crate::server::{self, Dropped, Reply, Service};

    /// Answers every call with its number, path and key; path `/no` is refused.
    #[derive(Default)]
    struct Counter(AtomicUsize);

    impl Service for Counter {
        async fn call(self: Arc<Self>, _: SocketAddr, request: Request<Incoming>) -> Result<Reply, Dropped> {
            let number = self.0.fetch_add(1, Ordering::Relaxed);
            let key = request
                .headers()
                .get("idempotency-key")
                .and_then(|value| value.to_str().ok())
                .unwrap_or("");
            let path = request.uri().path().to_owned();
            let status = if path == "/no" {
                StatusCode::CONFLICT
            } else {
                StatusCode::CREATED
            };
            let body = json!({"n": number, "path": path, "key": key}).to_string();
            Ok(server::reply(status, "application/json", body))
        }
    }

    async fn run(script: &Value, data: &Path) -> (Result<BTreeMap<String, String>, SeedError>, usize) {
        let listener = server::bind(0).await.unwrap();
        let seeder = Seeder::new(&format!("http://{}", listener.local_addr().unwrap()));
        let (counter, running) = (Arc::new(Counter::default()), watch::Sender::new(false));
        tokio::spawn(server::serve(listener, Arc::clone(&counter), running.subscribe()));
        let path = data.join("script.json");
        std::fs::write(&path, script.to_string()).unwrap();
        let given = BTreeMap::from([("secret.Boot".to_owned(), "open".to_owned())]);
        let outcome = seeder.run(&path, &given, Some(data)).await;
        (outcome, counter.0.load(Ordering::Relaxed))
    }

    fn folder() -> PathBuf {
        let path = std::env::temp_dir().join(crate::clock::request_id());
        std::fs::create_dir_all(&path).unwrap();
        path
    }

    #[tokio::test]
    async fn steps_use_what_earlier_ones_saved_and_run_once() {
        let data = folder();
        let script = json!([
            {"name": "a", "method": "POST", "path": "/${secret.Boot}", "expect": 201, "save": {"where": "/path"}},
            {"name": "b", "method": "POST", "path": "/b${where}", "headers": {"Idempotency-Key": "${step}"},
             "body": {"x": ["${where}"]}, "expect": [200, 201], "save": {"n": "/n", "key": "/key", "media": "header:content-type"}},
            {"name": "c", "method": "GET", "path": "/c", "expect": 201, "always": true, "save": {"fresh": "/n"}},
        ]);
        let (first, calls) = run(&script, &data).await;
        let first = first.unwrap();
        assert_eq!(calls, 3);
        assert_eq!(
            (first["where"].as_str(), first["key"].as_str(), first["n"].as_str()),
            ("/open", "seed-1", "1")
        );
        assert_eq!(first["media"], "application/json");
        let (second, calls) = run(&script, &data).await;
        assert_eq!(calls, 1, "only the step of every start");
        assert_eq!(second.unwrap()["where"], "/open");
        std::fs::remove_dir_all(data).unwrap();
    }

    #[tokio::test]
    async fn a_refused_step_is_named_and_the_next_start_goes_on_there() {
        let data = folder();
        let bad = json!([
            {"name": "fine", "method": "POST", "path": "/a", "expect": 201},
            {"name": "refused", "method": "POST", "path": "/no", "expect": 201},
        ]);
        let (outcome, calls) = run(&bad, &data).await;
        assert_eq!(calls, 2);
        assert!(
            outcome
                .unwrap_err()
                .to_string()
                .contains("`refused` expected [201] but was answered 409")
        );
        let good = json!([
            {"name": "fine", "method": "POST", "path": "/a", "expect": 201},
            {"name": "mended", "method": "POST", "path": "/yes", "expect": 201},
        ]);
        assert_eq!(run(&good, &data).await.1, 1);
        std::fs::remove_dir_all(data).unwrap();
    }

    #[tokio::test]
    async fn an_unknown_variable_and_a_missing_answer_are_named() {
        let data = folder();
        let unknown = json!([{"name": "a", "method": "GET", "path": "/${nothing}", "expect": 201}]);
        assert!(
            run(&unknown, &data)
                .await
                .0
                .unwrap_err()
                .to_string()
                .contains("${nothing}")
        );
        let missing = json!([{"name": "a", "method": "GET", "path": "/", "expect": 201, "save": {"x": "/y"}}]);
        assert!(
            run(&missing, &data)
                .await
                .0
                .unwrap_err()
                .to_string()
                .contains("nothing at /y")
        );
        std::fs::remove_dir_all(data).unwrap();
    }
}
