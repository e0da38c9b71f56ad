//! Composition root of `order-desk`.

fn main() -> std::process::ExitCode {
    runtime::launch(order_desk::wire)
}
