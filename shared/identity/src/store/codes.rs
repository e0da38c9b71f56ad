//! One-time codes.

use dynamo::Consistency;
use dynamo::{CommitError, Dynamo, Item, Part, Record, StoreError, from_item, to_item};
use kernel::CodeId;

use super::keys;
use crate::code::{CODE_TRIES_MAX, Code};

/// Keeps codes. Access patterns: `code.open`, `code.try`, `code.use`.
#[derive(Debug, Clone)]
pub struct Codes {
    dynamo: Dynamo,
    table: String,
}

impl Record for Code {
    const ENTITY: &'static str = "code";
    const SHAPE: u16 = 1;
}

impl Codes {
    /// On the identity table.
    pub fn new(dynamo: Dynamo, table: &str) -> Self {
        Self {
            dynamo,
            table: table.to_owned(),
        }
    }

    /// The part that keeps a new code. It cannot be refused: code ids are new each time.
    pub fn open<R>(&self, code: &Code) -> Result<Part<R>, StoreError> {
        Ok(Part::insert(&self.table, to_item(&keys::code(code.id), code)?))
    }

    /// Counts a try, and gives the code to compare with; `None` when there is nothing to try: unknown, ended, used, or
    /// tried too often. The count and its limit are one condition, so tries at the same time do not get past it.
    pub async fn take_try(&self, id: CodeId) -> Result<Option<Code>, StoreError> {
        let now = self.dynamo.ambient().now();
        let part = Part::update(&self.table, keys::code(id), "SET tries = tries + :one")
            .when("#state = :open AND tries < :max AND ends_at > :now")
            .name("#state", "state")
            .text(":open", "open")
            // Written times sort as the times do.
            .text(":now", now.to_string())
            .number(":one", 1)
            .number(":max", CODE_TRIES_MAX)
            .refused(());
        match self.dynamo.commit(vec![part]).await {
            Ok(()) => {}
            Err(CommitError::Refused(_)) => return Ok(None),
            Err(error) => return error.first().map(|()| None),
        }
        let found: Option<Item> = self
            .dynamo
            .get_item(&self.table, &keys::code(id), Consistency::Strong)
            .await?;
        found.map(from_item).transpose()
    }

    /// The part that uses a code up: once.
    pub fn spend<R>(&self, id: CodeId, refused: R) -> Part<R> {
        Part::update(&self.table, keys::code(id), "SET #state = :used")
            .when("#state = :open")
            .name("#state", "state")
            .text(":open", "open")
            .text(":used", "used")
            .refused(refused)
    }
}
