//! Which message comes next: any ready one of a standard queue, the head of an unblocked group of a FIFO queue.

use std::collections::{BTreeSet, HashMap};
use std::sync::Arc;

use crate::message::{Message, State};

/// The order of a queue's messages. It holds serials only and follows every change of a message's state.
#[derive(Debug)]
pub(crate) enum Line {
    /// Ready messages by the time since which they are ready: a message that comes back does not starve the others.
    Standard(BTreeSet<(i64, i64)>),
    Fifo(Groups),
}

impl Line {
    pub(crate) fn new(fifo: bool) -> Self {
        if fifo {
            Self::Fifo(Groups::default())
        } else {
            Self::Standard(BTreeSet::new())
        }
    }

    /// Takes a message in, in its present state.
    pub(crate) fn insert(&mut self, message: &Message) {
        match (self, message.state) {
            (Self::Standard(ready), State::Ready { since_ms }) => {
                ready.insert((since_ms, message.serial));
            }
            (Self::Standard(_), State::Delayed { .. } | State::InFlight { .. }) => {}
            (Self::Fifo(groups), _) => groups.change(message, |group| group.insert(message)),
        }
    }

    /// Takes a message out; its state must be the one that it was taken in with.
    pub(crate) fn remove(&mut self, message: &Message) {
        match (self, message.state) {
            (Self::Standard(ready), State::Ready { since_ms }) => {
                ready.remove(&(since_ms, message.serial));
            }
            (Self::Standard(_), State::Delayed { .. } | State::InFlight { .. }) => {}
            (Self::Fifo(groups), _) => groups.change(message, |group| group.remove(message)),
        }
    }

    /// The serial of the next message. A receive that has just taken from the group `current` goes on in it, although
    /// its messages now block the group for everyone else.
    pub(crate) fn next(&self, current: Option<&Arc<str>>) -> Option<i64> {
        match self {
            Self::Standard(ready) => ready.first().map(|(_, serial)| *serial),
            Self::Fifo(groups) => current
                .and_then(|name| groups.head(name))
                .or_else(|| groups.first_open()),
        }
    }
}

/// The message groups of a FIFO queue.
#[derive(Debug, Default)]
pub(crate) struct Groups {
    by_name: HashMap<Arc<str>, Group>,
    /// The groups that may be received from, by their head, so that the oldest head comes first.
    open: BTreeSet<(i64, Arc<str>)>,
}

#[derive(Debug, Default)]
struct Group {
    ready: BTreeSet<i64>,
    delayed: BTreeSet<i64>,
    in_flight: usize,
    /// The head under which the group stands in `open`.
    listed: Option<i64>,
}

impl Group {
    fn insert(&mut self, message: &Message) {
        match message.state {
            State::Ready { .. } => {
                self.ready.insert(message.serial);
            }
            State::Delayed { .. } => {
                self.delayed.insert(message.serial);
            }
            State::InFlight { .. } => self.in_flight = self.in_flight.saturating_add(1),
        }
    }

    fn remove(&mut self, message: &Message) {
        match message.state {
            State::Ready { .. } => {
                self.ready.remove(&message.serial);
            }
            State::Delayed { .. } => {
                self.delayed.remove(&message.serial);
            }
            State::InFlight { .. } => self.in_flight = self.in_flight.saturating_sub(1),
        }
    }

    /// The first message, unless it is still delayed: a later one may not pass it.
    fn head(&self) -> Option<i64> {
        let head = self.ready.first().copied()?;
        self.delayed
            .first()
            .is_none_or(|delayed| head < *delayed)
            .then_some(head)
    }

    fn is_empty(&self) -> bool {
        self.ready.is_empty() && self.delayed.is_empty() && self.in_flight == 0
    }
}

impl Groups {
    fn change(&mut self, message: &Message, change: impl FnOnce(&mut Group)) {
        let name = message.group().cloned().unwrap_or_else(|| Arc::from(""));
        let group = self.by_name.entry(Arc::clone(&name)).or_default();
        change(group);
        let open = if group.in_flight == 0 { group.head() } else { None };
        let listed = std::mem::replace(&mut group.listed, open);
        let empty = group.is_empty();
        if listed != open {
            if let Some(head) = listed {
                self.open.remove(&(head, Arc::clone(&name)));
            }
            if let Some(head) = open {
                self.open.insert((head, Arc::clone(&name)));
            }
        }
        if empty {
            self.by_name.remove(&name);
        }
    }

    fn head(&self, name: &Arc<str>) -> Option<i64> {
        self.by_name.get(name)?.head()
    }

    fn first_open(&self) -> Option<i64> {
        self.open.first().map(|(head, _)| *head)
    }
}
