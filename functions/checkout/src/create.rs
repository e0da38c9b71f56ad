//! `POST /checkout-sessions`.

use std::collections::BTreeMap;

use kernel::{CheckoutId, Id};
use sales::checkout::{OPEN_S, Session, SessionState};
use ucp::{ErrorResponse, Message, Negotiated, Operation, Severity};
use web::{Body, HttpClient, Request, Response};

use crate::{
    Error, Ports, Shelf,
    answer::{self, Committed, Start},
    session,
};

/// Makes a session, or says why nothing of the request can be sold: then there is no session. Twice with one key: one
/// session and one answer.
#[tracing::instrument(name = "checkout.create", skip_all)]
pub(crate) async fn handle<H: HttpClient, S: Shelf>(
    ports: &Ports<H, S>,
    platform: &Negotiated,
    request: &Request,
) -> Result<Response<Body>, Error> {
    let key = match answer::begin(ports, platform, request).await? {
        Start::Answered(response) => return Ok(response),
        Start::Fresh(key) => key,
    };
    let draft = session::draft(ports, request, &[])?;
    let quote = session::price(ports, platform, &draft.lines, &draft.particulars, &BTreeMap::new()).await?;
    if quote.lines.is_empty() {
        let nothing = ErrorResponse::new(
            platform.metadata(Operation::Checkout),
            Message::error("", Severity::Unrecoverable, ""),
        );
        let messages = quote.messages.into_iter().map(unrecoverable).collect();
        let nothing = nothing.messages(messages).continue_url(&ports.storefront);
        return done(answer::commit(ports, &key, None, Vec::new(), (200, &nothing)).await?);
    }
    let (person, person_part) = ports.vault.create()?;
    let now = ports.ambient.now();
    let id = CheckoutId::generate(&ports.ambient);
    let session = Session {
        id,
        version: 1,
        owner: platform.profile_url.clone(),
        state: SessionState::Open,
        created_at: now,
        open_until: now.plus_seconds(OPEN_S),
        person: person.id(),
        particulars: session::seal(ports, &person, id, &draft.particulars)?,
        lines: draft.lines,
        quote,
    };
    let shown = session::shown(ports, platform, &session, &draft.particulars);
    let writes = vec![ports.sessions.insert(&session)?, person_part];
    let response = done(answer::commit(ports, &key, Some(&person), writes, (201, &shown)).await?)?;
    tracing::info!(checkout.id = %id, lines = session.quote.lines.len(), "checkout.created");
    Ok(response)
}

/// Without a session there is nothing to recover.
fn unrecoverable(message: Message) -> Message {
    match message {
        Message::Error {
            code, content, path, ..
        } => Message::Error {
            code,
            content,
            path,
            severity: Severity::Unrecoverable,
        },
        other => other,
    }
}

fn done(committed: Committed) -> Result<Response<Body>, Error> {
    match committed {
        Committed::Answer(response) => Ok(response),
        Committed::Lost(_) => Err(Error::Busy),
    }
}
