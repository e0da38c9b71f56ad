//! Cases and disputes.

use desk::{Change, Decided, Error, Listed, Member, once};
use kernel::{Actor, StaffId, Text};
use payments::{CASE_NOTE_CHARS_MAX, Case, CaseId, CaseReason, Payments, events::latest::Why};
use serde::Deserialize;
use serde_json::{Value, json};
use web::{Body, Request, Response, query_parameter, types};

use crate::{Ports, ledger::day_of, raced};

/// `GET /v1/payments/cases?day=`: those of a day, by default today.
pub(crate) async fn list(ports: &Ports, request: &Request, _: &Member) -> Result<Response<Body>, Error> {
    let day = day_of(ports, request)?.day();
    let cursor = query_parameter(request, "cursor");
    let cursor = cursor.map(|text| Payments::cases_cursor(&day, &text)).transpose()?;
    let page = ports.payments.cases(&day, cursor).await?;
    let body = Listed {
        items: page.items.iter().map(case).collect::<Vec<_>>(),
        next: page.next.map(|next| next.encode()),
    };
    Ok(web::json(200, &body))
}

/// `GET /v1/payments/disputes?day=`: those of which evidence is due on a day, or that were told on it without a due time.
pub(crate) async fn disputes(ports: &Ports, request: &Request, _: &Member) -> Result<Response<Body>, Error> {
    let day = day_of(ports, request)?.day();
    let cursor = query_parameter(request, "cursor");
    let cursor = cursor.map(|text| Payments::disputes_cursor(&day, &text)).transpose()?;
    let page = ports.payments.disputes_due(&day, cursor).await?;
    let next = page.next.map(|next| next.encode());
    Ok(web::json(
        200,
        &Listed {
            items: page.items,
            next,
        },
    ))
}

fn case(case: &Case) -> Value {
    json!({
        "id": case.id().to_string(),
        "why": case.why.as_str(),
        "provider": case.provider,
        "of": case.of,
        "order_id": case.order,
        "here": case.here,
        "there": case.there,
        "opened_at": case.opened_at,
        "state": case.state,
        "version": case.version,
    })
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Input {
    note: Text<CASE_NOTE_CHARS_MAX>,
}

struct Resolve<'a> {
    ports: &'a Ports,
    by: StaffId,
    id: CaseId,
    note: Text<CASE_NOTE_CHARS_MAX>,
}

/// `POST /v1/payments/cases/{id}/resolve`.
#[tracing::instrument(name = "payment.case.resolve", skip_all)]
pub(crate) async fn resolve(ports: &Ports, request: &Request, member: &Member) -> Result<Response<Body>, Error> {
    let change = Resolve {
        ports,
        by: member.id,
        id: web::path_parameter(request, "id")?,
        note: web::json_body::<Input>(request)?.note,
    };
    once((&ports.dynamo, &ports.idempotency), request, member.id, &change).await
}

impl Change for Resolve<'_> {
    async fn decide(&self) -> Result<Decided, Error> {
        let store = &self.ports.payments;
        let known = store.case(&self.id).await?.ok_or_else(Error::not_found)?;
        if known.why == Why::Case(CaseReason::RiskReview) {
            let detail = "a payment waits for this: approve or refuse it, and the case is resolved with it";
            return Err(Error::refused(&types::CONFLICT, detail));
        }
        let by = Actor::Staff { id: self.by };
        let resolved = known
            .resolved(by, store.ambient().now(), Some(self.note.clone()))
            .ok_or_else(|| Error::refused(&types::CONFLICT, "somebody resolved it before"))?;
        let writes = vec![store.resolve_part(&resolved)?];
        Decided::new(200, &case(&resolved), raced(writes))
    }
}
