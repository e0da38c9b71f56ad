//! Admins create, read and change staff accounts.

use std::collections::BTreeSet;

use dynamo::{Begin, CommitError, Part, Saved};
use identity::{
    AccountState, Identifier, Password, ROLES_MAX, Role, STAFF_EMAIL_KIND, STAFF_PASSWORD_CHARS_MIN, Staff,
    StaffRefusal,
};
use kernel::{Id, StaffId, Text, Timestamp};
use lambda_http::http::{HeaderValue, header};
use privacy::Place;
use serde::{Deserialize, Serialize};
use web::{
    Body, Caller, Precondition, Problem, Request, Response, body, etag, idempotency_key, json, json_body, page_limit,
    path_parameter, query_parameter, raw_json, types,
};

use crate::{Error, Ports};

/// The longest name, in characters.
const NAME_CHARS_MAX: usize = 100;

/// What a new account is made of.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct NewStaff {
    /// E-mail address.
    pub(crate) email: String,
    /// Name.
    pub(crate) name: String,
    /// Password.
    pub(crate) password: String,
    /// Roles.
    pub(crate) roles: Vec<Role>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Roles {
    roles: Vec<Role>,
}

/// An account as admins see it.
#[derive(Serialize)]
struct Shown {
    id: StaffId,
    #[serde(skip_serializing_if = "Option::is_none")]
    email: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    name: Option<String>,
    roles: Vec<Role>,
    state: AccountState,
    created_at: Timestamp,
    version: u64,
}

#[derive(Serialize)]
struct Listed {
    items: Vec<Shown>,
    #[serde(skip_serializing_if = "Option::is_none")]
    next_cursor: Option<String>,
}

/// The caller, who must be an admin by token; changes check the account as well.
fn admin(request: &Request) -> Result<StaffId, Error> {
    let caller = Caller::required(request)?;
    if !caller.has_role(Role::Admin.as_str()) {
        return Err(Problem::new(&types::FORBIDDEN).into());
    }
    Ok(caller.id()?)
}

fn place<'a>(id: &'a str, field: &'a str) -> Place<'a> {
    Place {
        entity: "staff",
        id,
        field,
    }
}

fn distinct(roles: Vec<Role>) -> Result<Vec<Role>, Error> {
    let roles: BTreeSet<Role> = roles.into_iter().collect();
    if roles.is_empty() || roles.len() > ROLES_MAX {
        return Err(Problem::new(&types::UNPROCESSABLE)
            .at("/roles", "name at least one role")
            .into());
    }
    Ok(roles.into_iter().collect())
}

/// A new account and the writes that create it with its person.
pub(crate) async fn prepare(ports: &Ports, wanted: NewStaff) -> Result<(Staff, Vec<Part<StaffRefusal>>), Error> {
    let email = Identifier::email(&wanted.email)?;
    let name = Text::<NAME_CHARS_MAX>::parse(&wanted.name)
        .map_err(|fault| Problem::new(&types::UNPROCESSABLE).at("/name", &fault.to_string()))?;
    let password = Password::chosen(&wanted.password, STAFF_PASSWORD_CHARS_MIN)?;
    let roles = distinct(wanted.roles)?;
    let password = ports.hasher.hash(password).await?;
    let ambient = ports.dynamo.ambient();
    let id = StaffId::generate(ambient);
    let (key, person) = ports.vault.create()?;
    let text = id.to_string();
    let staff = Staff {
        id,
        person: key.id(),
        email: key.seal(ambient, place(&text, "email"), &email.normal())?,
        email_index: ports.vault.blind_index(STAFF_EMAIL_KIND, email.normal()),
        name: key.seal(ambient, place(&text, "name"), &name.as_str())?,
        password,
        roles,
        state: AccountState::Active,
        sessions_from: ambient.now(),
        created_at: ambient.now(),
        version: 1,
    };
    let mut writes = ports.staff.create(&staff)?;
    writes.push(person);
    Ok((staff, writes))
}

/// `POST /v1/staff`: an admin creates an account.
///
/// Twice with the same key: the first answer again. Half: nothing, as account, person and answer are one transaction.
pub(crate) async fn create(ports: &Ports, request: &Request) -> Result<Response<Body>, Error> {
    let actor = admin(request)?;
    let wanted: NewStaff = json_body(request)?;
    let (scope, key) = (format!("staff.create#{actor}"), idempotency_key(request)?);
    // Keyed: the body holds a password.
    let print = ports.hasher.peppers().fingerprint(body(request)?);
    let claim = match ports.idempotency.begin(&scope, key, &print).await? {
        Begin::Fresh(claim) => claim,
        Begin::Replay(saved) => return Ok(raw_json(saved.status, saved.body)),
        Begin::Mismatch => return Err(Error::KeyReused),
    };
    let (staff, mut writes) = prepare(ports, wanted).await?;
    // The kept answer lives outside the person's seal, so it names the account by id only.
    let shown = shown(&staff, None, None);
    let saved = Saved {
        status: 201,
        body: serde_json::to_string(&shown)?,
    };
    writes.push(ports.staff.check_admin(actor));
    writes.push(claim.record(&saved, StaffRefusal::Stale)?);
    match ports.dynamo.commit(writes).await {
        Ok(()) => tracing::info!(staff = %staff.id, %actor, "staff.created"),
        Err(CommitError::Refused(refusals)) => {
            if let Begin::Replay(saved) = ports.idempotency.begin(&scope, key, &print).await? {
                return Ok(raw_json(saved.status, saved.body));
            }
            return Err(refusals
                .first()
                .map_or(Error::InFlight, |first| Error::Refused(first.reason)));
        }
        Err(error) => return Err(error.into()),
    }
    let mut response = raw_json(saved.status, saved.body);
    let location = HeaderValue::from_str(&format!("/v1/staff/{}", staff.id));
    response
        .headers_mut()
        .extend(location.map(|location| (header::LOCATION, location)));
    Ok(response)
}

