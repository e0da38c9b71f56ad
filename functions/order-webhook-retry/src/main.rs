//! Composition root of `order-webhook-retry`.

fn main() -> std::process::ExitCode {
    runtime::launch(order_webhook_retry::wire)
}
