//! What Stripe keeps.

use std::collections::{BTreeMap, VecDeque};

use serde_json::{Value, json};

use super::{Pay, error};

/// Parameters of a request.
pub(super) type Form = BTreeMap<String, String>;

/// Objects by id, answers by idempotency key.
#[derive(Debug, Default)]
pub(crate) struct State {
    objects: BTreeMap<String, Value>,
    order: Vec<String>,
    answers: BTreeMap<String, (Form, u16, Value)>,
    refunded: BTreeMap<String, i64>,
    next: u64,
    /// Statuses that the next calls are answered with.
    pub(super) failures: VecDeque<u16>,
}

impl State {
    /// With ids from `first` on: a double that is started again gives no id twice.
    pub(super) fn numbered_from(first: u64) -> Self {
        Self {
            next: first,
            ..Self::default()
        }
    }

    fn id(&mut self, prefix: &str) -> String {
        self.next += 1;
        format!("{prefix}_{}", self.next)
    }

    pub(super) fn made(&self) -> Vec<String> {
        self.order.clone()
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

    pub(super) fn create_intent(&mut self, form: &Form) -> (u16, Value) {
        let Some((amount, currency)) = money(form, "amount", "currency") else {
            return error(400, "invalid_request_error", "amount and currency are required");
        };
        let id = self.intent(amount, &currency, &metadata(form, "metadata"));
        (200, self.objects[&id].clone())
    }

    fn intent(&mut self, amount: i64, currency: &str, metadata: &Value) -> String {
        let id = self.id("pi");
        let intent = json!({
            "id": id, "object": "payment_intent", "amount": amount, "amount_received": 0, "currency": currency,
            "status": "requires_payment_method", "livemode": false, "metadata": metadata,
            "client_secret": format!("{id}_secret_double"),
        });
        self.objects.insert(id.clone(), intent);
        self.order.push(id.clone());
        id
    }

    pub(super) fn create_session(&mut self, form: &Form) -> (u16, Value) {
        let price = "line_items[0][price_data]";
        let wanted = money(form, &format!("{price}[unit_amount]"), &format!("{price}[currency]"));
        let Some((amount, currency)) = wanted.filter(|_| form.contains_key("success_url")) else {
            return error(400, "invalid_request_error", "line_items and success_url are required");
        };
        let id = self.id("cs_test");
        let session = json!({
            "id": id, "object": "checkout.session", "amount_total": amount, "currency": currency, "livemode": false,
            "payment_status": "unpaid", "status": "open", "payment_intent": Value::Null,
            "metadata": metadata(form, "metadata"), "url": format!("https://checkout.stripe.example/{id}"),
            "_intent_metadata": metadata(form, "payment_intent_data[metadata]"),
        });
        self.objects.insert(id.clone(), session.clone());
        self.order.push(id);
        (200, session)
    }

    /// Pays an object; gives the events that Stripe would send, in their order.
    pub(super) fn pay(&mut self, pay: &Pay) -> Vec<Value> {
        let session = pay.object.starts_with("cs_").then(|| pay.object.clone());
        let intent = session
            .as_ref()
            .map_or_else(|| pay.object.clone(), |session| self.intent_of(session));
        let asked = self.objects[&intent]["amount"]
            .as_i64()
            .expect("an intent has an amount");
        let created = self.event("payment_intent.created", &self.objects[&intent].clone());
        let object = self.objects.get_mut(&intent).expect("the intent is kept");
        object["amount_received"] = json!(pay.received.unwrap_or(asked));
        object["status"] = json!("succeeded");
        let paid = object.clone();
        let mut events = vec![created, self.event("payment_intent.succeeded", &paid)];
        if let Some(session) = session {
            let object = self.objects.get_mut(&session).expect("the session is kept");
            object["payment_status"] = json!("paid");
            object["status"] = json!("complete");
            let complete = object.clone();
            events.push(self.event("checkout.session.completed", &complete));
        }
        events
    }

    /// The session's intent: it comes into being when the payer pays.
    fn intent_of(&mut self, session: &str) -> String {
        let object = self.objects[session].clone();
        if let Some(intent) = object["payment_intent"].as_str() {
            return intent.to_owned();
        }
        let amount = object["amount_total"].as_i64().expect("a session has an amount");
        let currency = object["currency"].as_str().expect("a session has a currency");
        let intent = self.intent(amount, currency, &object["_intent_metadata"]);
        self.objects.get_mut(session).expect("the session is kept")["payment_intent"] = json!(intent);
        intent
    }

    pub(super) fn refund(&mut self, object: &str, amount: i64) -> Vec<Value> {
        let intent = if object.starts_with("cs_") {
            self.intent_of(object)
        } else {
            object.to_owned()
        };
        let paid = self.objects[&intent].clone();
        let (refund, charge) = (self.id("re"), self.id("ch"));
        let total = self.refunded.entry(intent.clone()).or_default();
        *total += amount;
        let total = *total;
        let refunded = json!({
            "id": refund, "object": "refund", "amount": amount, "currency": paid["currency"], "status": "succeeded",
            "payment_intent": intent, "charge": charge, "metadata": {},
        });
        let charged = json!({
            "id": charge, "object": "charge", "amount": paid["amount_received"], "amount_refunded": total,
            "currency": paid["currency"], "payment_intent": intent, "metadata": paid["metadata"],
        });
        vec![
            self.event("refund.created", &refunded),
            self.event("charge.refunded", &charged),
        ]
    }

    /// An event about an object.
    pub(super) fn event(&mut self, kind: &str, object: &Value) -> Value {
        let id = self.id("evt");
        json!({
            "id": id, "object": "event", "type": kind, "livemode": object["livemode"].as_bool().unwrap_or(false),
            "api_version": "2025-09-30.clover", "data": {"object": object},
        })
    }
}

fn money(form: &Form, amount: &str, currency: &str) -> Option<(i64, String)> {
    let amount = form.get(amount)?.parse().ok().filter(|amount| *amount > 0)?;
    Some((amount, form.get(currency).filter(|code| code.len() == 3)?.clone()))
}

fn metadata(form: &Form, prefix: &str) -> Value {
    let field = |name: &String| {
        name.strip_prefix(prefix)?
            .strip_prefix('[')?
            .strip_suffix(']')
            .map(str::to_owned)
    };
    Value::Object(
        form.iter()
            .filter_map(|(name, value)| Some((field(name)?, json!(value))))
            .collect(),
    )
}