/// `GET /v1/staff`: a page of accounts, without their personal data. Reads only.
pub(crate) async fn list(ports: &Ports, request: &Request) -> Result<Response<Body>, Error> {
    admin(request)?;
    let after = query_parameter(request, "cursor")
        .map(|text| ports.staff.cursor(&text))
        .transpose()
        .map_err(|fault| Problem::new(&types::MALFORMED).detail(fault.to_string()))?;
    let page = ports.staff.list(page_limit(request)?, after).await?;
    let listed = Listed {
        items: page.items.iter().map(|staff| shown(staff, None, None)).collect(),
        next_cursor: page.next.map(|cursor| cursor.encode()),
    };
    Ok(json(200, &listed))
}

/// `GET /v1/staff/{id}`: an account, to admins and to its holder. Reads only.
pub(crate) async fn read(ports: &Ports, request: &Request) -> Result<Response<Body>, Error> {
    let caller = Caller::required(request)?;
    let id: StaffId = path_parameter(request, "id")?;
    if !caller.has_role(Role::Admin.as_str()) && caller.subject != id.to_string() {
        return Err(Error::NotFound);
    }
    let staff = ports.staff.get(id).await?.ok_or(Error::NotFound)?;
    answer(ports, &staff).await
}

/// `PUT /v1/staff/{id}/roles`: an admin sets the roles. Tokens carry them from the next refresh on.
///
/// Twice: the second one's `If-Match` is out of date. Half: nothing, as it is one transaction.
pub(crate) async fn set_roles(ports: &Ports, request: &Request) -> Result<Response<Body>, Error> {
    let actor = admin(request)?;
    let id: StaffId = path_parameter(request, "id")?;
    let wanted: Roles = json_body(request)?;
    let roles = distinct(wanted.roles)?;
    if id == actor && !roles.contains(&Role::Admin) {
        return Err(Error::OwnAccount);
    }
    let precondition = Precondition::required(request)?;
    let before = ports.staff.get(id).await?.ok_or(Error::NotFound)?;
    precondition.check(before.version)?;
    let after = before.clone().with_roles(roles);
    change(ports, actor, &before, &after).await?;
    tracing::info!(staff = %id, %actor, "staff.roles_set");
    answer(ports, &after).await
}

/// `POST /v1/staff/{id}/disable`: an admin ends an account and all its sessions. Needs no `If-Match`: it must work at
/// once, whatever was changed meanwhile.
///
/// Twice: the second changes nothing. Half: nothing, as it is one transaction.
pub(crate) async fn disable(ports: &Ports, request: &Request) -> Result<Response<Body>, Error> {
    let actor = admin(request)?;
    let id: StaffId = path_parameter(request, "id")?;
    if id == actor {
        return Err(Error::OwnAccount);
    }
    let before = ports.staff.get(id).await?.ok_or(Error::NotFound)?;
    let after = before.clone().disabled(ports.dynamo.ambient().now());
    if after != before {
        change(ports, actor, &before, &after).await?;
        tracing::info!(staff = %id, %actor, "staff.disabled");
    }
    answer(ports, &after).await
}

/// Commits a change by an actor who is still an admin. One's own row is checked by the version that was read.
async fn change(ports: &Ports, actor: StaffId, before: &Staff, after: &Staff) -> Result<(), Error> {
    let mut writes = vec![ports.staff.change(before, after)?];
    if actor == before.id {
        let still = before.state == AccountState::Active && before.roles.contains(&Role::Admin);
        if !still {
            return Err(Error::Refused(StaffRefusal::ActorNotAdmin));
        }
    } else {
        writes.push(ports.staff.check_admin(actor));
    }
    Ok(ports.dynamo.commit(writes).await?)
}

/// The account with its personal data, which is gone once the person was erased.
async fn answer(ports: &Ports, staff: &Staff) -> Result<Response<Body>, Error> {
    let id = staff.id.to_string();
    let key = ports.vault.open(staff.person).await?;
    let email = key
        .as_ref()
        .map(|key| key.open(place(&id, "email"), &staff.email))
        .transpose()?;
    let name = key
        .as_ref()
        .map(|key| key.open(place(&id, "name"), &staff.name))
        .transpose()?;
    let mut response = json(200, &shown(staff, email, name));
    let tag = HeaderValue::from_str(&etag(staff.version));
    response.headers_mut().extend(tag.map(|tag| (header::ETAG, tag)));
    Ok(response)
}

fn shown(staff: &Staff, email: Option<String>, name: Option<String>) -> Shown {
    Shown {
        id: staff.id,
        email,
        name,
        roles: staff.roles.clone(),
        state: staff.state,
        created_at: staff.created_at,
        version: staff.version,
    }
}
