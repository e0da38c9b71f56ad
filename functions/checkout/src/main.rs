//! Composition root of the function `checkout`.

fn main() -> std::process::ExitCode {
    runtime::launch(checkout::wire)
}
