//! What a cancelled or expired order means for money that is there.

use kernel::{Actor, Money, OrderId};
use payments::{OrderChange, follow};
use sales::order::{Act, Order, Refused, State};

use crate::{Error, Ports, Round, commit, refund_ids, summary};

/// Looks at the order as it is now, whatever the event said: late and repeated events change nothing.
pub(crate) async fn settle(ports: &Ports, id: OrderId) -> Result<Round, Error> {
    let order = ports.orders.get(id).await?.ok_or(Error::NoOrder)?;
    let money = ports.payments.order_money(id, order.total()).await?;
    let change = match order.state() {
        State::Expired { .. } | State::Cancelled { .. } => OrderChange::Closed,
        State::AwaitingPayment { .. } | State::OnHold { .. } | State::Confirmed { .. } | State::Completed { .. } => {
            OrderChange::Worth(order.value())
        }
    };
    let now = ports.payments.ambient().now();
    let Some(outcome) = follow(&money.state, change, now, refund_ids(ports))? else {
        return Ok(Round::Done);
    };
    let mut writes = ports.payments.settle_parts(&outcome, None)?;
    if let (Some(hold), Some(refund)) = (outcome.held, outcome.refunds.first()) {
        writes.extend(ports.payments.hold_parts(id, refund.provider, &refund.payment, hold)?);
    }
    let act = Act::by(Actor::system("payment-settlement"), now);
    match order.record_payment(summary(&outcome.state), &act) {
        Ok(changed) => writes.extend(ports.orders.save(&changed, payments::Stale)?),
        Err(Refused::Unchanged) => {}
        Err(refused) => tracing::error!(order.id = %id, %refused, "payment.order.refused"),
    }
    commit(&ports.dynamo, writes).await
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
