//! The right code signs in, or makes the account.

use dynamo::Part;
use identity::{AccountState, CODE_DIGITS, Code, Customer, limit::CODE_TRIES_PER_ADDRESS};
use kernel::{CodeId, CustomerId, Id};
use serde::Deserialize;
use web::{Body, Request, Response, json, json_body, path_parameter};

use crate::{
    Error, Ports, charge,
    error::Refused,
    session::{Started, start},
};

/// How often a code that raced another one for a new account looks again.
const RACES_MAX: u32 = 3;

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Verify {
    code: String,
}

/// `POST /v1/customers/codes/{id}/verify`: the six digits for tokens.
///
/// Each try counts before it is compared, so the sixth is refused even when it is right. Twice: a code is used up in the
/// transaction that starts the session, so the second is refused, and a lost answer costs a new code. Late: refused. Half: a
/// count without a comparison, or nothing.
pub(crate) async fn verify(ports: &Ports, request: &Request) -> Result<Response<Body>, Error> {
    let id: CodeId = path_parameter(request, "id").map_err(|_| Error::NoCode)?;
    let body: Verify = json_body(request)?;
    charge(ports, request, CODE_TRIES_PER_ADDRESS, Vec::new()).await?;
    let digits = body.code.trim();
    let code = ports.codes.take_try(id).await?.ok_or(Error::NoCode)?;
    let plain = digits.len() == CODE_DIGITS && digits.bytes().all(|byte| byte.is_ascii_digit());
    if !plain || !code.matches(digits, ports.hasher.peppers()) {
        tracing::info!(code = %id, tries = code.tries, "identity.code.wrong");
        return Err(Error::NoCode);
    }
    for _ in 0..RACES_MAX {
        let existing = ports.customers.find(&code.to).await?;
        let created = existing.is_none();
        let (customer, mut writes) = match existing {
            Some(customer) if customer.state == AccountState::Active => (customer, Vec::new()),
            Some(_) => return Err(Error::NoCode),
            None => create(ports, &code).await?,
        };
        let started = start(ports, &customer)?;
        writes.push(ports.codes.spend(id, Refused::Spent));
        writes.push(ports.sessions.start(&started.family)?);
        match ports.dynamo.commit(writes).await {
            Ok(()) => return signed_in(ports, &code, &customer, started, created).await,
            Err(error) => match Error::from(error) {
                Error::Refused(Refused::Taken) => {}
                Error::Refused(Refused::Spent) => return Err(Error::NoCode),
                other => return Err(other),
            },
        }
    }
    Err(Error::Refused(Refused::Taken))
}

async fn signed_in(
    ports: &Ports,
    code: &Code,
    customer: &Customer,
    started: Started,
    created: bool,
) -> Result<Response<Body>, Error> {
    if customer.person != code.person {
        // The person made for the code is not needed any more. Left behind, it holds an address that nobody can find.
        if let Err(error) = ports.vault.erase(code.person).await {
            tracing::warn!(%error, code = %code.id, "identity.code.person_left");
        }
    }
    tracing::info!(customer = %customer.id, code = %code.id, created, "identity.signed_in");
    Ok(json(if created { 201 } else { 200 }, &started.answer))
}

/// A new account from what its code was asked for with; the code's person becomes the account's.
async fn create(ports: &Ports, code: &Code) -> Result<(Customer, Vec<Part<Refused>>), Error> {
    let ambient = ports.dynamo.ambient();
    let key = ports.vault.open(code.person).await?.ok_or(Error::NoCode)?;
    let code_id = code.id.to_string();
    let id = CustomerId::generate(ambient);
    let text = id.to_string();
    let address: String = key.open(Code::place(&code_id, "address"), &code.address)?;
    let name: Option<String> = code
        .name
        .as_ref()
        .map(|name| key.open(Code::place(&code_id, "name"), name))
        .transpose()?;
    let name = name
        .map(|name| key.seal(ambient, Customer::place(&text, "name"), &name))
        .transpose()?;
    let customer = Customer {
        id,
        person: code.person,
        channel: code.to.channel,
        address: key.seal(ambient, Customer::place(&text, "address"), &address)?,
        address_index: code.to.index.clone(),
        name,
        password: code.password.clone(),
        state: AccountState::Active,
        sessions_from: ambient.now(),
        created_at: ambient.now(),
        version: 1,
    };
    let writes = ports.customers.create(&customer, Refused::Taken)?;
    Ok((customer, writes))
}
