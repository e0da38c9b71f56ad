//! A function as the Lambda runtime and the local platform both see it: raw event JSON in, raw response JSON out.

use std::{convert::Infallible, fmt::Display, future::Future, pin::Pin, sync::Arc};

use lambda_http::{Adapter, Body, LambdaEvent, Request, Response, Service, request::LambdaRequest, service_fn};
use lambda_runtime::{Context, Diagnostic};
use serde::{Serialize, de::DeserializeOwned};
use serde_json::Value;

type Answer = Pin<Box<dyn Future<Output = Result<Value, FunctionError>> + Send>>;

/// A wired function. Cheap to clone.
#[derive(Clone)]
pub struct Function(Arc<dyn Fn(Value, Context) -> Answer + Send + Sync>);

/// A failed invocation: what Lambda reports as the function's error.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{error_type}: {message}")]
pub struct FunctionError {
    /// The kind of error, such as `Event.Malformed`.
    pub error_type: String,
    /// What happened.
    pub message: String,
}

impl FunctionError {
    /// From a kind and an error.
    pub fn new(error_type: &str, message: impl Display) -> Self {
        Self {
            error_type: error_type.to_owned(),
            message: message.to_string(),
        }
    }
}

impl From<FunctionError> for Diagnostic {
    fn from(error: FunctionError) -> Self {
        Self {
            error_type: error.error_type,
            error_message: error.message,
        }
    }
}

impl Function {
    /// Answers HTTP requests. A handler has no error of its own: every error is a response.
    pub fn http<F, Fut>(handle: F) -> Self
    where
        F: Fn(Request) -> Fut + Send + Sync + 'static,
        Fut: Future<Output = Response<Body>> + Send + 'static,
    {
        let handle = Arc::new(handle);
        Self::of(move |event, context| {
            let handle = Arc::clone(&handle);
            Box::pin(async move {
                let request: LambdaRequest =
                    serde_json::from_value(event).map_err(|error| FunctionError::new("Event.Malformed", error))?;
                let service = service_fn(move |request| {
                    let answer = handle(request);
                    async move { Ok::<_, Infallible>(answer.await) }
                });
                let response = match Adapter::from(service).call(LambdaEvent::new(request, context)).await {
                    Ok(response) => response,
                    Err(never) => match never {},
                };
                to_value(&response)
            })
        })
    }

    /// Handles events of a type: SQS batches, stream batches, schedules.
    pub fn event<E, A, F, Fut>(handle: F) -> Self
    where
        E: DeserializeOwned + Send,
        A: Serialize,
        F: Fn(E) -> Fut + Send + Sync + 'static,
        Fut: Future<Output = Result<A, FunctionError>> + Send + 'static,
    {
        Self::of(move |event, _| {
            let parsed = serde_json::from_value(event).map_err(|error| FunctionError::new("Event.Malformed", error));
            let answer = parsed.map(&handle);
            Box::pin(async move { to_value(&answer?.await?) })
        })
    }

    fn of(invoke: impl Fn(Value, Context) -> Answer + Send + Sync + 'static) -> Self {
        Self(Arc::new(invoke))
    }

    /// Invokes the function once.
    ///
    /// # Errors
    ///
    /// What the handler failed with, or a malformed event.
    pub async fn invoke(&self, event: Value, context: Context) -> Result<Value, FunctionError> {
        (self.0)(event, context).await
    }
}

impl std::fmt::Debug for Function {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Function").finish_non_exhaustive()
    }
}

fn to_value(answer: &impl Serialize) -> Result<Value, FunctionError> {
    serde_json::to_value(answer).map_err(|error| FunctionError::new("Response.Unserialisable", error))
}
