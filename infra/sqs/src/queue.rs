//! One queue: its messages, their states, and the operations that touch no other queue.

use std::collections::{BTreeMap, BTreeSet, HashMap};
use std::sync::Arc;

use tokio::sync::Notify;

use crate::error::Error;
use crate::journal::{Delivery, Journal, Text, Write};
use crate::limits::VISIBILITY_SECONDS_MAX;
use crate::line::Line;
use crate::memory::{Attempts, Sends};
use crate::message::{Message, Received, State};
use crate::receipt::Receipt;
use crate::settings::Settings;

/// A queue's counters and the age of its oldest message, which alarms and tests watch.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Statistics {
    /// Messages that a receive could give now; in a FIFO queue, those of blocked groups too.
    pub visible: usize,
    /// Messages that were received and neither deleted nor given back.
    pub in_flight: usize,
    /// Messages whose delay has not ended.
    pub delayed: usize,
    /// Milliseconds since the oldest message was sent.
    pub oldest_age_ms: Option<i64>,
}

/// One queue. Every operation begins with [`Queue::advance`].
#[derive(Debug)]
pub(crate) struct Queue {
    pub(crate) serial: i64,
    pub(crate) name: Text,
    pub(crate) settings: Settings,
    pub(crate) tags: BTreeMap<String, String>,
    pub(crate) created_ms: i64,
    pub(crate) modified_ms: i64,
    pub(crate) purged_ms: Option<i64>,
    pub(crate) sends: Sends,
    pub(crate) attempts: Attempts,
    /// Rung when a waiting receive should look again, or wait for another time.
    pub(crate) bell: Arc<Notify>,
    messages: HashMap<i64, Message>,
    /// When delays and visibility timeouts end.
    timers: BTreeSet<(i64, i64)>,
    /// Messages by the time they were sent: the oldest expire first.
    ages: BTreeSet<(i64, i64)>,
    line: Line,
    in_flight: usize,
    delayed: usize,
}

impl Queue {
    pub(crate) fn new(serial: i64, name: &str, settings: Settings, now_ms: i64) -> Self {
        let line = Line::new(settings.fifo.is_some());
        Self {
            serial,
            name: Text::from(name),
            settings,
            tags: BTreeMap::new(),
            created_ms: now_ms,
            modified_ms: now_ms,
            purged_ms: None,
            sends: Sends::default(),
            attempts: Attempts::default(),
            bell: Arc::new(Notify::new()),
            messages: HashMap::new(),
            timers: BTreeSet::new(),
            ages: BTreeSet::new(),
            line,
            in_flight: 0,
            delayed: 0,
        }
    }

    pub(crate) fn is_fifo(&self) -> bool {
        self.settings.fifo.is_some()
    }

    pub(crate) fn len(&self) -> usize {
        self.messages.len()
    }

    pub(crate) fn in_flight(&self) -> usize {
        self.in_flight
    }

    pub(crate) fn message(&self, serial: i64) -> Option<&Message> {
        self.messages.get(&serial)
    }

    /// The serial of the message that a receive would take next.
    pub(crate) fn next(&self, current: Option<&Text>) -> Option<i64> {
        self.line.next(current)
    }

    /// When the next delay or visibility timeout ends.
    pub(crate) fn next_timer_ms(&self) -> Option<i64> {
        self.timers.first().map(|(due_ms, _)| *due_ms)
    }

    pub(crate) fn statistics(&self, now_ms: i64) -> Statistics {
        Statistics {
            visible: self
                .messages
                .len()
                .saturating_sub(self.in_flight)
                .saturating_sub(self.delayed),
            in_flight: self.in_flight,
            delayed: self.delayed,
            oldest_age_ms: self.ages.first().map(|(sent_ms, _)| now_ms.saturating_sub(*sent_ms)),
        }
    }

