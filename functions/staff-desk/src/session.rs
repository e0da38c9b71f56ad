//! Staff sign in.

use identity::{
    AccountState, Charge, Family, Identifier, Password, STAFF_EMAIL_KIND, STAFF_SCOPE, Staff, StaffRefusal, Tokens,
    limit::{PASSWORD_TRIES_PER_ADDRESS, PASSWORD_TRIES_PER_IDENTIFIER},
    session::STAFF_SESSION_S,
    token::Grant,
};
use serde::{Deserialize, Serialize};
use web::{Body, Request, Response, json, json_body};

use crate::{Error, Ports, charge};

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct SignIn {
    email: String,
    password: String,
}

/// A sign-in's answer: the tokens, and whose they are.
#[derive(Serialize)]
pub(crate) struct SignedIn {
    #[serde(flatten)]
    tokens: Tokens,
    staff: Whose,
}

#[derive(Serialize)]
struct Whose {
    id: String,
    roles: Vec<String>,
}

/// `POST /v1/staff/sign-in`: e-mail address and password for tokens.
///
/// Twice: two sessions, each of which ends by itself. Half: a session that nobody holds a token of.
pub(crate) async fn sign_in(ports: &Ports, request: &Request) -> Result<Response<Body>, Error> {
    let body: SignIn = json_body(request)?;
    let email = Identifier::email(&body.email)?;
    let password = Password::offered(&body.password).map_err(|_| Error::NoSignIn)?;
    let index = ports.vault.blind_index(STAFF_EMAIL_KIND, email.normal());
    let by_account = Charge {
        limits: PASSWORD_TRIES_PER_IDENTIFIER,
        subject: index.clone(),
    };
    charge(ports, request, PASSWORD_TRIES_PER_ADDRESS, by_account.clone()).await?;
    let staff = ports.staff.find(&index).await?;
    let kept = staff.as_ref().map(|staff| staff.password.clone());
    // The same work whether the account exists or not.
    let same = ports.hasher.verify(kept, password).await?;
    let staff = staff
        .filter(|staff| same && staff.state == AccountState::Active)
        .ok_or(Error::NoSignIn)?;
    let answer = start_session(ports, &staff).await?;
    tracing::info!(staff = %staff.id, "staff.signed_in");
    if let Err(error) = ports.limits.forgive(&by_account).await {
        tracing::warn!(%error, staff = %staff.id, "staff.limit.not_forgiven");
    }
    Ok(json(200, &answer))
}

/// Starts a session and issues its first tokens.
pub(crate) async fn start_session(ports: &Ports, staff: &Staff) -> Result<SignedIn, Error> {
    let ambient = ports.dynamo.ambient();
    let subject = staff.id.to_string();
    let (family, refresh) = Family::start(&subject, STAFF_SESSION_S, ports.hasher.peppers(), ambient);
    ports
        .dynamo
        .commit::<StaffRefusal>(vec![ports.sessions.start(&family)?])
        .await?;
    let roles = staff.role_names();
    let grant = Grant {
        subject: &subject,
        scope: STAFF_SCOPE,
        roles: &roles,
        session: family.id,
        minutes: ports.token_minutes,
    };
    let tokens = Tokens::issue(&ports.issuer, &grant, &refresh, ambient)?;
    Ok(SignedIn {
        tokens,
        staff: Whose { id: subject, roles },
    })
}
