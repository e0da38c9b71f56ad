//! The journal's tables: what is in them, how a change is applied, how everything is loaded.

use std::collections::BTreeMap;
use std::path::Path;
use std::sync::Arc;

use rusqlite::{Connection, Row, params};

use crate::attribute::{self, Attributes, WireValue};
use crate::engine::{Engine, Place};
use crate::error::OpenError;
use crate::journal::{Delivery, Text, Write};
use crate::memory::{FirstSend, SendKey};
use crate::message::{Content, Message, State};
use crate::queue::Queue;
use crate::settings::Settings;

/// Serials are never used twice (`AUTOINCREMENT`), so that an old receipt handle or sequence number means nothing new.
/// What changes with each receive has its own narrow table: a body is written once.
const SCHEMA: &str = "
PRAGMA locking_mode = EXCLUSIVE;
PRAGMA journal_mode = WAL;
PRAGMA synchronous = NORMAL;
CREATE TABLE IF NOT EXISTS queue (
  serial INTEGER PRIMARY KEY AUTOINCREMENT, name TEXT NOT NULL UNIQUE, attributes TEXT NOT NULL, tags TEXT NOT NULL,
  created_ms INTEGER NOT NULL, modified_ms INTEGER NOT NULL) STRICT;
CREATE TABLE IF NOT EXISTS message (
  serial INTEGER PRIMARY KEY AUTOINCREMENT, queue INTEGER NOT NULL, id TEXT NOT NULL, body TEXT NOT NULL,
  attributes TEXT, trace_header TEXT, group_id TEXT, deduplication_id TEXT, sent_ms INTEGER NOT NULL,
  visible_ms INTEGER NOT NULL, origin TEXT, receives_elsewhere INTEGER NOT NULL) STRICT;
CREATE TABLE IF NOT EXISTS delivery (
  serial INTEGER PRIMARY KEY, receives INTEGER NOT NULL, first_received_ms INTEGER, received_ms INTEGER NOT NULL,
  visible_ms INTEGER NOT NULL) STRICT;
CREATE TABLE IF NOT EXISTS send (
  queue INTEGER NOT NULL, group_id TEXT NOT NULL, id TEXT NOT NULL, message_id TEXT NOT NULL, serial INTEGER NOT NULL,
  sent_ms INTEGER NOT NULL, PRIMARY KEY (queue, group_id, id)) STRICT, WITHOUT ROWID;
CREATE INDEX IF NOT EXISTS message_by_queue ON message (queue);
CREATE INDEX IF NOT EXISTS send_by_time ON send (queue, sent_ms);
";
/// Statements that are kept prepared: one per kind of change, with room to spare.
const STATEMENTS_MAX: usize = 32;

/// Opens the journal, which no other process may have open.
pub(crate) fn open(path: &Path) -> Result<Connection, OpenError> {
    let db = Connection::open(path)?;
    db.execute_batch(SCHEMA)?;
    db.set_prepared_statement_cache_capacity(STATEMENTS_MAX);
    Ok(db)
}

/// Applies one change.
pub(crate) fn apply(db: &Connection, write: &Write) -> rusqlite::Result<()> {
    let run = |sql: &str, values: &[&dyn rusqlite::ToSql]| db.prepare_cached(sql)?.execute(values).map(|_| ());
    match write {
        Write::Barrier => Ok(()),
        Write::Queue {
            serial,
            name,
            attributes,
            tags,
            created_ms,
            modified_ms,
        } => run(
            "INSERT INTO queue VALUES (?1, ?2, ?3, ?4, ?5, ?6) ON CONFLICT (serial) DO UPDATE SET
               attributes = excluded.attributes, tags = excluded.tags, modified_ms = excluded.modified_ms",
            params![serial, name, attributes, tags, created_ms, modified_ms],
        ),
        Write::DropQueue { serial } => {
            purge(db, *serial)?;
            run("DELETE FROM send WHERE queue = ?1", params![serial])?;
            run("DELETE FROM queue WHERE serial = ?1", params![serial])
        }
        Write::Message { queue, message } => insert(db, *queue, message),
        Write::Delivery(delivery) => deliver(db, delivery),
        Write::DropMessage { serial } => {
            run("DELETE FROM message WHERE serial = ?1", params![serial])?;
            run("DELETE FROM delivery WHERE serial = ?1", params![serial])
        }
        Write::Purge { queue } => purge(db, *queue),
        Write::Send { queue, key, first } => run(
            "INSERT OR REPLACE INTO send VALUES (?1, ?2, ?3, ?4, ?5, ?6)",
            params![
                queue,
                key.group.as_deref().unwrap_or(""),
                key.id,
                first.message_id,
                first.serial,
                first.sent_ms
            ],
        ),
        Write::ForgetSends { queue, until_ms } => run(
            "DELETE FROM send WHERE queue = ?1 AND sent_ms <= ?2",
            params![queue, until_ms],
        ),
    }
}

