//! A store that crashes at one call: for tests that visit every crash point of a handler.

use std::sync::{
    Arc,
    atomic::{AtomicUsize, Ordering},
};

use aws_sdk_dynamodb::{
    Client,
    config::{
        ConfigBag, Intercept, RuntimeComponents,
        interceptors::{BeforeTransmitInterceptorContextRef, FinalizerInterceptorContextMut},
        retry::RetryConfig,
    },
    error::BoxError,
};
use dynamo::Dynamo;
use kernel::Ambient;

/// When the process dies.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum When {
    /// Before the call reaches the store.
    Before,
    /// After the store did it, before its answer arrives.
    After,
}

/// Fails one call, by its number from 0. Cheap to clone.
#[derive(Debug, Clone)]
pub struct Crash {
    at: usize,
    when: When,
    sent: Arc<AtomicUsize>,
    answered: Arc<AtomicUsize>,
}

impl Crash {
    /// At this call.
    pub fn new(at: usize, when: When) -> Self {
        Self {
            at,
            when,
            sent: Arc::default(),
            answered: Arc::default(),
        }
    }

    /// The store of `client`, crashing.
    pub fn store(&self, client: &Client, ambient: Ambient) -> Dynamo {
        let config = client
            .config()
            .to_builder()
            .retry_config(RetryConfig::disabled())
            .interceptor(self.clone());
        Dynamo::new(Client::from_conf(config.build()), ambient)
    }

    /// Whether the call was reached: when not, the handler has no further crash point.
    pub fn happened(&self) -> bool {
        self.sent.load(Ordering::SeqCst) > self.at
    }

    fn due(&self, when: When, calls: &AtomicUsize) -> Result<(), BoxError> {
        let call = calls.fetch_add(1, Ordering::SeqCst);
        if self.when == when && call == self.at {
            Err("the process died here".into())
        } else {
            Ok(())
        }
    }
}

impl Intercept for Crash {
    fn name(&self) -> &'static str {
        "crash"
    }

    fn read_before_transmit(
        &self,
        _: &BeforeTransmitInterceptorContextRef<'_>,
        _: &RuntimeComponents,
        _: &mut ConfigBag,
    ) -> Result<(), BoxError> {
        self.due(When::Before, &self.sent)
    }

    fn modify_before_completion(
        &self,
        _: &mut FinalizerInterceptorContextMut<'_>,
        _: &RuntimeComponents,
        _: &mut ConfigBag,
    ) -> Result<(), BoxError> {
        self.due(When::After, &self.answered)
    }
}
