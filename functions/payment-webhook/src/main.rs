//! Composition root of `payment-webhook`.

fn main() -> std::process::ExitCode {
    runtime::launch(payment_webhook::wire)
}
