use std::net::SocketAddr;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};

use base64::Engine;
use base64::engine::general_purpose::{STANDARD, URL_SAFE_NO_PAD};
use http::{HeaderMap, HeaderValue, Request, StatusCode};
use hyper::body::Incoming;
use ring::rand::SystemRandom;
use ring::rsa::PublicKeyComponents;
use ring::signature::{RSA_PKCS1_SHA256, RsaKeyPair};
use serde_json::{Value, json};
use template::model::JwtAuthorizer;
use tokio::sync::watch;

use super::{Authorizer, Claims, Refusal};
use crate::clock::now_s;
use crate::server::{self, Dropped, Reply, Service};

/// A key of these tests alone.
fn key() -> RsaKeyPair {
    let pem: String = include_str!("test-key.pem")
        .lines()
        .filter(|line| !line.starts_with("-----"))
        .collect();
    RsaKeyPair::from_pkcs8(&STANDARD.decode(pem).unwrap()).unwrap()
}

#[expect(clippy::disallowed_methods, reason = "signing needs a source of randomness")]
fn sign(header: &Value, claims: &Value) -> String {
    let key = key();
    let part = |value: &Value| URL_SAFE_NO_PAD.encode(value.to_string());
    let signed = format!("{}.{}", part(header), part(claims));
    let mut signature = vec![0; key.public().modulus_len()];
    key.sign(
        &RSA_PKCS1_SHA256,
        &SystemRandom::new(),
        signed.as_bytes(),
        &mut signature,
    )
    .unwrap();
    format!("{signed}.{}", URL_SAFE_NO_PAD.encode(signature))
}

/// An issuer on loopback that counts how often its key set is fetched.
struct Issuer {
    url: String,
    fetched: AtomicUsize,
}

impl Service for Issuer {
    async fn call(self: Arc<Self>, _: SocketAddr, request: Request<Incoming>) -> Result<Reply, Dropped> {
        let body = if request.uri().path() == "/keys" {
            self.fetched.fetch_add(1, Ordering::Relaxed);
            let public: PublicKeyComponents<Vec<u8>> = key().public().into();
            let (n, e) = (URL_SAFE_NO_PAD.encode(public.n), URL_SAFE_NO_PAD.encode(public.e));
            json!({"keys": [
                {"kty": "EC", "kid": "ec"},
                {"kty": "RSA", "use": "sig", "alg": "RS256", "kid": "k1", "n": n, "e": e},
            ]})
        } else {
            json!({"issuer": self.url, "jwks_uri": format!("{}/keys", self.url)})
        };
        Ok(server::reply(StatusCode::OK, "application/json", body.to_string()))
    }
}

struct Setup {
    issuer: Arc<Issuer>,
    authorizer: Authorizer,
    _running: watch::Sender<bool>,
}

async fn setup() -> Setup {
    let listener = server::bind(0).await.unwrap();
    let url = format!("http://{}", listener.local_addr().unwrap());
    let issuer = Arc::new(Issuer {
        url: url.clone(),
        fetched: AtomicUsize::new(0),
    });
    let running = watch::Sender::new(false);
    tokio::spawn(server::serve(listener, Arc::clone(&issuer), running.subscribe()));
    let declared = JwtAuthorizer {
        issuer: url,
        audience: vec!["tradepost".to_owned()],
        identity_source: vec!["$request.header.Authorization".to_owned()],
    };
    Setup {
        issuer,
        authorizer: Authorizer::new(&declared),
        _running: running,
    }
}

impl Setup {
    fn claims(&self) -> Value {
        json!({
            "iss": self.issuer.url, "aud": "tradepost", "sub": "stf_1", "exp": now_s() + 60, "iat": now_s(),
            "scope": "staff orders", "roles": ["a", "b"],
        })
    }

    async fn check(&self, token: &str, scopes: &[&str]) -> Result<Claims, Refusal> {
        let mut headers = HeaderMap::new();
        headers.insert("authorization", HeaderValue::from_str(token).unwrap());
        let scopes: Vec<String> = scopes.iter().map(|scope| (*scope).to_owned()).collect();
        self.authorizer.check(&headers, "", &scopes).await
    }

    /// The reason for which a token with one claim changed (or taken out, by null) is refused.
    async fn reason(&self, claim: &str, value: Value) -> Option<String> {
        let mut claims = self.claims();
        if value.is_null() {
            claims.as_object_mut().unwrap().remove(claim);
        } else {
            claims[claim] = value;
        }
        match self.check(&format!("Bearer {}", sign(&head(), &claims)), &[]).await {
            Ok(_) => None,
            Err(Refusal::Invalid(reason)) => Some(reason),
            Err(other) => Some(format!("{other:?}")),
        }
    }
}

fn head() -> Value {
    json!({"alg": "RS256", "kid": "k1", "typ": "JWT"})
}

