//! What Stripe keeps.

use std::collections::BTreeMap;

use serde_json::{Value, json};

use super::{error, refunds::RefundPlan};

/// Parameters of a request.
pub(super) type Form = BTreeMap<String, String>;

/// Objects by id, answers by idempotency key.
#[derive(Debug, Default)]
pub(crate) struct State {
    pub(super) objects: BTreeMap<String, Value>,
    /// Ids of everything, in the order of making.
    pub(super) order: Vec<String>,
    answers: BTreeMap<String, (Form, u16, Value)>,
    next: u64,
    /// When things happen, in seconds since the epoch.
    pub(super) now: i64,
    /// Fingerprint of the card that payments are made with.
    pub(super) card: Option<String>,
    /// How refunds go that are asked for.
    pub(super) plan: RefundPlan,
}

impl State {
    /// With ids from `first` on: a double that is started again gives no id twice.
    pub(super) fn numbered_from(first: u64) -> Self {
        Self {
            next: first,
            ..Self::default()
        }
    }

    pub(super) fn id(&mut self, prefix: &str) -> String {
        self.next += 1;
        format!("{prefix}_{}", self.next)
    }

    /// Keeps a new object.
    pub(super) fn keep(&mut self, object: Value) -> Value {
        let id = object["id"].as_str().unwrap_or_default().to_owned();
        self.order.push(id.clone());
        self.objects.insert(id, object.clone());
        object
    }

    pub(super) fn made(&self) -> Vec<String> {
        let ours = |id: &&String| id.starts_with("pi_") || id.starts_with("cs_");
        self.order.iter().filter(ours).cloned().collect()
    }

    pub(super) fn get(&self, id: &str) -> Option<&Value> {
        self.objects.get(id)
    }

    /// Does a request once per key.
    pub(super) fn once(
        &mut self,
        key: Option<&str>,
        path: &str,
        form: Form,
        make: impl FnOnce(&mut Self, &Form) -> (u16, Value),
    ) -> (u16, Value) {
        let Some(key) = key.map(|key| format!("{path} {key}")) else {
            return make(self, &form);
        };
        if let Some((known, status, body)) = self.answers.get(&key) {
            if *known != form {
                return error(
                    400,
                    "idempotency_error",
                    "Keys can only be used with the same parameters.",
                );
            }
            return (*status, body.clone());
        }
        let (status, body) = make(self, &form);
        self.answers.insert(key, (form, status, body.clone()));
        (status, body)
    }

    /// An event about an object.
    pub(super) fn event(&mut self, kind: &str, object: &Value) -> Value {
        let id = self.id("evt");
        json!({
            "id": id, "object": "event", "type": kind, "livemode": object["livemode"].as_bool().unwrap_or(false),
            "api_version": "2025-09-30.clover", "created": self.now, "data": {"object": shown(object)},
        })
    }
}

/// An object without what Stripe keeps to itself.
pub(super) fn shown(object: &Value) -> Value {
    let mut shown = object.clone();
    if let Some(members) = shown.as_object_mut() {
        members.retain(|name, _| !name.starts_with('_'));
    }
    shown
}
