use base64::{
    Engine,
    engine::general_purpose::{STANDARD, URL_SAFE_NO_PAD},
};
use kernel::{Id, SessionId, Timestamp};
use secrecy::SecretString;
use serde_json::{Value, json};

use std::sync::{
    Arc,
    atomic::{AtomicU32, Ordering},
};

use testkit::{SeededChance, VirtualClock};
use web::{HttpClient, Incoming, OutgoingRequest, SendError};

use super::{jws::sign, *};

const KEY_1: &[u8] = include_bytes!("test-key-1.der");
const KEY_2: &[u8] = include_bytes!("test-key-2.der");
const ISSUER: &str = "https://shop.example";
const NOW: Timestamp = Timestamp::from_seconds(1_775_640_600);

fn keys_of(kid: &str, der: &[u8]) -> SigningKeys {
    let secret = json!({"current": kid, "keys": [{"kid": kid, "pkcs8": STANDARD.encode(der), "status": "current"}]});
    SigningKeys::parse(&SecretString::from(secret.to_string())).unwrap()
}

fn claims() -> Claims {
    Claims {
        iss: ISSUER.to_owned(),
        aud: Audience::One(AUDIENCE.to_owned()),
        sub: "cus_1".to_owned(),
        scope: "customer".to_owned(),
        roles: vec![],
        sid: Some(SessionId::from_parts(NOW, [1; 10])),
        client_id: None,
        jti: None,
        iat: NOW.seconds(),
        nbf: NOW.seconds(),
        exp: NOW.seconds() + 900,
    }
}

fn verifier() -> TokenVerifier {
    TokenVerifier::new(keys_of("k1", KEY_1).public().clone(), ISSUER, AUDIENCE)
}

fn token(claims: &Claims) -> String {
    sign(&keys_of("k1", KEY_1), claims).unwrap()
}

/// The token with another header, signed anew where the header still says how.
fn with_header(header: &Value) -> String {
    let good = token(&claims());
    let mut parts = good.split('.');
    let (_, body, signature) = (parts.next(), parts.next().unwrap(), parts.next().unwrap());
    let header = URL_SAFE_NO_PAD.encode(header.to_string());
    format!("{header}.{body}.{signature}")
}

#[test]
fn a_token_verifies_with_its_issuers_key_set() {
    let published = keys_of("k1", KEY_1).public().to_jwks().unwrap();
    let keys = PublicKeys::parse_jwks(published.as_bytes()).unwrap();
    let found = TokenVerifier::new(keys, ISSUER, AUDIENCE).verify(&token(&claims()), NOW);
    assert_eq!(found, Ok(claims()));
}

#[test]
fn the_key_set_holds_the_public_halves_of_all_keys_and_nothing_else() {
    let secret = json!({"current": "b", "keys": [
        {"kid": "a", "pkcs8": STANDARD.encode(KEY_1), "status": "previous"},
        {"kid": "b", "pkcs8": STANDARD.encode(KEY_2), "status": "current"},
    ]});
    let keys = SigningKeys::parse(&SecretString::from(secret.to_string())).unwrap();
    let set: Value = serde_json::from_str(&keys.public().to_jwks().unwrap()).unwrap();
    let listed = set["keys"].as_array().unwrap();
    assert_eq!(listed.len(), 2);
    for key in listed {
        let members: Vec<&String> = key.as_object().unwrap().keys().collect();
        assert_eq!(members, ["alg", "e", "kid", "kty", "n", "use"]);
        assert_eq!(key["e"], "AQAB");
        assert_eq!(URL_SAFE_NO_PAD.decode(key["n"].as_str().unwrap()).unwrap().len(), 256);
    }
    let signed = sign(&keys, &claims()).unwrap();
    assert!(
        TokenVerifier::new(keys.public().clone(), ISSUER, AUDIENCE)
            .verify(&signed, NOW)
            .is_ok()
    );
}

