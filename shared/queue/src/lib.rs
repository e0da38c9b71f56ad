#![doc = include_str!("../README.md")]

mod consume;
mod publish;

pub use aws_lambda_events::event::sqs::{SqsBatchResponse, SqsEvent, SqsMessage};
pub use consume::{Failure, consume};
pub use publish::{Outgoing, PUBLISH_BATCH_MAX, PublishError, Publisher};
