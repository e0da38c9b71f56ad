//! Folds carriers' notices into parcel, shipment and order.
//!
//! A notice adds scans to the parcel's set; parcel, shipment and order follow from the set. So notices may come twice, late
//! or in any order, and the end is the same. Parcel, shipment, order and their events commit in one transaction, guarded
//! by the version of each: half of it never happens, and of two handlers at once one looks again. A notice that adds
//! nothing and changes nothing writes nothing.
//!
//! Scans of a number that no staff have entered wait with the parcel; entering it asks for another look.

mod order;
mod wire;

use dynamo::{CommitError, Part, StoreError, Timers};
use fulfilment::{
    Fulfilment, Parcel, ParcelKey, Provider, Refused, Shipment, Tracked, TrackingNotice,
    events::{
        ShipmentEvent,
        v1::{TrackingNoticed, TrackingWatchEnded},
    },
};
use kernel::{Ambient, Envelope, Event, OpenError};
use queue::{Failure, SqsBatchResponse, SqsEvent, consume};
use sales::Orders;
pub use wire::wire;

/// How often one parcel is looked at again, when somebody else changes it, its shipment or its order at the same time.
const TRIES_MAX: u32 = 6;

/// What the function works with.
#[derive(Debug, Clone)]
pub struct Ports {
    /// Shipments, parcels, notices.
    pub fulfilment: Fulfilment,
    /// Orders.
    pub orders: Orders,
    /// Due times.
    pub timers: Timers,
    /// Clock and chance.
    pub ambient: Ambient,
    /// How long a parcel may go without news, in seconds.
    pub silence_s: i64,
}

