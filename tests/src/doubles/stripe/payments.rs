//! Payment intents and checkout sessions.

use serde_json::{Value, json};

use super::{
    error,
    state::{Form, State, shown},
};

impl State {
    pub(super) fn create_intent(&mut self, form: &Form) -> (u16, Value) {
        let Some((amount, currency)) = money(form, "amount", "currency") else {
            return error(400, "invalid_request_error", "amount and currency are required");
        };
        let id = self.intent(amount, &currency, &metadata(form, "metadata"));
        (200, shown(&self.objects[&id]))
    }

    fn intent(&mut self, amount: i64, currency: &str, metadata: &Value) -> String {
        let id = self.id("pi");
        self.keep(json!({
            "id": id, "object": "payment_intent", "amount": amount, "amount_received": 0, "currency": currency,
            "created": self.now, "status": "requires_payment_method", "livemode": false, "metadata": metadata,
            "latest_charge": Value::Null, "client_secret": format!("{id}_secret_double"),
        }));
        id
    }

    pub(super) fn create_session(&mut self, form: &Form) -> (u16, Value) {
        let price = "line_items[0][price_data]";
        let wanted = money(form, &format!("{price}[unit_amount]"), &format!("{price}[currency]"));
        let Some((amount, currency)) = wanted.filter(|_| form.contains_key("success_url")) else {
            return error(400, "invalid_request_error", "line_items and success_url are required");
        };
        let id = self.id("cs_test");
        let session = self.keep(json!({
            "id": id, "object": "checkout.session", "amount_total": amount, "currency": currency, "livemode": false,
            "created": self.now, "payment_status": "unpaid", "status": "open", "payment_intent": Value::Null,
            "metadata": metadata(form, "metadata"), "url": format!("https://checkout.stripe.example/{id}"),
            "_intent_metadata": metadata(form, "payment_intent_data[metadata]"),
        }));
        (200, shown(&session))
    }

    /// `POST …/cancel` of an intent and `…/expire` of a session: nothing can be paid afterwards.
    pub(super) fn cancel(&mut self, id: &str) -> (u16, Value) {
        let Some(object) = self.objects.get_mut(id) else {
            return super::refused(404, "resource_missing", "id", "No such object");
        };
        let (open, ended) = if id.starts_with("cs_") {
            (object["status"] == "open", "expired")
        } else {
            (object["status"] != "succeeded", "canceled")
        };
        if !open {
            let message = "The object is in a state in which this cannot be done.";
            return super::refused(400, "payment_intent_unexpected_state", "id", message);
        }
        object["status"] = json!(ended);
        object["canceled_at"] = json!(self.now);
        (200, shown(object))
    }

    /// Pays an object; gives the events that Stripe would send, in their order.
    pub(super) fn pay(&mut self, object: &str, received: Option<i64>) -> Vec<Value> {
        let session = object.starts_with("cs_").then(|| object.to_owned());
        let intent = session
            .as_ref()
            .map_or_else(|| object.to_owned(), |session| self.intent_of(session));
        let asked = self.objects[&intent]["amount"]
            .as_i64()
            .expect("an intent has an amount");
        let created = self.event("payment_intent.created", &self.objects[&intent].clone());
        let charge = self.charge(&intent, received.unwrap_or(asked));
        let object = self.objects.get_mut(&intent).expect("the intent is kept");
        object["amount_received"] = json!(received.unwrap_or(asked));
        object["status"] = json!("succeeded");
        object["latest_charge"] = json!(charge);
        let paid = object.clone();
        let mut events = vec![created];
        if self.card.is_some() {
            let charge = self.objects[&charge].clone();
            events.push(self.event("charge.succeeded", &charge));
        }
        events.push(self.event("payment_intent.succeeded", &paid));
        if let Some(session) = session {
            let object = self.objects.get_mut(&session).expect("the session is kept");
            object["payment_status"] = json!("paid");
            object["status"] = json!("complete");
            let complete = object.clone();
            events.push(self.event("checkout.session.completed", &complete));
        }
        events
    }

