//! Composition root of `payment-refund`.

fn main() -> std::process::ExitCode {
    runtime::launch(payment_refund::wire)
}
