//! `tradepost`: the whole platform on one machine.

use std::error::Error;
use std::io::{IsTerminal, Write};
use std::process::ExitCode;

use clap::Parser;
use local::cli::Arguments;
use local::{Platform, StartError, banner};
use tokio::signal::unix::{Signal, SignalKind, signal};
use tracing_subscriber::EnvFilter;

/// What a shell reports of a program ended by Ctrl-C.
const INTERRUPTED: i32 = 130;

fn main() -> ExitCode {
    let arguments = Arguments::parse();
    let filter = EnvFilter::try_new(arguments.filter()).unwrap_or_else(|_| EnvFilter::new("warn,local=info"));
    let colours = std::io::stderr().is_terminal();
    tracing_subscriber::fmt()
        .with_env_filter(filter)
        .with_ansi(colours)
        .with_writer(std::io::stderr)
        .init();
    let outcome = tokio::runtime::Runtime::new().map_err(Into::into).and_then(|runtime| {
        let outcome = runtime.block_on(run(&arguments));
        // What was to finish has finished; nothing is to be waited for again.
        runtime.shutdown_background();
        outcome
    });
    match outcome {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            report(error.as_ref());
            ExitCode::FAILURE
        }
    }
}

async fn run(arguments: &Arguments) -> Result<(), Box<dyn Error>> {
    let mut signals = Signals::new()?;
    let running = tokio::select! {
        started = Platform::start(arguments.options()) => started?,
        () = signals.next() => return Ok(()),
    };
    let ready = if arguments.json {
        banner::line(&running)
    } else {
        banner::text(&running)
    };
    // A reader that is gone does not end the platform.
    let _ = writeln!(std::io::stdout(), "{ready}");
    signals.next().await;
    eprintln!("Finishing what runs …");
    tokio::select! {
        () = running.shutdown() => Ok(()),
        () = signals.next() => std::process::exit(INTERRUPTED),
    }
}

/// Ctrl-C and SIGTERM.
struct Signals {
    interrupt: Signal,
    terminate: Signal,
}

impl Signals {
    fn new() -> std::io::Result<Self> {
        Ok(Self {
            interrupt: signal(SignalKind::interrupt())?,
            terminate: signal(SignalKind::terminate())?,
        })
    }

    async fn next(&mut self) {
        tokio::select! {
            _ = self.interrupt.recv() => {}
            _ = self.terminate.recv() => {}
        }
    }
}

/// The error and what lies behind it.
fn report(error: &(dyn Error + 'static)) {
    eprintln!("tradepost: {error}");
    let mut source = error.source();
    while let Some(cause) = source {
        eprintln!("  because: {cause}");
        source = cause.source();
    }
    if error
        .downcast_ref::<StartError>()
        .is_some_and(|error| matches!(error, StartError::Seed(_)))
    {
        eprintln!("  (--no-seed starts without demo data)");
    }
}
