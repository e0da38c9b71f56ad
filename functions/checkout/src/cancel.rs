//! `POST /checkout-sessions/{id}/cancel`.

use dynamo::Part;
use ucp::Negotiated;
use web::{Body, HttpClient, Request, Response};

use crate::{
    Error, Ports, Shelf,
    answer::{self, Committed, Lost, Start},
    session,
};

/// How often a cancellation that lost against a change is decided again.
const TRIES_MAX: u32 = 4;

/// Gives the session up. Against a completion at the same time exactly one of them wins.
#[tracing::instrument(name = "checkout.cancel", skip_all)]
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
        let after = match loaded.session.canceled(ports.ambient.now()) {
            Ok(after) => after,
            Err(refusal) => return answer::closed(ports, platform, request, refusal).await,
        };
        let shown = session::shown(ports, platform, &after, &loaded.particulars);
        let writes: Vec<Part<Lost>> = vec![ports.sessions.save(&after, Lost::Session)?];
        match answer::commit(ports, &key, Some(&loaded.key), writes, (200, &shown)).await? {
            Committed::Answer(response) => {
                tracing::info!(checkout.id = %after.id, "checkout.canceled");
                return Ok(response);
            }
            Committed::Lost(_) => {}
        }
    }
    Err(Error::Busy)
}
