//! The OpenID Connect discovery document.

use serde_json::{Value, json};

/// What a gateway or client must know of the issuer. `public_url` is used as it is.
///
/// There is no authorization endpoint: sign-in is by our own API, and the token endpoint refreshes.
pub fn discovery_document(public_url: &str) -> Value {
    json!({
        "issuer": public_url,
        "jwks_uri": format!("{public_url}/.well-known/jwks.json"),
        "token_endpoint": format!("{public_url}/v1/sessions/refresh"),
        "revocation_endpoint": format!("{public_url}/v1/sessions/sign-out"),
        "userinfo_endpoint": format!("{public_url}/v1/me"),
        "id_token_signing_alg_values_supported": ["RS256"],
        "response_types_supported": ["token"],
        "grant_types_supported": ["refresh_token"],
        "subject_types_supported": ["public"],
        "scopes_supported": ["customer", "staff"],
        "claims_supported": ["iss", "aud", "sub", "scope", "roles", "sid", "iat", "nbf", "exp", "jti", "client_id"],
        "token_endpoint_auth_methods_supported": ["none"],
    })
}
