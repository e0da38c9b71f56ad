//! Hold and release.

use desk::{Change, Decided, Error, Member, once};
use kernel::{Actor, OrderId};
use payments::{HoldReason, accept_less, end_hold};
use sales::order::{Act, Reason};
use serde::Deserialize;
use serde_json::json;
use web::{Body, Request, Response, types};

use crate::{Ports, inconsistent, of_order, raced, summary};

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Input {
    /// Why; kept in the order's history.
    reason: Reason,
}

struct Review<'a> {
    ports: &'a Ports,
    order: OrderId,
    act: Act,
    what: What,
}

#[derive(Clone, Copy)]
enum What {
    Hold,
    Release,
    Escrow,
}

/// `POST /v1/orders/{id}/payments/hold`: nothing more of the order leaves, and nothing is refunded, before its release.
#[tracing::instrument(name = "payment.hold", skip_all)]
pub(crate) async fn hold(ports: &Ports, request: &Request, member: &Member) -> Result<Response<Body>, Error> {
    run(ports, request, member, What::Hold).await
}

/// `POST /v1/orders/{id}/payments/release`: ends the review where there is one; else accepts too little as enough, or
/// ends the hold of what was too much.
#[tracing::instrument(name = "payment.release", skip_all)]
pub(crate) async fn release(ports: &Ports, request: &Request, member: &Member) -> Result<Response<Body>, Error> {
    run(ports, request, member, What::Release).await
}

/// `POST /v1/orders/{id}/escrow/release`: the merchant gets the money before the timer says so.
#[tracing::instrument(name = "escrow.release", skip_all)]
pub(crate) async fn escrow(ports: &Ports, request: &Request, member: &Member) -> Result<Response<Body>, Error> {
    run(ports, request, member, What::Escrow).await
}

async fn run(ports: &Ports, request: &Request, member: &Member, what: What) -> Result<Response<Body>, Error> {
    let input: Input = web::json_body(request)?;
    let act = Act::by(Actor::Staff { id: member.id }, ports.payments.ambient().now())
        .because(Some(input.reason))
        .caused_by(web::request_id(request));
    let review = Review {
        ports,
        order: web::path_parameter(request, "id")?,
        act,
        what,
    };
    once((&ports.dynamo, &ports.idempotency), request, member.id, &review).await
}

impl Change for Review<'_> {
    async fn decide(&self) -> Result<Decided, Error> {
        match self.what {
            What::Hold => self.hold().await,
            What::Release => self.release().await,
            What::Escrow => self.escrow().await,
        }
    }
}

impl Review<'_> {
    async fn hold(&self) -> Result<Decided, Error> {
        let orders = &self.ports.orders;
        let order = orders.get(self.order).await?.ok_or_else(Error::not_found)?;
        let changed = order.hold_for_review(&self.act).map_err(|refused| of_order(&refused))?;
        let writes = orders.save(&changed, desk::Raced)?;
        Decided::new(200, &json!({"order_id": self.order, "under_review": true}), writes)
    }

    async fn release(&self) -> Result<Decided, Error> {
        let Ports { orders, payments, .. } = self.ports;
        let order = orders.get(self.order).await?.ok_or_else(Error::not_found)?;
        if order.under_review() {
            let changed = order
                .release_from_review(&self.act)
                .map_err(|refused| of_order(&refused))?;
            let writes = orders.save(&changed, desk::Raced)?;
            return Decided::new(200, &json!({"order_id": self.order, "under_review": false}), writes);
        }
        let money = payments.order_money(self.order, order.value()).await?;
        let short = money.state.hold == Some(HoldReason::Underpaid);
        let settled = if short {
            accept_less(&money.state, self.act.at).map_err(|error| inconsistent(&error))?
        } else {
            end_hold(&money.state)
        };
        let Some(settled) = settled else {
            return Err(Error::refused(
                &types::CONFLICT,
                "nothing is held that a release would end",
            ));
        };
        let mut writes = raced(payments.settle_parts(&settled, None)?);
        let changed = if short {
            order.accept_less(summary(&settled.state), &self.act)
        } else {
            order.note_review("hold_ended", &self.act)
        };
        let changed = changed.map_err(|refused| of_order(&refused))?;
        writes.extend(orders.save(&changed, desk::Raced)?);
        let state = &settled.state;
        let body =
            json!({"order_id": self.order, "version": state.version, "status": state.status(), "hold": state.hold});
        Decided::new(200, &body, writes)
    }

    async fn escrow(&self) -> Result<Decided, Error> {
        let Ports { orders, payments, .. } = self.ports;
        let order = orders.get(self.order).await?.ok_or_else(Error::not_found)?;
        if order.under_review() {
            return Err(of_order(&sales::order::Refused::UnderReview));
        }
        let money = payments.order_money(self.order, order.value()).await?;
        let (_, writes) = payments.release_parts(&money)?;
        if writes.is_empty() {
            let detail = "nothing is held for the merchant, or a dispute stops it";
            return Err(Error::refused(&types::CONFLICT, detail));
        }
        tracing::info!(order.id = %self.order, "payment.escrow.released_by_staff");
        let changed = order
            .note_review("escrow_released", &self.act)
            .map_err(|refused| of_order(&refused))?;
        let mut writes = raced(writes);
        writes.extend(orders.save(&changed, desk::Raced)?);
        let body = json!({"order_id": self.order, "escrow": "released"});
        Decided::new(200, &body, writes)
    }
}