    /// Brings the queue up to the present: ends delays and visibility timeouts, drops what is past its retention.
    pub(crate) fn advance(&mut self, now_ms: i64, journal: &mut Journal) {
        while let Some((due_ms, serial)) = self.timers.first().copied().filter(|(due_ms, _)| *due_ms <= now_ms) {
            self.timers.remove(&(due_ms, serial));
            self.set_state(serial, State::Ready { since_ms: due_ms });
        }
        let horizon = now_ms.saturating_sub(self.settings.retention_s.saturating_mul(1_000));
        while let Some((_, serial)) = self.ages.first().copied().filter(|(sent_ms, _)| *sent_ms <= horizon) {
            if self.take(serial).is_none() {
                break;
            }
            journal.push(Write::DropMessage { serial });
        }
        if let Some(until_ms) = self.sends.forget(now_ms) {
            journal.push(Write::ForgetSends {
                queue: self.serial,
                until_ms,
            });
        }
        self.attempts.forget(now_ms);
    }

    /// Puts a message in and wakes who waits for one.
    pub(crate) fn put(&mut self, message: Message) {
        self.ages.insert((message.sent_ms, message.serial));
        self.attach(&message);
        self.messages.insert(message.serial, message);
        self.bell.notify_waiters();
    }

    /// Takes a message out for good.
    pub(crate) fn take(&mut self, serial: i64) -> Option<Message> {
        let message = self.messages.remove(&serial)?;
        self.ages.remove(&(message.sent_ms, serial));
        self.detach(&message);
        // Its group may have opened.
        self.bell.notify_waiters();
        Some(message)
    }

    /// Gives a message out: counts the receive and hides it for `visibility_s` seconds.
    pub(crate) fn give(
        &mut self,
        serial: i64,
        visibility_s: i64,
        now_ms: i64,
        journal: &mut Journal,
    ) -> Option<Received> {
        let message = self.messages.get_mut(&serial)?;
        message.receives = message.receives.saturating_add(1);
        message.first_received_ms.get_or_insert(now_ms);
        self.hide(serial, now_ms, visibility_s, now_ms, journal);
        Some(Received::of(self.messages.get(&serial)?, self.serial, self.is_fifo()))
    }

    /// Gives the messages of an earlier attempt out again, under their old handles, if nothing happened to them since.
    pub(crate) fn give_again(
        &mut self,
        attempt: &str,
        visibility_s: i64,
        now_ms: i64,
        journal: &mut Journal,
    ) -> Option<Vec<Received>> {
        let given = self.attempts.find(attempt)?.clone();
        let unchanged = |(serial, receives): &(i64, u32)| {
            let message = self.messages.get(serial);
            message.is_some_and(|m| m.receives == *receives && matches!(m.state, State::InFlight { .. }))
        };
        if !given.iter().all(unchanged) {
            return None;
        }
        for (serial, _) in &given {
            self.hide(*serial, now_ms, visibility_s, now_ms, journal);
        }
        let fifo = self.is_fifo();
        Some(
            given
                .iter()
                .filter_map(|(s, _)| Some(Received::of(self.messages.get(s)?, self.serial, fifo)))
                .collect(),
        )
    }

    /// Deletes by receipt. A second delete is fine. After the visibility timeout a FIFO queue refuses, as AWS does; a
    /// standard queue still deletes, unless the message was received again.
    pub(crate) fn delete(&mut self, handle: &str, journal: &mut Journal) -> Result<(), Error> {
        let receipt = self.receipt(handle)?;
        let Some(message) = self.messages.get(&receipt.message) else {
            journal.push(Write::Barrier);
            return Ok(());
        };
        let latest = message.receives == receipt.receives;
        let held = latest && matches!(message.state, State::InFlight { .. });
        if self.is_fifo() && !held {
            return Err(Error::value(handle, "ReceiptHandle", "The receipt handle has expired."));
        }
        if latest {
            self.take(receipt.message);
            journal.push(Write::DropMessage {
                serial: receipt.message,
            });
        }
        Ok(())
    }

