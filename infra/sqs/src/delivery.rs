//! Sending and receiving: deduplication, group order, redrive.

use std::sync::Arc;

use ring::digest::{SHA256, digest};

use crate::engine::Engine;
use crate::error::Error;
use crate::journal::{Text, Write};
use crate::limits::{
    BATCH_ENTRIES_MAX, DEDUPLICATION_IDS_MAX, IN_FLIGHT_MAX, MESSAGES_PER_QUEUE_MAX, VISIBILITY_SECONDS_MAX,
    WAIT_SECONDS_MAX,
};
use crate::memory::{FirstSend, SendKey};
use crate::message::{self, Content, Message, NewMessage, Received, Sent, State, sequence_number};
use crate::queue::Queue;

/// What a receive asks for.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Receive {
    /// Messages at most, 1 to 10.
    pub max: usize,
    /// Seconds (0 to 43,200) for which the messages are hidden; the queue's own when absent.
    pub visibility_s: Option<i64>,
    /// Seconds (0 to 20) to wait for a message; the queue's own when absent.
    pub wait_s: Option<i64>,
    /// Names this receive, so that its repeat gives the same messages (FIFO only).
    pub attempt_id: Option<String>,
}

impl Default for Receive {
    fn default() -> Self {
        Self {
            max: 1,
            visibility_s: None,
            wait_s: None,
            attempt_id: None,
        }
    }
}

impl Receive {
    pub(crate) fn check(&self) -> Result<(), Error> {
        if !(1..=BATCH_ENTRIES_MAX).contains(&self.max) {
            return Err(Error::value(
                self.max,
                "MaxNumberOfMessages",
                "Must be between 1 and 10, if provided.",
            ));
        }
        check_visibility(self.visibility_s)?;
        if let Some(wait) = self.wait_s
            && !(0..=WAIT_SECONDS_MAX).contains(&wait)
        {
            return Err(Error::value(
                wait,
                "WaitTimeSeconds",
                "Must be >= 0 and <= 20, if provided.",
            ));
        }
        message::check_fifo_id(self.attempt_id.as_deref(), "ReceiveRequestAttemptId")
    }
}

pub(crate) fn check_visibility(seconds: Option<i64>) -> Result<(), Error> {
    match seconds {
        Some(s) if !(0..=VISIBILITY_SECONDS_MAX).contains(&s) => Err(Error::value(
            s,
            "VisibilityTimeout",
            "Must be between 0 and 43200, if provided.",
        )),
        Some(_) | None => Ok(()),
    }
}

/// What a receive found, and when looking again makes sense.
#[derive(Debug)]
pub(crate) struct Found {
    pub(crate) messages: Vec<Received>,
    pub(crate) next_timer_ms: Option<i64>,
}

impl Engine {
    /// Accepts a message, or recognises it as a repeat.
    pub(crate) fn send(&mut self, name: &str, new: NewMessage, now_ms: i64) -> Result<Sent, Error> {
        let (queue, journal) = self.at(name, now_ms)?;
        message::check(&new, queue.settings.message_bytes_max)?;
        let key = send_key(queue, &new)?;
        if let Some(first) = key.as_ref().and_then(|key| queue.sends.find(key)) {
            let (id, sequence) = (first.message_id.clone(), sequence_number(first.serial));
            journal.push(Write::Barrier);
            return Ok(message::sent(&new, id, Some(sequence)));
        }
        if queue.len() >= MESSAGES_PER_QUEUE_MAX || queue.sends.len() >= DEDUPLICATION_IDS_MAX {
            return Err(Error::OverLimit(
                "The queue holds as many messages as this machine allows.".into(),
            ));
        }
        let message_id = self.fresh_id()?;
        let serial = self.next_message_serial();
        let (queue, journal) = self.at(name, now_ms)?;
        let sequence = queue.is_fifo().then(|| sequence_number(serial));
        let sent = message::sent(&new, message_id.clone(), sequence);
        let delay_s = new
            .delay_s
            .filter(|_| !queue.is_fifo())
            .unwrap_or(queue.settings.delay_s);
        let state = match delay_s {
            0 => State::Ready { since_ms: now_ms },
            s => State::Delayed {
                until_ms: now_ms.saturating_add(s.saturating_mul(1_000)),
            },
        };
        let deduplication_id = key.as_ref().map(|key| key.id.clone());
        if let Some(key) = key {
            let first = FirstSend {
                message_id: message_id.clone(),
                serial,
                sent_ms: now_ms,
            };
            journal.push(Write::Send {
                queue: queue.serial,
                key: key.clone(),
                first: first.clone(),
            });
            queue.sends.remember(key, first);
        }
        let content = Arc::new(Content {
            id: message_id,
            body: new.body,
            attributes: new.attributes,
            trace_header: new.trace_header,
            group_id: new.group_id.map(Text::from),
            deduplication_id,
        });
        let message = arrival(serial, content, now_ms, state);
        journal.push(Write::Message {
            queue: queue.serial,
            message: message.clone(),
        });
        queue.put(message);
        Ok(sent)
    }

