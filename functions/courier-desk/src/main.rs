//! Composition root of `courier-desk`.

fn main() -> std::process::ExitCode {
    runtime::launch(courier_desk::wire)
}
