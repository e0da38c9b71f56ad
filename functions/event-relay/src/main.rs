//! Composition root of `event-relay`.

fn main() -> std::process::ExitCode {
    runtime::launch(event_relay::wire)
}
