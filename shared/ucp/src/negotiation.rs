//! From a request to the platform that sent it, and what both sides can do.

mod cache;
mod platforms;

use std::{collections::BTreeMap, sync::Arc, time::Duration};

use http::{HeaderMap, Method};
use kernel::Ambient;
use web::{Egress, HttpClient, OutgoingRequest, Request};

use crate::{
    Capability, Metadata, Offer, Operation, Profile, Refusal, VERSION,
    agent::{agent_profile, is_profile_url},
    capability::{self, intersect},
    signature::{self, Target, VerifyError},
};
use cache::{Cache, Found};
pub use platforms::{Platforms, PlatformsError};

/// How long a profile may take to come.
const FETCH_TIMEOUT: Duration = Duration::from_secs(3);
/// The largest profile, in bytes: 128 KiB.
const PROFILE_BYTES_MAX: usize = 128 * 1_024;

/// Negotiates for one function. Holds the profiles that were fetched, a bounded number of them; keep one per sandbox.
#[derive(Debug)]
pub struct Negotiator<H> {
    offer: Offer,
    platforms: Platforms,
    http: H,
    ambient: Ambient,
    cache: Cache,
}

/// The outcome of a negotiation: who asks, and what the answer may speak of.
#[derive(Debug, Clone, PartialEq)]
pub struct Negotiated {
    /// The platform, by the URL of its profile.
    pub profile_url: String,
    /// Where the platform wants order events, when it does.
    pub webhook_url: Option<String>,
    /// Whether the request carried a signature, which was verified.
    pub signed: bool,
    /// What both sides can do.
    pub active: BTreeMap<String, Capability>,
}

impl Negotiated {
    /// The `ucp` member of an answer: what was negotiated and belongs to the operation.
    pub fn metadata(&self, operation: Operation) -> Metadata {
        let mut metadata = Metadata::of(operation);
        let named = self.active.iter().filter(|(name, c)| operation.names(name, &c.extends));
        metadata.capabilities = named.map(|(name, c)| (name.clone(), vec![c.in_response()])).collect();
        metadata
    }

    /// Whether both sides have the capability.
    pub fn has(&self, name: &str) -> bool {
        self.active.contains_key(name)
    }
}

impl<H: HttpClient> Negotiator<H> {
    /// For our offer, with the platforms known before, and a client to fetch strangers' profiles.
    pub fn new(offer: Offer, platforms: Platforms, http: H, ambient: Ambient) -> Self {
        Self {
            offer,
            platforms,
            http,
            ambient,
            cache: Cache::default(),
        }
    }

    /// What we offer.
    pub const fn offer(&self) -> &Offer {
        &self.offer
    }

    /// Identifies the platform, verifies the request's signature when it has one, and finds what both sides can do.
    ///
    /// # Errors
    ///
    /// See [`Refusal`]: each has its response.
    pub async fn negotiate(&self, request: &Request, operation: Operation) -> Result<Negotiated, Refusal> {
        let body = web::body(request).map_err(|problem| Refusal::of_problem(&problem))?;
        let url = agent_profile(web::header(request, "ucp-agent"), self.platforms.loopback())
            .map_err(|error| Refusal::InvalidProfileUrl(error.to_string()))?;
        let profile = self.profile(&url).await?;
        if profile.version != VERSION {
            return Err(Refusal::VersionUnsupported(format!(
                "{}: this business speaks {VERSION}",
                profile.version
            )));
        }
        let signed = signature::is_signed(request.headers());
        if signed {
            self.verify(request, body, &url, &profile).await?;
        } else if self.platforms.answer(&url).is_some_and(|known| known.signed) {
            return Err(VerifyError::Missing.into());
        }
        let active = intersect(&self.offer.capabilities, &profile.capabilities);
        if !active.contains_key(operation.needs()) {
            return Err(Refusal::CapabilitiesIncompatible {
                continue_url: self.offer.public_url.clone(),
            });
        }
        let webhook_url = active
            .contains_key(capability::ORDER)
            .then(|| profile.webhook_url())
            .flatten();
        let webhook_url = webhook_url
            .filter(|url| is_profile_url(url, self.platforms.loopback()))
            .map(str::to_owned);
        Ok(Negotiated {
            profile_url: url,
            webhook_url,
            signed,
            active,
        })
    }

    async fn verify(&self, request: &Request, body: &[u8], url: &str, profile: &Profile) -> Result<(), Refusal> {
        let target = Target::Request {
            method: request.method().to_string(),
            authority: web::header(request, "host").unwrap_or_default().to_owned(),
            path: request.uri().path().to_owned(),
            query: request
                .uri()
                .query()
                .filter(|query| !query.is_empty())
                .map(str::to_owned),
        };
        match signature::verify(&target, request.headers(), body, &profile.signing_keys) {
            Err(VerifyError::KeyNotFound) => {
                // A key may be newer than our copy: one fresh copy per floor of the cache, not more.
                let fresh = self.refreshed(url).await?;
                let keys = fresh
                    .as_ref()
                    .map_or(&profile.signing_keys, |fresh| &fresh.signing_keys);
                Ok(signature::verify(&target, request.headers(), body, keys)?)
            }
            other => Ok(other?),
        }
    }

    async fn profile(&self, url: &str) -> Result<Arc<Profile>, Refusal> {
        if let Some(pinned) = self.platforms.answer(url) {
            return read(pinned.status, &pinned.body).map(Arc::new);
        }
        match self.cache.find(url, self.ambient.now()) {
            Found::Known(known) => known,
            Found::TooManyFetches => Err(Refusal::Unavailable),
            Found::Fetch => self.fetch(url).await,
        }
    }

    async fn refreshed(&self, url: &str) -> Result<Option<Arc<Profile>>, Refusal> {
        if self.platforms.answer(url).is_some() || !self.cache.may_refresh(url, self.ambient.now()) {
            return Ok(None);
        }
        self.fetch(url).await.map(Some)
    }

    async fn fetch(&self, url: &str) -> Result<Arc<Profile>, Refusal> {
        let request = OutgoingRequest {
            method: Method::GET,
            url: url.to_owned(),
            headers: HeaderMap::new(),
            body: bytes::Bytes::new(),
            timeout: FETCH_TIMEOUT,
            egress: Egress::Stranger,
        };
        let (found, max_age) = match self.http.send(request).await {
            Ok(answer) => (read(answer.status, &answer.body), max_age(&answer.headers)),
            Err(error) => {
                tracing::warn!(ucp.profile = url, %error, "ucp.profile.unreachable");
                (Err(Refusal::ProfileUnreachable), 0)
            }
        };
        let found = found.map(Arc::new);
        self.cache.keep(url, found.clone(), max_age, self.ambient.now());
        found
    }
}

/// Reads what a profile URL answered.
fn read(status: u16, body: &[u8]) -> Result<Profile, Refusal> {
    if !(200..300).contains(&status) {
        return Err(Refusal::ProfileUnreachable);
    }
    if body.len() > PROFILE_BYTES_MAX {
        return Err(Refusal::ProfileMalformed(format!(
            "a profile has at most {PROFILE_BYTES_MAX} bytes"
        )));
    }
    Profile::parse(body).map_err(|error| Refusal::ProfileMalformed(error.to_string()))
}

fn max_age(headers: &HeaderMap) -> i64 {
    let text = headers
        .get("cache-control")
        .and_then(|value| value.to_str().ok())
        .unwrap_or_default();
    text.split(',')
        .find_map(|part| part.trim().strip_prefix("max-age=")?.parse().ok())
        .unwrap_or_default()
}

#[cfg(test)]
mod tests;
