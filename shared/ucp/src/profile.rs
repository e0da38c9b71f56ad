//! Profiles: what we publish, and what platforms publish.

use std::collections::BTreeMap;

use serde::{Deserialize, Deserializer, Serialize, Serializer};
use serde_json::{Map, Value};

use crate::capability::VERSION;

/// Entries by reverse-domain name; several entries of a name are several versions or transports.
pub type Registry<T> = BTreeMap<String, Vec<T>>;

/// Entries of all names together that a platform's profile may have, per registry.
const ENTRIES_MAX: usize = 200;
/// Signing keys that a platform's profile may have.
const KEYS_MAX: usize = 20;

/// One version of a capability.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Capability {
    /// A date.
    pub version: String,
    /// URL of the specification.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub spec: Option<String>,
    /// URL of the schema.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub schema: Option<String>,
    /// Parents, when this is an extension.
    #[serde(
        default,
        skip_serializing_if = "Vec::is_empty",
        serialize_with = "as_one_or_many",
        deserialize_with = "one_or_many"
    )]
    pub extends: Vec<String>,
    /// What its schema defines.
    #[serde(default, skip_serializing_if = "Map::is_empty")]
    pub config: Map<String, Value>,
}

impl Capability {
    /// Of a version, extending `extends`.
    pub fn of(version: &str, extends: Vec<String>) -> Self {
        Self {
            version: version.to_owned(),
            spec: None,
            schema: None,
            extends,
            config: Map::new(),
        }
    }

    /// One of the protocol's own, with the addresses of its specification page and its schema file.
    fn standard(page: &str, schema: &str, extends: &[&str]) -> Self {
        Self {
            version: VERSION.to_owned(),
            spec: Some(format!("https://ucp.dev/{VERSION}/specification/{page}")),
            schema: Some(format!("https://ucp.dev/schemas/shopping/{schema}.json")),
            extends: extends.iter().map(|parent| (*parent).to_owned()).collect(),
            config: Map::new(),
        }
    }

    /// The entry in the `ucp` member of a response.
    pub(crate) fn in_response(&self) -> Value {
        let mut entry = serde_json::json!({"version": self.version});
        if let Value::Object(members) = &mut entry {
            members.extend(
                self.schema
                    .clone()
                    .map(|schema| ("schema".to_owned(), Value::String(schema))),
            );
            members.extend((!self.extends.is_empty()).then(|| ("extends".to_owned(), extends_value(&self.extends))));
        }
        entry
    }
}

fn extends_value(parents: &[String]) -> Value {
    match parents {
        [parent] => Value::String(parent.clone()),
        several => several.iter().cloned().map(Value::String).collect(),
    }
}

fn as_one_or_many<S: Serializer>(parents: &[String], serializer: S) -> Result<S::Ok, S::Error> {
    extends_value(parents).serialize(serializer)
}

fn one_or_many<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Vec<String>, D::Error> {
    #[derive(Deserialize)]
    #[serde(untagged)]
    enum OneOrMany {
        One(String),
        Many(Vec<String>),
    }
    Ok(match OneOrMany::deserialize(deserializer)? {
        OneOrMany::One(parent) => vec![parent],
        OneOrMany::Many(parents) => parents,
    })
}

/// One transport of a service.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Service {
    /// A date.
    pub version: String,
    /// `rest`, `mcp`, `a2a` or `embedded`.
    pub transport: String,
    /// Absolute, without a closing slash.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub endpoint: Option<String>,
    /// URL of the specification.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub spec: Option<String>,
    /// URL of the schema.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub schema: Option<String>,
}

/// A public key, RFC 7517.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Jwk {
    /// By which signatures name it.
    pub kid: String,
    /// `EC`.
    pub kty: String,
    /// `P-256`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub crv: Option<String>,
    /// Base64url, 32 bytes.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub x: Option<String>,
    /// Base64url, 32 bytes.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub y: Option<String>,
    /// `sig`.
    #[serde(default, rename = "use", skip_serializing_if = "Option::is_none")]
    pub usage: Option<String>,
    /// `ES256`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub alg: Option<String>,
}

/// What we offer: the source of our profile and our side of every negotiation.
#[derive(Debug, Clone, PartialEq)]
pub struct Offer {
    /// Base URL that clients use, without a closing slash.
    pub public_url: String,
    /// What we can do.
    pub capabilities: Registry<Capability>,
    /// How we are paid, by handler name; each entry has `id` and `version`.
    pub payment_handlers: Registry<Value>,
}

/// A platform's profile, checked.
#[derive(Debug, Clone, PartialEq)]
pub struct Profile {
    /// The protocol version that the platform speaks.
    pub version: String,
    /// What the platform can do.
    pub capabilities: Registry<Capability>,
    /// Its keys.
    pub signing_keys: Vec<Jwk>,
}

/// Why a document is no profile.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("not a UCP profile: {0}")]
pub struct ProfileError(pub(crate) String);

#[derive(Deserialize)]
struct Document {
    ucp: Body,
    #[serde(default)]
    signing_keys: Vec<Value>,
}

#[derive(Deserialize)]
struct Body {
    version: String,
    #[serde(default)]
    capabilities: Registry<Capability>,
}

fn is_date(text: &str) -> bool {
    text.len() == 10
        && text.bytes().enumerate().all(|(at, b)| {
            if matches!(at, 4 | 7) {
                b == b'-'
            } else {
                b.is_ascii_digit()
            }
        })
}

