//! Kept answers: one effect and one answer per idempotency key. They hold personal data, so they are kept sealed.

use dynamo::{Begin, Claim, CommitError, Part, Saved, StoreError};
use inventory::StockRefusal;
use kernel::PersonId;
use privacy::{PersonKey, Place, Sealed};
use serde::{Deserialize, Serialize};
use ucp::{Negotiated, Refusal};
use web::{Body, HttpClient, Request, Response};

use crate::{Error, Ports, Shelf};

/// Where sealed answers belong.
const ENTITY: &str = "checkout-answer";

/// Why a transaction was refused.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Lost {
    /// An equal request was quicker.
    Key,
    /// The session was changed meanwhile.
    Session,
    /// Stock was taken meanwhile.
    Stock(StockRefusal),
    /// The new order has a payment already: cannot be.
    Payment,
}

/// A call's key.
pub(crate) enum Start {
    /// Do it, and keep the answer with it.
    Fresh(Key),
    /// Done before: this was the answer.
    Answered(Response<Body>),
}

/// A claimed key.
pub(crate) struct Key {
    claim: Claim,
    scope: String,
    given: String,
    fingerprint: String,
}

#[derive(Serialize, Deserialize)]
#[serde(untagged)]
enum Kept {
    Sealed { person: PersonId, sealed: Sealed },
    Plain { plain: String },
}

/// Looks the call's key up. A key counts per platform, method and path.
pub(crate) async fn begin<H: HttpClient, S: Shelf>(
    ports: &Ports<H, S>,
    platform: &Negotiated,
    request: &Request,
) -> Result<Start, Error> {
    let missing =
        || Refusal::IdempotencyKey("send an Idempotency-Key header: a new UUID for each new request".to_owned());
    let key = web::header(request, "idempotency-key")
        .filter(|key| !key.is_empty())
        .ok_or_else(missing)?
        .to_owned();
    let body = web::body(request).map_err(|problem| Refusal::of_problem(&problem))?;
    let scope = format!(
        "ucp {} {} {}",
        platform.profile_url,
        request.method(),
        request.uri().path()
    );
    let fingerprint = dynamo::fingerprint(body);
    look_up(ports, scope, key, fingerprint).await
}

/// What a session that is not open any more answers: its refusal, unless the very same request, sent at the same time, is
/// what closed it. Then this one is answered as that one was.
pub(crate) async fn closed<H: HttpClient, S: Shelf>(
    ports: &Ports<H, S>,
    platform: &Negotiated,
    request: &Request,
    refusal: impl Into<Error>,
) -> Result<Response<Body>, Error> {
    match begin(ports, platform, request).await? {
        Start::Answered(response) => Ok(response),
        Start::Fresh(_) => Err(refusal.into()),
    }
}

async fn look_up<H: HttpClient, S: Shelf>(
    ports: &Ports<H, S>,
    scope: String,
    given: String,
    fingerprint: String,
) -> Result<Start, Error> {
    match ports.idempotency.begin(&scope, &given, &fingerprint).await? {
        Begin::Fresh(claim) => Ok(Start::Fresh(Key {
            claim,
            scope,
            given,
            fingerprint,
        })),
        Begin::Mismatch => Err(Refusal::IdempotencyConflict.into()),
        Begin::Replay(saved) => open(ports, saved).await.map(Start::Answered),
    }
}

async fn open<H: HttpClient, S: Shelf>(ports: &Ports<H, S>, saved: Saved) -> Result<Response<Body>, Error> {
    let body = match serde_json::from_str(&saved.body)? {
        Kept::Plain { plain } => plain,
        Kept::Sealed { person, sealed } => {
            let key = ports.vault.open(person).await?.ok_or(Error::Erased)?;
            key.open(place(&person.to_string()), &sealed)?
        }
    };
    Ok(web::raw_json(saved.status, body))
}

const fn place(person: &str) -> Place<'_> {
    Place {
        entity: ENTITY,
        id: person,
        field: "body",
    }
}

/// What came of a commit.
pub(crate) enum Committed {
    /// Everything is kept; this is the answer, now or from the equal request that was quicker.
    Answer(Response<Body>),
    /// Nothing is kept: look again.
    Lost(Vec<Lost>),
}

/// Commits the effect with its answer. `person` is whose data the answer holds.
pub(crate) async fn commit<H: HttpClient, S: Shelf>(
    ports: &Ports<H, S>,
    key: &Key,
    person: Option<&PersonKey>,
    mut writes: Vec<Part<Lost>>,
    (status, answer): (u16, &impl Serialize),
) -> Result<Committed, Error> {
    let body = serde_json::to_string(answer)?;
    let kept = match person {
        None => Kept::Plain { plain: body.clone() },
        Some(person) => {
            let sealed = person.seal(&ports.ambient, place(&person.id().to_string()), &body)?;
            Kept::Sealed {
                person: person.id(),
                sealed,
            }
        }
    };
    let saved = Saved {
        status,
        body: serde_json::to_string(&kept)?,
    };
    writes.push(key.claim.record(&saved, Lost::Key)?);
    let lost: Vec<Lost> = match ports.dynamo.commit(writes).await {
        Ok(()) => return Ok(Committed::Answer(web::raw_json(status, body))),
        Err(CommitError::Refused(refusals)) => refusals.into_iter().map(|refusal| refusal.reason).collect(),
        Err(CommitError::Conflict) => Vec::new(),
        Err(CommitError::Store(error)) => return Err(error.into()),
    };
    // Whoever was quicker may have been our own copy: then its answer is ours.
    match look_up(ports, key.scope.clone(), key.given.clone(), key.fingerprint.clone()).await? {
        Start::Answered(response) => Ok(Committed::Answer(response)),
        Start::Fresh(_) if lost.contains(&Lost::Payment) => {
            Err(StoreError::Rejected("a new order has a payment already".to_owned()).into())
        }
        Start::Fresh(_) => Ok(Committed::Lost(lost)),
    }
}
