//! Composition root of `catalog-desk`.

fn main() -> std::process::ExitCode {
    runtime::launch(catalog_desk::wire)
}
