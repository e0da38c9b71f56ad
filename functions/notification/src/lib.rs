//! Messages to customers and staff.
//!
//! An event makes at most one letter. Its id follows from event, template and recipient; it is begun by a conditional
//! insert before it is sent, and noted as sent after.
//!
//! Running twice, late or out of order is harmless: what is noted as sent is left. Half is harmless: a letter that was begun
//! and not noted goes out again with the same id, which the gateway deduplicates by. Nothing personal is logged; what is
//! kept of a customer's letter is sealed with the customer's key.

mod compose;
mod plan;
mod sender;
mod wire;

use dynamo::StoreError;
use kernel::{Ambient, Envelope, PersonId};
use messaging::{
    Begun, Notifications, Recorded,
    notification::{Address, Language, Letter, RenderError, notification_id},
};
use plan::{Plan, plan};
use privacy::{PersonKey, Place, SealError, Vault, VaultError};
use queue::{Failure, SqsBatchResponse, SqsEvent};
use sales::Orders;
pub use sender::{NotTaken, Sender};
use web::HttpClient;
pub use wire::wire;

/// Entity under which a recorded letter is sealed, with the notification's id.
const SEALED_ENTITY: &str = "notification";
/// Field name of the sealed letter.
const LETTER_FIELD: &str = "letter";

/// What the function works with.
#[derive(Debug)]
pub struct Ports<C> {
    /// Orders.
    pub orders: Orders,
    /// Notifications.
    pub notifications: Notifications,
    /// Personal data.
    pub vault: Vault,
    /// How letters leave.
    pub sender: Sender<C>,
    /// Where buyers read their orders.
    pub storefront_url: String,
    /// Who is told what staff should know.
    pub staff: Option<Address>,
    /// Clock and chance.
    pub ambient: Ambient,
}

/// Why a message is not done.
#[derive(Debug, thiserror::Error)]
pub enum Error {
    /// The event does not have its shape.
    #[error("the event does not have its shape")]
    Event,
    /// The order that it names is not there.
    #[error("the order is not there")]
    Missing,
    /// The template does not render.
    #[error(transparent)]
    Render(#[from] RenderError),
    /// The sender did not take it.
    #[error(transparent)]
    NotTaken(#[from] NotTaken),
    /// Personal data does not seal or open.
    #[error(transparent)]
    Seal(#[from] SealError),
    /// The person's key is there and does not open.
    #[error(transparent)]
    Vault(#[from] VaultError),
    /// The store failed.
    #[error(transparent)]
    Store(#[from] StoreError),
}

impl From<Error> for Failure {
    fn from(error: Error) -> Self {
        let retryable = match &error {
            Error::NotTaken(_) => true,
            Error::Vault(VaultError::Store(store)) | Error::Store(store) => store.retryable(),
            Error::Event | Error::Missing | Error::Render(_) | Error::Seal(_) | Error::Vault(VaultError::Unwrap(_)) => {
                false
            }
        };
        if retryable {
            Self::retry(error)
        } else {
            Self::terminal(error)
        }
    }
}

/// A letter with what is kept of it.
pub(crate) struct Composed {
    template: &'static str,
    language: Language,
    about: String,
    letter: Letter,
    /// Whose letter it is; none for staff.
    key: Option<PersonKey>,
}

/// Handles one batch.
pub async fn handle<C: HttpClient>(ports: &Ports<C>, event: SqsEvent) -> SqsBatchResponse {
    queue::consume(event, |envelope| async move {
        one(ports, &envelope).await.map_err(Failure::from)
    })
    .await
}

#[tracing::instrument(name = "notification.send", skip_all, fields(event.id = %event.id, event.name = event.name))]
async fn one<C: HttpClient>(ports: &Ports<C>, event: &Envelope) -> Result<(), Error> {
    let composed = match plan(event)? {
        Plan::Nothing => None,
        Plan::Staff {
            template,
            about,
            values,
        } => compose::staff(ports, template, about, values)?,
        Plan::Code(code) => compose::code(ports, &code).await?,
        Plan::Buyer {
            template,
            order,
            shipment,
            amount,
        } => compose::buyer(ports, template, order, shipment, amount).await?,
    };
    match composed {
        Some(composed) => deliver(ports, event, composed).await,
        None => Ok(()),
    }
}

async fn deliver<C: HttpClient>(ports: &Ports<C>, event: &Envelope, composed: Composed) -> Result<(), Error> {
    let Composed {
        template,
        language,
        letter,
        ..
    } = &composed;
    let id = notification_id(event.id, event.occurred_at, template, &letter.to);
    let recorded = record(ports, event, &composed, id)?;
    let begun = ports.notifications.begin(&recorded).await?;
    if begun == Begun::Sent {
        tracing::info!(notification.id = %id, "notification.known");
        return Ok(());
    }
    ports.sender.send(id, (template, *language), letter).await?;
    ports.notifications.finish(recorded).await?;
    tracing::info!(notification.id = %id, template, channel = letter.to.channel().as_str(), "notification.sent");
    Ok(())
}

/// What is kept: ids, and the letter itself only where nothing else takes it.
fn record<C: HttpClient>(
    ports: &Ports<C>,
    event: &Envelope,
    composed: &Composed,
    id: kernel::NotificationId,
) -> Result<Recorded, Error> {
    let only_recorded = ports.sender.hands_to(&composed.letter).is_none();
    let text = id.to_string();
    let place = Place {
        entity: SEALED_ENTITY,
        id: &text,
        field: LETTER_FIELD,
    };
    let seal = |key: &PersonKey| -> Result<(PersonId, privacy::Sealed), SealError> {
        Ok((key.id(), key.seal(&ports.ambient, place, &composed.letter)?))
    };
    let sealed = composed.key.as_ref().filter(|_| only_recorded).map(seal).transpose()?;
    Ok(Recorded {
        id,
        about: composed.about.clone(),
        event_id: event.id,
        template: composed.template.to_owned(),
        language: composed.language,
        channel: composed.letter.to.channel(),
        sealed,
        plain: (only_recorded && composed.key.is_none()).then(|| composed.letter.clone()),
        begun_at: ports.ambient.now(),
        sent: false,
    })
}

#[cfg(test)]
mod tests;