    /// Gives out what is ready. Messages that were received too often go to the dead-letter queue on the way.
    pub(crate) fn receive(&mut self, name: &str, wish: &Receive, now_ms: i64) -> Result<Found, Error> {
        let target = self.dead_letter_target(name);
        let (queue, journal) = self.at(name, now_ms)?;
        let visibility_s = wish.visibility_s.unwrap_or(queue.settings.visibility_s);
        let attempt = wish.attempt_id.as_deref().filter(|_| queue.is_fifo());
        if let Some(messages) = attempt.and_then(|id| queue.give_again(id, visibility_s, now_ms, journal)) {
            return Ok(Found {
                messages,
                next_timer_ms: queue.next_timer_ms(),
            });
        }
        if !queue.is_fifo() && queue.in_flight() >= IN_FLIGHT_MAX {
            return Err(Error::OverLimit(format!(
                "{IN_FLIGHT_MAX} messages of the queue are in flight."
            )));
        }
        let (mut messages, mut given, mut exhausted) = (Vec::new(), Vec::new(), Vec::new());
        let mut group: Option<Text> = None;
        while messages.len() < wish.max {
            let Some(message) = queue.next(group.as_ref()).and_then(|serial| queue.message(serial)) else {
                break;
            };
            let serial = message.serial;
            let over = target.as_ref().is_some_and(|(_, max)| message.receives_here() >= *max);
            group = message.group().cloned();
            if over {
                exhausted.extend(queue.take(serial));
            } else if let Some(received) = queue.give(serial, visibility_s, now_ms, journal) {
                given.push((serial, received.receive_count));
                messages.push(received);
            } else {
                break;
            }
        }
        if let Some(id) = attempt.filter(|_| !given.is_empty()) {
            queue.attempts.remember(id, given, now_ms);
        }
        let next_timer_ms = queue.next_timer_ms();
        if let Some((target, _)) = target {
            self.bury(name, &target, exhausted, now_ms)?;
        }
        Ok(Found {
            messages,
            next_timer_ms,
        })
    }

    /// The dead-letter queue and the number of receives before it. Without the queue there is no redrive.
    fn dead_letter_target(&self, name: &str) -> Option<(String, u32)> {
        let policy = self.queues.get(name)?.settings.redrive.as_ref()?;
        let target = self.place.queue_of_arn(&policy.target_arn)?;
        self.queues
            .contains_key(target)
            .then(|| (target.to_owned(), policy.receive_count_max))
    }

    /// Moves messages to the dead-letter queue: same id and counts; a standard queue keeps the time of sending, and so
    /// the expiry, while a FIFO queue starts it anew.
    fn bury(&mut self, source: &str, target: &str, messages: Vec<Message>, now_ms: i64) -> Result<(), Error> {
        let origin = Text::from(self.place.arn(source));
        for message in messages {
            let serial = self.next_message_serial();
            let (queue, journal) = self.at(target, now_ms)?;
            journal.push(Write::DropMessage { serial: message.serial });
            let moved = Message {
                serial,
                sent_ms: if queue.is_fifo() { now_ms } else { message.sent_ms },
                origin: Some(Arc::clone(&origin)),
                receives_elsewhere: message.receives,
                state: State::Ready { since_ms: now_ms },
                ..message
            };
            tracing::info!(message.id = %moved.content.id, queue = source, target, "queue.message_buried");
            journal.push(Write::Message {
                queue: queue.serial,
                message: moved.clone(),
            });
            queue.put(moved);
        }
        Ok(())
    }
}

/// A message that has just come into a queue.
pub(crate) fn arrival(serial: i64, content: Arc<Content>, now_ms: i64, state: State) -> Message {
    Message {
        serial,
        content,
        sent_ms: now_ms,
        origin: None,
        receives: 0,
        receives_elsewhere: 0,
        first_received_ms: None,
        state,
    }
}

/// Checks what depends on the queue's type and answers the deduplication key of a FIFO send.
fn send_key(queue: &Queue, new: &NewMessage) -> Result<Option<SendKey>, Error> {
    let reason = "The request include parameter that is not valid for this queue type.";
    let Some(fifo) = queue.settings.fifo else {
        return match &new.deduplication_id {
            Some(id) => Err(Error::value(id, "MessageDeduplicationId", reason)),
            None => Ok(None),
        };
    };
    let group = new
        .group_id
        .as_deref()
        .ok_or(Error::MissingParameter("MessageGroupId"))?;
    if let Some(delay) = new.delay_s.filter(|delay| *delay != 0) {
        return Err(Error::value(delay, "DelaySeconds", reason));
    }
    let id = match &new.deduplication_id {
        Some(id) => id.clone(),
        None if fifo.content_based => hex::encode(digest(&SHA256, new.body.as_bytes())),
        None => {
            return Err(Error::InvalidParameterValue(
                "The queue should either have ContentBasedDeduplication enabled or MessageDeduplicationId provided explicitly".into(),
            ));
        }
    };
    Ok(Some(SendKey {
        group: fifo.per_group.then(|| Text::from(group)),
        id,
    }))
}
