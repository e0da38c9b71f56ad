//! One row of a statement, and what is told of a difference.

use kernel::{Money, OrderId, PaymentId};
use payments::{
    CaseId, CaseReason, Difference, Finding, Here, Kept, NoticeSource, ObjectId, OrderMoney, Provider, Reading,
    Verdict, compare as judge, confirms,
    events::latest::Why,
    here,
    provider::{CallError, Providers, RefundOrder, StatementRow},
};

use crate::{Error, Ports, run::Run};

/// Compares a row with our books.
pub(crate) async fn compare<G: Providers>(
    ports: &Ports<G>,
    run: &Run,
    provider: Provider,
    day: &str,
    row: &StatementRow,
) -> Result<(), Error> {
    run.row();
    ports.payments.keep_row(provider, row).await?;
    let owner = ports.payments.link(provider, &row.payment).await?.owner;
    let owner = owner.or(row.order.zip(row.intent));
    let money = match owner {
        Some((order, _)) => Some(ports.payments.order_money(order, row.amount).await?),
        None => None,
    };
    let ours = money
        .as_ref()
        .map_or(Here::Nothing, |money| here(provider, row, &money.facts));
    let of = row.refund.as_ref().unwrap_or(&row.payment);
    let order = owner.map(|(order, _)| order);
    let question = || async {
        match (owner, &money) {
            (Some((_, payment)), Some(money)) => ask(ports, money, payment, row.refund.as_ref()).await,
            _ => Ok(None),
        }
    };
    match judge(row, ours) {
        Verdict::Agrees => Ok(()),
        Verdict::Ask(difference) => match question().await? {
            Some(reading) if confirms(&reading, row, ours) => Ok(()),
            reading => {
                report(ports, run, (provider, day, of), order, difference).await?;
                keep(ports, provider, reading).await
            }
        },
        // Told before it is mended: a run that ends in between finds it again.
        Verdict::Differs(difference) => {
            report(ports, run, (provider, day, of), order, difference).await?;
            match difference.why {
                CaseReason::MissingHere | CaseReason::StateDiffers => keep(ports, provider, question().await?).await,
                _ => Ok(()),
            }
        }
    }
}

/// What the provider itself says, so that it is booked.
async fn keep<G: Providers>(ports: &Ports<G>, provider: Provider, reading: Option<Reading>) -> Result<(), Error> {
    if let Some(reading) = reading {
        let source = NoticeSource::Statement;
        ports.payments.keep_reading(source, provider, &reading).await?;
    }
    Ok(())
}

/// Asks the provider what became of a payment, or of a refund that we asked for. `None`: it can't be asked, or says that it
/// can't.
pub(crate) async fn ask<G: Providers>(
    ports: &Ports<G>,
    money: &OrderMoney,
    payment: PaymentId,
    refund: Option<&ObjectId>,
) -> Result<Option<Reading>, Error> {
    let Some(intent) = money.intents.iter().find(|intent| intent.id == payment) else {
        return Ok(None);
    };
    let request = refund.and_then(|refund| {
        let mut requests = money.state.requests.iter();
        requests.find(|request| {
            request.object().as_ref() == Some(refund) || request.provider_refund.as_ref() == Some(refund)
        })
    });
    let answer = match request {
        None => ports.providers.query(intent).await,
        Some(request) => {
            let payment = (request.provider, request.payment.clone());
            let captured = money.state.folded.payments.get(&payment);
            let order = RefundOrder {
                request,
                intent,
                captured: captured.map_or(Money::zero(request.amount.currency()), |totals| totals.captured),
            };
            ports.providers.query_refund(order).await
        }
    };
    match answer {
        Ok(reading) => Ok(Some(reading)),
        Err(error @ CallError::Unanswered(_)) => Err(error.into()),
        Err(error @ (CallError::Refused { .. } | CallError::Misfit(_) | CallError::Unsupported)) => {
            tracing::warn!(payment.id = %payment, %error, "payment.reconcile.not_told");
            Ok(None)
        }
    }
}

/// Opens the case of a difference, once.
pub(crate) async fn report<G: Providers>(
    ports: &Ports<G>,
    run: &Run,
    (provider, day, of): (Provider, &str, &ObjectId),
    order: Option<OrderId>,
    difference: Difference,
) -> Result<(), Error> {
    let Difference { why, here, there } = difference;
    let id = CaseId {
        day: day.to_owned(),
        provider,
        of: of.clone(),
        why: Why::Case(why),
    };
    let finding = Finding { order, here, there };
    if ports.payments.open_difference(&id, finding).await? == Kept::New {
        run.difference();
        let (metric, why) = ("payment.reconcile.difference", why.as_str());
        tracing::warn!(metric, count = 1, %provider, day, %of, why, "payment.reconcile.difference");
    }
    Ok(())
}
