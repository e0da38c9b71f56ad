//! Composition root of `order-webhook-desk`.

fn main() -> std::process::ExitCode {
    runtime::launch(order_webhook_desk::wire)
}