#[test]
fn secrets_of_another_shape_are_refused_without_being_quoted() {
    let key = STANDARD.encode(KEY_1);
    for secret in [
        "sesame".to_owned(),
        json!({"current": "x", "keys": []}).to_string(),
        json!({"current": "x", "keys": [{"kid": "x", "pkcs8": "c2VzYW1l", "status": "current"}]}).to_string(),
        json!({"current": "x", "keys": [{"kid": "x", "pkcs8": key, "status": "next"}]}).to_string(),
        json!({"current": "x", "keys": [
            {"kid": "x", "pkcs8": key, "status": "current"}, {"kid": "x", "pkcs8": key, "status": "next"}]})
        .to_string(),
    ] {
        let error = SigningKeys::parse(&SecretString::from(secret.clone())).unwrap_err();
        assert!(!error.to_string().contains("sesame"), "{secret}");
    }
}

#[test]
fn another_algorithm_or_type_is_refused_whatever_the_signature() {
    for header in [
        json!({"alg": "none", "typ": "at+jwt", "kid": "k1"}),
        json!({"alg": "None", "typ": "at+jwt", "kid": "k1"}),
        json!({"alg": "HS256", "typ": "at+jwt", "kid": "k1"}),
        json!({"alg": "RS512", "typ": "at+jwt", "kid": "k1"}),
        json!({"alg": "PS256", "typ": "at+jwt", "kid": "k1"}),
        json!({"alg": "RS256", "typ": "JWT", "kid": "k1"}),
        json!({"alg": "RS256", "typ": "at+jwt", "kid": "k1", "crit": ["b64"]}),
    ] {
        assert_eq!(
            verifier().verify(&with_header(&header), NOW),
            Err(TokenError::Kind),
            "{header}"
        );
    }
    let unsigned = with_header(&json!({"alg": "none", "typ": "at+jwt", "kid": "k1"}));
    let (message, _) = unsigned.rsplit_once('.').unwrap();
    assert_eq!(verifier().verify(&format!("{message}."), NOW), Err(TokenError::Kind));
}

#[test]
fn keys_that_the_token_brings_along_are_not_used() {
    let own: Value = serde_json::from_str(&keys_of("k2", KEY_2).public().to_jwks().unwrap()).unwrap();
    let header =
        json!({"alg": "RS256", "typ": "at+jwt", "kid": "k2", "jwk": own["keys"][0], "jku": "https://x.example"});
    assert_eq!(
        verifier().verify(&with_header(&header), NOW),
        Err(TokenError::UnknownKey)
    );
    let header = json!({"alg": "RS256", "typ": "at+jwt", "kid": "k1", "jwk": own["keys"][0]});
    assert_eq!(
        verifier().verify(&with_header(&header), NOW),
        Err(TokenError::Signature)
    );
}

#[test]
fn another_key_and_an_unknown_key_are_refused() {
    let forged = sign(&keys_of("k1", KEY_2), &claims()).unwrap();
    assert_eq!(verifier().verify(&forged, NOW), Err(TokenError::Signature));
    let unknown = sign(&keys_of("k9", KEY_1), &claims()).unwrap();
    assert_eq!(verifier().verify(&unknown, NOW), Err(TokenError::UnknownKey));
}

#[test]
fn times_are_kept() {
    let at = |seconds| verifier().verify(&token(&claims()), NOW.plus_seconds(seconds)).err();
    assert_eq!(at(899), None);
    assert_eq!(at(900), Some(TokenError::Expired));
    assert_eq!(at(-30), None);
    assert_eq!(at(-31), Some(TokenError::NotYet));
    let future = Claims {
        nbf: NOW.seconds() + 60,
        ..claims()
    };
    assert_eq!(verifier().verify(&token(&future), NOW), Err(TokenError::NotYet));
}

