//! Composition root of `payment-desk`.

fn main() -> std::process::ExitCode {
    runtime::launch(payment_desk::wire)
}
