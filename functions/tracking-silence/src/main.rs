//! Composition root of `tracking-silence`.

fn main() -> std::process::ExitCode {
    runtime::launch(tracking_silence::wire)
}
