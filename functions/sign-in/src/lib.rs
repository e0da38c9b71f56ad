//! Customers register and sign in, by password or one-time code; customers and staff refresh and sign out.
//!
//! No answer tells whether an address has an account: registering and asking for a code look nothing up, and a password
//! is hashed whether or not there is one to compare with.

mod code;
mod error;
mod me;
mod password;
mod session;
#[cfg(test)]
mod tests;
mod verify;
mod wire;

use dynamo::{Dynamo, Idempotency, Outbox};
use identity::{
    Charge, Charged, Codes, Customers, Hasher, Identifier, Limits, Sessions, StaffAccounts, limit::Limit, token::Issuer,
};
use privacy::Vault;
use web::{Body, Problem, Request, Response, request_id, route_key, source_address, types};

use error::Error;
pub use wire::wire;

/// What the handlers work with.
#[derive(Debug)]
pub struct Ports {
    /// Customer accounts.
    pub customers: Customers,
    /// Staff accounts, whose sessions refresh here as well.
    pub staff: StaffAccounts,
    /// One-time codes.
    pub codes: Codes,
    /// Sessions.
    pub sessions: Sessions,
    /// What counts tries.
    pub limits: Limits,
    /// Kept answers.
    pub idempotency: Idempotency,
    /// Events.
    pub outbox: Outbox,
    /// Personal data.
    pub vault: Vault,
    /// Passwords.
    pub hasher: Hasher,
    /// Tokens.
    pub issuer: Issuer,
    /// How long a member of staff's access token is valid, in minutes.
    pub staff_token_minutes: u32,
    /// Country codes whose numbers are sent codes.
    pub phone_countries: Vec<String>,
    /// The committer.
    pub dynamo: Dynamo,
}

/// Answers the routes of customers and sessions. Each handler says why running it twice, late or half is harmless.
pub async fn handle(ports: &Ports, request: Request) -> Response<Body> {
    let route = route_key(&request);
    let answer = match route.as_str() {
        "POST /v1/customers" => code::register(ports, &request).await,
        "POST /v1/customers/codes" => code::ask(ports, &request).await,
        "POST /v1/customers/codes/{id}/verify" => verify::verify(ports, &request).await,
        "POST /v1/customers/sign-in" => password::sign_in(ports, &request).await,
        "POST /v1/sessions/refresh" => session::refresh(ports, &request).await,
        "POST /v1/sessions/sign-out" => session::sign_out(ports, &request).await,
        "GET /v1/me" => me::read(ports, &request).await,
        _ => Err(Problem::new(&types::NOT_FOUND).into()),
    };
    answer.unwrap_or_else(|error| {
        let problem = Problem::from(&error);
        if problem.kind().status >= 500 {
            tracing::error!(%error, route, "identity.request.failed");
        } else {
            tracing::info!(code = problem.kind().slug, route, "identity.request.refused");
        }
        problem.response(&request_id(&request))
    })
}

/// The one address that a body names.
fn identifier(email: Option<&str>, phone: Option<&str>) -> Result<Identifier, Error> {
    match (email, phone) {
        (Some(email), None) => Ok(Identifier::email(email)?),
        (None, Some(phone)) => Ok(Identifier::phone(phone)?),
        (Some(_), Some(_)) | (None, None) => Err(Error::OneIdentifier),
    }
}

/// Counts a try by the caller's source address, and against other limits.
async fn charge(
    ports: &Ports,
    request: &Request,
    by_address: &'static [Limit],
    others: Vec<Charge>,
) -> Result<(), Error> {
    let mut charges = others;
    charges.push(Charge {
        limits: by_address,
        subject: ports.vault.blind_index("address", &source_address(request)),
    });
    match ports.limits.charge(&charges).await? {
        Charged::Within => Ok(()),
        Charged::Exceeded { retry_after_s } => Err(Error::Limited { retry_after_s }),
    }
}
