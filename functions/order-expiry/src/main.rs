//! Composition root of `order-expiry`.

fn main() -> std::process::ExitCode {
    runtime::launch(order_expiry::wire)
}
