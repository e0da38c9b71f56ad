//! Starting a function as a Lambda bootstrap.

use std::{future::Future, process::ExitCode};

use lambda_http::{LambdaEvent, service_fn};
use tracing_subscriber::{EnvFilter, fmt, layer::SubscriberExt, util::SubscriberInitExt};

use crate::{ConfigError, Function, Host};

/// Wires a function and serves it until the sandbox ends. The whole of every `main.rs`.
pub fn launch<F, Fut>(wire: F) -> ExitCode
where
    F: FnOnce(Host) -> Fut,
    Fut: Future<Output = Result<Function, ConfigError>>,
{
    let host = Host::of_process();
    trace(&host);
    let runtime = match tokio::runtime::Builder::new_current_thread().enable_all().build() {
        Ok(runtime) => runtime,
        Err(error) => {
            tracing::error!(%error, "runtime.start.failed");
            return ExitCode::FAILURE;
        }
    };
    runtime.block_on(serve(host, wire))
}

async fn serve<F, Fut>(host: Host, wire: F) -> ExitCode
where
    F: FnOnce(Host) -> Fut,
    Fut: Future<Output = Result<Function, ConfigError>>,
{
    let function = match wire(host).await {
        Ok(function) => function,
        Err(error) => {
            tracing::error!(%error, "runtime.wire.failed");
            return ExitCode::FAILURE;
        }
    };
    let service = service_fn(move |event: LambdaEvent<serde_json::Value>| {
        let function = function.clone();
        async move { function.invoke(event.payload, event.context).await }
    });
    match lambda_runtime::run(service).await {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            tracing::error!(%error, "runtime.serve.failed");
            ExitCode::FAILURE
        }
    }
}

/// JSON lines on standard output, filtered by `AWS_LAMBDA_LOG_LEVEL`; the Lambda layer's span adds `requestId`.
fn trace(host: &Host) {
    let level = host
        .environment()
        .optional("AWS_LAMBDA_LOG_LEVEL")
        .unwrap_or_else(|| "info".to_owned());
    let filter = EnvFilter::try_new(level.to_lowercase()).unwrap_or_else(|_| EnvFilter::new("info"));
    let lines = fmt::layer()
        .json()
        .flatten_event(true)
        .with_current_span(true)
        .with_span_list(false)
        .with_ansi(false);
    tracing_subscriber::registry().with(filter).with(lines).init();
}
