//! The signed-in customer.

use identity::{Channel, Customer};
use kernel::{CustomerId, Timestamp};
use serde::Serialize;
use web::{Body, Caller, Request, Response, json};

use crate::{Error, Ports};

#[derive(Serialize)]
struct Me {
    id: CustomerId,
    #[serde(skip_serializing_if = "Option::is_none")]
    email: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    phone: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    name: Option<String>,
    has_password: bool,
    created_at: Timestamp,
}

/// `GET /v1/me`: the caller's own account. Reads only.
pub(crate) async fn read(ports: &Ports, request: &Request) -> Result<Response<Body>, Error> {
    let id: CustomerId = Caller::required(request)?.id()?;
    let customer = ports.customers.get(id).await?.ok_or(Error::NotFound)?;
    let text = id.to_string();
    let key = ports.vault.open(customer.person).await?.ok_or(Error::NotFound)?;
    let address: String = key.open(Customer::place(&text, "address"), &customer.address)?;
    let name = customer
        .name
        .as_ref()
        .map(|name| key.open(Customer::place(&text, "name"), name))
        .transpose()?;
    let (email, phone) = match customer.channel {
        Channel::Email => (Some(address), None),
        Channel::Sms => (None, Some(address)),
    };
    let me = Me {
        id,
        email,
        phone,
        name,
        has_password: customer.password.is_some(),
        created_at: customer.created_at,
    };
    Ok(json(200, &me))
}
