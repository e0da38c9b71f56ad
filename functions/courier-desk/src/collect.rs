//! At the door: the buyer pays, or does not.

use desk::{Change, Decided, Error, Member, Raced, once};
use kernel::{Money, OrderId, Text};
use payments::{
    AtTheDoor, CaseId, CaseReason, Collection, DOOR_REASON_CHARS_MAX, Evidence, Finding, Intent, IntentState, Mode,
    Provider, door_code, events::latest::Why,
};
use sales::order::{Order, State};
use serde::Deserialize;
use web::{Body, Problem, Request, Response, types};

use crate::{Ports, of_cash, read::visit_view};

/// The longest address of a photograph, in characters.
const URL_CHARS_MAX: usize = 500;

/// The body of a collection.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct CollectionInput {
    order_id: OrderId,
    amount: Money,
    evidence: EvidenceInput,
}

/// What the courier shows: one of the two.
#[derive(Deserialize)]
#[serde(rename_all = "snake_case")]
enum EvidenceInput {
    PhotoUrl(Text<URL_CHARS_MAX>),
    Code(Text<16>),
}

/// The body of a refusal.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct RefusalInput {
    order_id: OrderId,
    reason: Text<DOOR_REASON_CHARS_MAX>,
}

/// `POST /v1/courier/collections`.
#[tracing::instrument(name = "cash.collect", skip_all)]
pub(crate) async fn collect(ports: &Ports, request: &Request, courier: &Member) -> Result<Response<Body>, Error> {
    let input: CollectionInput = web::json_body(request)?;
    if let EvidenceInput::PhotoUrl(url) = &input.evidence
        && !url.as_str().starts_with("https://")
    {
        let problem = Problem::new(&types::UNPROCESSABLE);
        return Err(problem.at("/evidence/photo_url", "begins with https://").into());
    }
    let collect = Collect { ports, courier, input };
    once((&ports.dynamo, &ports.idempotency), request, courier.id, &collect).await
}

/// `POST /v1/courier/refusals`.
#[tracing::instrument(name = "cash.refuse", skip_all)]
pub(crate) async fn refuse(ports: &Ports, request: &Request, courier: &Member) -> Result<Response<Body>, Error> {
    let input: RefusalInput = web::json_body(request)?;
    let refuse = Refuse { ports, courier, input };
    once((&ports.dynamo, &ports.idempotency), request, courier.id, &refuse).await
}

struct Collect<'a> {
    ports: &'a Ports,
    courier: &'a Member,
    input: CollectionInput,
}

struct Refuse<'a> {
    ports: &'a Ports,
    courier: &'a Member,
    input: RefusalInput,
}

/// What waits at a door.
struct Due {
    intent: Intent,
    amount: Money,
    /// The version of the next visit.
    visit: u64,
}

impl Change for Collect<'_> {
    async fn decide(&self) -> Result<Decided, Error> {
        let (ports, amount) = (self.ports, self.input.amount);
        let due = due(ports, self.input.order_id).await?;
        let wrong = |detail: &str| Problem::new(&types::UNPROCESSABLE).at("/amount", detail);
        if amount.currency() != due.amount.currency() {
            return Err(wrong("is in another currency than the order").into());
        }
        if amount.amount() > due.amount.amount() {
            let problem = wrong("is more than is due: give change");
            return Err(problem.with("due", due.amount.amount()).into());
        }
        let evidence = match &self.input.evidence {
            EvidenceInput::PhotoUrl(url) => Evidence::Photo { url: url.to_string() },
            EvidenceInput::Code(code) if code.as_str() == door_code(due.intent.id) => Evidence::Code,
            EvidenceInput::Code(_) => {
                let problem = Problem::new(&types::UNPROCESSABLE);
                return Err(problem.at("/evidence/code", "is not the buyer's code").into());
            }
        };
        let hand = ports.payments.cash_in_hand(self.courier.id, amount.currency()).await?;
        let hand = hand.collect(amount).map_err(of_cash)?;
        let visit = Collection {
            order: self.input.order_id,
            payment: due.intent.id,
            courier: self.courier.id,
            due: due.amount,
            outcome: AtTheDoor::Collected {
                amount,
                through: hand.collected,
                evidence,
            },
            at: ports.payments.ambient().now(),
            version: due.visit,
        };
        let mut writes = ports.payments.collection_parts(&visit, &due.intent)?;
        writes.push(ports.payments.cash_in_hand_part(&hand)?);
        if amount.amount() < due.amount.amount() {
            writes.extend(
                ports
                    .payments
                    .finding_parts(&short(&visit)?, shortage(&visit, amount))?,
            );
        }
        let writes = writes.into_iter().map(|part| part.map(|_| Raced)).collect();
        tracing::info!(order.id = %visit.order, courier = %visit.courier, "cash.collected");
        Decided::new(201, &visit_view(&visit, &hand), writes)
    }
}

