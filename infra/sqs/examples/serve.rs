//! Serves the embedded queues on a free loopback port, in memory or on the file that the first argument names.

use std::path::PathBuf;
use std::time::{SystemTime, UNIX_EPOCH};

#[expect(clippy::disallowed_methods, reason = "the clock of a real service")]
fn now_ms() -> i64 {
    let since = SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default();
    i64::try_from(since.as_millis()).unwrap_or(i64::MAX)
}

#[tokio::main]
async fn main() -> Result<(), Box<dyn std::error::Error>> {
    let path = std::env::args_os().nth(1).map(PathBuf::from);
    let sqs = sqs::Sqs::open(path.as_deref(), now_ms)?;
    let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await?;
    println!("http://{}", listener.local_addr()?);
    sqs.serve(listener, async {
        let _interrupted = tokio::signal::ctrl_c().await;
    })
    .await?;
    Ok(())
}
