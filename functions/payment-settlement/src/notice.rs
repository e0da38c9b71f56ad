//! One kept notice.

use dynamo::Part;
use inventory::Reservation;
use kernel::{Actor, OrderId, PaymentId};
use payments::{
    CaseReason, Escrow, FACTS_MAX, Link, Notice, ObjectId, OrderMoney, OrderStanding, OrderStep, Provider, Reading,
    Settled, Stale, Standing, fold,
    provider::{Parsed, read},
    settle as decide,
};
use sales::order::{Act, Order, Refused, State};

use crate::{
    Error, Ports, Round, attention, card, commit, matching, order_change, paybacks::paybacks, refund_ids, stock,
    summary,
};

/// Settles a notice, or makes it a case.
pub(crate) async fn settle(ports: &Ports, provider: Provider, delivery: &ObjectId) -> Result<Round, Error> {
    let notice = ports
        .payments
        .notice(provider, delivery)
        .await?
        .ok_or(Error::NoNotice)?;
    let reading = match read(&notice) {
        Ok(Parsed::Told(reading)) => reading,
        Ok(Parsed::Ignored) => return Ok(Round::Done),
        Err(_) => return case(ports, &notice, None, CaseReason::Unreadable).await,
    };
    if provider == Provider::Instant && !ports.development_payments {
        return case(ports, &notice, reading.reference.order, CaseReason::ProviderDisabled).await;
    }
    let Some(object) = reading.reference.object.clone() else {
        return case(ports, &notice, reading.reference.order, CaseReason::Unreadable).await;
    };
    let link = ports.payments.link(provider, &object).await?;
    let told = reading.reference.order.zip(reading.reference.payment);
    match (told, link.owner) {
        (Some(told), Some(owner)) if told != owner => {
            case(ports, &notice, Some(owner.0), CaseReason::WrongObject).await
        }
        (_, Some(owner)) | (Some(owner), None) => book(ports, &notice, &reading, (&object, &link), owner).await,
        (None, None) => orphan(ports, &notice, &object, &link).await,
    }
}

async fn case(ports: &Ports, notice: &Notice, order: Option<OrderId>, reason: CaseReason) -> Result<Round, Error> {
    let metric = "payment.notice.case";
    tracing::warn!(metric, count = 1, provider = %notice.provider, delivery = %notice.delivery, ?reason, "payment.notice.case");
    ports.payments.open_case(notice, order, reason, None).await?;
    Ok(Round::Done)
}

/// Nobody knows the object yet. The notice waits with it: it is handed on again when the object becomes known.
async fn orphan(ports: &Ports, notice: &Notice, object: &ObjectId, link: &Link) -> Result<Round, Error> {
    let waits = ports
        .payments
        .orphan_part(notice.provider, object, link, &notice.delivery)?;
    match ports
        .payments
        .open_case(notice, None, CaseReason::UnknownPayment, waits)
        .await?
    {
        Some(Stale) => Ok(Round::Again),
        None => Ok(Round::Done),
    }
}

