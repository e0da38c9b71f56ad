//! How far each stream source has come, kept in a small SQLite file.
//!
//! A checkpoint is written after its records are done, so a platform that dies in between delivers them again: at least
//! once, never less.

use std::path::Path;
use std::sync::{Mutex, PoisonError};

use rusqlite::{Connection, OptionalExtension, params};

/// The file's name in the data directory.
pub const FILE: &str = "sources.sqlite";

const SCHEMA: &str = "CREATE TABLE IF NOT EXISTS checkpoints (
    source TEXT NOT NULL,
    stream TEXT NOT NULL,
    shard TEXT NOT NULL,
    position TEXT NOT NULL,
    PRIMARY KEY (source, stream, shard)
) WITHOUT ROWID";

/// The file cannot be opened, read or written.
#[derive(Debug, thiserror::Error)]
#[error("sources.sqlite: {doing}")]
pub struct CheckpointError {
    doing: &'static str,
    #[source]
    source: rusqlite::Error,
}

fn doing(doing: &'static str) -> impl FnOnce(rusqlite::Error) -> CheckpointError {
    move |source| CheckpointError { doing, source }
}

/// One reader of one shard.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Reader {
    /// Function and event name: `EventRelayFunction/Outbox`.
    pub(super) source: String,
    /// Table and label, so that a re-created table starts anew.
    pub(super) stream: String,
    /// Shard id.
    pub(super) shard: String,
}

/// Where a reader stands.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Position {
    /// Before the oldest record.
    Start,
    /// After this sequence number.
    After(String),
}

impl Position {
    pub(super) fn sequence(&self) -> Option<&str> {
        match self {
            Self::Start => None,
            Self::After(sequence) => Some(sequence),
        }
    }
}

/// The checkpoints of all stream sources.
#[derive(Debug)]
pub(super) struct Checkpoints(Mutex<Connection>);

impl Checkpoints {
    /// Opens the file in `directory`, or keeps them in memory.
    pub(super) fn open(directory: Option<&Path>) -> Result<Self, CheckpointError> {
        let connection = match directory {
            Some(directory) => Connection::open(directory.join(FILE)),
            None => Connection::open_in_memory(),
        }
        .map_err(doing("open"))?;
        // A checkpoint lost with the machine only means that records come again.
        connection
            .execute_batch(&format!(
                "PRAGMA journal_mode = WAL; PRAGMA synchronous = NORMAL; {SCHEMA};"
            ))
            .map_err(doing("prepare"))?;
        Ok(Self(Mutex::new(connection)))
    }

    pub(super) fn get(&self, reader: &Reader) -> Result<Option<Position>, CheckpointError> {
        let connection = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        let position: Option<String> = connection
            .prepare_cached("SELECT position FROM checkpoints WHERE source = ?1 AND stream = ?2 AND shard = ?3")
            .and_then(|mut query| {
                query
                    .query_row(params![reader.source, reader.stream, reader.shard], |row| row.get(0))
                    .optional()
            })
            .map_err(doing("read"))?;
        Ok(position.map(|text| {
            if text.is_empty() {
                Position::Start
            } else {
                Position::After(text)
            }
        }))
    }

    pub(super) fn put(&self, reader: &Reader, position: &Position) -> Result<(), CheckpointError> {
        let connection = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        let text = position.sequence().unwrap_or_default();
        connection
            .prepare_cached(
                "INSERT OR REPLACE INTO checkpoints (source, stream, shard, position) VALUES (?1, ?2, ?3, ?4)",
            )
            .and_then(|mut insert| insert.execute(params![reader.source, reader.stream, reader.shard, text]))
            .map_err(doing("write"))?;
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_position_is_kept_per_source_stream_and_shard() {
        let checkpoints = Checkpoints::open(None).unwrap();
        let reader = |source: &str, stream: &str| Reader {
            source: source.to_owned(),
            stream: stream.to_owned(),
            shard: "0".to_owned(),
        };
        let relay = reader("Relay/Outbox", "outbox/1");
        assert_eq!(checkpoints.get(&relay).unwrap(), None);
        checkpoints.put(&relay, &Position::Start).unwrap();
        assert_eq!(checkpoints.get(&relay).unwrap(), Some(Position::Start));
        checkpoints.put(&relay, &Position::After("7".to_owned())).unwrap();
        assert_eq!(checkpoints.get(&relay).unwrap(), Some(Position::After("7".to_owned())));
        assert_eq!(checkpoints.get(&reader("Relay/Outbox", "outbox/2")).unwrap(), None);
        assert_eq!(checkpoints.get(&reader("Other/Outbox", "outbox/1")).unwrap(), None);
    }
}
