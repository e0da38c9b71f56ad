//! Composition root of `risk-desk`.

fn main() -> std::process::ExitCode {
    runtime::launch(risk_desk::wire)
}
