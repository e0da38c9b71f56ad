//! Moving messages out of a dead-letter queue again, in steps that hold the engine only briefly.
//!
//! Each step is one transaction, so that a crash loses no message and doubles none. The tasks themselves are not kept
//! over a restart: an operator starts the rest again.

use std::sync::Arc;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;

use crate::delivery::arrival;
use crate::engine::Engine;
use crate::error::Error;
use crate::journal::Write;
use crate::limits::{MOVE_TASKS_MAX, MOVES_PER_SECOND_MAX, MOVES_PER_STEP_MAX};
use crate::message::{Content, State};

/// Where a task stands.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum MoveStatus {
    /// Messages are being moved.
    Running,
    /// Nothing is left to move.
    Completed,
    /// The operator stopped it.
    Cancelled,
    /// A message could not be moved, for this reason.
    Failed(&'static str),
}

/// One move task.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct MoveTask {
    /// Names the task in a cancellation.
    pub(crate) handle: String,
    /// The dead-letter queue.
    pub(crate) source_arn: String,
    /// Where all messages go; without it, each goes to the queue that it came from.
    pub(crate) destination_arn: Option<String>,
    /// Messages per second at most.
    pub(crate) per_second: Option<i64>,
    /// When it started, in milliseconds since 1970.
    pub(crate) started_ms: i64,
    /// Messages moved so far.
    pub(crate) moved: i64,
    /// Messages there were at the start.
    pub(crate) to_move: usize,
    /// Where it stands.
    pub(crate) status: MoveStatus,
}

/// What the driver of a task does next.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Step {
    Again,
    WaitUntil(i64),
    Finished,
}

impl Engine {
    pub(crate) fn start_move(
        &mut self,
        source_arn: &str,
        destination_arn: Option<&str>,
        per_second: Option<i64>,
        now_ms: i64,
    ) -> Result<String, Error> {
        let missing = |which: &str| {
            Error::ResourceNotFound(format!(
                "The resource that you specified for the {which} parameter doesn't exist."
            ))
        };
        let named = |engine: &Self, arn: &str| {
            let name = engine.place.queue_of_arn(arn)?;
            engine.queues.contains_key(name).then(|| name.to_owned())
        };
        let source = named(self, source_arn).ok_or_else(|| missing("SourceArn"))?;
        if let Some(arn) = destination_arn {
            named(self, arn).ok_or_else(|| missing("DestinationArn"))?;
        }
        if self.sources_of(&source).is_empty() {
            return Err(Error::InvalidParameterValue(
                "Source queue must be configured as a Dead Letter Queue.".into(),
            ));
        }
        if let Some(rate) = per_second
            && !(1..=MOVES_PER_SECOND_MAX).contains(&rate)
        {
            return Err(Error::value(
                rate,
                "MaxNumberOfMessagesPerSecond",
                "Must be between 1 and 500, if provided.",
            ));
        }
        if self
            .tasks
            .iter()
            .any(|task| task.source_arn == source_arn && task.status == MoveStatus::Running)
        {
            return Err(Error::UnsupportedOperation("There is already a task running. Only one active task is allowed for a source queue arn at a given time.".into()));
        }
        let handle = STANDARD.encode(format!(
            r#"{{"taskId":"{}","sourceArn":"{source_arn}"}}"#,
            self.fresh_id()?
        ));
        let to_move = self.at(&source, now_ms)?.0.statistics(now_ms).visible;
        self.forget_oldest_task(source_arn);
        self.tasks.push_front(MoveTask {
            handle: handle.clone(),
            source_arn: source_arn.to_owned(),
            destination_arn: destination_arn.map(str::to_owned),
            per_second,
            started_ms: now_ms,
            moved: 0,
            to_move,
            status: MoveStatus::Running,
        });
        Ok(handle)
    }

    fn forget_oldest_task(&mut self, source_arn: &str) {
        let of_source = |task: &&MoveTask| task.source_arn == source_arn;
        if self.tasks.iter().filter(of_source).count() >= MOVE_TASKS_MAX
            && let Some(oldest) = self.tasks.iter().rposition(|task| of_source(&task))
        {
            self.tasks.remove(oldest);
        }
    }

