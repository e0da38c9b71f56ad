//! A function that answers as told.

use std::sync::Mutex;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::Duration;

use futures::future::BoxFuture;
use serde_json::Value;

use crate::sources::ports::{Invoke, Outcome};

type Answer = Box<dyn Fn(&Value, usize) -> Outcome + Send + Sync>;

pub(in crate::sources) struct Functions {
    answer: Answer,
    events: Mutex<Vec<Value>>,
    takes: Mutex<Duration>,
    running: AtomicUsize,
    most: AtomicUsize,
}

impl Functions {
    pub(super) fn new(answer: impl Fn(&Value, usize) -> Outcome + Send + Sync + 'static) -> Self {
        Self {
            answer: Box::new(answer),
            events: Mutex::new(Vec::new()),
            takes: Mutex::new(Duration::ZERO),
            running: AtomicUsize::new(0),
            most: AtomicUsize::new(0),
        }
    }

    /// How long an invocation takes from now on.
    pub(in crate::sources) fn take(&self, time: Duration) {
        *self.takes.lock().unwrap() = time;
    }

    /// All events so far, in order of their start.
    pub(in crate::sources) fn events(&self) -> Vec<Value> {
        self.events.lock().unwrap().clone()
    }

    /// A field of each record, call by call.
    pub(in crate::sources) fn seen(&self, pointer: &str) -> Vec<Vec<String>> {
        let text = |record: &Value| record.pointer(pointer).unwrap().as_str().unwrap().to_owned();
        let records = |event: &Value| {
            event
                .get("Records")
                .unwrap()
                .as_array()
                .unwrap()
                .iter()
                .map(text)
                .collect()
        };
        self.events().iter().map(records).collect()
    }

    /// The most invocations that ever ran together.
    pub(in crate::sources) fn most_running(&self) -> usize {
        self.most.load(Ordering::SeqCst)
    }

    pub(in crate::sources) fn running(&self) -> usize {
        self.running.load(Ordering::SeqCst)
    }
}

struct Guard<'a>(&'a AtomicUsize);

impl Drop for Guard<'_> {
    fn drop(&mut self) {
        self.0.fetch_sub(1, Ordering::SeqCst);
    }
}

impl Invoke for Functions {
    fn invoke<'a>(&'a self, _function: &'a str, event: Value) -> BoxFuture<'a, Outcome> {
        Box::pin(async move {
            let number = {
                let mut events = self.events.lock().unwrap();
                events.push(event.clone());
                events.len() - 1
            };
            let running = self.running.fetch_add(1, Ordering::SeqCst) + 1;
            self.most.fetch_max(running, Ordering::SeqCst);
            let _guard = Guard(&self.running);
            let takes = *self.takes.lock().unwrap();
            tokio::time::sleep(takes).await;
            (self.answer)(&event, number)
        })
    }
}
