//! `PUT /checkout-sessions/{id}`: full replacement.

use std::collections::BTreeMap;

use dynamo::Part;
use ucp::Negotiated;
use web::{Body, HttpClient, Request, Response};

use crate::{
    Error, Ports, Shelf,
    answer::{self, Committed, Lost, Start},
    session,
};

/// How often an update that lost against another one is decided again.
const TRIES_MAX: u32 = 4;

/// Replaces what was asked for. Two updates at once: one after the other, each whole. Twice with one key: one effect.
#[tracing::instrument(name = "checkout.update", skip_all)]
pub(crate) async fn handle<H: HttpClient, S: Shelf>(
    ports: &Ports<H, S>,
    platform: &Negotiated,
    request: &Request,
) -> Result<Response<Body>, Error> {
    let key = match answer::begin(ports, platform, request).await? {
        Start::Answered(response) => return Ok(response),
        Start::Fresh(key) => key,
    };
    for _ in 0..TRIES_MAX {
        let loaded = session::load(ports, platform, request).await?;
        let now = ports.ambient.now();
        if let Err(refusal) = loaded.session.open(now) {
            return answer::closed(ports, platform, request, refusal).await;
        }
        let draft = session::draft(ports, request, &loaded.session.lines)?;
        let quote = session::price(ports, platform, &draft.lines, &draft.particulars, &BTreeMap::new()).await?;
        let sealed = session::seal(ports, &loaded.key, loaded.session.id, &draft.particulars)?;
        let after = loaded.session.replaced(draft.lines, sealed, quote, now)?;
        let shown = session::shown(ports, platform, &after, &draft.particulars);
        let writes: Vec<Part<Lost>> = vec![ports.sessions.save(&after, Lost::Session)?];
        match answer::commit(ports, &key, Some(&loaded.key), writes, (200, &shown)).await? {
            Committed::Answer(response) => return Ok(response),
            Committed::Lost(_) => {}
        }
    }
    Err(Error::Busy)
}