    /// The tasks of a source, the latest first.
    pub(crate) fn list_moves(&self, source_arn: &str, max: usize) -> Result<Vec<MoveTask>, Error> {
        let exists = self
            .place
            .queue_of_arn(source_arn)
            .is_some_and(|name| self.queues.contains_key(name));
        if !exists {
            let text = "The resource that you specified for the SourceArn parameter doesn't exist.";
            return Err(Error::ResourceNotFound(text.into()));
        }
        Ok(self
            .tasks
            .iter()
            .filter(|task| task.source_arn == source_arn)
            .take(max)
            .cloned()
            .collect())
    }

    /// Stops a task; answers how many messages it moved. They stay where they are.
    pub(crate) fn cancel_move(&mut self, handle: &str) -> Result<i64, Error> {
        let task = self.tasks.iter_mut().find(|task| task.handle == handle);
        let task = task.ok_or_else(|| Error::ResourceNotFound("Task does not exist.".into()))?;
        if task.status != MoveStatus::Running {
            return Err(Error::UnsupportedOperation(
                "Only active tasks can be cancelled.".into(),
            ));
        }
        task.status = MoveStatus::Cancelled;
        Ok(task.moved)
    }

    /// Moves as many messages as the task's rate and one step allow.
    pub(crate) fn step_move(&mut self, handle: &str, now_ms: i64) -> Step {
        let Some(task) = self
            .tasks
            .iter()
            .find(|t| t.handle == handle && t.status == MoveStatus::Running)
            .cloned()
        else {
            return Step::Finished;
        };
        let begun_s = now_ms
            .saturating_sub(task.started_ms)
            .div_euclid(1_000)
            .saturating_add(1);
        let due = task
            .per_second
            .map(|rate| rate.saturating_mul(begun_s).saturating_sub(task.moved));
        if due.is_some_and(|due| due <= 0) {
            return Step::WaitUntil(task.started_ms.saturating_add(begun_s.saturating_mul(1_000)));
        }
        let step_max = due
            .and_then(|due| usize::try_from(due).ok())
            .unwrap_or(usize::MAX)
            .min(MOVES_PER_STEP_MAX);
        let mut moved = 0;
        let mut status = MoveStatus::Running;
        for _ in 0..step_max {
            match self.move_one(&task, now_ms) {
                Ok(true) => moved += 1,
                Ok(false) => status = MoveStatus::Completed,
                Err(reason) => status = MoveStatus::Failed(reason),
            }
            if status != MoveStatus::Running {
                break;
            }
        }
        if let Some(task) = self.tasks.iter_mut().find(|task| task.handle == handle) {
            task.moved = task.moved.saturating_add(moved);
            task.status = status.clone();
        }
        if status == MoveStatus::Running {
            Step::Again
        } else {
            Step::Finished
        }
    }

    /// Moves the next message, which becomes a new one with a new id and age; `false` when none is left.
    fn move_one(&mut self, task: &MoveTask, now_ms: i64) -> Result<bool, &'static str> {
        const NO_QUEUE: &str = "AWS.SimpleQueueService.NonExistentQueue";
        let source = self.place.queue_of_arn(&task.source_arn).ok_or(NO_QUEUE)?.to_owned();
        let id = self.fresh_id().map_err(|_| "InternalError")?;
        let (queue, _) = self.at(&source, now_ms).map_err(|_| NO_QUEUE)?;
        let Some(message) = queue.next(None).and_then(|serial| queue.message(serial)).cloned() else {
            return Ok(false);
        };
        let fifo = queue.is_fifo();
        let arn = task
            .destination_arn
            .as_deref()
            .or(message.origin.as_deref())
            .ok_or("CouldNotDetermineMessageSource")?;
        let target = self.place.queue_of_arn(arn).ok_or(NO_QUEUE)?;
        if self.queues.get(target).ok_or(NO_QUEUE)?.is_fifo() != fifo {
            return Err("AWS.SimpleQueueService.UnsupportedOperation");
        }
        let target = target.to_owned();
        let serial = self.next_message_serial();
        let (queue, journal) = self.at(&source, now_ms).map_err(|_| NO_QUEUE)?;
        queue.take(message.serial);
        journal.push(Write::DropMessage { serial: message.serial });
        let content = Arc::new(Content {
            id,
            ..Content::clone(&message.content)
        });
        let moved = arrival(serial, content, now_ms, State::Ready { since_ms: now_ms });
        let (queue, journal) = self.at(&target, now_ms).map_err(|_| NO_QUEUE)?;
        journal.push(Write::Message {
            queue: queue.serial,
            message: moved.clone(),
        });
        queue.put(moved);
        Ok(true)
    }
}
