use std::sync::{
    Arc, Mutex,
    atomic::{AtomicU32, Ordering},
};

use http::HeaderValue;
use testkit::VirtualClock;
use web::{Body, Incoming, SendError};

use super::*;

#[derive(Debug)]
struct Web {
    answer: Mutex<Result<(u16, String), SendError>>,
    fetches: AtomicU32,
}

impl HttpClient for Web {
    async fn send(&self, request: OutgoingRequest) -> Result<Incoming, SendError> {
        assert_eq!(request.egress, Egress::Stranger);
        self.fetches.fetch_add(1, Ordering::SeqCst);
        let (status, body) = self.answer.lock().unwrap().clone()?;
        let mut headers = HeaderMap::new();
        headers.insert("cache-control", HeaderValue::from_static("no-store, max-age=1"));
        Ok(Incoming {
            status,
            headers,
            body: body.into(),
        })
    }
}

struct Setup {
    web: Arc<Web>,
    clock: Arc<VirtualClock>,
    negotiator: Negotiator<Arc<Web>>,
}

fn profile(version: &str, capabilities: &[&str]) -> String {
    let offers: BTreeMap<_, _> = capabilities
        .iter()
        .map(|name| (*name, [serde_json::json!({"version": VERSION})]))
        .collect();
    serde_json::json!({"ucp": {"version": version, "services": {}, "payment_handlers": {}, "capabilities": offers}})
        .to_string()
}

fn setup(answer: Result<(u16, String), SendError>, known: &str) -> Setup {
    let web = Arc::new(Web {
        answer: Mutex::new(answer),
        fetches: AtomicU32::new(0),
    });
    let clock = Arc::new(VirtualClock::at(kernel::Timestamp::from_seconds(1_775_640_600)));
    let shared: Arc<dyn kernel::Clock> = Arc::<VirtualClock>::clone(&clock);
    let ambient = Ambient::new(shared, Arc::new(testkit::SeededChance::new(1)));
    let offer = Offer::shop("https://shop.example/", crate::Registry::new());
    let negotiator = Negotiator::new(
        offer,
        Platforms::parse(known, false).unwrap(),
        Arc::clone(&web),
        ambient,
    );
    Setup { web, clock, negotiator }
}

fn request(agent: Option<&str>) -> Request {
    let mut request = Request::new(Body::Text("{}".to_owned()));
    if let Some(url) = agent {
        let value = HeaderValue::from_str(&format!("profile=\"{url}\"")).unwrap();
        request.headers_mut().insert("ucp-agent", value);
    }
    request
}

async fn code(setup: &Setup, agent: Option<&str>) -> (u16, &'static str) {
    setup
        .negotiator
        .negotiate(&request(agent), Operation::Checkout)
        .await
        .unwrap_err()
        .code()
}

const CHECKOUT: &[&str] = &[
    "dev.ucp.shopping.checkout",
    "dev.ucp.shopping.fulfillment",
    "dev.ucp.shopping.discount",
];
const PLATFORM: &str = "https://platform.example/p.json";

#[tokio::test]
async fn an_answer_names_what_both_sides_can_do_and_what_belongs_to_the_operation() {
    let mut theirs = CHECKOUT.to_vec();
    theirs.push("dev.ucp.shopping.order");
    let setup = setup(Ok((200, profile(VERSION, &theirs))), "");
    let negotiated = setup
        .negotiator
        .negotiate(&request(Some(PLATFORM)), Operation::Checkout)
        .await
        .unwrap();
    let named: Vec<_> = negotiated
        .metadata(Operation::Checkout)
        .capabilities
        .into_keys()
        .collect();
    assert_eq!(named, ["dev.ucp.shopping.checkout", "dev.ucp.shopping.fulfillment"]);
    assert_eq!(
        negotiated
            .metadata(Operation::Order)
            .capabilities
            .into_keys()
            .collect::<Vec<_>>(),
        ["dev.ucp.shopping.order"]
    );
    assert!(!negotiated.signed);
}