impl Profile {
    /// From the bytes that a profile URL answered with. Keys of kinds that we do not know are kept by their `kid`.
    ///
    /// # Errors
    ///
    /// When it is not JSON or does not have the shape of a profile.
    pub fn parse(bytes: &[u8]) -> Result<Self, ProfileError> {
        let wrong = |what: &str| ProfileError(what.to_owned());
        let document: Document = serde_json::from_slice(bytes).map_err(|error| ProfileError(error.to_string()))?;
        let Body { version, capabilities } = document.ucp;
        if !is_date(&version) {
            return Err(wrong("ucp.version is a date"));
        }
        let mut entries = capabilities.values().flatten();
        if capabilities.values().map(Vec::len).sum::<usize>() > ENTRIES_MAX || document.signing_keys.len() > KEYS_MAX {
            return Err(wrong("too many entries"));
        }
        if entries.any(|capability| !is_date(&capability.version)) {
            return Err(wrong("a capability's version is a date"));
        }
        let keys = document
            .signing_keys
            .into_iter()
            .map(serde_json::from_value)
            .collect::<Result<_, _>>();
        let signing_keys = keys.map_err(|error| ProfileError(format!("signing_keys: {error}")))?;
        Ok(Self {
            version,
            capabilities,
            signing_keys,
        })
    }

    /// `config.webhook_url` of the order capability: where the platform wants order events.
    pub fn webhook_url(&self) -> Option<&str> {
        let orders = self.capabilities.get(crate::capability::ORDER)?;
        orders
            .iter()
            .find_map(|order| order.config.get("webhook_url").and_then(Value::as_str))
    }
}

impl Offer {
    /// What the shop at `public_url` (no closing slash) can do, paid by these handlers.
    pub fn shop(public_url: &str, payment_handlers: Registry<Value>) -> Self {
        use crate::capability as name;
        let mut fulfillment = Capability::standard("fulfillment", "fulfillment", &[name::CHECKOUT]);
        let one_parcel = [
            (
                "allows_multi_destination".to_owned(),
                serde_json::json!({"shipping": false, "pickup": false}),
            ),
            (
                "allows_method_combinations".to_owned(),
                serde_json::json!([["shipping"]]),
            ),
        ];
        fulfillment.config.extend(one_parcel);
        let capabilities = [
            (name::CHECKOUT, Capability::standard("checkout", "checkout", &[])),
            (name::FULFILLMENT, fulfillment),
            (
                name::BUYER_CONSENT,
                Capability::standard("buyer-consent", "buyer_consent", &[name::CHECKOUT]),
            ),
            (name::ORDER, Capability::standard("order", "order", &[])),
            (
                name::CATALOG_SEARCH,
                Capability::standard("catalog/search", "catalog_search", &[]),
            ),
            (
                name::CATALOG_LOOKUP,
                Capability::standard("catalog/lookup", "catalog_lookup", &[]),
            ),
        ];
        let capabilities = capabilities
            .into_iter()
            .map(|(name, entry)| (name.to_owned(), vec![entry]))
            .collect();
        Self {
            public_url: public_url.trim_end_matches('/').to_owned(),
            capabilities,
            payment_handlers,
        }
    }

    /// The document under `/.well-known/ucp`.
    pub fn document(&self, signing_keys: &[Jwk]) -> Value {
        let service = Service {
            version: VERSION.to_owned(),
            transport: "rest".to_owned(),
            endpoint: Some(format!("{}{}", self.public_url, crate::BASE_PATH)),
            spec: Some(format!("https://ucp.dev/{VERSION}/specification/overview")),
            schema: Some(format!("https://ucp.dev/{VERSION}/services/shopping/rest.openapi.json")),
        };
        serde_json::json!({
            "ucp": {
                "version": VERSION,
                "services": {"dev.ucp.shopping": [service]},
                "capabilities": self.capabilities,
                "payment_handlers": self.payment_handlers,
            },
            "signing_keys": signing_keys,
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const PROFILE: &str = r#"{"ucp":{"version":"2026-04-08","services":{},"payment_handlers":{},"capabilities":{
        "dev.ucp.shopping.order":[{"version":"2026-04-08","config":{"webhook_url":"https://p.example/w"}}],
        "dev.ucp.shopping.discount":[{"version":"2026-04-08","extends":"dev.ucp.shopping.checkout","new":1}]}},
        "signing_keys":[{"kid":"e","kty":"OKP","crv":"Ed25519","x":"AA"}]}"#;

    #[test]
    fn a_platforms_profile_is_read() {
        let profile = Profile::parse(PROFILE.as_bytes()).unwrap();
        assert_eq!(profile.webhook_url(), Some("https://p.example/w"));
        assert_eq!(
            profile.capabilities["dev.ucp.shopping.discount"][0].extends,
            ["dev.ucp.shopping.checkout"]
        );
        assert_eq!(profile.signing_keys[0].kid, "e");
    }

    #[test]
    fn what_is_no_profile_is_refused() {
        for text in [
            "",
            "no",
            "{}",
            r#"{"ucp":{}}"#,
            r#"{"ucp":{"version":"draft"}}"#,
            r#"{"ucp":{"version":"2026-04-08","capabilities":[]}}"#,
        ] {
            assert!(Profile::parse(text.as_bytes()).is_err(), "{text}");
        }
        let keys = r#"{"ucp":{"version":"2026-04-08"},"signing_keys":[{"kty":"EC"}]}"#;
        assert!(Profile::parse(keys.as_bytes()).is_err());
    }
}
