//! The limits of the service, as AWS documents them, and the few of our own that keep one machine safe.

/// Largest message, body and attributes together, in bytes (1 MiB since August 2025).
pub const MESSAGE_BYTES_MAX: usize = 1_048_576;
/// Smallest value of a queue's `MaximumMessageSize`, in bytes.
pub const MESSAGE_BYTES_LIMIT_MIN: i64 = 1_024;
/// Largest sum of a batch's messages, in bytes.
pub const BATCH_BYTES_MAX: usize = 1_048_576;
/// Entries of one batch request, and messages of one receive.
pub const BATCH_ENTRIES_MAX: usize = 10;
/// Characters of a batch entry's id.
pub const BATCH_ENTRY_ID_CHARS_MAX: usize = 80;
/// Attributes of one message.
pub const MESSAGE_ATTRIBUTES_MAX: usize = 10;
/// Characters of a message attribute's name, and of its type.
pub const MESSAGE_ATTRIBUTE_NAME_CHARS_MAX: usize = 256;
/// Digits of a `Number` attribute.
pub const NUMBER_DIGITS_MAX: usize = 38;
/// Characters of a message group id, a deduplication id and a receive attempt id.
pub const FIFO_ID_CHARS_MAX: usize = 128;
/// Longest delay of a message, in seconds.
pub const DELAY_SECONDS_MAX: i64 = 900;
/// Longest visibility timeout, in seconds, counted from the receive.
pub const VISIBILITY_SECONDS_MAX: i64 = 43_200;
/// Longest long poll, in seconds.
pub const WAIT_SECONDS_MAX: i64 = 20;
/// Shortest retention, in seconds.
pub const RETENTION_SECONDS_MIN: i64 = 60;
/// Longest retention, in seconds.
pub const RETENTION_SECONDS_MAX: i64 = 1_209_600;
/// How long a FIFO queue remembers a deduplication id or a receive attempt, in milliseconds.
pub const DEDUPLICATION_MS: i64 = 300_000;
/// Messages of a standard queue that may be in flight; beyond it a receive answers `OverLimit`.
pub const IN_FLIGHT_MAX: usize = 120_000;
/// How long after a purge, and after a deletion of a queue of the same name, the next is refused, in milliseconds.
pub const QUIET_MS: i64 = 60_000;
/// Characters of a queue's name.
pub const QUEUE_NAME_CHARS_MAX: usize = 80;
/// Tags of a queue.
pub const TAGS_MAX: usize = 50;
/// Characters of a tag's key.
pub const TAG_KEY_CHARS_MAX: usize = 128;
/// Characters of a tag's value.
pub const TAG_VALUE_CHARS_MAX: usize = 256;
/// Results of one page of a listing.
pub const PAGE_MAX: usize = 1_000;
/// Largest `maxReceiveCount` of a redrive policy.
pub const RECEIVE_COUNT_MAX: u32 = 1_000;
/// Source queues that a redrive allow policy may name.
pub const ALLOWED_SOURCES_MAX: usize = 10;
/// Messages per second that a move task may be asked for; without a request it moves as fast as it can.
pub const MOVES_PER_SECOND_MAX: i64 = 500;
/// Move tasks that are remembered per source queue.
pub const MOVE_TASKS_MAX: usize = 10;
/// Messages that a move task moves while it holds the engine.
pub const MOVES_PER_STEP_MAX: usize = 100;

/// Queues of one service (our own limit).
pub const QUEUES_MAX: usize = 1_000;
/// Messages of one queue (our own limit: they are held in memory).
pub const MESSAGES_PER_QUEUE_MAX: usize = 1_000_000;
/// Deduplication ids that one queue remembers (our own limit).
pub const DEDUPLICATION_IDS_MAX: usize = 1_000_000;
/// Receive attempts that one queue remembers (our own limit); the oldest is forgotten first.
pub const ATTEMPTS_MAX: usize = 10_000;
/// Jobs that share one commit (our own limit).
pub const GROUP_COMMIT_MAX: usize = 256;
/// Largest request body, in bytes: a full batch whose every character is escaped.
pub const REQUEST_BYTES_MAX: usize = 8 * 1_048_576;
/// Connections of the stand-alone server (our own limit).
pub const CONNECTIONS_MAX: usize = 1_024;