#[tokio::test]
async fn each_failure_has_its_status_and_code() {
    let fine = || Ok((200, profile(VERSION, CHECKOUT)));
    assert_eq!(code(&setup(fine(), ""), None).await, (400, "invalid_profile_url"));
    assert_eq!(
        code(&setup(fine(), ""), Some("http://platform.example/p.json")).await,
        (400, "invalid_profile_url")
    );
    assert_eq!(
        code(&setup(Err(SendError::Timeout), ""), Some(PLATFORM)).await,
        (424, "profile_unreachable")
    );
    assert_eq!(
        code(&setup(Ok((302, String::new())), ""), Some(PLATFORM)).await,
        (424, "profile_unreachable")
    );
    assert_eq!(
        code(&setup(Ok((200, "<html>".into())), ""), Some(PLATFORM)).await,
        (422, "profile_malformed")
    );
    assert_eq!(
        code(&setup(Ok((200, "x".repeat(200_000))), ""), Some(PLATFORM)).await,
        (422, "profile_malformed")
    );
    let legacy = Ok((200, profile("1999-01-01", CHECKOUT)));
    assert_eq!(
        code(&setup(legacy, ""), Some(PLATFORM)).await,
        (422, "version_unsupported")
    );
    let orphan = Ok((200, profile(VERSION, &["dev.ucp.shopping.fulfillment"])));
    assert_eq!(
        code(&setup(orphan, ""), Some(PLATFORM)).await,
        (200, "capabilities_incompatible")
    );
}

#[tokio::test]
async fn known_platforms_are_never_fetched_and_can_rehearse_failures() {
    let known = format!(
        r#"{{"https://a.example/p":{{"profile":{}}},"https://b.example/p":{{"status":504}},"https://c.example/p":{{"text":"no"}}}}"#,
        profile(VERSION, CHECKOUT)
    );
    let setup = setup(Err(SendError::Timeout), &known);
    assert!(
        setup
            .negotiator
            .negotiate(&request(Some("https://a.example/p")), Operation::Checkout)
            .await
            .is_ok()
    );
    assert_eq!(
        code(&setup, Some("https://b.example/p")).await,
        (424, "profile_unreachable")
    );
    assert_eq!(
        code(&setup, Some("https://c.example/p")).await,
        (422, "profile_malformed")
    );
    assert_eq!(setup.web.fetches.load(Ordering::SeqCst), 0);
}

#[tokio::test]
async fn a_platform_whose_requests_must_be_signed_is_not_believed_otherwise() {
    let known = format!(
        r#"{{"https://a.example/p":{{"profile":{},"signed":true}}}}"#,
        profile(VERSION, CHECKOUT)
    );
    let setup = setup(Err(SendError::Timeout), &known);
    assert_eq!(
        code(&setup, Some("https://a.example/p")).await,
        (401, "signature_missing")
    );
}

#[tokio::test]
async fn a_profile_is_kept_for_a_minute_whatever_its_origin_says() {
    let setup = setup(Ok((200, profile(VERSION, CHECKOUT))), "");
    for _ in 0..3 {
        setup
            .negotiator
            .negotiate(&request(Some(PLATFORM)), Operation::Checkout)
            .await
            .unwrap();
    }
    assert_eq!(setup.web.fetches.load(Ordering::SeqCst), 1);
    setup.clock.advance_seconds(61);
    setup
        .negotiator
        .negotiate(&request(Some(PLATFORM)), Operation::Checkout)
        .await
        .unwrap();
    assert_eq!(setup.web.fetches.load(Ordering::SeqCst), 2);
}

#[tokio::test]
async fn failures_back_off_and_strangers_cannot_make_us_fetch_without_bound() {
    let setup = setup(Err(SendError::Timeout), "");
    for _ in 0..3 {
        assert_eq!(code(&setup, Some(PLATFORM)).await.0, 424);
    }
    assert_eq!(setup.web.fetches.load(Ordering::SeqCst), 1);
    let mut busy = 0;
    for n in 0..200 {
        let (status, _) = code(&setup, Some(&format!("https://p{n}.example/"))).await;
        busy += u32::from(status == 503);
    }
    assert_eq!(setup.web.fetches.load(Ordering::SeqCst), 120);
    assert_eq!(busy, 81);
}

#[tokio::test]
async fn a_request_that_claims_to_be_signed_must_be() {
    let setup = setup(Ok((200, profile(VERSION, CHECKOUT))), "");
    let mut request = request(Some(PLATFORM));
    request
        .headers_mut()
        .insert("signature", HeaderValue::from_static("sig1=:AA==:"));
    let refused = setup
        .negotiator
        .negotiate(&request, Operation::Checkout)
        .await
        .unwrap_err();
    assert_eq!(refused.code(), (401, "signature_missing"));
    let input = HeaderValue::from_static(r#"sig1=("@method");keyid="new""#);
    request.headers_mut().insert("signature-input", input);
    for _ in 0..3 {
        let refused = setup
            .negotiator
            .negotiate(&request, Operation::Checkout)
            .await
            .unwrap_err();
        assert_eq!(refused.code(), (401, "key_not_found"));
    }
    // The unknown key may ask for one fresh copy per minute, not more; this one is younger than that.
    assert_eq!(setup.web.fetches.load(Ordering::SeqCst), 1);
}
