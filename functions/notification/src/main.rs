//! Composition root of `notification`.

fn main() -> std::process::ExitCode {
    runtime::launch(notification::wire)
}
