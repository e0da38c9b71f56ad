//! Composition root of `order-webhook`.

fn main() -> std::process::ExitCode {
    runtime::launch(order_webhook::wire)
}
