//! Publishes the public halves of the signing keys, and the OpenID Connect discovery document that names them.
//!
//! Gateways wait 1,500 ms for either, a cold start included: both documents are made when the function starts, from one
//! secret, and no table is read.

mod wire;

use identity::token::{PublicKeys, discovery_document};
use lambda_http::http::{
    HeaderValue,
    header::{CACHE_CONTROL, ETAG, IF_NONE_MATCH},
};
use web::{Body, Problem, Request, Response, empty, header, raw_json, request_id, route_key, types};

pub use wire::wire;

/// How long clients may keep either document. Short beside the two hours for which a next key is published.
const CACHE: &str = "public, max-age=300";

/// Both documents, as they are sent.
#[derive(Debug, Clone)]
pub struct Documents {
    keys: Document,
    discovery: Document,
}

#[derive(Debug, Clone)]
struct Document {
    text: String,
    etag: String,
}

impl Documents {
    /// Of the keys and the public URL, which is the issuer.
    ///
    /// # Errors
    ///
    /// Never for keys that were read from a secret.
    pub fn of(keys: &PublicKeys, public_url: &str) -> Result<Self, serde_json::Error> {
        Ok(Self {
            keys: Document::of(keys.to_jwks()?),
            discovery: Document::of(discovery_document(public_url).to_string()),
        })
    }
}

impl Document {
    fn of(text: String) -> Self {
        let etag = format!("\"{}\"", dynamo::fingerprint(text.as_bytes()));
        Self { text, etag }
    }
}

/// Answers `GET /.well-known/jwks.json` and `GET /.well-known/openid-configuration`. Reads only.
pub fn handle(documents: &Documents, request: &Request) -> Response<Body> {
    let document = match route_key(request).as_str() {
        "GET /.well-known/jwks.json" => &documents.keys,
        "GET /.well-known/openid-configuration" => &documents.discovery,
        _ => return Problem::new(&types::NOT_FOUND).response(&request_id(request)),
    };
    let mut response = if header(request, IF_NONE_MATCH.as_str()) == Some(document.etag.as_str()) {
        empty(304)
    } else {
        raw_json(200, document.text.clone())
    };
    let headers = response.headers_mut();
    headers.insert(CACHE_CONTROL, HeaderValue::from_static(CACHE));
    headers.extend(HeaderValue::from_str(&document.etag).map(|etag| (ETAG, etag)));
    response
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::{Value, json};

    const KEYS: &str = r#"{"keys":[{"kty":"RSA","use":"sig","alg":"RS256","kid":"k1","n":"AQAB","e":"AQAB"}]}"#;
    const URL: &str = "http://127.0.0.1:8080";

    fn documents() -> Documents {
        Documents::of(&PublicKeys::parse_jwks(KEYS.as_bytes()).unwrap(), URL).unwrap()
    }

    fn get(path: &str, known: Option<&str>) -> Response<Body> {
        let headers = known.map_or_else(|| json!({}), |etag| json!({"if-none-match": etag}));
        let event = json!({
            "version": "2.0", "routeKey": format!("GET {path}"), "rawPath": path, "rawQueryString": "",
            "headers": headers, "isBase64Encoded": false,
            "requestContext": {
                "accountId": "1", "apiId": "a", "domainName": "d", "domainPrefix": "d", "requestId": "r",
                "routeKey": format!("GET {path}"), "stage": "$default", "time": "", "timeEpoch": 0,
                "http": {"method": "GET", "path": path, "protocol": "HTTP/1.1", "sourceIp": "192.0.2.1", "userAgent": "t"},
            },
        });
        let request = lambda_http::request::from_str(&event.to_string()).unwrap();
        handle(&documents(), &request)
    }

    fn body(response: &Response<Body>) -> Value {
        match response.body() {
            Body::Text(text) => serde_json::from_str(text).unwrap(),
            _ => Value::Null,
        }
    }

    #[test]
    fn the_key_set_is_public_and_may_be_cached() {
        let response = get("/.well-known/jwks.json", None);
        assert_eq!(response.status(), 200);
        assert_eq!(response.headers()["cache-control"], "public, max-age=300");
        assert_eq!(body(&response), serde_json::from_str::<Value>(KEYS).unwrap());
    }

    #[test]
    fn discovery_names_the_issuer_as_it_is_configured_and_the_key_set_below_it() {
        let found = body(&get("/.well-known/openid-configuration", None));
        assert_eq!(found["issuer"], URL);
        assert_eq!(found["jwks_uri"], format!("{URL}/.well-known/jwks.json"));
        assert_eq!(found["id_token_signing_alg_values_supported"], json!(["RS256"]));
    }

    #[test]
    fn a_client_that_has_the_document_is_told_so() {
        let first = get("/.well-known/jwks.json", None);
        let etag = first.headers()["etag"].to_str().unwrap();
        let again = get("/.well-known/jwks.json", Some(etag));
        assert_eq!(again.status(), 304);
        assert!(matches!(again.body(), Body::Empty));
        assert_eq!(get("/.well-known/jwks.json", Some("\"other\"")).status(), 200);
    }

    #[test]
    fn nothing_else_is_here() {
        assert_eq!(get("/.well-known/other", None).status(), 404);
    }
}
