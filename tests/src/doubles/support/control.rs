//! Faults of a provider's API, its clock, its bill, and the notices that it holds back.

use std::{collections::VecDeque, time::Duration};

use super::{Bill, Notice, Telling, wall_s};

/// What a test, or a person, may do to a double.
#[derive(Debug, Default)]
pub struct Control {
    slow: Duration,
    down: bool,
    refused: VecDeque<u16>,
    lost: VecDeque<u16>,
    clock_s: i64,
    bill: Bill,
    pub(super) held: Vec<(Notice, Telling)>,
    pub(super) sent: Vec<Notice>,
}

/// What becomes of a call.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Fate {
    /// It is done and answered.
    Answered,
    /// It is answered with this status, and nothing is done.
    Refused(u16),
    /// It is done, and answered with this status: the answer is lost.
    Lost(u16),
}

impl Control {
    /// Answers every call that late, after doing what was asked.
    pub const fn slow(&mut self, by: Duration) {
        self.slow = by;
    }

    /// Answers 503 to every call and does nothing, until it is up again.
    pub const fn down(&mut self, down: bool) {
        self.down = down;
    }

    /// Answers the next calls with these statuses, and does nothing.
    pub fn refuse_next(&mut self, statuses: &[u16]) {
        self.refused.extend(statuses);
    }

    /// Does what the next calls ask, and answers with these statuses: lost answers.
    pub fn lose_next(&mut self, statuses: &[u16]) {
        self.lost.extend(statuses);
    }

    /// Dates what happens from now on that many seconds from the wall clock: negative is the past. Signatures keep the
    /// wall clock.
    pub const fn clock(&mut self, offset_s: i64) {
        self.clock_s = offset_s;
    }

    /// What the bill, or the lists, say otherwise.
    pub const fn bill(&mut self) -> &mut Bill {
        &mut self.bill
    }

    /// How many notices are held back.
    pub fn held(&self) -> usize {
        self.held.len()
    }

    /// When things happen, in seconds since the epoch.
    pub(crate) fn now_s(&self) -> i64 {
        wall_s() + self.clock_s
    }

    /// What becomes of the next call, and how late it is answered.
    pub(crate) fn next(&mut self) -> (Duration, Fate) {
        let fate = if self.down {
            Fate::Refused(503)
        } else if let Some(status) = self.refused.pop_front() {
            Fate::Refused(status)
        } else if let Some(status) = self.lost.pop_front() {
            Fate::Lost(status)
        } else {
            Fate::Answered
        };
        (self.slow, fate)
    }
}
