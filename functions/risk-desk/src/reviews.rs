//! Payments that rules hold.

use desk::{Change, Decided, Error, Listed, Member, once};
use kernel::{Actor, OrderId, PaymentId, StaffId, Text, Timestamp};
use payments::{CASE_NOTE_CHARS_MAX, Payments, Review, risk::Verdict};
use serde::Deserialize;
use serde_json::{Value, json};
use web::{Body, Problem, Request, Response, query_parameter, types};

use crate::{Ports, raced};

/// `GET /v1/payments/reviews?day=`: those that wait, of a day, by default today. A page may hold few and not be the last.
pub(crate) async fn list(ports: &Ports, request: &Request, _: &Member) -> Result<Response<Body>, Error> {
    let day = day_of(ports, request)?.day();
    let cursor = query_parameter(request, "cursor");
    let cursor = cursor.map(|text| Payments::cases_cursor(&day, &text)).transpose()?;
    let page = ports.payments.reviews(&day, cursor).await?;
    let body = Listed {
        items: page.items.iter().map(view).collect::<Vec<_>>(),
        next: page.next.map(|next| next.encode()),
    };
    Ok(web::json(200, &body))
}

fn view(review: &Review) -> Value {
    let Review { case, intent } = review;
    json!({
        "order_id": intent.order,
        "payment_id": intent.id,
        "provider": intent.provider,
        "mode": intent.mode,
        "amount": intent.amount,
        "rules": intent.held_by(),
        "case_id": case.id().to_string(),
        "held_at": intent.created_at,
        "pay_by": intent.pay_by,
    })
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Input {
    /// What staff say of it; kept with its case.
    #[serde(default)]
    note: Option<Text<CASE_NOTE_CHARS_MAX>>,
}

struct Decide<'a> {
    ports: &'a Ports,
    by: StaffId,
    order: OrderId,
    payment: PaymentId,
    verdict: Verdict,
    note: Option<Text<CASE_NOTE_CHARS_MAX>>,
}

/// `POST /v1/orders/{id}/payments/{payment}/approve` and `…/refuse`.
#[tracing::instrument(name = "payment.risk.decide", skip_all)]
pub(crate) async fn decide(
    ports: &Ports,
    request: &Request,
    member: &Member,
    verdict: Verdict,
) -> Result<Response<Body>, Error> {
    let change = Decide {
        ports,
        by: member.id,
        order: web::path_parameter(request, "id")?,
        payment: web::path_parameter(request, "payment")?,
        verdict,
        note: web::json_body::<Input>(request)?.note,
    };
    once((&ports.dynamo, &ports.idempotency), request, member.id, &change).await
}

impl Change for Decide<'_> {
    async fn decide(&self) -> Result<Decided, Error> {
        let store = &self.ports.payments;
        let intent = store.intent(self.order, self.payment).await?;
        let intent = intent.ok_or_else(Error::not_found)?;
        let (by, at) = (Actor::Staff { id: self.by }, store.ambient().now());
        let decided = store
            .review_parts(&intent, self.verdict, (by, at), self.note.clone())
            .await?;
        let Some((after, parts)) = decided else {
            return Err(Error::refused(&types::CONFLICT, "the payment does not wait for staff"));
        };
        let state = match self.verdict {
            Verdict::Approve => "approved",
            Verdict::Refuse => "refused",
        };
        tracing::info!(payment.id = %self.payment, staff.id = %self.by, state, "payment.risk.decided");
        let body = json!({
            "order_id": self.order,
            "payment_id": self.payment,
            "state": state,
            "rules": intent.held_by(),
            "by": self.by,
            "at": at,
            "version": after.version,
        });
        Decided::new(200, &body, raced(parts))
    }
}

fn day_of(ports: &Ports, request: &Request) -> Result<Timestamp, Error> {
    let Some(text) = query_parameter(request, "day") else {
        return Ok(ports.payments.ambient().now());
    };
    let midnight = format!("{text}T00:00:00Z").parse::<Timestamp>();
    midnight.ok().filter(|day| day.day() == text).ok_or_else(|| {
        let problem = Problem::new(&types::MALFORMED);
        problem.detail("day is a day, such as 2026-11-22").into()
    })
}
