//! The body: the order as UCP tells it.

use privacy::{Place, Vault};
use sales::order::{Address, DESTINATION_FIELD, Order, SEALED_ENTITY};
use ucp::{Metadata, Operation};

use crate::Error;

/// The whole order as it is now. Of a person who was erased, the address is empty.
pub(crate) async fn of(vault: &Vault, order: &Order, storefront_url: &str) -> Result<Vec<u8>, Error> {
    let destination = destination(vault, order).await?;
    let body = order.body(Metadata::of(Operation::Order), storefront_url, destination.as_ref());
    serde_json::to_vec(&body).map_err(Error::Body)
}

async fn destination(vault: &Vault, order: &Order) -> Result<Option<Address>, Error> {
    let Some(sealed) = order.destination() else {
        return Ok(None);
    };
    let Some(key) = vault.open(order.person()).await? else {
        return Ok(None);
    };
    let id = order.id().to_string();
    let place = Place {
        entity: SEALED_ENTITY,
        id: &id,
        field: DESTINATION_FIELD,
    };
    let opened = key.open(place, sealed);
    if opened.is_err() {
        tracing::error!(order.id = id, "webhook.destination.unreadable: sent without an address");
    }
    Ok(opened.ok())
}
