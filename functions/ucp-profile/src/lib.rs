//! `GET /.well-known/ucp`: what this business can do, how it is paid, and its public signing keys.
//!
//! The document is made once per sandbox; answering changes nothing, however often it happens.

mod wire;

use ucp::{Jwk, Offer};
use web::{Body, Request, Response};
pub use wire::wire;

/// How long others may keep the profile, in seconds. The protocol wants 60 at least; a new key must be published that
/// much earlier than it signs.
const MAX_AGE_S: u32 = 300;

/// The document, ready to be sent.
#[derive(Debug)]
pub struct Document {
    text: String,
    etag: String,
}

impl Document {
    /// Of an offer and the keys that verify what we sign.
    pub fn of(offer: &Offer, keys: &[Jwk]) -> Self {
        let text = offer.document(keys).to_string();
        let digest = ucp::content_digest(text.as_bytes());
        let etag = format!("\"{}\"", digest.trim_start_matches("sha-256=:").trim_end_matches(':'));
        Self { text, etag }
    }
}

/// Answers with the document, or with nothing when the caller has it.
pub fn handle(document: &Document, request: &Request) -> Response<Body> {
    let has = web::header(request, "if-none-match") == Some(document.etag.as_str());
    let mut response = if has {
        web::empty(304)
    } else {
        web::raw_json(200, document.text.clone())
    };
    let headers = response.headers_mut();
    let cache = format!("public, max-age={MAX_AGE_S}");
    for (name, value) in [("cache-control", &cache), ("etag", &document.etag)] {
        if let Ok(value) = value.parse() {
            headers.insert(name, value);
        }
    }
    response
}

#[cfg(test)]
mod tests {
    use serde_json::Value;
    use ucp::payment;

    use super::*;

    fn document() -> Document {
        let handlers = payment::handlers("", true).unwrap();
        let keys: Vec<Jwk> = serde_json::from_str(
            r#"[{"kid":"k1","kty":"EC","crv":"P-256","x":"eA","y":"eQ","use":"sig","alg":"ES256"}]"#,
        )
        .unwrap();
        Document::of(&Offer::shop("http://127.0.0.1:8080", handlers), &keys)
    }

    fn get(etag: Option<&str>) -> Request {
        let mut request = Request::new(Body::Empty);
        if let Some(etag) = etag {
            request.headers_mut().insert("if-none-match", etag.parse().unwrap());
        }
        request
    }

    #[test]
    fn the_profile_says_where_what_and_by_which_keys() {
        let response = handle(&document(), &get(None));
        assert_eq!(response.status(), 200);
        assert_eq!(response.headers()["cache-control"], "public, max-age=300");
        let Body::Text(text) = response.body() else {
            panic!("a text body")
        };
        let profile: Value = serde_json::from_str(text).unwrap();
        let ucp = &profile["ucp"];
        assert_eq!(ucp["version"], "2026-04-08");
        assert_eq!(
            ucp["services"]["dev.ucp.shopping"][0]["endpoint"],
            "http://127.0.0.1:8080/ucp/2026-04-08"
        );
        assert_eq!(
            ucp["capabilities"]["dev.ucp.shopping.fulfillment"][0]["extends"],
            "dev.ucp.shopping.checkout"
        );
        assert_eq!(
            ucp["payment_handlers"]["dev.tradepost.instant"][0]["id"],
            "dev.tradepost.instant"
        );
        assert_eq!(profile["signing_keys"][0]["kid"], "k1");
        for entries in ucp["capabilities"].as_object().unwrap().values() {
            assert!(entries[0]["spec"].as_str().unwrap().starts_with("https://ucp.dev/"));
            assert!(entries[0]["schema"].as_str().unwrap().starts_with("https://ucp.dev/"));
        }
    }

    #[test]
    fn who_has_the_profile_gets_no_second_copy() {
        let etag = handle(&document(), &get(None)).headers()["etag"]
            .to_str()
            .unwrap()
            .to_owned();
        let again = handle(&document(), &get(Some(&etag)));
        assert_eq!(again.status(), 304);
        assert_eq!(again.headers()["cache-control"], "public, max-age=300");
    }
}
