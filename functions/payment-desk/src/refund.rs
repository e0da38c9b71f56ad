//! Money that staff give back.

use desk::{Change, Decided, Error, Member, once};
use kernel::{Actor, Id, LineId, Money, OrderId, RefundId};
use payments::{
    AskRefused, Fact, FactKind, Notice, NoticeSource, OrderMoney, Provider, REFUND_LINES_MAX, Reading, Reference,
    RefundAsk, RefundProgress, RefundReason, RefundRequest, RefundedUnits, Settled, ask_refund,
};
use sales::order::{Act, AdjustmentKind, AdjustmentStatus, LineQuantity, Order, Payback, Reason};
use serde::Deserialize;
use serde_json::json;
use web::{Body, Precondition, Problem, Request, Response, types};

use crate::{Ports, ROLE_LARGE, inconsistent, of_order, payments_of, raced, summary};

/// The body: an amount, or lines, whose share of the order is the amount.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Input {
    #[serde(default)]
    amount: Option<Money>,
    #[serde(default)]
    lines: Vec<Units>,
    /// A concession; the system's own reasons are refused.
    reason: RefundReason,
    /// In staff's words; kept in the order's history.
    #[serde(default)]
    note: Option<Reason>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Units {
    line_id: LineId,
    quantity: u32,
}

struct Ask<'a> {
    ports: &'a Ports,
    request: &'a Request,
    member: &'a Member,
    order: OrderId,
    expected: Precondition,
    input: Input,
}

/// `POST /v1/orders/{id}/refunds`.
#[tracing::instrument(name = "refund.ask", skip_all)]
pub(crate) async fn ask(ports: &Ports, request: &Request, member: &Member) -> Result<Response<Body>, Error> {
    let ask = Ask {
        ports,
        request,
        member,
        order: web::path_parameter(request, "id")?,
        expected: Precondition::required(request)?,
        input: web::json_body(request)?,
    };
    let wrong = |detail: &str| Err(Error::refused(&types::UNPROCESSABLE, detail));
    if ask.input.amount.is_some() != ask.input.lines.is_empty() {
        return wrong("name an amount, or lines");
    }
    if ask.input.lines.len() > REFUND_LINES_MAX {
        return wrong("too many lines");
    }
    once((&ports.dynamo, &ports.idempotency), request, member.id, &ask).await
}

impl Change for Ask<'_> {
    async fn decide(&self) -> Result<Decided, Error> {
        let (ports, input) = (self.ports, &self.input);
        let order = ports.orders.get(self.order).await?.ok_or_else(Error::not_found)?;
        let money = ports.payments.order_money(self.order, order.value()).await?;
        self.expected.check(money.state.version)?;
        if order.under_review() {
            return Err(of_order(&sales::order::Refused::UnderReview));
        }
        let amount = match input.amount {
            Some(amount) => amount,
            None => price(&order, &money, &input.lines)?,
        };
        self.within_limit(&money, amount)?;
        let now = ports.payments.ambient().now();
        let actor = Actor::Staff { id: self.member.id };
        let ask = RefundAsk {
            amount,
            reason: input.reason,
            payment: None,
            lines: input.lines.iter().map(Units::refunded).collect(),
            by: actor.clone(),
        };
        let ids = || RefundId::generate(ports.payments.ambient());
        let settled = ask_refund(&money.state, &ask, now, ids).map_err(of_ask)?;
        let act = Act::by(actor, now)
            .because(input.note.clone())
            .caused_by(web::request_id(self.request));
        let paybacks: Vec<_> = settled.refunds.iter().map(payback).collect();
        let changed = order
            .record_paybacks(summary(&settled.state), &paybacks, &act)
            .map_err(|refused| of_order(&refused))?;
        let mut writes = raced(ports.payments.settle_parts(&settled, None)?);
        writes.extend(ports.orders.save(&changed, desk::Raced)?);
        Decided::new(201, &asked(&settled, &money), writes)
    }
}

impl Ask<'_> {
    /// All that staff gave back of the order, with this, is within the limit, or the caller has the larger role.
    fn within_limit(&self, money: &OrderMoney, amount: Money) -> Result<(), Error> {
        if self.member.may(ROLE_LARGE) {
            return Ok(());
        }
        let given = money.state.requests.iter().filter(|request| {
            request.reason.is_concession() && request.progress(&money.state.folded) != RefundProgress::Failed
        });
        let total = given.map(|request| request.amount).try_fold(amount, Money::plus);
        if total.is_ok_and(|total| self.ports.limits.allow(total)) {
            return Ok(());
        }
        let limit = self.ports.limits.of(amount.currency()).unwrap_or_default();
        let problem = Problem::new(&types::FORBIDDEN);
        let detail = "refunds of one order beyond the limit need another role";
        Err(problem.detail(detail).with("limit", limit).into())
    }
}

impl Units {
    const fn refunded(&self) -> RefundedUnits {
        RefundedUnits {
            line: self.line_id,
            quantity: self.quantity,
        }
    }
}

