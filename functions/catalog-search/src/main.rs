//! Composition root of `catalog-search`.

fn main() -> std::process::ExitCode {
    runtime::launch(catalog_search::wire)
}