#[test]
fn another_issuer_or_audience_is_refused() {
    for wrong in [
        Claims {
            iss: "https://shop.example/".to_owned(),
            ..claims()
        },
        Claims {
            iss: "https://evil.example".to_owned(),
            ..claims()
        },
        Claims {
            aud: Audience::One("other".to_owned()),
            ..claims()
        },
        Claims {
            aud: Audience::Several(vec!["a".to_owned(), "tradepost2".to_owned()]),
            ..claims()
        },
    ] {
        assert_eq!(verifier().verify(&token(&wrong), NOW), Err(TokenError::Foreign));
    }
    let several = Claims {
        aud: Audience::Several(vec!["a".to_owned(), AUDIENCE.to_owned()]),
        ..claims()
    };
    assert!(verifier().verify(&token(&several), NOW).is_ok());
}

#[test]
fn no_byte_of_a_token_can_be_changed() {
    let good = token(&claims());
    let verifier = verifier();
    for at in 0..good.len() {
        let mut bytes = good.clone().into_bytes();
        bytes[at] = if bytes[at] == b'A' { b'B' } else { b'A' };
        let changed = String::from_utf8(bytes).unwrap();
        assert!(verifier.verify(&changed, NOW).is_err(), "byte {at}");
    }
}

#[test]
fn what_is_no_token_is_malformed() {
    let long = "a.".repeat(TOKEN_BYTES_MAX);
    for text in ["", ".", "..", "a.b.c", "a.b.c.d", "e30.e30.", &long] {
        assert_eq!(verifier().verify(text, NOW), Err(TokenError::Malformed), "{text:.20}");
    }
}

/// Publishes the first test key as `k1`, or nothing, and counts who asks.
#[derive(Clone)]
struct Publisher {
    asked: Arc<AtomicU32>,
    status: u16,
}

impl HttpClient for Publisher {
    async fn send(&self, request: OutgoingRequest) -> Result<Incoming, SendError> {
        assert_eq!(request.url, "https://shop.example/.well-known/jwks.json");
        self.asked.fetch_add(1, Ordering::SeqCst);
        let body = keys_of("k1", KEY_1).public().to_jwks().unwrap();
        Ok(Incoming {
            status: self.status,
            headers: http::HeaderMap::new(),
            body: body.into(),
        })
    }
}

fn remote(status: u16) -> (RemoteVerifier<Publisher>, Arc<AtomicU32>, Arc<VirtualClock>) {
    let clock = Arc::new(VirtualClock::at(NOW));
    let asked = Arc::new(AtomicU32::new(0));
    let publisher = Publisher {
        asked: asked.clone(),
        status,
    };
    let ambient = kernel::Ambient::new(clock.clone(), Arc::new(SeededChance::new(1)));
    (RemoteVerifier::new(publisher, ISSUER, AUDIENCE, ambient), asked, clock)
}

#[tokio::test]
async fn the_published_keys_are_asked_for_once_in_ten_minutes() {
    let (verifier, asked, clock) = remote(200);
    for _ in 0..5 {
        assert_eq!(verifier.verify(&token(&claims())).await.unwrap(), claims());
    }
    assert_eq!(asked.load(Ordering::SeqCst), 1);
    clock.advance_seconds(600);
    assert!(verifier.verify(&token(&claims())).await.is_ok());
    assert_eq!(asked.load(Ordering::SeqCst), 2);
}

#[tokio::test]
async fn an_unknown_key_is_looked_for_once_and_invented_ones_do_not_make_us_ask_more() {
    let (verifier, asked, clock) = remote(200);
    verifier.verify(&token(&claims())).await.unwrap();
    clock.advance_seconds(60);
    for n in 0..10 {
        let invented = sign(&keys_of(&format!("x{n}"), KEY_2), &claims()).unwrap();
        let refused = verifier.verify(&invented).await;
        assert!(matches!(refused, Err(RemoteError::Token(TokenError::UnknownKey))));
    }
    assert_eq!(asked.load(Ordering::SeqCst), 2);
}

#[tokio::test]
async fn without_keys_nothing_is_accepted_and_the_caller_may_try_again() {
    let (verifier, _, _) = remote(503);
    assert!(matches!(
        verifier.verify(&token(&claims())).await,
        Err(RemoteError::Keys)
    ));
}
