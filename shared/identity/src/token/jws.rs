//! Access tokens: JWS in compact form, RS256 and nothing else (RFC 7515, RFC 9068).

use base64::{Engine, engine::general_purpose::URL_SAFE_NO_PAD};
use kernel::{Ambient, SessionId, Timestamp};
use ring::{rand::SystemRandom, signature::RSA_PKCS1_SHA256};
use serde::{Deserialize, Serialize};

use super::{PublicKeys, SigningKeys};

/// Who our tokens are for: `aud`.
pub const AUDIENCE: &str = "tradepost";
/// The longest life of a customer's access token, in minutes. A sign-out or a disabled account takes effect on
/// verifiers that only see tokens after at most this time.
pub const TOKEN_MINUTES_MAX: u32 = 15;
/// The longest token that is read, in bytes.
pub const TOKEN_BYTES_MAX: usize = 8 * 1_024;
/// How far another machine's clock may run behind ours, in seconds, before a new token seems to be of the future.
const CLOCK_SKEW_S: i64 = 30;
const ALGORITHM: &str = "RS256";
const TYPE: &str = "at+jwt";

/// What a token says.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Claims {
    /// Who issued it: our public URL.
    pub iss: String,
    /// Who it is for.
    pub aud: Audience,
    /// Whom it speaks of: a customer's or staff member's id.
    pub sub: String,
    /// Scopes, parted by spaces: `customer` or `staff`.
    #[serde(default)]
    pub scope: String,
    /// Roles of staff.
    #[serde(default)]
    pub roles: Vec<String>,
    /// The family of refresh tokens that it belongs to.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub sid: Option<SessionId>,
    /// The client: always ours.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub client_id: Option<String>,
    /// The token's own id.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub jti: Option<String>,
    /// Issued at, in seconds since the epoch.
    pub iat: i64,
    /// Not valid before, in seconds since the epoch.
    pub nbf: i64,
    /// Not valid from, in seconds since the epoch.
    pub exp: i64,
}

/// `aud` may be one text or several.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(untagged)]
pub enum Audience {
    /// One.
    One(String),
    /// Several.
    Several(Vec<String>),
}

impl Audience {
    fn holds(&self, wanted: &str) -> bool {
        match self {
            Self::One(one) => one == wanted,
            Self::Several(several) => several.iter().any(|one| one == wanted),
        }
    }
}

impl Claims {
    /// Whether the scope was granted.
    pub fn has_scope(&self, scope: &str) -> bool {
        self.scope.split(' ').any(|has| has == scope)
    }
}

#[derive(Serialize)]
struct Header<'a> {
    alg: &'a str,
    typ: &'a str,
    kid: &'a str,
}

/// What is read of a stranger's header. `jku`, `jwk`, `x5u` and `x5c` are not: keys come from our own configuration.
#[derive(Deserialize)]
struct ForeignHeader {
    alg: String,
    typ: String,
    kid: String,
    #[serde(default)]
    crit: Option<serde_json::Value>,
}

/// What a new token grants.
#[derive(Debug, Clone, Copy)]
pub struct Grant<'a> {
    /// Whom it speaks of.
    pub subject: &'a str,
    /// Scopes, parted by spaces.
    pub scope: &'a str,
    /// Roles of staff.
    pub roles: &'a [String],
    /// The family of refresh tokens.
    pub session: SessionId,
    /// How long it is valid, in minutes.
    pub minutes: u32,
}

/// A signed token.
#[derive(Clone)]
pub struct AccessToken {
    /// The compact form.
    pub text: String,
    /// How long it is valid, in seconds.
    pub expires_in_s: i64,
}

/// The key did not sign: the secret holds a broken key.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("the signing key {kid} does not sign")]
pub struct SignError {
    /// Id of the key.
    pub kid: String,
}

/// Issues access tokens.
#[derive(Debug, Clone)]
pub struct Issuer {
    keys: SigningKeys,
    issuer: String,
}

impl Issuer {
    /// With our keys, as `issuer`: the public URL, exactly as discovery publishes it.
    pub fn new(keys: SigningKeys, issuer: &str) -> Self {
        Self {
            keys,
            issuer: issuer.to_owned(),
        }
    }

    /// A token for a grant, valid from now.
    ///
    /// # Errors
    ///
    /// When the key does not sign.
    pub fn issue(&self, grant: &Grant<'_>, ambient: &Ambient) -> Result<AccessToken, SignError> {
        let now = ambient.now().seconds();
        let expires_in_s = i64::from(grant.minutes).saturating_mul(60);
        let claims = Claims {
            iss: self.issuer.clone(),
            aud: Audience::One(AUDIENCE.to_owned()),
            sub: grant.subject.to_owned(),
            scope: grant.scope.to_owned(),
            roles: grant.roles.to_vec(),
            sid: Some(grant.session),
            client_id: Some(AUDIENCE.to_owned()),
            jti: Some(hex::encode(ambient.random_bytes::<16>())),
            iat: now,
            nbf: now,
            exp: now.saturating_add(expires_in_s),
        };
        let text = sign(&self.keys, &claims)?;
        Ok(AccessToken { text, expires_in_s })
    }
}

