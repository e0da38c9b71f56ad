//! CORS as the gateway answers it by itself, without the function.

use http::header::{
    ACCESS_CONTROL_ALLOW_CREDENTIALS, ACCESS_CONTROL_ALLOW_HEADERS, ACCESS_CONTROL_ALLOW_METHODS,
    ACCESS_CONTROL_ALLOW_ORIGIN, ACCESS_CONTROL_EXPOSE_HEADERS, ACCESS_CONTROL_MAX_AGE, ACCESS_CONTROL_REQUEST_METHOD,
    ORIGIN, VARY,
};
use http::{HeaderMap, HeaderName, HeaderValue, Method, Response, StatusCode};
use template::model::Cors;

use crate::server::Reply;

/// The headers that only the gateway may set once CORS is declared.
const OWNED: [HeaderName; 6] = [
    ACCESS_CONTROL_ALLOW_CREDENTIALS,
    ACCESS_CONTROL_ALLOW_HEADERS,
    ACCESS_CONTROL_ALLOW_METHODS,
    ACCESS_CONTROL_ALLOW_ORIGIN,
    ACCESS_CONTROL_EXPOSE_HEADERS,
    ACCESS_CONTROL_MAX_AGE,
];

/// Answers a preflight request; `None` when the request is none.
pub(super) fn preflight(cors: &Cors, method: &Method, headers: &HeaderMap) -> Option<Reply> {
    let asks = method == Method::OPTIONS && headers.contains_key(ACCESS_CONTROL_REQUEST_METHOD);
    let origin = headers.get(ORIGIN).filter(|_| asks)?;
    let mut response = Response::default();
    *response.status_mut() = StatusCode::NO_CONTENT;
    if allow_origin(cors, origin, response.headers_mut()) {
        let answer = response.headers_mut();
        list(answer, ACCESS_CONTROL_ALLOW_METHODS, &cors.methods);
        list(answer, ACCESS_CONTROL_ALLOW_HEADERS, &cors.headers);
        if let Some(seconds) = cors.max_age_s {
            answer.insert(ACCESS_CONTROL_MAX_AGE, HeaderValue::from(seconds));
        }
    }
    Some(response)
}

/// Replaces the CORS headers of a response: what the function set is dropped.
pub(super) fn apply(cors: &Cors, origin: Option<&HeaderValue>, answer: &mut HeaderMap) {
    for name in OWNED {
        answer.remove(name);
    }
    let Some(origin) = origin else { return };
    if allow_origin(cors, origin, answer) {
        list(answer, ACCESS_CONTROL_EXPOSE_HEADERS, &cors.expose);
    }
}

/// Names the origin as allowed, if it is declared.
fn allow_origin(cors: &Cors, origin: &HeaderValue, answer: &mut HeaderMap) -> bool {
    let Ok(text) = origin.to_str() else { return false };
    let Some(declared) = cors.origins.iter().find(|declared| covers(declared, text)) else {
        return false;
    };
    if declared == "*" && !cors.credentials {
        answer.insert(ACCESS_CONTROL_ALLOW_ORIGIN, HeaderValue::from_static("*"));
    } else {
        answer.insert(ACCESS_CONTROL_ALLOW_ORIGIN, origin.clone());
        answer.append(VARY, HeaderValue::from_static("Origin"));
    }
    if cors.credentials {
        answer.insert(ACCESS_CONTROL_ALLOW_CREDENTIALS, HeaderValue::from_static("true"));
    }
    true
}

/// `*`, `https://*` and exact origins.
fn covers(declared: &str, origin: &str) -> bool {
    match declared.strip_suffix('*') {
        Some(prefix) => origin.to_ascii_lowercase().starts_with(&prefix.to_ascii_lowercase()),
        None => declared.eq_ignore_ascii_case(origin),
    }
}

