//! Sessions: their start, refresh and end.

use identity::{
    CUSTOMER_SCOPE, Customer, Family, FamilyState, RefreshToken, Refreshed, STAFF_SCOPE, Tokens,
    limit::REFRESHES_PER_ADDRESS,
    session::CUSTOMER_SESSION_S,
    token::{Grant, TOKEN_MINUTES_MAX},
};
use kernel::{CustomerId, StaffId};
use serde::{Deserialize, Serialize};
use web::{Body, Request, Response, empty, json, json_body};

use crate::{Error, Ports, charge};

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Presented {
    refresh_token: String,
}

/// A customer's sign-in: the family to commit, and what to answer then.
pub(crate) struct Started {
    pub(crate) family: Family,
    pub(crate) answer: SignedIn,
}

/// The tokens, and whose they are.
#[derive(Serialize)]
pub(crate) struct SignedIn {
    #[serde(flatten)]
    tokens: Tokens,
    customer: Whose,
}

#[derive(Serialize)]
struct Whose {
    id: CustomerId,
}

/// Who a session is of, as it is now.
struct Holder {
    scope: &'static str,
    roles: Vec<String>,
    minutes: u32,
}

/// A new session of a customer and its first tokens. Nothing is written yet.
pub(crate) fn start(ports: &Ports, customer: &Customer) -> Result<Started, Error> {
    let ambient = ports.dynamo.ambient();
    let subject = customer.id.to_string();
    let (family, refresh) = Family::start(&subject, CUSTOMER_SESSION_S, ports.hasher.peppers(), ambient);
    let grant = Grant {
        subject: &subject,
        scope: CUSTOMER_SCOPE,
        roles: &[],
        session: family.id,
        minutes: TOKEN_MINUTES_MAX,
    };
    let tokens = Tokens::issue(&ports.issuer, &grant, &refresh, ambient)?;
    let answer = SignedIn {
        tokens,
        customer: Whose { id: customer.id },
    };
    Ok(Started { family, answer })
}

/// `POST /v1/sessions/refresh`: a refresh token for new tokens; the old one is used up.
///
/// Twice within ten seconds: the same refresh token again, as an answer may have been lost. Later: the token was stolen
/// from one of two, so the session ends. Half: a rotation whose answer was lost, which the retry gets again.
pub(crate) async fn refresh(ports: &Ports, request: &Request) -> Result<Response<Body>, Error> {
    let token = presented(request)?.ok_or(Error::NoRefresh)?;
    charge(ports, request, REFRESHES_PER_ADDRESS, Vec::new()).await?;
    let (family, next) = match ports.sessions.refresh(&token).await? {
        Refreshed::Rotated { family, next } => (family, next),
        Refreshed::Refused { reused } => {
            if reused {
                tracing::warn!(session = %token.session(), "identity.session.reused");
            }
            return Err(Error::NoRefresh);
        }
    };
    let Some(holder) = holder(ports, &family).await? else {
        ports.sessions.end(family.id, FamilyState::SignedOut).await?;
        tracing::info!(session = %family.id, "identity.session.account_closed");
        return Err(Error::NoRefresh);
    };
    let grant = Grant {
        subject: &family.subject,
        scope: holder.scope,
        roles: &holder.roles,
        session: family.id,
        minutes: holder.minutes,
    };
    Ok(json(
        200,
        &Tokens::issue(&ports.issuer, &grant, &next, ports.dynamo.ambient())?,
    ))
}

/// `POST /v1/sessions/sign-out`: ends the session of a refresh token, whichever of its tokens it is.
///
/// Always answers the same, so any number of times is harmless.
pub(crate) async fn sign_out(ports: &Ports, request: &Request) -> Result<Response<Body>, Error> {
    let token = presented(request)?;
    charge(ports, request, REFRESHES_PER_ADDRESS, Vec::new()).await?;
    if let Some(token) = token.filter(|token| token.is_ours(ports.hasher.peppers())) {
        ports.sessions.end(token.session(), FamilyState::SignedOut).await?;
        tracing::info!(session = %token.session(), "identity.session.signed_out");
    }
    Ok(empty(204))
}

fn presented(request: &Request) -> Result<Option<RefreshToken>, Error> {
    let body: Presented = json_body(request)?;
    Ok(body.refresh_token.parse().ok())
}

/// The session's account, when it may still be used: roles and state as they are now.
async fn holder(ports: &Ports, family: &Family) -> Result<Option<Holder>, Error> {
    if let Ok(id) = family.subject.parse::<CustomerId>() {
        let customer = ports.customers.get(id).await?;
        let usable = customer.filter(|customer| customer.accepts_session_of(family.started_at));
        return Ok(usable.map(|_| Holder {
            scope: CUSTOMER_SCOPE,
            roles: Vec::new(),
            minutes: TOKEN_MINUTES_MAX,
        }));
    }
    let Ok(id) = family.subject.parse::<StaffId>() else {
        return Ok(None);
    };
    let staff = ports.staff.get(id).await?;
    let usable = staff.filter(|staff| staff.accepts_session_of(family.started_at));
    Ok(usable.map(|staff| Holder {
        scope: STAFF_SCOPE,
        roles: staff.role_names(),
        minutes: ports.staff_token_minutes,
    }))
}
