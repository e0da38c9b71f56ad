//! The first staff account.

use dynamo::{Begin, CommitError, Saved, fingerprint};
use identity::{
    Charge, Role, StaffRefusal,
    limit::{BOOTSTRAPS_IN_ALL, BOOTSTRAPS_PER_ADDRESS},
};
use kernel::StaffId;
use secrecy::ExposeSecret;
use serde::{Deserialize, Serialize};
use subtle::ConstantTimeEq;
use web::{Body, Request, Response, body, idempotency_key, json, json_body};

use crate::{
    Error, Ports,
    accounts::{NewStaff, prepare},
    charge,
    session::start_session,
};

const SCOPE: &str = "staff.bootstrap";

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Bootstrap {
    secret: String,
    email: String,
    name: String,
    password: String,
}

/// What is kept of the answer: the account's id. Tokens are never kept; a replay signs in anew.
#[derive(Serialize, Deserialize)]
struct Kept {
    staff: StaffId,
}

/// `POST /v1/staff/bootstrap`: creates the first account, an admin, for whoever holds the bootstrap secret.
///
/// Works once: the account and the marker of its kind are one transaction. Twice with the same key: the same account
/// signs in again. Half: nothing, or an account whose password signs in.
pub(crate) async fn create_first(ports: &Ports, request: &Request) -> Result<Response<Body>, Error> {
    let wanted: Bootstrap = json_body(request)?;
    let key = idempotency_key(request)?;
    let in_all = Charge {
        limits: BOOTSTRAPS_IN_ALL,
        subject: "all".to_owned(),
    };
    charge(ports, request, BOOTSTRAPS_PER_ADDRESS, in_all).await?;
    // Of equal length, whatever the texts are: comparing takes the same time.
    let (given, right) = (
        wanted.secret.as_bytes(),
        ports.bootstrap_secret.expose_secret().as_bytes(),
    );
    if !bool::from(fingerprint(given).as_bytes().ct_eq(fingerprint(right).as_bytes())) {
        return Err(Error::NoBootstrap);
    }
    let print = ports.hasher.peppers().fingerprint(body(request)?);
    let claim = match ports.idempotency.begin(SCOPE, key, &print).await? {
        Begin::Fresh(claim) => claim,
        Begin::Replay(saved) => return replay(ports, &saved).await,
        Begin::Mismatch => return Err(Error::KeyReused),
    };
    if ports.staff.is_bootstrapped().await? {
        // Spares the hash; the transaction decides.
        return Err(Error::Refused(StaffRefusal::Bootstrapped));
    }
    let wanted = NewStaff {
        email: wanted.email,
        name: wanted.name,
        password: wanted.password,
        roles: vec![Role::Admin],
    };
    let (staff, mut writes) = prepare(ports, wanted).await?;
    writes.push(ports.staff.bootstrap(&staff)?);
    let saved = Saved {
        status: 201,
        body: serde_json::to_string(&Kept { staff: staff.id })?,
    };
    writes.push(claim.record(&saved, StaffRefusal::Bootstrapped)?);
    match ports.dynamo.commit(writes).await {
        Ok(()) => tracing::info!(staff = %staff.id, "staff.bootstrapped"),
        Err(CommitError::Refused(_)) => return again(ports, key, &print).await,
        Err(error) => return Err(error.into()),
    }
    Ok(json(201, &start_session(ports, &staff).await?))
}

/// Another request was quicker: an equal one, whose account signs in, or another one.
async fn again(ports: &Ports, key: &str, print: &str) -> Result<Response<Body>, Error> {
    match ports.idempotency.begin(SCOPE, key, print).await? {
        Begin::Replay(saved) => replay(ports, &saved).await,
        Begin::Fresh(_) | Begin::Mismatch => Err(Error::Refused(StaffRefusal::Bootstrapped)),
    }
}

async fn replay(ports: &Ports, saved: &Saved) -> Result<Response<Body>, Error> {
    let kept: Kept = serde_json::from_str(&saved.body)?;
    let staff = ports.staff.get(kept.staff).await?.ok_or(Error::NotFound)?;
    if !staff.accepts_session_of(ports.dynamo.ambient().now()) {
        return Err(Error::NoSignIn);
    }
    Ok(json(saved.status, &start_session(ports, &staff).await?))
}
