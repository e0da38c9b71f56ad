//! Composition root of `payment-start`.

fn main() -> std::process::ExitCode {
    runtime::launch(payment_start::wire)
}
