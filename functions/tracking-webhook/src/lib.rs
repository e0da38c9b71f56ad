//! Verifies carriers' notices and keeps their raw bytes, once.
//!
//! A notice and the event that tells of it commit together, under the digest of its bytes: the same bytes again are
//! answered as a success and change nothing. A notice that could not be kept is answered as a failure, so that the provider
//! sends it again. Nothing is decided here: what a notice means is for `tracking-update`, in any order.
//!
//! Forged, malformed and oversized bodies are kept with their reason for a while, and counted by one log line each; alarms
//! go by the rate.

mod wire;

use dynamo::StoreError;
use fulfilment::{
    EasyPostKeys, Fulfilment, Kept, Kuaidi100Salts, NOTICE_BYTES_MAX, NoticeError, Provider, RefusalReason,
    SignatureError,
};
use lambda_http::{Body, Request, Response};
use web::{Problem, types};
pub use wire::wire;

/// What 快递100 takes for "received", byte for byte.
pub const KUAIDI100_DONE: &str = r#"{"result":true,"returnCode":"200","message":"成功"}"#;
/// What 快递100 takes for "send it again" (after 30 minutes, three times).
pub const KUAIDI100_FAILED: &str = r#"{"result":false,"returnCode":"500","message":"失败"}"#;

/// What the function works with.
#[derive(Debug, Clone)]
pub struct Ports {
    /// Where notices are kept.
    pub fulfilment: Fulfilment,
    /// Salts of 快递100.
    pub kuaidi100: Kuaidi100Salts,
    /// Keys of EasyPost.
    pub easypost: EasyPostKeys,
}

/// What became of a notice.
enum Outcome {
    Done,
    Refused(RefusalReason),
    Failed(StoreError),
}

/// Answers a provider, in its own words.
pub async fn handle(ports: &Ports, request: Request) -> Response<Body> {
    let provider = match web::route_key(&request).as_str() {
        "POST /webhooks/carriers/kuaidi100" => Provider::Kuaidi100,
        "POST /webhooks/carriers/easypost" => Provider::Easypost,
        _ => return Problem::new(&types::NOT_FOUND).response(&web::request_id(&request)),
    };
    let outcome = receive(ports, provider, &request).await;
    if let Outcome::Failed(error) = &outcome {
        tracing::error!(%provider, %error, "tracking.notice.failed");
    }
    answer(provider, &outcome)
}

async fn receive(ports: &Ports, provider: Provider, request: &Request) -> Outcome {
    let body: &[u8] = match request.body() {
        Body::Text(text) => text.as_bytes(),
        Body::Binary(bytes) => bytes,
        _ => &[],
    };
    if body.len() > NOTICE_BYTES_MAX {
        return refuse(ports, provider, RefusalReason::Oversized, body).await;
    }
    if let Err(error) = verify(ports, provider, request, body) {
        let reason = match error {
            SignatureError::Missing | SignatureError::Wrong => RefusalReason::Forged,
            SignatureError::Malformed => RefusalReason::Malformed,
        };
        return refuse(ports, provider, reason, body).await;
    }
    match provider.parse(body) {
        Ok(notice) => match ports.fulfilment.keep_notice(provider, &notice.parcel, body).await {
            Ok(kept) => {
                tracing::info!(%provider, new = kept == Kept::New, "tracking.notice.kept");
                Outcome::Done
            }
            Err(error) => Outcome::Failed(error),
        },
        Err(NoticeError::OtherSubject) => {
            tracing::info!(%provider, "tracking.notice.other_subject");
            Outcome::Done
        }
        Err(NoticeError::Malformed) => refuse(ports, provider, RefusalReason::Malformed, body).await,
    }
}

fn verify(ports: &Ports, provider: Provider, request: &Request, body: &[u8]) -> Result<(), SignatureError> {
    match provider {
        Provider::Kuaidi100 => ports.kuaidi100.verify(body),
        Provider::Easypost => ports
            .easypost
            .verify(body, web::single_header(request.headers(), "x-hmac-signature")),
    }
}

async fn refuse(ports: &Ports, provider: Provider, reason: RefusalReason, body: &[u8]) -> Outcome {
    tracing::warn!(%provider, reason = reason.as_str(), bytes = body.len(), "tracking.notice.refused");
    match ports.fulfilment.refuse_notice(provider, reason, body).await {
        Ok(()) => Outcome::Refused(reason),
        Err(error) => Outcome::Failed(error),
    }
}

fn answer(provider: Provider, outcome: &Outcome) -> Response<Body> {
    let status = match outcome {
        Outcome::Done => 200,
        Outcome::Refused(RefusalReason::Forged) => 401,
        Outcome::Refused(RefusalReason::Malformed) => 400,
        Outcome::Refused(RefusalReason::Oversized) => 413,
        Outcome::Failed(_) => 503,
    };
    match (provider, outcome) {
        (Provider::Kuaidi100, Outcome::Done) => web::raw_json(status, KUAIDI100_DONE.to_owned()),
        (Provider::Kuaidi100, Outcome::Refused(_) | Outcome::Failed(_)) => {
            web::raw_json(status, KUAIDI100_FAILED.to_owned())
        }
        (Provider::Easypost, _) => web::empty(status),
    }
}

#[cfg(test)]
mod tests;
