//! The committer: parts in, one transaction out, and each refusal by its name.

use std::{collections::HashSet, time::Duration};

use aws_sdk_dynamodb::{
    error::SdkError,
    operation::transact_write_items::TransactWriteItemsError,
    types::{CancellationReason, ReturnValuesOnConditionCheckFailure},
};

use crate::{Dynamo, Item, PARTS_MAX, Part, StoreError, part::Action};

/// How often a transaction that lost against another one is tried.
const CONFLICT_TRIES_MAX: u32 = 8;
/// The longest pause before the second try, in milliseconds; it doubles with each try, with full jitter.
const CONFLICT_PAUSE_MS: u64 = 20;

/// A part whose condition failed.
#[derive(Debug, Clone)]
pub struct Refusal<R> {
    /// What that means.
    pub reason: R,
    /// The item as it was, if there was one: the idempotent answer needs no second read.
    pub item: Option<Item>,
}

/// Why nothing was committed.
#[derive(Debug, thiserror::Error)]
pub enum CommitError<R> {
    /// At least one part's condition failed: all that did, in the order of the parts. Never empty.
    #[error("refused")]
    Refused(Vec<Refusal<R>>),
    /// Other transactions on the same items won every time.
    #[error("other writers won {CONFLICT_TRIES_MAX} times")]
    Conflict,
    /// The store failed; after `Unavailable` the transaction may have committed all the same.
    #[error(transparent)]
    Store(#[from] StoreError),
}

impl<R> CommitError<R> {
    /// The first refusal's reason, or the failure.
    pub fn first(self) -> Result<R, StoreError> {
        match self {
            Self::Refused(refusals) => refusals
                .into_iter()
                .next()
                .map(|refusal| refusal.reason)
                .ok_or_else(|| StoreError::Rejected("refused without a reason".to_owned())),
            Self::Conflict => Err(StoreError::Throttled),
            Self::Store(error) => Err(error),
        }
    }
}

enum Failure<R> {
    Conflict,
    Final(CommitError<R>),
}

impl Dynamo {
    /// Commits all parts or none. A single write goes as a plain conditional write, at half the price.
    ///
    /// A lost race (`TransactionConflict`) is tried again with jitter; a failed condition never is.
    ///
    /// # Errors
    ///
    /// See [`CommitError`].
    pub async fn commit<R: Clone>(&self, parts: Vec<Part<R>>) -> Result<(), CommitError<R>> {
        check_shape(&parts)?;
        for attempt in 0..CONFLICT_TRIES_MAX {
            let done = match parts.as_slice() {
                [] => return Ok(()),
                [part] if !matches!(part.action, Action::Check(_)) => self.write_one(part).await,
                _ => self.transact(&parts).await,
            };
            match done {
                Ok(()) => return Ok(()),
                Err(Failure::Final(error)) => return Err(error),
                Err(Failure::Conflict) => self.pause(attempt).await,
            }
        }
        tracing::warn!(parts = parts.len(), "dynamo.commit.conflict: gave up");
        Err(CommitError::Conflict)
    }

    async fn pause(&self, attempt: u32) {
        let ceiling = CONFLICT_PAUSE_MS.saturating_mul(1 << attempt.min(6));
        tokio::time::sleep(Duration::from_millis(self.ambient.random_below(ceiling))).await;
    }

    async fn transact<R: Clone>(&self, parts: &[Part<R>]) -> Result<(), Failure<R>> {
        let items = parts
            .iter()
            .map(Part::transact_item)
            .collect::<Result<Vec<_>, _>>()
            .map_err(store)?;
        let sent = self
            .client
            .transact_write_items()
            .set_transact_items(Some(items))
            .client_request_token(uuid_like(self.ambient.random_bytes()))
            .send()
            .await;
        match sent {
            Ok(_) => Ok(()),
            Err(error) => Err(sort(error, parts)),
        }
    }

