//! Composition root of `sign-in`.

fn main() -> std::process::ExitCode {
    runtime::launch(sign_in::wire)
}
