//! Staff accounts: the first one by a one-time secret, the others by an admin; sign-in by password.
//!
//! Customers and staff share sessions: `sign-in` refreshes and signs out for both.

mod accounts;
mod bootstrap;
mod error;
mod session;
#[cfg(test)]
mod tests;
mod wire;

use dynamo::{Dynamo, Idempotency};
use identity::{Charge, Charged, Hasher, Limits, Sessions, StaffAccounts, limit::Limit, token::Issuer};
use privacy::Vault;
use secrecy::SecretString;
use web::{Body, Problem, Request, Response, request_id, route_key, source_address, types};

use error::Error;
pub use wire::wire;

/// What the handlers work with.
#[derive(Debug)]
pub struct Ports {
    /// The accounts.
    pub staff: StaffAccounts,
    /// Their sessions.
    pub sessions: Sessions,
    /// What counts tries.
    pub limits: Limits,
    /// Kept answers.
    pub idempotency: Idempotency,
    /// Personal data.
    pub vault: Vault,
    /// Passwords.
    pub hasher: Hasher,
    /// Tokens.
    pub issuer: Issuer,
    /// What creates the first account.
    pub bootstrap_secret: SecretString,
    /// How long an access token is valid, in minutes.
    pub token_minutes: u32,
    /// The committer.
    pub dynamo: Dynamo,
}

/// Answers the staff routes. Each handler says why running it twice, late or half is harmless.
pub async fn handle(ports: &Ports, request: Request) -> Response<Body> {
    let route = route_key(&request);
    let answer = match route.as_str() {
        "POST /v1/staff/bootstrap" => bootstrap::create_first(ports, &request).await,
        "POST /v1/staff/sign-in" => session::sign_in(ports, &request).await,
        "POST /v1/staff" => accounts::create(ports, &request).await,
        "GET /v1/staff" => accounts::list(ports, &request).await,
        "GET /v1/staff/{id}" => accounts::read(ports, &request).await,
        "PUT /v1/staff/{id}/roles" => accounts::set_roles(ports, &request).await,
        "POST /v1/staff/{id}/disable" => accounts::disable(ports, &request).await,
        _ => Err(Problem::new(&types::NOT_FOUND).into()),
    };
    answer.unwrap_or_else(|error| {
        let problem = Problem::from(&error);
        if problem.kind().status >= 500 {
            tracing::error!(%error, route, "staff.request.failed");
        } else {
            tracing::info!(code = problem.kind().slug, route, "staff.request.refused");
        }
        problem.response(&request_id(&request))
    })
}

/// Counts a try by the caller's source address, and by whom it names.
async fn charge(ports: &Ports, request: &Request, by_address: &'static [Limit], other: Charge) -> Result<(), Error> {
    let address = ports.vault.blind_index("address", &source_address(request));
    let charges = [
        Charge {
            limits: by_address,
            subject: address,
        },
        other,
    ];
    match ports.limits.charge(&charges).await? {
        Charged::Within => Ok(()),
        Charged::Exceeded { retry_after_s } => Err(Error::Limited { retry_after_s }),
    }
}
