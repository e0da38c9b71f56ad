//! Composition root of `payment-polling`.

fn main() -> std::process::ExitCode {
    runtime::launch(payment_polling::wire)
}
