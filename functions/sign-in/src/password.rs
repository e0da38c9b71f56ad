//! Sign-in by password.

use identity::{
    AccountState, AddressIndex, Charge, Customer, Password,
    limit::{PASSWORD_TRIES_PER_ADDRESS, PASSWORD_TRIES_PER_IDENTIFIER},
};
use serde::Deserialize;
use web::{Body, Request, Response, json, json_body};

use crate::{Error, Ports, charge, error::Refused, identifier, session::start};

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct SignIn {
    email: Option<String>,
    phone: Option<String>,
    password: String,
}

/// `POST /v1/customers/sign-in`: address and password for tokens.
///
/// Twice: two sessions, each of which ends by itself. Half: a session that nobody holds a token of.
pub(crate) async fn sign_in(ports: &Ports, request: &Request) -> Result<Response<Body>, Error> {
    let body: SignIn = json_body(request)?;
    let to = identifier(body.email.as_deref(), body.phone.as_deref())?;
    let password = Password::offered(&body.password).map_err(|_| Error::NoPassword)?;
    let index = AddressIndex::of(&to, &ports.vault);
    let by_account = Charge {
        limits: PASSWORD_TRIES_PER_IDENTIFIER,
        subject: index.index.clone(),
    };
    charge(ports, request, PASSWORD_TRIES_PER_ADDRESS, vec![by_account.clone()]).await?;
    let customer = ports.customers.find(&index).await?;
    let kept = customer.as_ref().and_then(|customer| customer.password.clone());
    // The same work whether the account exists or not.
    let same = ports.hasher.verify(kept, password.clone()).await?;
    let customer = customer
        .filter(|customer| same && customer.state == AccountState::Active)
        .ok_or(Error::NoPassword)?;
    let started = start(ports, &customer)?;
    ports
        .dynamo
        .commit::<Refused>(vec![ports.sessions.start(&started.family)?])
        .await?;
    tracing::info!(customer = %customer.id, "identity.signed_in");
    if let Err(error) = ports.limits.forgive(&by_account).await {
        tracing::warn!(%error, customer = %customer.id, "identity.limit.not_forgiven");
    }
    strengthen(ports, customer, password).await;
    Ok(json(200, &started.answer))
}

/// Hashes anew what was hashed with an old pepper or weaker parameters. The sign-in stands without it.
async fn strengthen(ports: &Ports, before: Customer, password: Password) {
    let outdated = before
        .password
        .as_ref()
        .is_some_and(|hash| hash.is_outdated(ports.hasher.peppers()));
    if !outdated {
        return;
    }
    if let Err(error) = rehash(ports, &before, password).await {
        tracing::warn!(%error, customer = %before.id, "identity.rehash.failed");
    }
}

async fn rehash(ports: &Ports, before: &Customer, password: Password) -> Result<(), Error> {
    let after = Customer {
        password: Some(ports.hasher.hash(password).await?),
        version: before.version.saturating_add(1),
        ..before.clone()
    };
    Ok(ports
        .dynamo
        .commit(vec![ports.customers.change(before, &after, Refused::Stale)?])
        .await?)
}