/// What the units make up, beyond those that were given back before: a unit is refunded once.
fn price(order: &Order, money: &OrderMoney, lines: &[Units]) -> Result<Money, Error> {
    let mut seen = std::collections::BTreeSet::new();
    let mut sum = Money::zero(order.currency());
    for units in lines {
        if !seen.insert(units.line_id) {
            return Err(of_order(&sales::order::Refused::Lines));
        }
        let unit = LineQuantity {
            line: units.line_id,
            quantity: units.quantity,
        };
        let price = order
            .price_of(unit, refunded_units(money, units.line_id))
            .map_err(|refused| of_order(&refused))?;
        sum = sum.plus(price).map_err(|error| inconsistent(&error))?;
    }
    Ok(sum)
}

/// Units of a line that money went back for, or is to.
fn refunded_units(money: &OrderMoney, line: LineId) -> u32 {
    let state = &money.state;
    let alive = state
        .requests
        .iter()
        .filter(|request| request.reason.is_concession() && request.progress(&state.folded) != RefundProgress::Failed);
    let units = alive
        .flat_map(|request| &request.lines)
        .filter(|units| units.line == line);
    units.fold(0, |sum, units| sum.saturating_add(units.quantity))
}

fn payback(request: &RefundRequest) -> Payback {
    Payback {
        id: request.id.to_string(),
        kind: AdjustmentKind::Refund,
        status: AdjustmentStatus::Pending,
        amount: request.amount,
        lines: request
            .lines
            .iter()
            .map(|units| LineQuantity {
                line: units.line,
                quantity: units.quantity,
            })
            .collect(),
    }
}

fn asked(settled: &Settled, money: &OrderMoney) -> serde_json::Value {
    let refunds: Vec<_> = settled
        .refunds
        .iter()
        .map(|request| payments_of::refund(request, money))
        .collect();
    json!({
        "order_id": settled.state.order,
        "version": settled.state.version,
        "refunds": refunds,
        "refundable": Money::new(settled.state.left().max(0), settled.state.due.currency()).ok(),
    })
}

fn of_ask(refused: AskRefused) -> Error {
    let detail = refused.to_string();
    let problem = Problem::new(&types::UNPROCESSABLE);
    match refused {
        AskRefused::TooMuch { left } => problem.at("/amount", &detail).with("refundable", left.amount()).into(),
        AskRefused::Amount => problem.at("/amount", &detail).into(),
        AskRefused::Reason => problem.at("/reason", &detail).into(),
        AskRefused::Books(error) => inconsistent(&error),
    }
}

struct PaidOut<'a> {
    ports: &'a Ports,
    order: OrderId,
    refund: RefundId,
}

/// `POST /v1/orders/{id}/refunds/{refund}/paid-out`: cash goes back by hand, out of the bank; whoever did it says so here.
#[tracing::instrument(name = "refund.paid_out", skip_all)]
pub(crate) async fn paid_out(ports: &Ports, request: &Request, member: &Member) -> Result<Response<Body>, Error> {
    let change = PaidOut {
        ports,
        order: web::path_parameter(request, "id")?,
        refund: web::path_parameter(request, "refund")?,
    };
    once((&ports.dynamo, &ports.idempotency), request, member.id, &change).await
}

impl Change for PaidOut<'_> {
    async fn decide(&self) -> Result<Decided, Error> {
        let store = &self.ports.payments;
        let money = store.known_money(self.order).await?.ok_or_else(Error::not_found)?;
        let mut requests = money.state.requests.iter();
        let request = requests.find(|request| request.id == self.refund);
        let request = request.ok_or_else(Error::not_found)?;
        if request.provider != Provider::CashOnDelivery {
            return Err(Error::refused(
                &types::CONFLICT,
                "its provider pays it out, and tells of it",
            ));
        }
        if !request.is_outstanding(&money.state.folded) {
            return Err(Error::refused(&types::CONFLICT, "it was paid out, or came to nothing"));
        }
        let now = store.ambient().now();
        let reading = reading(request).ok_or_else(|| Error::Inconsistent("an id of ours is no object's".to_owned()))?;
        let notice = Notice::of_reading(NoticeSource::Refund, request.provider, &reading, now)?;
        let moved = payments::paid_out(request.id, request.amount, now).map_err(|error| inconsistent(&error))?;
        let mut writes = store.notice_parts(&notice, Some(self.order))?;
        writes.extend(store.posting_parts(&moved, Some(&notice.delivery))?);
        let writes = raced(writes);
        Decided::new(
            202,
            &json!({"refund": request.id, "order_id": self.order, "paid_out_at": now}),
            writes,
        )
    }
}

/// The same for every try: it is booked once.
fn reading(request: &RefundRequest) -> Option<Reading> {
    let refund = request.object()?;
    Some(Reading {
        reference: Reference {
            order: Some(request.order),
            payment: None,
            object: Some(request.payment.clone()),
            session: None,
        },
        asked: None,
        livemode: false,
        occurred_at: None,
        evidence_due_at: None,
        card: None,
        facts: vec![Fact {
            provider: request.provider,
            payment: request.payment.clone(),
            kind: FactKind::RefundSucceeded {
                refund,
                amount: request.amount,
            },
        }],
    })
}
