//! Composition root of `staff-desk`.

fn main() -> std::process::ExitCode {
    runtime::launch(staff_desk::wire)
}
