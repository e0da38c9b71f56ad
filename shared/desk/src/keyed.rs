//! Writing once: the kept answer is part of every transaction.

use dynamo::{Begin, CommitError, Dynamo, Idempotency, Part, Saved, fingerprint};
use kernel::StaffId;
use serde::Serialize;
use web::{Body, Request, Response};

use crate::Error;

/// How often a change is decided again, when somebody else is quicker.
pub const TRIES_MAX: u32 = 6;

/// A part was refused: somebody else was quicker. Load and decide again.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Raced;

/// What is answered, and the writes that make it so.
#[derive(Debug)]
pub struct Decided {
    answer: Saved,
    parts: Vec<Part<Raced>>,
}

impl Decided {
    /// Answers `body` once the parts are committed. Its member `version`, where it has one, is the answer's `ETag`.
    ///
    /// # Errors
    ///
    /// When the body does not serialise.
    pub fn new(status: u16, body: &impl Serialize, parts: Vec<Part<Raced>>) -> Result<Self, Error> {
        let body = serde_json::to_string(body)?;
        let answer = Saved { status, body };
        Ok(Self { answer, parts })
    }
}

/// One kind of change.
pub trait Change: Sync {
    /// Loads and decides: called again when somebody else was quicker. Preconditions are checked in here, over what was
    /// loaded now.
    fn decide(&self) -> impl Future<Output = Result<Decided, Error>> + Send;
}

/// Makes a change once per caller, route and `Idempotency-Key`, and answers the same for every copy of the request. Two
/// copies at once: one commits, the other one reads its answer.
///
/// # Errors
///
/// What the change refuses; a key that is missing or was used with another body or `If-Match`.
pub async fn once(
    (dynamo, idempotency): (&Dynamo, &Idempotency),
    request: &Request,
    who: StaffId,
    change: &impl Change,
) -> Result<Response<Body>, Error> {
    let key = web::idempotency_key(request)?;
    let scope = format!("{who} {} {}", web::route_key(request), request.uri().path());
    // A write that names another version is another request.
    let version = web::header(request, "if-match").unwrap_or_default();
    let print = fingerprint(&[version.as_bytes(), b"\n", web::body(request)?].concat());
    for _ in 0..TRIES_MAX {
        let claim = match idempotency.begin(&scope, key, &print).await? {
            Begin::Fresh(claim) => claim,
            Begin::Replay(saved) => return Ok(answer(saved)),
            Begin::Mismatch => return Err(Error::KeyReused),
        };
        let Decided {
            answer: saved,
            mut parts,
        } = match change.decide().await {
            Ok(decided) => decided,
            // A copy of the request may have done it in between, and is why this one is refused: then its answer is this
            // one's too.
            Err(refusal) => {
                return match idempotency.begin(&scope, key, &print).await? {
                    Begin::Replay(saved) => Ok(answer(saved)),
                    Begin::Fresh(_) | Begin::Mismatch => Err(refusal),
                };
            }
        };
        parts.push(claim.record(&saved, Raced)?);
        match dynamo.commit(parts).await {
            Ok(()) => return Ok(answer(saved)),
            Err(CommitError::Refused(_) | CommitError::Conflict) => {}
            Err(CommitError::Store(error)) => return Err(error.into()),
        }
    }
    Err(Error::Busy)
}

fn answer(saved: Saved) -> Response<Body> {
    let kept: Option<serde_json::Value> = serde_json::from_str(&saved.body).ok();
    let version = kept.and_then(|body| body.get("version")?.as_u64());
    let response = web::raw_json(saved.status, saved.body);
    match version {
        Some(version) => tagged(response, version),
        None => response,
    }
}

/// The response with its entity's tag.
pub fn tagged(mut response: Response<Body>, version: u64) -> Response<Body> {
    if let Ok(value) = web::etag(version).parse() {
        response.headers_mut().insert(http::header::ETAG, value);
    }
    response
}
