//! Composition root of `fulfilment-allocation`.

fn main() -> std::process::ExitCode {
    runtime::launch(fulfilment_allocation::wire)
}
