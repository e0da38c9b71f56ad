//! Composition root of `dispute-deadline`.

fn main() -> std::process::ExitCode {
    runtime::launch(dispute_deadline::wire)
}
