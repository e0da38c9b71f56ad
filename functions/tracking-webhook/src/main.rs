//! Composition root of `tracking-webhook`.

fn main() -> std::process::ExitCode {
    runtime::launch(tracking_webhook::wire)
}