/// The compact form of claims, signed with the current key.
#[expect(
    clippy::disallowed_methods,
    reason = "ring asks for its own type, which cannot be passed in; RS256 signatures use no randomness"
)]
pub(super) fn sign(keys: &SigningKeys, claims: &Claims) -> Result<String, SignError> {
    let failed = || SignError { kid: keys.kid.clone() };
    let header = Header {
        alg: ALGORITHM,
        typ: TYPE,
        kid: &keys.kid,
    };
    let part = |json: serde_json::Result<Vec<u8>>| json.map(|json| URL_SAFE_NO_PAD.encode(json)).map_err(|_| failed());
    let message = format!(
        "{}.{}",
        part(serde_json::to_vec(&header))?,
        part(serde_json::to_vec(claims))?
    );
    let mut signature = vec![0; keys.pair.public().modulus_len()];
    keys.pair
        .sign(
            &RSA_PKCS1_SHA256,
            &SystemRandom::new(),
            message.as_bytes(),
            &mut signature,
        )
        .map_err(|_| failed())?;
    Ok(format!("{message}.{}", URL_SAFE_NO_PAD.encode(signature)))
}

/// Why a token is not accepted. For logs: callers are told no more than that they must sign in.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum TokenError {
    /// Not three parts of base64url with JSON of the right shape.
    #[error("the token is malformed")]
    Malformed,
    /// Another algorithm, type, or critical extension.
    #[error("the token is of another kind")]
    Kind,
    /// No key has its `kid`: the key set may be out of date.
    #[error("the token's key is unknown")]
    UnknownKey,
    /// The signature is not the key's.
    #[error("the token's signature is wrong")]
    Signature,
    /// Another issuer or audience.
    #[error("the token is of another issuer or for another audience")]
    Foreign,
    /// Past its end.
    #[error("the token has expired")]
    Expired,
    /// Before its beginning.
    #[error("the token is not valid yet")]
    NotYet,
}

/// Verifies access tokens against given keys: for functions whose routes the gateway's authorizer does not guard.
#[derive(Debug, Clone)]
pub struct TokenVerifier {
    keys: PublicKeys,
    issuer: String,
    audience: String,
}

impl TokenVerifier {
    /// For tokens of `issuer` for `audience` ([`AUDIENCE`]).
    pub fn new(keys: PublicKeys, issuer: &str, audience: &str) -> Self {
        Self {
            keys,
            issuer: issuer.to_owned(),
            audience: audience.to_owned(),
        }
    }

    /// The claims of a valid token.
    ///
    /// # Errors
    ///
    /// See [`TokenError`].
    pub fn verify(&self, token: &str, now: Timestamp) -> Result<Claims, TokenError> {
        if token.len() > TOKEN_BYTES_MAX {
            return Err(TokenError::Malformed);
        }
        let (message, signature) = token.rsplit_once('.').ok_or(TokenError::Malformed)?;
        let (header, claims) = message.split_once('.').ok_or(TokenError::Malformed)?;
        let header: ForeignHeader = read(header)?;
        if header.alg != ALGORITHM || !header.typ.eq_ignore_ascii_case(TYPE) || header.crit.is_some() {
            return Err(TokenError::Kind);
        }
        if !self.keys.contains(&header.kid) {
            return Err(TokenError::UnknownKey);
        }
        let signature = URL_SAFE_NO_PAD.decode(signature).map_err(|_| TokenError::Malformed)?;
        if !self.keys.verify(&header.kid, message.as_bytes(), &signature) {
            return Err(TokenError::Signature);
        }
        // Only now is any of the content believed.
        let claims: Claims = read(claims)?;
        self.check(claims, now.seconds())
    }

    fn check(&self, claims: Claims, now: i64) -> Result<Claims, TokenError> {
        if claims.iss != self.issuer || !claims.aud.holds(&self.audience) {
            return Err(TokenError::Foreign);
        }
        if claims.exp <= now {
            return Err(TokenError::Expired);
        }
        if claims.nbf.max(claims.iat) > now.saturating_add(CLOCK_SKEW_S) {
            return Err(TokenError::NotYet);
        }
        Ok(claims)
    }
}

fn read<T: serde::de::DeserializeOwned>(part: &str) -> Result<T, TokenError> {
    let bytes = URL_SAFE_NO_PAD.decode(part).map_err(|_| TokenError::Malformed)?;
    serde_json::from_slice(&bytes).map_err(|_| TokenError::Malformed)
}