    /// The intent's charge: made once, with the money's entry in the balance.
    fn charge(&mut self, intent: &str, received: i64) -> String {
        let paid = self.objects[intent].clone();
        if let Some(charge) = paid["latest_charge"].as_str() {
            return charge.to_owned();
        }
        let id = self.id("ch");
        let mut charge = json!({
            "id": id, "object": "charge", "amount": received, "amount_captured": received, "amount_refunded": 0,
            "captured": true, "created": self.now, "currency": paid["currency"], "disputed": false, "livemode": false,
            "metadata": paid["metadata"], "paid": true, "payment_intent": intent, "refunded": false,
            "status": "succeeded", "payment_method_details": {"type": "card", "card": {"brand": "visa", "country": "US",
                "fingerprint": self.card.clone().unwrap_or_else(|| format!("card_of_{intent}")), "last4": "4242"}},
        });
        charge["balance_transaction"] = json!(self.enter("charge", "charge", received, &charge));
        self.keep(charge);
        id
    }

    /// An entry of the balance: what moved money, and which way. Payments cost 2.9 % and 30.
    pub(super) fn enter(&mut self, kind: &str, category: &str, amount: i64, source: &Value) -> String {
        let id = self.id("txn");
        let fee = if kind == "charge" { amount * 29 / 1_000 + 30 } else { 0 };
        self.keep(json!({
            "id": id, "object": "balance_transaction", "amount": amount, "net": amount - fee, "fee": fee,
            "fee_details": [],
            "available_on": self.now, "created": self.now, "currency": source["currency"], "type": kind,
            "reporting_category": category, "source": source["id"], "status": "available", "exchange_rate": Value::Null,
        }));
        id
    }

    /// The card is refused: the intent waits for another try.
    pub(super) fn decline(&mut self, id: &str) -> Result<Vec<Value>, String> {
        let intent = if id.starts_with("cs_") && self.objects.contains_key(id) {
            self.intent_of(id)
        } else {
            id.to_owned()
        };
        let open = |object: &&mut Value| object["status"] == "requires_payment_method";
        let object = self
            .objects
            .get_mut(&intent)
            .filter(open)
            .ok_or("nothing that waits for its payment")?;
        object["last_payment_error"] = json!({"type": "card_error", "code": "card_declined",
            "decline_code": "insufficient_funds", "message": "Your card has insufficient funds."});
        let declined = object.clone();
        Ok(vec![self.event("payment_intent.payment_failed", &declined)])
    }

    /// The session's intent: it comes into being when the payer pays.
    pub(super) fn intent_of(&mut self, session: &str) -> String {
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

    /// The intent of anything: of a session that was paid, of a charge, of itself.
    pub(super) fn intent_id(&self, id: &str) -> Option<String> {
        let object = self.objects.get(id)?;
        let of = object["payment_intent"].as_str();
        of.or_else(|| id.starts_with("pi_").then_some(id)).map(str::to_owned)
    }

    /// Whether there is money to give back.
    pub(super) fn paid(&self, id: &str) -> bool {
        self.intent_id(id)
            .is_some_and(|intent| self.charge_of(&intent).is_some())
    }

    /// The charge of a paid intent.
    pub(super) fn charge_of(&self, intent: &str) -> Option<&Value> {
        let charge = self.objects.get(intent)?["latest_charge"].as_str()?;
        self.objects.get(charge)
    }
}

fn money(form: &Form, amount: &str, currency: &str) -> Option<(i64, String)> {
    let amount = form.get(amount)?.parse().ok().filter(|amount| *amount > 0)?;
    Some((amount, form.get(currency).filter(|code| code.len() == 3)?.clone()))
}

/// `metadata[name]` of a form.
pub(super) fn metadata(form: &Form, prefix: &str) -> Value {
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