fn purge(db: &Connection, queue: i64) -> rusqlite::Result<()> {
    db.prepare_cached("DELETE FROM delivery WHERE serial IN (SELECT serial FROM message WHERE queue = ?1)")?
        .execute([queue])?;
    db.prepare_cached("DELETE FROM message WHERE queue = ?1")?
        .execute([queue])
        .map(|_| ())
}

fn insert(db: &Connection, queue: i64, message: &Message) -> rusqlite::Result<()> {
    let content = &message.content;
    let wire = |attributes: &Attributes| {
        let values: BTreeMap<_, _> = attributes
            .iter()
            .map(|(name, value)| (name, WireValue::from(value)))
            .collect();
        serde_json::json!(values).to_string()
    };
    let attributes = Some(&content.attributes)
        .filter(|attributes| !attributes.is_empty())
        .map(wire);
    db.prepare_cached("INSERT INTO message VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10, ?11, ?12)")?
        .execute(params![
            message.serial,
            queue,
            content.id,
            content.body,
            attributes,
            content.trace_header,
            content.group_id.as_deref(),
            content.deduplication_id,
            message.sent_ms,
            message.visible_ms(),
            message.origin.as_deref(),
            message.receives_elsewhere
        ])?;
    if message.receives > 0 {
        deliver(db, &Delivery::of(message, message.visible_ms()))?;
    }
    Ok(())
}

fn deliver(db: &Connection, delivery: &Delivery) -> rusqlite::Result<()> {
    let Delivery {
        serial,
        receives,
        first_received_ms,
        received_ms,
        visible_ms,
    } = delivery;
    db.prepare_cached("INSERT OR REPLACE INTO delivery VALUES (?1, ?2, ?3, ?4, ?5)")?
        .execute(params![serial, receives, first_received_ms, received_ms, visible_ms])
        .map(|_| ())
}

/// Loads everything. Messages in flight stay so until their visibility timeout ends, and their handles stay good.
pub(crate) fn load(db: &Connection, place: Place, now_ms: i64) -> Result<Engine, OpenError> {
    let mut engine = Engine::new(place);
    let last = |table: &str| {
        db.query_row(
            "SELECT coalesce(max(seq), 0) FROM sqlite_sequence WHERE name = ?1",
            [table],
            |row| row.get(0),
        )
    };
    engine.last_queue = last("queue")?;
    engine.last_message = last("message")?;
    let mut queues = load_queues(db, now_ms)?;
    load_messages(db, &mut queues)?;
    load_sends(db, &mut queues)?;
    for mut queue in queues.into_values() {
        queue.advance(now_ms, &mut engine.journal);
        engine.queues.insert(queue.name.to_string(), queue);
    }
    Ok(engine)
}

