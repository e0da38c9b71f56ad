//! Composition root of `payment-settlement`.

fn main() -> std::process::ExitCode {
    runtime::launch(payment_settlement::wire)
}