    async fn write_one<R: Clone>(&self, part: &Part<R>) -> Result<(), Failure<R>> {
        let (names, values) = part.placeholders();
        let condition = part.condition.clone();
        let all_old = ReturnValuesOnConditionCheckFailure::AllOld;
        match &part.action {
            Action::Put(item) => {
                let call = self
                    .client
                    .put_item()
                    .table_name(&part.table)
                    .set_item(Some(item.clone()));
                let sent = call
                    .set_condition_expression(condition)
                    .set_expression_attribute_names(names)
                    .set_expression_attribute_values(values)
                    .return_values_on_condition_check_failure(all_old)
                    .send()
                    .await;
                sent.map(drop).map_err(|error| match error.as_service_error() {
                    Some(e) if e.is_conditional_check_failed_exception() => refusal(part, item_of_put(&error)),
                    Some(e) if e.is_transaction_conflict_exception() => Failure::Conflict,
                    _ => store(error.into()),
                })
            }
            Action::Update(key, expression) => {
                let call = self
                    .client
                    .update_item()
                    .table_name(&part.table)
                    .set_key(Some(key.attributes()));
                let sent = call
                    .update_expression(expression)
                    .set_condition_expression(condition)
                    .set_expression_attribute_names(names)
                    .set_expression_attribute_values(values)
                    .return_values_on_condition_check_failure(all_old)
                    .send()
                    .await;
                sent.map(drop).map_err(|error| match error.as_service_error() {
                    Some(e) if e.is_conditional_check_failed_exception() => refusal(part, item_of_update(&error)),
                    Some(e) if e.is_transaction_conflict_exception() => Failure::Conflict,
                    _ => store(error.into()),
                })
            }
            Action::Delete(key) => {
                let call = self
                    .client
                    .delete_item()
                    .table_name(&part.table)
                    .set_key(Some(key.attributes()));
                let sent = call
                    .set_condition_expression(condition)
                    .set_expression_attribute_names(names)
                    .set_expression_attribute_values(values)
                    .return_values_on_condition_check_failure(all_old)
                    .send()
                    .await;
                sent.map(drop).map_err(|error| match error.as_service_error() {
                    Some(e) if e.is_conditional_check_failed_exception() => refusal(part, None),
                    Some(e) if e.is_transaction_conflict_exception() => Failure::Conflict,
                    _ => store(error.into()),
                })
            }
            Action::Check(_) => Err(store(StoreError::Rejected("a check alone is no write".to_owned()))),
        }
    }
}

fn item_of_put(error: &SdkError<aws_sdk_dynamodb::operation::put_item::PutItemError>) -> Option<Item> {
    use aws_sdk_dynamodb::operation::put_item::PutItemError::ConditionalCheckFailedException as Refused;
    match error.as_service_error() {
        Some(Refused(refused)) => refused.item.clone(),
        _ => None,
    }
}

fn item_of_update(error: &SdkError<aws_sdk_dynamodb::operation::update_item::UpdateItemError>) -> Option<Item> {
    use aws_sdk_dynamodb::operation::update_item::UpdateItemError::ConditionalCheckFailedException as Refused;
    match error.as_service_error() {
        Some(Refused(refused)) => refused.item.clone(),
        _ => None,
    }
}

fn store<R>(error: StoreError) -> Failure<R> {
    Failure::Final(CommitError::Store(error))
}

fn refusal<R: Clone>(part: &Part<R>, item: Option<Item>) -> Failure<R> {
    let Some(reason) = part.refused.clone() else {
        return store(unexpected(part));
    };
    Failure::Final(CommitError::Refused(vec![Refusal { reason, item }]))
}

fn unexpected<R>(part: &Part<R>) -> StoreError {
    let (table, key) = part.target();
    StoreError::Rejected(format!(
        "a part that cannot be refused was: {table} {} / {}",
        key.pk, key.sk
    ))
}

fn check_shape<R>(parts: &[Part<R>]) -> Result<(), StoreError> {
    if parts.len() > PARTS_MAX {
        return Err(StoreError::Rejected(format!(
            "{} parts in one transaction; at most {PARTS_MAX}",
            parts.len()
        )));
    }
    let mut seen = HashSet::with_capacity(parts.len());
    match parts
        .iter()
        .map(Part::target)
        .find(|target| !seen.insert(target.clone()))
    {
        Some((table, key)) => Err(StoreError::Rejected(format!(
            "item named twice in one transaction: {table} {} / {}",
            key.pk, key.sk
        ))),
        None => Ok(()),
    }
}

/// Tells refused conditions from lost races: `CancellationReasons[i]` belongs to part `i`.
fn sort<R: Clone>(error: SdkError<TransactWriteItemsError>, parts: &[Part<R>]) -> Failure<R> {
    let Some(TransactWriteItemsError::TransactionCanceledException(canceled)) = error.as_service_error() else {
        let conflict = error
            .as_service_error()
            .is_some_and(TransactWriteItemsError::is_transaction_in_progress_exception);
        return if conflict {
            Failure::Conflict
        } else {
            store(error.into())
        };
    };
    let reasons = canceled.cancellation_reasons();
    let with = |code: &'static str| move |reason: &&CancellationReason| reason.code() == Some(code);
    let mut refusals = Vec::new();
    for (part, reason) in parts.iter().zip(reasons) {
        if reason.code() != Some("ConditionalCheckFailed") {
            continue;
        }
        match part.refused.clone() {
            Some(named) => refusals.push(Refusal {
                reason: named,
                item: reason.item.clone(),
            }),
            None => return store(unexpected(part)),
        }
    }
    if !refusals.is_empty() {
        return Failure::Final(CommitError::Refused(refusals));
    }
    if reasons.iter().any(|reason| with("TransactionConflict")(&reason)) {
        return Failure::Conflict;
    }
    if reasons
        .iter()
        .any(|r| matches!(r.code(), Some("ThrottlingError" | "ProvisionedThroughputExceeded")))
    {
        return store(StoreError::Throttled);
    }
    let codes: Vec<_> = reasons.iter().filter_map(CancellationReason::code).collect();
    store(StoreError::Rejected(format!("transaction cancelled: {codes:?}")))
}

/// 36 characters at most: what a client request token may have.
fn uuid_like(bytes: [u8; 16]) -> String {
    hex::encode(bytes)
}
