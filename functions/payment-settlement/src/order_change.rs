//! What a change of the order means for money that is there, and a change of its refunds for the order.

use dynamo::Part;
use kernel::{Actor, Money, OrderId};
use payments::{MoneyState, OrderChange, Stale, escrow_timer, follow};
use sales::order::{Act, Order, Refused, State};

use crate::{Error, Ports, Round, commit, paybacks::paybacks, refund_ids, summary};

/// Looks at order and money as they are now, whatever the event said: late and repeated events change nothing.
pub(crate) async fn settle(ports: &Ports, id: OrderId) -> Result<Round, Error> {
    let order = ports.orders.get(id).await?.ok_or(Error::NoOrder)?;
    let money = ports.payments.order_money(id, order.total()).await?;
    if money.state.version == 0 {
        return Ok(Round::Done);
    }
    let change = match order.state() {
        State::Expired { .. } | State::Cancelled { .. } => OrderChange::Closed,
        State::AwaitingPayment { .. } | State::OnHold { .. } | State::Confirmed { .. } | State::Completed { .. } => {
            OrderChange::Worth(order.value())
        }
    };
    let now = ports.payments.ambient().now();
    let mut writes: Vec<_> = escrow_part(ports, &order, &money.state)?.into_iter().collect();
    let state = match follow(&money.state, change, now, refund_ids(ports))? {
        Some(outcome) => {
            writes.extend(ports.payments.settle_parts(&outcome, None)?);
            if let (Some(hold), Some(refund)) = (outcome.held, outcome.refunds.first()) {
                let of = &refund.payment;
                writes.extend(ports.payments.hold_parts(id, refund.provider, of, hold)?);
            }
            outcome.state
        }
        None => money.state,
    };
    let act = Act::by(Actor::system("payment-settlement"), now);
    match order.record_paybacks(summary(&state), &paybacks(&state), &act) {
        Ok(changed) => writes.extend(ports.orders.save(&changed, Stale)?),
        Err(Refused::Unchanged) => {}
        Err(refused) => tracing::error!(order.id = %id, %refused, "payment.order.refused"),
    }
    commit(&ports.dynamo, writes).await
}

/// The timer of money that is held for a merchant, once nothing of the order is left to deliver.
pub(crate) fn escrow_part(ports: &Ports, order: &Order, state: &MoneyState) -> Result<Option<Part<Stale>>, Error> {
    let State::Completed { completed_at } = order.state() else {
        return Ok(None);
    };
    let now = ports.payments.ambient().now();
    let timer = escrow_timer(state, *completed_at, ports.escrow_days, now);
    Ok(timer.map(|timer| ports.timers.set(&timer)).transpose()?)
}

/// What the order costs, as far as money is concerned. One that is over costs what it did: it may come back.
pub(crate) fn worth(order: &Order) -> Money {
    match order.state() {
        State::Expired { .. } | State::Cancelled { .. } => order.total(),
        State::AwaitingPayment { .. } | State::OnHold { .. } | State::Confirmed { .. } | State::Completed { .. } => {
            order.value()
        }
    }
}