fn load_queues(db: &Connection, now_ms: i64) -> Result<BTreeMap<i64, Queue>, OpenError> {
    let corrupt = |what: &str, name: &str| OpenError::Corrupt(format!("{what} of queue {name}"));
    let mut queues = BTreeMap::new();
    let mut statement = db.prepare("SELECT serial, name, attributes, tags, created_ms, modified_ms FROM queue")?;
    let mut rows = statement.query([])?;
    while let Some(row) = rows.next()? {
        let (name, attributes, tags): (String, String, String) = (row.get(1)?, row.get(2)?, row.get(3)?);
        let texts = serde_json::from_str(&attributes).map_err(|_| corrupt("attributes", &name))?;
        let settings = Settings::create(&name, &texts).map_err(|_| corrupt("attributes", &name))?;
        let mut queue = Queue::new(row.get(0)?, &name, settings, now_ms);
        queue.tags = serde_json::from_str(&tags).map_err(|_| corrupt("tags", &name))?;
        queue.created_ms = row.get(4)?;
        queue.modified_ms = row.get(5)?;
        queues.insert(queue.serial, queue);
    }
    Ok(queues)
}

fn load_messages(db: &Connection, queues: &mut BTreeMap<i64, Queue>) -> Result<(), OpenError> {
    let mut statement = db.prepare(
        "SELECT m.serial, m.queue, m.id, m.body, m.attributes, m.trace_header, m.group_id, m.deduplication_id,
                m.sent_ms, m.visible_ms, m.origin, m.receives_elsewhere,
                d.receives, d.first_received_ms, d.received_ms, d.visible_ms
         FROM message m LEFT JOIN delivery d ON d.serial = m.serial ORDER BY m.serial",
    )?;
    let mut rows = statement.query([])?;
    while let Some(row) = rows.next()? {
        let message = read_message(row)?;
        let queue = queues.get_mut(&row.get(1)?);
        let queue = queue.ok_or_else(|| OpenError::Corrupt(format!("message {} without queue", message.serial)))?;
        queue.put(message);
    }
    Ok(())
}

fn read_message(row: &Row<'_>) -> Result<Message, OpenError> {
    let serial: i64 = row.get(0)?;
    let corrupt = || OpenError::Corrupt(format!("attributes of message {serial}"));
    let mut attributes = Attributes::new();
    if let Some(text) = row.get::<_, Option<String>>(4)? {
        let wire: BTreeMap<String, WireValue> = serde_json::from_str(&text).map_err(|_| corrupt())?;
        for (name, value) in wire {
            let value = attribute::parse(&name, value).map_err(|_| corrupt())?;
            attributes.insert(name, value);
        }
    }
    let content = Content {
        id: row.get(2)?,
        body: row.get(3)?,
        attributes,
        trace_header: row.get(5)?,
        group_id: row.get::<_, Option<String>>(6)?.map(Text::from),
        deduplication_id: row.get(7)?,
    };
    let receives: Option<u32> = row.get(12)?;
    let (sent_ms, visible_ms): (i64, i64) = (row.get(8)?, row.get(9)?);
    // What is due already turns ready when the queue first advances. What was never held back is ready whatever the
    // clock says, which may have gone back since.
    let state = match receives {
        Some(_) => State::InFlight {
            since_ms: row.get(14)?,
            until_ms: row.get(15)?,
        },
        None if visible_ms == sent_ms => State::Ready { since_ms: visible_ms },
        None => State::Delayed { until_ms: visible_ms },
    };
    Ok(Message {
        serial,
        content: Arc::new(content),
        sent_ms,
        origin: row.get::<_, Option<String>>(10)?.map(Text::from),
        receives: receives.unwrap_or_default(),
        receives_elsewhere: row.get(11)?,
        first_received_ms: row.get(13)?,
        state,
    })
}

fn load_sends(db: &Connection, queues: &mut BTreeMap<i64, Queue>) -> Result<(), OpenError> {
    let mut statement =
        db.prepare("SELECT queue, group_id, id, message_id, serial, sent_ms FROM send ORDER BY sent_ms, serial")?;
    let mut rows = statement.query([])?;
    while let Some(row) = rows.next()? {
        let group: String = row.get(1)?;
        let key = SendKey {
            group: Some(group).filter(|group| !group.is_empty()).map(Text::from),
            id: row.get(2)?,
        };
        let first = FirstSend {
            message_id: row.get(3)?,
            serial: row.get(4)?,
            sent_ms: row.get(5)?,
        };
        if let Some(queue) = queues.get_mut(&row.get(0)?) {
            queue.sends.remember(key, first);
        }
    }
    Ok(())
}
