//! Writing once: the kept answer is part of every transaction.

use catalog::{CategoryRefusal, ProductRefusal};
use dynamo::{Begin, Claim, CommitError, Part, Saved, fingerprint};
use serde::Serialize;
use web::{Body, Request, Response};

use crate::{Error, Member, Ports};

/// Why a transaction was refused.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Refused {
    /// By a product's part.
    Product(ProductRefusal),
    /// By a category's part.
    Category(CategoryRefusal),
    /// An equal request was quicker.
    Replayed,
}

/// A write that may begin, or the answer of the one that was done.
pub(crate) enum Start {
    Fresh(Writing),
    Done(Response<Body>),
}

/// One write.
pub(crate) struct Writing {
    claim: Claim,
    scope: String,
    key: String,
    fingerprint: String,
}

/// Looks up the request's key.
pub(crate) async fn begin(ports: &Ports, request: &Request, who: Member) -> Result<Start, Error> {
    let key = web::idempotency_key(request)?.to_owned();
    let scope = format!("{} {} {}", who.reviewer.id, request.method(), request.uri().path());
    // A write that names another version is another request.
    let version = web::header(request, "if-match").unwrap_or_default();
    let fingerprint = fingerprint(&[version.as_bytes(), b"\n", web::body(request)?].concat());
    match ports.idempotency.begin(&scope, &key, &fingerprint).await? {
        Begin::Fresh(claim) => Ok(Start::Fresh(Writing {
            claim,
            scope,
            key,
            fingerprint,
        })),
        Begin::Replay(saved) => Ok(Start::Done(answer(&saved))),
        Begin::Mismatch => Err(Error::KeyReused),
    }
}

impl Writing {
    /// Commits the parts with the answer, which is `value`.
    pub(crate) async fn commit(
        self,
        ports: &Ports,
        mut writes: Vec<Part<Refused>>,
        status: u16,
        value: &impl Serialize,
    ) -> Result<Response<Body>, Error> {
        let saved = Saved {
            status,
            body: serde_json::to_string(value)?,
        };
        writes.insert(0, self.claim.record(&saved, Refused::Replayed)?);
        let refusal = match ports.catalog.dynamo().commit(writes).await.map_err(CommitError::first) {
            Ok(()) => return Ok(answer(&saved)),
            Err(refusal) => refusal?,
        };
        match refusal {
            Refused::Replayed => self.replay(ports).await,
            Refused::Product(ProductRefusal::Exists) => Err(Error::Exists),
            Refused::Product(ProductRefusal::Stale) | Refused::Category(CategoryRefusal::Stale) => Err(Error::Stale),
            Refused::Product(ProductRefusal::VariantTaken(variant)) => Err(Error::VariantTaken(variant)),
        }
    }

    /// The answer of the equal request that was quicker.
    async fn replay(self, ports: &Ports) -> Result<Response<Body>, Error> {
        match ports
            .idempotency
            .begin(&self.scope, &self.key, &self.fingerprint)
            .await?
        {
            Begin::Replay(saved) => Ok(answer(&saved)),
            Begin::Mismatch => Err(Error::KeyReused),
            Begin::Fresh(_) => Err(Error::Stale),
        }
    }
}

fn answer(saved: &Saved) -> Response<Body> {
    let response = web::raw_json(saved.status, saved.body.clone());
    let version = serde_json::from_str::<serde_json::Value>(&saved.body)
        .ok()
        .and_then(|body| body.get("version")?.as_u64());
    match version {
        Some(version) => tagged(response, version),
        None => response,
    }
}

/// The response with its entity's tag.
pub(crate) fn tagged(mut response: Response<Body>, version: u64) -> Response<Body> {
    if let Ok(value) = web::etag(version).parse() {
        response.headers_mut().insert("etag", value);
    }
    response
}