fn short(visit: &Collection) -> Result<CaseId, Error> {
    let of = visit.payment.to_string().parse();
    Ok(CaseId {
        day: visit.at.day(),
        provider: Provider::CashOnDelivery,
        of: of.map_err(|_| Error::Inconsistent("an id of ours is no object's".to_owned()))?,
        why: Why::Case(CaseReason::CashShort),
    })
}

const fn shortage(visit: &Collection, amount: Money) -> Finding {
    Finding {
        order: Some(visit.order),
        here: Some(visit.due),
        there: Some(amount),
    }
}

impl Change for Refuse<'_> {
    async fn decide(&self) -> Result<Decided, Error> {
        let (ports, courier) = (self.ports, self.courier.id);
        let due = due(ports, self.input.order_id).await?;
        let visit = Collection {
            order: self.input.order_id,
            payment: due.intent.id,
            courier,
            due: due.amount,
            outcome: AtTheDoor::Refused {
                reason: self.input.reason.clone(),
            },
            at: ports.payments.ambient().now(),
            version: due.visit,
        };
        let hand = ports.payments.cash_in_hand(courier, due.amount.currency()).await?;
        let writes = ports.payments.collection_parts(&visit, &due.intent)?;
        let writes = writes.into_iter().map(|part| part.map(|_| Raced)).collect();
        tracing::info!(order.id = %visit.order, %courier, "cash.refused");
        Decided::new(201, &visit_view(&visit, &hand), writes)
    }
}

/// What is due at an order's door, if anything is.
async fn due(ports: &Ports, id: OrderId) -> Result<Due, Error> {
    let order = ports.orders.get(id).await?.ok_or_else(Error::not_found)?;
    if !payable(&order) {
        return Err(Error::refused(
            &types::CONFLICT,
            "the order is not one that is paid at the door now",
        ));
    }
    let money = ports.payments.order_money(id, order.value()).await?;
    let cash = money
        .intents
        .into_iter()
        .rev()
        .find(|intent| intent.mode == Mode::Cash && !matches!(intent.state, IntentState::Refused { .. }));
    let nothing = || Error::refused(&types::CONFLICT, "nothing is due at this door");
    let intent = cash.ok_or_else(nothing)?;
    let known = ports.payments.collection(intent.id).await?;
    let visit = match &known {
        None => 1,
        Some(visit) => match &visit.outcome {
            AtTheDoor::Refused { .. } => visit.version.saturating_add(1),
            AtTheDoor::Collected { .. } => {
                return Err(Error::refused(&types::CONFLICT, "the cash of this order was collected"));
            }
        },
    };
    let captured = money.state.folded.total.captured;
    let amount = order.value().minus(captured);
    let amount = amount.map_err(|error| Error::Inconsistent(error.to_string()))?;
    if amount.amount() <= 0 {
        return Err(nothing());
    }
    Ok(Due { intent, amount, visit })
}

fn payable(order: &Order) -> bool {
    let open = match order.state() {
        State::Confirmed { .. } | State::Completed { .. } => true,
        State::AwaitingPayment { .. } | State::OnHold { .. } | State::Expired { .. } | State::Cancelled { .. } => false,
    };
    open && order.on_delivery()
}
