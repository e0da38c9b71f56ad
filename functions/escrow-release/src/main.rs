//! Composition root of `escrow-release`.

fn main() -> std::process::ExitCode {
    runtime::launch(escrow_release::wire)
}