/// Why a notice could not be taken over now.
#[derive(Debug, thiserror::Error)]
pub enum Error {
    /// The message is of a shape that this version does not know.
    #[error(transparent)]
    Event(#[from] OpenError),
    /// The event names no parcel or no notice.
    #[error("the event names no {0}")]
    Names(&'static str),
    /// The notice is not kept although an event tells of it, or does not read although it did before.
    #[error("the notice cannot be read")]
    Notice,
    /// A record that another one names is not there.
    #[error("there is no {0} for the parcel")]
    Missing(&'static str),
    /// Others changed it every time.
    #[error("others were quicker {TRIES_MAX} times")]
    Busy,
    /// The store failed.
    #[error(transparent)]
    Store(#[from] StoreError),
}

impl From<Error> for Failure {
    fn from(error: Error) -> Self {
        match &error {
            Error::Busy => Self::retry(error),
            Error::Store(store) if store.retryable() => Self::retry(error),
            Error::Event(_) | Error::Names(_) | Error::Notice | Error::Missing(_) | Error::Store(_) => {
                Self::terminal(error)
            }
        }
    }
}

/// Somebody else was quicker: look again.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Raced;

/// What an event asks for.
struct Asked {
    parcel: ParcelKey,
    notice: Option<TrackingNotice>,
    correlation: String,
}

/// Handles a batch of `tracking.noticed`.
pub async fn handle(ports: &Ports, event: SqsEvent) -> SqsBatchResponse {
    consume(event, |envelope| async move {
        one(ports, &envelope).await.map_err(Failure::from)
    })
    .await
}

#[tracing::instrument(name = "parcel.update", skip_all, fields(parcel.key = %envelope.key))]
async fn one(ports: &Ports, envelope: &Envelope) -> Result<(), Error> {
    if envelope.name != TrackingNoticed::NAME {
        tracing::warn!(event.name = envelope.name, "tracking.event.unexpected");
        return Ok(());
    }
    let asked = asked(ports, envelope).await?;
    for _ in 0..TRIES_MAX {
        let writes = decide(ports, &asked).await?;
        match ports.fulfilment.dynamo().commit(writes).await {
            Ok(()) => return Ok(()),
            Err(CommitError::Refused(_) | CommitError::Conflict) => {}
            Err(CommitError::Store(error)) => return Err(error.into()),
        }
    }
    Err(Error::Busy)
}

async fn asked(ports: &Ports, envelope: &Envelope) -> Result<Asked, Error> {
    let event: TrackingNoticed = envelope.open()?;
    let correlation = envelope.id.to_string();
    let named = ParcelKey {
        carrier: event.carrier.parse().map_err(|_| Error::Names("carrier"))?,
        number: event.number.parse().map_err(|_| Error::Names("number"))?,
    };
    let Some(reference) = event.notice else {
        return Ok(Asked {
            parcel: named,
            notice: None,
            correlation,
        });
    };
    let provider: Provider = reference.provider.parse().map_err(|_| Error::Names("provider"))?;
    let kept = ports
        .fulfilment
        .notice(provider, &reference.digest)
        .await?
        .ok_or(Error::Notice)?;
    let notice = provider.parse(&kept.body).map_err(|_| Error::Notice)?;
    let unmapped = Parcel::unmapped(&notice.scans);
    if unmapped > 0 || notice.unreadable > 0 {
        tracing::warn!(%provider, unmapped, unreadable = notice.unreadable, "tracking.scans.unknown");
    }
    Ok(Asked {
        parcel: notice.parcel.clone(),
        notice: Some(notice),
        correlation,
    })
}

/// The writes that take the notice over, as things stand now; none when nothing is new.
async fn decide(ports: &Ports, asked: &Asked) -> Result<Vec<Part<Raced>>, Error> {
    let now = ports.ambient.now();
    let read = ports.fulfilment.parcel(&asked.parcel).await?;
    let was_unwatched = read.unwatched();
    let (scans, gave_up) = asked
        .notice
        .as_ref()
        .map_or((&[][..], None), |notice| (&notice.scans[..], notice.gave_up));
    let (mut parcel, added) = read.clone().absorb(scans, gave_up);
    let mut writes = Vec::new();
    if let Some(mut old) = corrected(ports, asked).await? {
        let (merged, _) = parcel.absorb(&old.scans, old.gave_up);
        parcel = merged;
        match (parcel.owner, old.owner) {
            // Staff entered both for two shipments: which of them it is, they must say.
            (Some(one), Some(other)) if one != other => {
                tracing::warn!(shipment.id = %other.shipment, "tracking.correction.conflict");
            }
            (owner, known) => {
                parcel.owner = owner.or(known);
                old.owner = None;
            }
        }
        old.moved_to = Some(parcel.key.carrier.clone());
        writes.push(ports.fulfilment.save_parcel(old, now, Raced)?);
    }
    let changed = parcel != read;
    if !was_unwatched && parcel.unwatched() {
        let ended = TrackingWatchEnded {
            carrier: parcel.key.carrier.to_string(),
            number: parcel.key.number.to_string(),
            shipment_id: parcel.owner.map(|owner| owner.shipment),
        };
        tracing::warn!("tracking.watch.ended");
        writes.push(
            ports
                .fulfilment
                .tell(&ShipmentEvent::WatchEnded(ended), Some(&asked.correlation))?,
        );
    }
    match parcel.owner {
        None => tracing::info!("tracking.parcel.unknown: no staff have entered this number"),
        Some(owner) => {
            let shipment = ports
                .fulfilment
                .shipment(owner.shipment)
                .await?
                .ok_or(Error::Missing("shipment"))?;
            writes.extend(follow(ports, asked, &parcel, shipment, added > 0).await?);
        }
    }
    if changed {
        writes.push(ports.fulfilment.save_parcel(parcel, now, Raced)?);
    }
    Ok(writes)
}

/// The parcel under the carrier that it was first thought to be of, when the notice corrects it and it was not corrected
/// before.
async fn corrected(ports: &Ports, asked: &Asked) -> Result<Option<Parcel>, Error> {
    let Some(carrier) = asked.notice.as_ref().and_then(|notice| notice.corrects.clone()) else {
        return Ok(None);
    };
    let number = asked.parcel.number.clone();
    let old = ports.fulfilment.parcel(&ParcelKey { carrier, number }).await?;
    Ok((old.moved_to.as_ref() != Some(&asked.parcel.carrier)).then_some(old))
}

/// The writes by which shipment and order follow the parcel.
async fn follow(
    ports: &Ports,
    asked: &Asked,
    parcel: &Parcel,
    shipment: Shipment,
    news: bool,
) -> Result<Vec<Part<Raced>>, Error> {
    let verdict = parcel.verdict();
    // What was heard before staff entered the number is news to the shipment.
    let first = verdict.is_some()
        && shipment
            .consignment()
            .is_some_and(|consignment| consignment.status_at.is_none());
    let tracked = Tracked {
        verdict,
        news: news || first,
        moved_to: Some(parcel.key.carrier.clone()),
    };
    let mut writes = Vec::new();
    let id = shipment.id;
    let order = shipment.order;
    match shipment.track(&tracked, ports.ambient.now(), ports.silence_s) {
        Ok(changed) => {
            tracing::info!(shipment.id = %id, state = %changed.shipment.state.name(), "shipment.tracked");
            writes.extend(ports.fulfilment.save(&changed, Some(&asked.correlation), Raced)?);
            writes.extend(Fulfilment::watch(&ports.timers, &changed.shipment)?);
        }
        Err(Refused::Unchanged) => {}
        Err(error) => tracing::warn!(shipment.id = %id, %error, "shipment.track.refused"),
    }
    if let Some(verdict) = verdict {
        writes.extend(order::writes(ports, order, id, &verdict, &asked.correlation).await?);
    }
    Ok(writes)
}

#[cfg(test)]
mod tests;
