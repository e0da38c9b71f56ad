//! Composition root of `tracking-update`.

fn main() -> std::process::ExitCode {
    runtime::launch(tracking_update::wire)
}