fn list(answer: &mut HeaderMap, name: HeaderName, values: &[String]) {
    if let Ok(value) = HeaderValue::from_str(&values.join(","))
        && !values.is_empty()
    {
        answer.insert(name, value);
    }
}

#[cfg(test)]
mod tests {

    use http::{HeaderMap, HeaderValue, Method, StatusCode};
    use template::model::Cors;

    use super::{apply, preflight};

    fn declared() -> Cors {
        Cors {
            origins: vec!["https://shop.example".to_owned()],
            methods: vec!["GET".to_owned(), "POST".to_owned()],
            headers: vec!["authorization".to_owned()],
            expose: vec!["etag".to_owned()],
            max_age_s: Some(600),
            credentials: false,
        }
    }

    fn asking(origin: &str) -> HeaderMap {
        let mut headers = HeaderMap::new();
        headers.insert("origin", HeaderValue::from_str(origin).unwrap());
        headers.insert("access-control-request-method", HeaderValue::from_static("POST"));
        headers
    }

    #[test]
    fn a_preflight_of_a_declared_origin_is_answered() {
        let reply = preflight(&declared(), &Method::OPTIONS, &asking("https://shop.example")).unwrap();
        assert_eq!(reply.status(), StatusCode::NO_CONTENT);
        assert_eq!(reply.headers()["access-control-allow-origin"], "https://shop.example");
        assert_eq!(reply.headers()["access-control-allow-methods"], "GET,POST");
        assert_eq!(reply.headers()["access-control-allow-headers"], "authorization");
        assert_eq!(reply.headers()["access-control-max-age"], "600");
    }

    #[test]
    fn a_preflight_of_another_origin_is_told_nothing() {
        let reply = preflight(&declared(), &Method::OPTIONS, &asking("https://shop.example.evil")).unwrap();
        assert_eq!(reply.status(), StatusCode::NO_CONTENT);
        assert!(reply.headers().is_empty());
    }

    #[test]
    fn an_options_request_that_asks_for_no_method_is_no_preflight() {
        let mut headers = asking("https://shop.example");
        headers.remove("access-control-request-method");
        assert!(preflight(&declared(), &Method::OPTIONS, &headers).is_none());
        assert!(preflight(&declared(), &Method::GET, &asking("https://shop.example")).is_none());
    }

    #[test]
    fn the_functions_own_cors_headers_are_replaced() {
        let mut answer = HeaderMap::new();
        answer.insert("access-control-allow-origin", HeaderValue::from_static("*"));
        answer.insert("access-control-max-age", HeaderValue::from_static("1"));
        apply(
            &declared(),
            Some(&HeaderValue::from_static("https://shop.example")),
            &mut answer,
        );
        assert_eq!(answer["access-control-allow-origin"], "https://shop.example");
        assert_eq!(answer["access-control-expose-headers"], "etag");
        assert!(!answer.contains_key("access-control-max-age"));

        answer.insert("access-control-allow-origin", HeaderValue::from_static("*"));
        apply(
            &declared(),
            Some(&HeaderValue::from_static("https://evil.example")),
            &mut answer,
        );
        assert!(!answer.contains_key("access-control-allow-origin"));
    }

    #[test]
    fn any_origin_is_a_star_and_a_scheme_can_be_a_prefix() {
        let mut cors = Cors {
            origins: vec!["*".to_owned()],
            ..declared()
        };
        let mut answer = HeaderMap::new();
        apply(&cors, Some(&HeaderValue::from_static("https://a.example")), &mut answer);
        assert_eq!(answer["access-control-allow-origin"], "*");
        cors.origins = vec!["https://*".to_owned()];
        apply(&cors, Some(&HeaderValue::from_static("https://a.example")), &mut answer);
        assert_eq!(answer["access-control-allow-origin"], "https://a.example");
        apply(&cors, Some(&HeaderValue::from_static("http://a.example")), &mut answer);
        assert!(!answer.contains_key("access-control-allow-origin"));
    }
}
