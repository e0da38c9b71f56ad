//! Asking for a one-time code, to sign in or to register.

use dynamo::{Begin, CommitError, Saved};
use identity::{
    AddressIndex, Channel, Charge, Code, Identifier, NAME_CHARS_MAX, NewCode, PASSWORD_CHARS_MIN, Password,
    events::CodeRequested,
    limit::{CODE_SHARDS, CODES_IN_ALL, CODES_PER_ADDRESS, CODES_PER_IDENTIFIER},
};
use kernel::{CodeId, Envelope, Text, Timestamp};
use serde::{Deserialize, Serialize};
use web::{Body, Problem, Request, Response, body, idempotency_key, json_body, raw_json, request_id, types};

use crate::{Error, Ports, charge, error::Refused, identifier};

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Register {
    email: Option<String>,
    phone: Option<String>,
    password: Option<String>,
    name: Option<String>,
    #[serde(default)]
    language: Language,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Ask {
    email: Option<String>,
    phone: Option<String>,
    #[serde(default)]
    language: Language,
}

#[derive(Debug, Clone, Copy, Default, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
enum Language {
    #[default]
    Zh,
    En,
}

impl Language {
    const fn as_str(self) -> &'static str {
        match self {
            Self::Zh => "zh",
            Self::En => "en",
        }
    }
}

/// The answer, the same for every address.
#[derive(Serialize)]
struct Asked {
    code_id: CodeId,
    channel: Channel,
    expires_at: Timestamp,
}

/// What a code is asked for with.
struct Wanted {
    route: &'static str,
    to: Identifier,
    language: Language,
    name: Option<Text<NAME_CHARS_MAX>>,
    password: Option<Password>,
}

/// `POST /v1/customers`: sends a code to the address; the code makes the account, with this name and password. Where
/// the address has an account already, the code signs in to it and changes nothing: whoever registers is told the same.
///
/// Twice with the same key: the first answer again, and one message. Half: nothing, as code and event are one transaction.
pub(crate) async fn register(ports: &Ports, request: &Request) -> Result<Response<Body>, Error> {
    let body: Register = json_body(request)?;
    let name = body
        .name
        .as_deref()
        .map(Text::parse)
        .transpose()
        .map_err(|fault| Problem::new(&types::UNPROCESSABLE).at("/name", &fault.to_string()))?;
    let password = body
        .password
        .as_deref()
        .map(|text| Password::chosen(text, PASSWORD_CHARS_MIN))
        .transpose()?;
    let wanted = Wanted {
        route: "customers.register",
        to: identifier(body.email.as_deref(), body.phone.as_deref())?,
        language: body.language,
        name,
        password,
    };
    send(ports, request, wanted).await
}

/// `POST /v1/customers/codes`: sends a code that signs in, or makes an account where there is none.
///
/// Twice and half: as [`register`].
pub(crate) async fn ask(ports: &Ports, request: &Request) -> Result<Response<Body>, Error> {
    let body: Ask = json_body(request)?;
    let wanted = Wanted {
        route: "customers.codes",
        to: identifier(body.email.as_deref(), body.phone.as_deref())?,
        language: body.language,
        name: None,
        password: None,
    };
    send(ports, request, wanted).await
}

async fn send(ports: &Ports, request: &Request, wanted: Wanted) -> Result<Response<Body>, Error> {
    if !wanted.to.is_within(&ports.phone_countries) {
        return Err(Error::Country);
    }
    let index = AddressIndex::of(&wanted.to, &ports.vault);
    let key = idempotency_key(request)?;
    let scope = format!("{}#{}", wanted.route, index.index);
    // Keyed: the body may hold a password, and always an address.
    let print = ports.hasher.peppers().fingerprint(body(request)?);
    let claim = match ports.idempotency.begin(&scope, key, &print).await? {
        Begin::Fresh(claim) => claim,
        Begin::Replay(saved) => return Ok(raw_json(saved.status, saved.body)),
        Begin::Mismatch => return Err(Error::KeyReused),
    };
    let others = vec![
        Charge {
            limits: CODES_PER_IDENTIFIER,
            subject: index.index.clone(),
        },
        Charge {
            limits: CODES_IN_ALL,
            subject: format!("shard-{}", ports.dynamo.ambient().random_below(CODE_SHARDS)),
        },
    ];
    charge(ports, request, CODES_PER_ADDRESS, others).await?;
    let (code, mut writes) = prepare(ports, wanted, index, &request_id(request)).await?;
    let asked = Asked {
        code_id: code.id,
        channel: code.to.channel,
        expires_at: code.ends_at,
    };
    let saved = Saved {
        status: 202,
        body: serde_json::to_string(&asked)?,
    };
    writes.push(claim.record(&saved, Refused::Answered)?);
    match ports.dynamo.commit(writes).await {
        Ok(()) => tracing::info!(code = %code.id, "identity.code.requested"),
        Err(CommitError::Refused(_)) => match ports.idempotency.begin(&scope, key, &print).await? {
            Begin::Replay(saved) => return Ok(raw_json(saved.status, saved.body)),
            Begin::Mismatch => return Err(Error::KeyReused),
            Begin::Fresh(_) => return Err(Error::Refused(Refused::Answered)),
        },
        Err(error) => return Err(error.into()),
    }
    Ok(raw_json(saved.status, saved.body))
}

type Parts = Vec<dynamo::Part<Refused>>;

/// A new code with a person of its own, and the event that has it sent.
async fn prepare(ports: &Ports, wanted: Wanted, to: AddressIndex, correlation: &str) -> Result<(Code, Parts), Error> {
    let ambient = ports.dynamo.ambient();
    let password = match wanted.password {
        Some(password) => Some(ports.hasher.hash(password).await?),
        None => None,
    };
    let (key, person) = ports.vault.create()?;
    let id = Code::new_id(ambient);
    let text = id.to_string();
    let digits = Code::draw(ambient);
    let address = key.seal(ambient, Code::place(&text, "address"), &wanted.to.normal())?;
    let name = match &wanted.name {
        Some(name) => Some(key.seal(ambient, Code::place(&text, "name"), name)?),
        None => None,
    };
    let new = NewCode {
        id,
        to,
        person: key.id(),
        address: address.clone(),
        name,
        password,
    };
    let code = Code::open(new, &digits, ports.hasher.peppers(), ambient.now());
    let event = CodeRequested {
        code_id: id,
        person: key.id(),
        channel: code.to.channel,
        language: wanted.language.as_str().to_owned(),
        address,
        code: key.seal(ambient, Code::place(&text, "code"), &digits)?,
        ends_at: code.ends_at,
    };
    let envelope = Envelope::of(&event, ambient, Some(correlation))?;
    let writes = vec![person, ports.codes.open(&code)?, ports.outbox.append(&envelope)?];
    Ok((code, writes))
}
