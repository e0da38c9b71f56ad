//! An index that the embedded `DynamoDB` lacks.
//!
//! The engine numbers each stream record from the highest number so far, and reads records by number, both by walking
//! all records that the database ever kept: after 20,000 records a write takes 6 ms instead of 0.1 ms, and it goes on
//! growing. An index on the same expression makes both a look-up. It changes no result, and a file that has it is read by
//! an engine that knows nothing of it.

use std::sync::atomic::{AtomicU64, Ordering};

use dynoxide::Database;
use rusqlite::Connection;

const CREATE: &str = "CREATE INDEX IF NOT EXISTS tradepost_stream_order
    ON _stream_records (table_name, CAST(sequence_number AS INTEGER))";

/// Why a database could not be opened.
#[derive(Debug, thiserror::Error)]
pub enum OpenError {
    /// The engine refused.
    #[error("the embedded database cannot be opened")]
    Engine(#[source] dynoxide::errors::DynoxideError),
    /// The index cannot be made.
    #[error("the index of the stream records cannot be made")]
    Index(#[from] rusqlite::Error),
}

/// An in-memory database with the index. Use it in place of `Database::memory`, whose memory nothing else can reach.
pub fn open_in_memory() -> Result<Database, OpenError> {
    static OPENED: AtomicU64 = AtomicU64::new(0);
    let number = OPENED.fetch_add(1, Ordering::Relaxed);
    let path = format!("file:tradepost-{number}?mode=memory&cache=shared");
    let database = Database::new(&path).map_err(OpenError::Engine)?;
    create(&path)?;
    Ok(database)
}

/// Makes the index in a database file, once and for good. Without it everything still works, only slower.
pub(super) fn ensure(database: &Database) {
    match database.db_path() {
        Ok(Some(path)) if !path.is_empty() => {
            if let Err(error) = create(&path) {
                tracing::warn!(%error, "sources.stream.index_failed");
            }
        }
        Ok(_) => {}
        Err(error) => tracing::warn!(%error, "sources.stream.index_failed"),
    }
}

fn create(path: &str) -> Result<(), rusqlite::Error> {
    Connection::open(path)?.execute_batch(CREATE)
}
