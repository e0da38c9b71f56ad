//! Composition root of `shipping-desk`.

fn main() -> std::process::ExitCode {
    runtime::launch(shipping_desk::wire)
}