    /// Hides a message for `visibility_s` seconds from now on, or gives it back (0).
    pub(crate) fn change_visibility(
        &mut self,
        handle: &str,
        visibility_s: i64,
        now_ms: i64,
        journal: &mut Journal,
    ) -> Result<(), Error> {
        let receipt = self.receipt(handle)?;
        let message = self
            .messages
            .get(&receipt.message)
            .filter(|m| m.receives == receipt.receives)
            .ok_or_else(|| {
                let reason = "Message does not exist or is not available for visibility timeout change.";
                Error::value(handle, "ReceiptHandle", reason)
            })?;
        let State::InFlight { since_ms, .. } = message.state else {
            return Err(Error::MessageNotInflight);
        };
        let total_ms = now_ms
            .saturating_sub(since_ms)
            .saturating_add(visibility_s.saturating_mul(1_000));
        if total_ms > VISIBILITY_SECONDS_MAX.saturating_mul(1_000) {
            return Err(Error::InvalidParameterValue(format!(
                "Total VisibilityTimeout for the message is beyond the limit [{VISIBILITY_SECONDS_MAX} seconds]"
            )));
        }
        self.hide(receipt.message, since_ms, visibility_s, now_ms, journal);
        Ok(())
    }

    /// Gives every message in flight back at once: nobody is left who holds one.
    pub(crate) fn release(&mut self, now_ms: i64, journal: &mut Journal) {
        let held: Vec<_> = self
            .messages
            .values()
            .filter_map(|m| match m.state {
                State::InFlight { since_ms, .. } => Some((m.serial, since_ms)),
                State::Ready { .. } | State::Delayed { .. } => None,
            })
            .collect();
        for (serial, since_ms) in held {
            self.hide(serial, since_ms, 0, now_ms, journal);
        }
    }

    /// Drops all messages.
    pub(crate) fn purge(&mut self, now_ms: i64, journal: &mut Journal) -> Result<(), Error> {
        let in_progress = |at_ms: i64| now_ms.saturating_sub(at_ms) < crate::limits::QUIET_MS;
        if self.purged_ms.is_some_and(in_progress) {
            return Err(Error::PurgeQueueInProgress(self.name.to_string()));
        }
        self.purged_ms = Some(now_ms);
        self.messages.clear();
        self.timers.clear();
        self.ages.clear();
        self.line = Line::new(self.is_fifo());
        (self.in_flight, self.delayed) = (0, 0);
        journal.push(Write::Purge { queue: self.serial });
        Ok(())
    }

    fn receipt(&self, handle: &str) -> Result<Receipt, Error> {
        let receipt = Receipt::decode(handle)?;
        if receipt.queue == self.serial {
            Ok(receipt)
        } else {
            Err(Error::ReceiptHandleIsInvalid)
        }
    }

    /// Puts a received message in flight until `visibility_s` from now, or back in line.
    fn hide(&mut self, serial: i64, since_ms: i64, visibility_s: i64, now_ms: i64, journal: &mut Journal) {
        let until_ms = now_ms.saturating_add(visibility_s.saturating_mul(1_000));
        // A zero timeout ends at the next `advance`: one receive never gives the same message twice.
        self.set_state(serial, State::InFlight { since_ms, until_ms });
        if let Some(message) = self.messages.get(&serial) {
            journal.push(Write::Delivery(Delivery::of(message, since_ms)));
        }
    }

    fn set_state(&mut self, serial: i64, state: State) {
        let Some(mut message) = self.messages.remove(&serial) else {
            return;
        };
        self.detach(&message);
        message.state = state;
        self.attach(&message);
        self.messages.insert(serial, message);
    }

    fn attach(&mut self, message: &Message) {
        self.line.insert(message);
        match message.state {
            State::Ready { .. } => self.bell.notify_waiters(),
            State::Delayed { until_ms } => {
                self.delayed = self.delayed.saturating_add(1);
                self.schedule(until_ms, message.serial);
            }
            State::InFlight { until_ms, .. } => {
                self.in_flight = self.in_flight.saturating_add(1);
                self.schedule(until_ms, message.serial);
            }
        }
    }

    fn detach(&mut self, message: &Message) {
        self.line.remove(message);
        match message.state {
            State::Ready { .. } => {}
            State::Delayed { until_ms } => {
                self.delayed = self.delayed.saturating_sub(1);
                self.timers.remove(&(until_ms, message.serial));
            }
            State::InFlight { until_ms, .. } => {
                self.in_flight = self.in_flight.saturating_sub(1);
                self.timers.remove(&(until_ms, message.serial));
            }
        }
    }

    fn schedule(&mut self, due_ms: i64, serial: i64) {
        self.timers.insert((due_ms, serial));
        if self.next_timer_ms() == Some(due_ms) {
            self.bell.notify_waiters();
        }
    }
}
