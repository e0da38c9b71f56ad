//! Notices at a fixed rate.

use std::{
    collections::{BTreeMap, BTreeSet},
    time::{Duration, Instant, SystemTime, UNIX_EPOCH},
};

use bytes::Bytes;
use http::{Method, Request};
use http_body_util::{BodyExt, Full};
use hyper_util::{
    client::legacy::{Client, connect::HttpConnector},
    rt::TokioExecutor,
};
use serde_json::json;
use tests::doubles::stripe::sign;
use tokio::task::JoinSet;

/// The webhook secret of `infra/local/secrets.dev.json`: public, for tests only.
const SECRET: &str = "whsec_dev_public_not_a_secret_0000000001";
/// How long one answer is waited for: providers give up about then.
const PATIENCE: Duration = Duration::from_secs(30);

/// What came of it.
#[derive(Debug, Default)]
pub(crate) struct Measured {
    pub(crate) sent: usize,
    /// From when each was due to its answer.
    pub(crate) times: Vec<Duration>,
    /// Answers by the first digit of their status.
    pub(crate) statuses: BTreeMap<u16, usize>,
    pub(crate) unanswered: usize,
    /// Deliveries that were answered 2xx.
    pub(crate) taken: BTreeSet<String>,
    pub(crate) lasted: Duration,
}

/// Sends `rate` notices a second for some time, each when it is due.
pub(crate) async fn offer(base_url: &str, rate: u64, lasts: Duration) -> Measured {
    let client = Client::builder(TokioExecutor::new()).build_http();
    let url = format!("{base_url}/webhooks/payments/stripe");
    let begun = Instant::now();
    let mut sending = JoinSet::new();
    let notices = rate * lasts.as_secs();
    for number in 0..notices {
        let due = begun + Duration::from_micros(number * 1_000_000 / rate);
        tokio::time::sleep_until(due.into()).await;
        let (client, url) = (client.clone(), url.clone());
        sending.spawn(async move {
            let delivery = format!("evt_{rate}_{number}");
            let answer = tokio::time::timeout(PATIENCE, send(&client, &url, &delivery, number)).await;
            (delivery, due.elapsed(), answer.ok().flatten())
        });
    }
    let mut measured = Measured::default();
    while let Some(done) = sending.join_next().await {
        let (delivery, took, status) = done.expect("no sender panics");
        measured.sent += 1;
        let Some(status) = status else {
            measured.unanswered += 1;
            continue;
        };
        measured.times.push(took);
        *measured.statuses.entry(status / 100).or_default() += 1;
        if status / 100 == 2 {
            measured.taken.insert(delivery);
        }
    }
    measured.lasted = begun.elapsed();
    measured
}

async fn send(client: &Client<HttpConnector, Full<Bytes>>, url: &str, delivery: &str, number: u64) -> Option<u16> {
    let event = json!({"id": delivery, "type": "payment_intent.succeeded", "livemode": false, "data": {"object": {
        "id": format!("pi_{number}"), "object": "payment_intent", "amount": 5_200, "amount_received": 5_200,
        "currency": "cny", "metadata": {}}}});
    let body = event.to_string();
    let now = SystemTime::now()
        .duration_since(UNIX_EPOCH)
        .unwrap_or_default()
        .as_secs();
    let request = Request::builder()
        .method(Method::POST)
        .uri(url)
        .header("content-type", "application/json")
        .header(
            "stripe-signature",
            sign(SECRET, i64::try_from(now).unwrap_or_default(), body.as_bytes()),
        )
        .body(Full::new(Bytes::from(body)))
        .expect("a request");
    let answer = client.request(request).await.ok()?;
    let status = answer.status().as_u16();
    answer.into_body().collect().await.ok()?;
    Some(status)
}
