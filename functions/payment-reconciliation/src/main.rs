//! Composition root of `payment-reconciliation`.

fn main() -> std::process::ExitCode {
    runtime::launch(payment_reconciliation::wire)
}
