//! Composition root of `stock-desk`.

fn main() -> std::process::ExitCode {
    runtime::launch(stock_desk::wire)
}
