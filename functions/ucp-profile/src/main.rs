//! Composition root of the function `ucp-profile`.

fn main() -> std::process::ExitCode {
    runtime::launch(ucp_profile::wire)
}
