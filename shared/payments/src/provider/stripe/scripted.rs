//! A Stripe that answers as it was told to.

use std::{
    future::Future,
    pin::pin,
    sync::{Arc, Mutex},
    task::{Context, Poll, Waker},
};

use bytes::Bytes;
use http::HeaderMap;
use secrecy::SecretString;
use serde_json::Value;
use web::{HttpClient, Incoming, OutgoingRequest, SendError};

use super::{Returns, Stripe};

/// Nothing here waits, so one poll is enough and no runtime is needed.
pub(super) fn run<T>(future: impl Future<Output = T>) -> T {
    match pin!(future).poll(&mut Context::from_waker(Waker::noop())) {
        Poll::Ready(value) => value,
        Poll::Pending => panic!("waits"),
    }
}

/// Answers in turn, and remembers what it was asked.
pub(super) struct Scripted {
    answers: Mutex<Vec<Result<Incoming, SendError>>>,
    asked: Mutex<Vec<OutgoingRequest>>,
}

impl Scripted {
    /// What was asked, in order.
    pub(super) fn asked(&self) -> Vec<OutgoingRequest> {
        self.asked.lock().unwrap().clone()
    }
}

impl HttpClient for Scripted {
    async fn send(&self, request: OutgoingRequest) -> Result<Incoming, SendError> {
        self.asked.lock().unwrap().push(request);
        self.answers.lock().unwrap().remove(0)
    }
}

#[expect(clippy::unnecessary_wraps, reason = "one of two kinds of scripted answers")]
pub(super) fn reply(status: u16, body: &Value) -> Result<Incoming, SendError> {
    Ok(Incoming {
        status,
        headers: HeaderMap::new(),
        body: Bytes::from(body.to_string()),
    })
}

pub(super) fn returns() -> Returns {
    Returns {
        success_url: "https://s/ok".to_owned(),
        cancel_url: "https://s/no".to_owned(),
    }
}

pub(super) fn scripted(answers: Vec<Result<Incoming, SendError>>) -> (Stripe<Arc<Scripted>>, Arc<Scripted>) {
    let client = Arc::new(Scripted {
        answers: Mutex::new(answers),
        asked: Mutex::new(Vec::new()),
    });
    let key = SecretString::from("sk_test_1");
    let stripe = Stripe::new(Arc::clone(&client), "http://stripe/".to_owned(), key, returns());
    (stripe, client)
}
