//! Notices: what is known of one without its content, those that were refused, and handing one on again.

use desk::{Change, Decided, Error, Listed, Member, once};
use kernel::Timestamp;
use payments::{Notice, ObjectId, Payments, Provider, Refused};
use serde_json::{Value, json};
use web::{Body, Problem, Request, Response, query_parameter, types};

use crate::{Ports, raced};

/// `GET /v1/payments/notices/{provider}/{delivery}`. Never its content, which holds payers' data.
pub(crate) async fn read(ports: &Ports, request: &Request, _: &Member) -> Result<Response<Body>, Error> {
    let notice = kept(ports, request).await?;
    Ok(web::json(200, &view(&notice)))
}

async fn kept(ports: &Ports, request: &Request) -> Result<Notice, Error> {
    let provider: Provider = web::path_parameter(request, "provider")?;
    let delivery: ObjectId = web::path_parameter(request, "delivery")?;
    let found = ports.payments.notice(provider, &delivery).await?;
    found.ok_or_else(Error::not_found)
}

fn view(notice: &Notice) -> Value {
    json!({
        "provider": notice.provider,
        "delivery": notice.delivery,
        "kind": notice.kind,
        "source": notice.source.as_str(),
        "bytes": notice.body.len(),
        "received_at": notice.received_at,
    })
}

struct Redrive<'a> {
    ports: &'a Ports,
    request: &'a Request,
}

/// `POST /v1/payments/notices/{provider}/{delivery}/redrive`: settlement looks at it once more, and books nothing twice.
#[tracing::instrument(name = "payment.notice.redrive", skip_all)]
pub(crate) async fn redrive(ports: &Ports, request: &Request, member: &Member) -> Result<Response<Body>, Error> {
    let change = Redrive { ports, request };
    once((&ports.dynamo, &ports.idempotency), request, member.id, &change).await
}

impl Change for Redrive<'_> {
    async fn decide(&self) -> Result<Decided, Error> {
        let notice = kept(self.ports, self.request).await?;
        let writes = vec![self.ports.payments.redrive_part(&notice, None)?];
        tracing::info!(provider = %notice.provider, delivery = %notice.delivery, "payment.notice.redriven");
        Decided::new(202, &view(&notice), raced(writes))
    }
}

/// `GET /v1/payments/notices/{provider}?refused_in=2026-11-22T09:00:00Z`: what its endpoint refused in the hour of that
/// time, by default in this one.
pub(crate) async fn refused(ports: &Ports, request: &Request, _: &Member) -> Result<Response<Body>, Error> {
    let provider: Provider = web::path_parameter(request, "provider")?;
    let hour = match query_parameter(request, "refused_in") {
        Some(text) => text
            .parse::<Timestamp>()
            .map_err(|error| Problem::new(&types::MALFORMED).detail(format!("refused_in: {error}")))?,
        None => ports.payments.ambient().now(),
    };
    let cursor = query_parameter(request, "cursor")
        .map(|text| Payments::refused_cursor(provider, hour, &text))
        .transpose()?;
    let page = ports
        .payments
        .refused(provider, hour, web::page_limit(request)?, cursor)
        .await?;
    let next = page.next.map(|next| next.encode());
    let items = page.items.iter().map(refusal).collect::<Vec<_>>();
    Ok(web::json(200, &Listed { items, next }))
}

/// The body stays inside: it may be a payer's, or an attacker's.
fn refusal(refused: &Refused) -> Value {
    json!({
        "provider": refused.provider,
        "reason": refused.reason.as_str(),
        "says": refused.reason.to_string(),
        "bytes": refused.bytes,
        "source": refused.source,
        "received_at": refused.received_at,
    })
}
