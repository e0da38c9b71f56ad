//! The actions on message move tasks.

use serde::{Deserialize, Serialize};

use crate::error::Error;
use crate::limits::MOVE_TASKS_MAX;
use crate::move_task::{MoveStatus, MoveTask};
use crate::service::Sqs;

#[derive(Debug, Deserialize)]
#[serde(rename_all = "PascalCase")]
pub(super) struct Start {
    source_arn: Option<String>,
    destination_arn: Option<String>,
    max_number_of_messages_per_second: Option<i64>,
}

#[derive(Debug, Serialize)]
#[serde(rename_all = "PascalCase")]
pub(super) struct Started {
    task_handle: String,
}

pub(super) async fn start(sqs: &Sqs, request: Start) -> Result<Started, Error> {
    let source = request.source_arn.ok_or(Error::MissingParameter("SourceArn"))?;
    let (destination, rate) = (request.destination_arn, request.max_number_of_messages_per_second);
    let task_handle = sqs
        .run(|engine, now_ms| engine.start_move(&source, destination.as_deref(), rate, now_ms))
        .await?;
    tokio::spawn(sqs.clone().drive_move(task_handle.clone()));
    Ok(Started { task_handle })
}

#[derive(Debug, Deserialize)]
#[serde(rename_all = "PascalCase")]
pub(super) struct List {
    source_arn: Option<String>,
    max_results: Option<i64>,
}

#[derive(Debug, Serialize)]
#[serde(rename_all = "PascalCase")]
pub(super) struct Listed {
    results: Vec<ListedTask>,
}

#[derive(Debug, Serialize)]
#[serde(rename_all = "PascalCase")]
struct ListedTask {
    /// Shown only while there is something to cancel.
    #[serde(skip_serializing_if = "Option::is_none")]
    task_handle: Option<String>,
    status: &'static str,
    source_arn: String,
    #[serde(skip_serializing_if = "Option::is_none")]
    destination_arn: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    max_number_of_messages_per_second: Option<i64>,
    approximate_number_of_messages_moved: i64,
    approximate_number_of_messages_to_move: usize,
    #[serde(skip_serializing_if = "Option::is_none")]
    failure_reason: Option<&'static str>,
    started_timestamp: i64,
}

impl From<MoveTask> for ListedTask {
    fn from(task: MoveTask) -> Self {
        let (status, failure_reason) = match task.status {
            MoveStatus::Running => ("RUNNING", None),
            MoveStatus::Completed => ("COMPLETED", None),
            MoveStatus::Cancelled => ("CANCELLED", None),
            MoveStatus::Failed(reason) => ("FAILED", Some(reason)),
        };
        Self {
            task_handle: Some(task.handle).filter(|_| status == "RUNNING"),
            status,
            source_arn: task.source_arn,
            destination_arn: task.destination_arn,
            max_number_of_messages_per_second: task.per_second,
            approximate_number_of_messages_moved: task.moved,
            approximate_number_of_messages_to_move: task.to_move,
            failure_reason,
            started_timestamp: task.started_ms,
        }
    }
}

pub(super) fn list(sqs: &Sqs, request: List) -> Result<Listed, Error> {
    let source = request.source_arn.ok_or(Error::MissingParameter("SourceArn"))?;
    let asked = request.max_results.unwrap_or(1);
    let max = usize::try_from(asked)
        .ok()
        .filter(|max| (1..=MOVE_TASKS_MAX).contains(max));
    let max = max.ok_or_else(|| Error::value(asked, "MaxResults", "Must be between 1 and 10, if provided."))?;
    let tasks = sqs.read(|engine, _| engine.list_moves(&source, max))?;
    Ok(Listed {
        results: tasks.into_iter().map(ListedTask::from).collect(),
    })
}

#[derive(Debug, Deserialize)]
#[serde(rename_all = "PascalCase")]
pub(super) struct Cancel {
    task_handle: Option<String>,
}

#[derive(Debug, Serialize)]
#[serde(rename_all = "PascalCase")]
pub(super) struct Cancelled {
    approximate_number_of_messages_moved: i64,
}

pub(super) async fn cancel(sqs: &Sqs, request: Cancel) -> Result<Cancelled, Error> {
    let handle = request.task_handle.ok_or(Error::MissingParameter("TaskHandle"))?;
    let approximate_number_of_messages_moved = sqs.run(|engine, _| engine.cancel_move(&handle)).await?;
    Ok(Cancelled {
        approximate_number_of_messages_moved,
    })
}
