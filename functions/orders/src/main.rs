//! Composition root of `orders`.

fn main() -> std::process::ExitCode {
    runtime::launch(orders::wire)
}