#[tokio::test]
async fn a_valid_token_gives_its_claims_as_text() {
    let setup = setup().await;
    let token = sign(&head(), &setup.claims());
    let found = setup.check(&format!("Bearer {token}"), &["staff"]).await.unwrap();
    assert_eq!(found.scopes, Some(vec!["staff".to_owned(), "orders".to_owned()]));
    assert_eq!(found.claims["roles"], json!("[a b]"));
    assert_eq!(found.claims["exp"], json!(setup.claims()["exp"].to_string()));
    let bare = setup.check(&token, &[]).await.unwrap();
    assert_eq!(bare.scopes, None, "no scopes are named on a route that asks for none");
    assert_eq!(setup.issuer.fetched.load(Ordering::Relaxed), 1, "the key set is kept");
}

#[tokio::test]
async fn every_claim_is_checked() {
    let setup = setup().await;
    let now = now_s();
    let cases = [
        (
            "iss",
            json!("http://other"),
            Some("the token does not have a valid issuer"),
        ),
        ("iss", Value::Null, Some("the token does not have a valid issuer")),
        ("aud", json!("other"), Some("the token does not have a valid audience")),
        ("aud", Value::Null, Some("the token does not have a valid audience")),
        ("aud", json!(["x", "tradepost"]), None),
        ("exp", json!(now), Some("the token has expired")),
        ("exp", Value::Null, Some("the token has no expiry")),
        ("exp", json!("tomorrow"), Some("the token's exp is malformed")),
        ("nbf", json!(now + 30), Some("the token is not valid yet")),
        ("iat", json!(now + 30), Some("the token was issued in the future")),
    ];
    for (claim, value, reason) in cases {
        let found = setup.reason(claim, value.clone()).await;
        assert_eq!(found.as_deref(), reason, "{claim} {value}");
    }
}

#[tokio::test]
async fn client_id_counts_only_without_an_audience() {
    let setup = setup().await;
    let mut claims = setup.claims();
    claims["client_id"] = json!("tradepost");
    claims["aud"] = json!("other");
    assert!(setup.check(&sign(&head(), &claims), &[]).await.is_err());
    claims.as_object_mut().unwrap().remove("aud");
    assert!(setup.check(&sign(&head(), &claims), &[]).await.is_ok());
}

#[tokio::test]
async fn the_algorithm_is_pinned_and_the_signature_checked() {
    let setup = setup().await;
    let claims = setup.claims();
    for alg in ["none", "HS256", "RS512", "rs256"] {
        let token = sign(&json!({"alg": alg, "kid": "k1"}), &claims);
        let refused = Err(Refusal::Invalid("signing method is invalid".to_owned()));
        assert_eq!(setup.check(&token, &[]).await, refused, "{alg}");
    }
    let valid = sign(&head(), &claims);
    let (signed, signature) = valid.rsplit_once('.').unwrap();
    let (header, _) = signed.split_once('.').unwrap();
    let mut forged = claims.clone();
    forged["sub"] = json!("stf_2");
    let forged = format!("{header}.{}.{signature}", URL_SAFE_NO_PAD.encode(forged.to_string()));
    let refused = Err(Refusal::Invalid("the token has an invalid signature".to_owned()));
    assert_eq!(setup.check(&forged, &[]).await, refused);
    for malformed in ["a", "a.b", "a.b.c", "..", "Bearer x"] {
        assert!(
            matches!(setup.check(malformed, &[]).await, Err(Refusal::Invalid(_))),
            "{malformed}"
        );
    }
}

#[tokio::test]
async fn an_unknown_key_is_not_asked_for_at_once_again() {
    let setup = setup().await;
    let token = sign(&json!({"alg": "RS256", "kid": "k2"}), &setup.claims());
    for _ in 0..3 {
        assert!(setup.check(&token, &[]).await.is_err());
    }
    assert_eq!(setup.issuer.fetched.load(Ordering::Relaxed), 1);
}

#[tokio::test]
async fn a_missing_scope_is_forbidden_and_a_missing_token_unauthorized() {
    let setup = setup().await;
    let refusal = setup
        .check(&sign(&head(), &setup.claims()), &["admin"])
        .await
        .unwrap_err();
    let reply = refusal.into_reply();
    assert_eq!(reply.status(), StatusCode::FORBIDDEN);
    assert!(
        reply.headers()["www-authenticate"]
            .to_str()
            .unwrap()
            .starts_with(r#"Bearer scope="admin" error="insufficient_scope""#)
    );

    let refusal = setup.authorizer.check(&HeaderMap::new(), "", &[]).await.unwrap_err();
    assert_eq!(refusal, Refusal::Missing);
    let reply = refusal.into_reply();
    assert_eq!(
        (reply.status(), reply.headers()["www-authenticate"].to_str().unwrap()),
        (StatusCode::UNAUTHORIZED, "Bearer")
    );
}

#[tokio::test]
async fn an_issuer_that_does_not_answer_refuses_the_token() {
    let declared = JwtAuthorizer {
        issuer: "http://127.0.0.1:9".to_owned(),
        audience: Vec::new(),
        identity_source: vec!["$request.querystring.token".to_owned()],
    };
    let token = sign(&head(), &json!({}));
    let found = Authorizer::new(&declared)
        .check(&HeaderMap::new(), &format!("token={token}"), &[])
        .await;
    assert_eq!(
        found,
        Err(Refusal::Invalid(
            "OIDC discovery endpoint communication error".to_owned()
        ))
    );
}