async fn book(
    ports: &Ports,
    notice: &Notice,
    reading: &Reading,
    (object, link): (&ObjectId, &Link),
    owner: (OrderId, PaymentId),
) -> Result<Round, Error> {
    let (order_id, payment_id) = owner;
    let Some(order) = ports.orders.get(order_id).await? else {
        return case(ports, notice, Some(order_id), CaseReason::UnknownOrder).await;
    };
    let mut money = ports.payments.order_money(order_id, order.total()).await?;
    if money.state.version == 0 && ports.escrow_days > 0 {
        money.state.escrow = Escrow::Held;
    }
    let Some(intent) = money.intents.iter().find(|intent| intent.id == payment_id) else {
        return case(ports, notice, Some(order_id), CaseReason::UnknownPayment).await;
    };
    if let Err(reason) = matching::fits(reading, notice.provider, intent) {
        return case(ports, notice, Some(order_id), reason).await;
    }
    if money.facts.len().saturating_add(reading.facts.len()) > FACTS_MAX {
        return case(ports, notice, Some(order_id), CaseReason::TooManyFacts).await;
    }
    if matches!(order.state(), State::Cancelled { .. }) && money.state.standing == Standing::Accepted {
        // The cancellation's own event is on its way: do its work first, so that this money meets a closed order.
        order_change::settle(ports, order_id).await?;
        return Ok(Round::Again);
    }
    let (standing, plan) = standing(ports, &order, &money, reading).await?;
    let due = (standing, order_change::worth(&order));
    let now = ports.payments.ambient().now();
    let Ok(outcome) = decide(&money.state, &money.facts, &reading.facts, due, now, refund_ids(ports)) else {
        return case(ports, notice, Some(order_id), CaseReason::Unaccountable).await;
    };
    let mut writes = ports.payments.link_parts(notice.provider, object, link, owner)?;
    writes.extend(attention::dispute_parts(ports, &money, &outcome, reading)?);
    let card = card::look(ports, notice, reading, object, &order).await?;
    writes.extend(card.writes);
    if outcome.facts.is_empty() {
        if card.held {
            writes.extend(card::hold(ports, order, notice)?);
        }
        return commit(&ports.dynamo, writes).await;
    }
    writes.extend(order_change::escrow_part(ports, &order, &outcome.state)?);
    let Ok(of_order) = order_parts(ports, (order, card.held), &outcome, plan, notice)? else {
        return case(ports, notice, Some(order_id), CaseReason::OrderRefuses).await;
    };
    writes.extend(of_order);
    writes.extend(attention::case_parts(ports, notice, &outcome)?);
    writes.extend(ports.payments.settle_parts(&outcome, Some(notice))?);
    let round = commit(&ports.dynamo, writes).await?;
    if round == Round::Done {
        tracing::info!(order.id = %order_id, status = ?outcome.state.status(), facts = outcome.facts.len(), "payment.settled");
    }
    Ok(round)
}

/// How the order stands to its money. Stock is only looked for where it decides something: an expired order, and enough
/// money.
async fn standing(
    ports: &Ports,
    order: &Order,
    money: &OrderMoney,
    reading: &Reading,
) -> Result<(OrderStanding, Option<Reservation>), Error> {
    match order.state() {
        State::AwaitingPayment { .. } | State::OnHold { .. } => Ok((OrderStanding::Open, None)),
        // It was fulfilled before its money came.
        State::Confirmed { .. } | State::Completed { .. } if order.on_delivery() => Ok((OrderStanding::Open, None)),
        State::Confirmed { .. } | State::Completed { .. } => Ok((OrderStanding::Paid, None)),
        State::Cancelled { .. } => Ok((OrderStanding::Cancelled, None)),
        State::Expired { .. } => {
            let facts = money.facts.iter().chain(&reading.facts);
            let captured = fold(order.currency(), facts).map(|folded| folded.total.captured.amount());
            let enough = captured.is_ok_and(|captured| captured >= order.total().amount());
            if !enough || money.state.standing != Standing::Awaiting {
                return Ok((OrderStanding::Expired { stock: true }, None));
            }
            let plan = stock::plan(ports, order).await?;
            Ok((OrderStanding::Expired { stock: plan.is_some() }, plan))
        }
    }
}

/// What the order, and its stock, do about it. Stock that is held stays held: it leaves with the parcel.
fn order_parts(
    ports: &Ports,
    (order, held): (Order, bool),
    outcome: &Settled,
    plan: Option<Reservation>,
    notice: &Notice,
) -> Result<Result<Vec<Part<Stale>>, Refused>, Error> {
    let actor = Actor::Provider {
        name: notice.provider.as_str().to_owned(),
    };
    let act = Act::by(actor, ports.payments.ambient().now()).caused_by(notice.delivery.as_str());
    let payment = summary(&outcome.state);
    let changed = match outcome.order {
        OrderStep::Revive => order.revive(payment, &act),
        OrderStep::None | OrderStep::Pay => order.record_paybacks(payment, &paybacks(&outcome.state), &act),
    };
    let changed = match changed {
        Ok(changed) if held => changed.held_for_review(),
        Ok(changed) => changed,
        Err(Refused::Unchanged) => return Ok(Ok(Vec::new())),
        Err(refused) => return Ok(Err(refused)),
    };
    let mut writes = ports.orders.save(&changed, Stale)?;
    if let (OrderStep::Revive, Some(plan)) = (outcome.order, plan) {
        writes.extend(
            ports
                .inventory
                .reserve(&plan)?
                .into_iter()
                .map(|part| part.map(|_| Stale)),
        );
    }
    Ok(Ok(writes))
}
