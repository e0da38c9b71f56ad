//! Families of refresh tokens.

use dynamo::{CommitError, Consistency, Dynamo, Part, Record, StoreError, to_item};
use kernel::{SessionId, Timestamp};

use super::keys;
use crate::{Family, FamilyState, Peppers, RefreshToken, session::Presented};

/// How often a refresh that raced another of its family looks again.
const RACES_MAX: u32 = 4;

/// Keeps families. Access patterns: `session.start`, `session.refresh`, `session.end`.
#[derive(Debug, Clone)]
pub struct Sessions {
    dynamo: Dynamo,
    table: String,
    peppers: Peppers,
}

impl Record for Family {
    const ENTITY: &'static str = "session";
    const SHAPE: u16 = 1;
}

/// What became of a presented refresh token.
#[derive(Debug)]
pub enum Refreshed {
    /// It was good: its successor. The same token shown again within the grace time gives the same successor.
    Rotated {
        /// The family as it was.
        family: Family,
        /// The token that takes its place.
        next: RefreshToken,
    },
    /// It is not good, or was used before: then the family has ended.
    Refused {
        /// Whether an old token was used.
        reused: bool,
    },
}

impl Sessions {
    /// On the identity table.
    pub fn new(dynamo: Dynamo, table: &str, peppers: Peppers) -> Self {
        Self {
            dynamo,
            table: table.to_owned(),
            peppers,
        }
    }

    /// The part that starts a family. It cannot be refused: session ids are new each time.
    pub fn start<R>(&self, family: &Family) -> Result<Part<R>, StoreError> {
        Ok(Part::insert(&self.table, to_item(&keys::session(family.id), family)?))
    }

    /// The family of a token that we made, judged: nothing is written.
    pub async fn look(&self, token: &RefreshToken) -> Result<Option<(Family, Presented)>, StoreError> {
        if !token.is_ours(&self.peppers) {
            return Ok(None);
        }
        let family: Option<Family> = self
            .dynamo
            .get(&self.table, &keys::session(token.session()), Consistency::Strong)
            .await?;
        let now = self.dynamo.ambient().now();
        Ok(family.map(|family| {
            let presented = family.judge(token, &self.peppers, now);
            (family, presented)
        }))
    }

    /// Takes a token and gives its successor, or ends the family when the token is an old one.
    ///
    /// The rotation is conditional on the generation, so of two equal requests one rotates and the other finds itself a
    /// retry of it.
    pub async fn refresh(&self, token: &RefreshToken) -> Result<Refreshed, StoreError> {
        for _ in 0..RACES_MAX {
            let Some((family, presented)) = self.look(token).await? else {
                return Ok(Refreshed::Refused { reused: false });
            };
            let next = token.successor(&self.peppers);
            match presented {
                Presented::Retry => return Ok(Refreshed::Rotated { family, next }),
                Presented::Current if self.rotate(&family, &next).await? => {
                    return Ok(Refreshed::Rotated { family, next });
                }
                Presented::Current => {}
                Presented::Reused => {
                    self.end(family.id, FamilyState::Reused).await?;
                    return Ok(Refreshed::Refused { reused: true });
                }
                Presented::Dead => return Ok(Refreshed::Refused { reused: false }),
            }
        }
        Err(StoreError::Throttled)
    }

    async fn rotate(&self, family: &Family, next: &RefreshToken) -> Result<bool, StoreError> {
        let now: Timestamp = self.dynamo.ambient().now();
        let part = Part::update(
            &self.table,
            keys::session(family.id),
            "SET #token = :next, #generation = :generation, rotated_at = :now",
        )
        .when("#state = :active AND #generation = :before AND #token = :current")
        .name("#token", "token")
        .name("#generation", "generation")
        .name("#state", "state")
        .text(":next", next.hash())
        .text(":now", now.to_string())
        .text(":active", "active")
        .text(":current", family.token.clone())
        .number(":before", family.generation)
        .number(":generation", family.generation.saturating_add(1))
        .refused(());
        match self.dynamo.commit(vec![part]).await {
            Ok(()) => Ok(true),
            Err(CommitError::Refused(_)) => Ok(false),
            Err(error) => error.first().map(|()| false),
        }
    }

    /// Ends a family. Ending it twice, or one that is gone, changes nothing: the first reason stays.
    pub async fn end(&self, id: SessionId, state: FamilyState) -> Result<(), StoreError> {
        let part = Part::update(&self.table, keys::session(id), "SET #state = :ended")
            .when("#state = :active")
            .name("#state", "state")
            .text(":active", "active")
            .value(":ended", &state)?
            .refused(());
        self.dynamo.commit(vec![part]).await.or_else(CommitError::first)
    }
}
