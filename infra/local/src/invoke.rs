//! Invokes functions by Lambda's rules: time-out, reserved concurrency, panics as errors, and a count of it all.
//!
//! Invariant: nothing but this module runs a function, whoever asks (gateway, queue, stream, schedule).

mod statistics;
#[cfg(test)]
mod tests;

use std::collections::BTreeMap;
use std::panic::AssertUnwindSafe;
use std::sync::Arc;
use std::time::Duration;

use futures::FutureExt;
use futures::future::BoxFuture;
use lambda_runtime::Context;
use serde_json::Value;
use template::model::Function;
use tokio::sync::{Semaphore, watch};
use tokio::time::Instant;
use tracing::Instrument;

use statistics::Counters;
pub use statistics::Statistics;

use crate::{account, clock};

/// Concurrent invocations over all functions without a reservation: an AWS account's default.
const UNRESERVED_CONCURRENCY_MAX: usize = 1_000;

/// What a function answers when it refuses.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Failure {
    /// Lambda's `errorType`.
    pub error_type: String,
    /// Lambda's `errorMessage`.
    pub message: String,
}

/// A function's code: event and context in, answer out.
pub type Code = Arc<dyn Fn(Value, Context) -> BoxFuture<'static, Result<Value, Failure>> + Send + Sync>;

/// How an invocation ended.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Outcome {
    /// The function answered.
    Answer(Value),
    /// The function returned an error or panicked, or does not exist.
    Failed {
        /// Lambda's `errorType`.
        error_type: String,
        /// Lambda's `errorMessage`.
        message: String,
    },
    /// The function ran longer than its `Timeout`; its task was dropped where it stood.
    TimedOut,
    /// The reserved concurrency is used up; the function did not run.
    Throttled,
}

/// Runs functions by logical id. Cheap to clone.
#[derive(Clone)]
pub struct Invoker {
    shared: Arc<Shared>,
}

struct Shared {
    functions: BTreeMap<String, Arc<Hosted>>,
    unreserved: Arc<Semaphore>,
    running: watch::Sender<usize>,
}

struct Hosted {
    logical_id: String,
    arn: String,
    config: Arc<lambda_runtime::Config>,
    timeout: Duration,
    reserved: Option<Arc<Semaphore>>,
    code: Code,
    counters: Counters,
}

impl Invoker {
    /// Hosts each declared function with its code.
    pub fn new(functions: impl IntoIterator<Item = (Function, Code)>) -> Self {
        let functions = functions
            .into_iter()
            .map(|(declared, code)| (declared.logical_id.clone(), Arc::new(Hosted::new(&declared, code))))
            .collect();
        let shared = Shared {
            functions,
            unreserved: Arc::new(Semaphore::new(UNRESERVED_CONCURRENCY_MAX)),
            running: watch::Sender::new(0),
        };
        Self {
            shared: Arc::new(shared),
        }
    }

    /// Runs the function named by its logical id.
    ///
    /// The invocation runs to its end even when the caller is dropped, as Lambda's does when a client hangs up.
    pub async fn invoke(&self, function: &str, event: Value) -> Outcome {
        let Some(hosted) = self.shared.functions.get(function) else {
            let message = format!("Function not found: {function}");
            return Outcome::Failed {
                error_type: "ResourceNotFoundException".to_owned(),
                message,
            };
        };
        let pool = hosted.reserved.as_ref().unwrap_or(&self.shared.unreserved);
        let Ok(permit) = Arc::clone(pool).try_acquire_owned() else {
            hosted.counters.throttled();
            tracing::warn!(function, "lambda.throttled");
            return Outcome::Throttled;
        };
        let running = Running::new(Arc::clone(&self.shared));
        let hosted = Arc::clone(hosted);
        let task = tokio::spawn(async move {
            let outcome = hosted.run(event).await;
            drop(permit);
            drop(running);
            outcome
        });
        task.await.unwrap_or_else(|error| Outcome::Failed {
            error_type: "Runtime.ExitError".to_owned(),
            message: format!("the invocation was stopped: {error}"),
        })
    }

    /// Logical ids of the hosted functions.
    pub fn functions(&self) -> impl Iterator<Item = &str> {
        self.shared.functions.keys().map(String::as_str)
    }

    /// Time-out of a function; event sources need it for their own waiting.
    pub fn timeout(&self, function: &str) -> Option<Duration> {
        self.shared.functions.get(function).map(|hosted| hosted.timeout)
    }

