//! Composition root of `signing-keys`.

fn main() -> std::process::ExitCode {
    runtime::launch(signing_keys::wire)
}
