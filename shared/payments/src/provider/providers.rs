//! All providers behind one door, as a port: what functions that ask them are written against, and what tests script.

use std::future::Future;

use web::HttpClient;

use super::{CallError, Gateways, Payer, Provider, RefundOrder, StatementPage, instant};
use crate::{Intent, Reading, Started};

/// Whoever a payment is with, asked in one place. Every call has a time-out, and none is retried under another key.
pub trait Providers: Send + Sync {
    /// See [`super::Gateway::start`].
    fn start(&self, intent: &Intent, payer: &Payer) -> impl Future<Output = Result<Started, CallError>> + Send;

    /// See [`super::Gateway::query`].
    fn query(&self, intent: &Intent) -> impl Future<Output = Result<Reading, CallError>> + Send;

    /// See [`super::Gateway::refund`].
    fn refund(&self, refund: RefundOrder<'_>) -> impl Future<Output = Result<Reading, CallError>> + Send;

    /// See [`super::Gateway::query_refund`].
    fn query_refund(&self, refund: RefundOrder<'_>) -> impl Future<Output = Result<Reading, CallError>> + Send;

    /// See [`super::Gateway::statement`].
    fn statement(
        &self,
        provider: Provider,
        day: &str,
        after: Option<&str>,
    ) -> impl Future<Output = Result<StatementPage, CallError>> + Send;
}

impl<C: HttpClient> Providers for Gateways<C> {
    fn start(&self, intent: &Intent, payer: &Payer) -> impl Future<Output = Result<Started, CallError>> + Send {
        Self::start(self, intent, payer)
    }

    fn query(&self, intent: &Intent) -> impl Future<Output = Result<Reading, CallError>> + Send {
        Self::query(self, intent)
    }

    async fn refund(&self, refund: RefundOrder<'_>) -> Result<Reading, CallError> {
        match instant::refunded(refund) {
            Some(reading) => Ok(reading),
            None => Self::refund(self, refund).await,
        }
    }

    async fn query_refund(&self, refund: RefundOrder<'_>) -> Result<Reading, CallError> {
        match instant::refunded(refund) {
            Some(reading) => Ok(reading),
            None => Self::query_refund(self, refund).await,
        }
    }

    fn statement(
        &self,
        provider: Provider,
        day: &str,
        after: Option<&str>,
    ) -> impl Future<Output = Result<StatementPage, CallError>> + Send {
        Self::statement(self, provider, day, after)
    }
}