    /// ARN of a function.
    pub fn arn(&self, function: &str) -> Option<&str> {
        self.shared.functions.get(function).map(|hosted| hosted.arn.as_str())
    }

    /// What was counted so far, by logical id.
    pub fn statistics(&self) -> BTreeMap<String, Statistics> {
        self.shared
            .functions
            .iter()
            .map(|(id, hosted)| (id.clone(), hosted.counters.read()))
            .collect()
    }

    /// Invocations running now.
    pub fn running(&self) -> usize {
        *self.shared.running.borrow()
    }

    /// Waits until nothing runs, at most `limit`. False when the limit came first.
    pub async fn idle(&self, limit: Duration) -> bool {
        let mut running = self.shared.running.subscribe();
        tokio::time::timeout(limit, running.wait_for(|count| *count == 0))
            .await
            .is_ok()
    }
}

impl Hosted {
    fn new(declared: &Function, code: Code) -> Self {
        let config = lambda_runtime::Config {
            function_name: declared.name.clone(),
            memory: i32::try_from(declared.memory_mb).unwrap_or(i32::MAX),
            version: "$LATEST".to_owned(),
            log_stream: "local".to_owned(),
            log_group: format!("/aws/lambda/{}", declared.name),
        };
        let reserved = declared.reserved_concurrency.map(|limit| {
            let limit = usize::try_from(limit).unwrap_or(usize::MAX).min(Semaphore::MAX_PERMITS);
            Arc::new(Semaphore::new(limit))
        });
        Self {
            logical_id: declared.logical_id.clone(),
            arn: account::function_arn(&declared.name),
            config: Arc::new(config),
            timeout: Duration::from_secs(u64::from(declared.timeout_s)),
            reserved,
            code,
            counters: Counters::default(),
        }
    }

    async fn run(&self, event: Value) -> Outcome {
        let context = self.context();
        let span = tracing::info_span!("lambda.invoke", function = %self.logical_id, request_id = %context.request_id);
        async {
            let began = Instant::now();
            // The code may panic before its first await, so it is called inside the guard as well.
            let run = AssertUnwindSafe(async { (self.code)(event, context).await }).catch_unwind();
            let outcome = match tokio::time::timeout(self.timeout, run).await {
                Ok(Ok(Ok(answer))) => Outcome::Answer(answer),
                Ok(Ok(Err(failure))) => Outcome::Failed {
                    error_type: failure.error_type,
                    message: failure.message,
                },
                Ok(Err(panic)) => Outcome::Failed {
                    error_type: "Runtime.Panic".to_owned(),
                    message: panic_message(panic.as_ref()),
                },
                Err(_) => Outcome::TimedOut,
            };
            self.counters.finished(&outcome, began.elapsed());
            self.log(&outcome);
            outcome
        }
        .instrument(span)
        .await
    }

    fn log(&self, outcome: &Outcome) {
        match outcome {
            Outcome::Answer(_) => tracing::debug!("lambda.answered"),
            Outcome::Failed { error_type, message } => {
                tracing::warn!(error.type = %error_type, error.message = %message, "lambda.failed");
            }
            Outcome::TimedOut => tracing::warn!(timeout_s = self.timeout.as_secs(), "lambda.timed_out"),
            Outcome::Throttled => tracing::warn!("lambda.throttled"),
        }
    }

    fn context(&self) -> Context {
        let timeout_ms = u64::try_from(self.timeout.as_millis()).unwrap_or(u64::MAX);
        let mut context = Context::default();
        context.request_id = clock::request_id();
        context.deadline = clock::now_ms().saturating_add(timeout_ms);
        context.invoked_function_arn.clone_from(&self.arn);
        context.xray_trace_id = Some(clock::trace_header());
        context.env_config = Arc::clone(&self.config);
        context
    }
}

fn panic_message(panic: &(dyn std::any::Any + Send)) -> String {
    let text = panic.downcast_ref::<&str>().map(|text| (*text).to_owned());
    text.or_else(|| panic.downcast_ref::<String>().cloned())
        .unwrap_or_else(|| "panicked".to_owned())
}

/// Counts one running invocation for as long as it lives.
struct Running(Arc<Shared>);

impl Running {
    fn new(shared: Arc<Shared>) -> Self {
        shared.running.send_modify(|count| *count = count.saturating_add(1));
        Self(shared)
    }
}

impl Drop for Running {
    fn drop(&mut self) {
        self.0.running.send_modify(|count| *count = count.saturating_sub(1));
    }
}
