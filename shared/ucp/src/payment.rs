//! Payment handlers and instruments on the wire.

use serde::{Deserialize, Serialize};
use serde_json::{Map, Value, json};

use crate::{Registry, VERSION};

/// Name and instance id of the handler that moves no money. For development only.
pub const INSTANT: &str = "dev.tradepost.instant";
/// Name of the handler whose payments go through Stripe.
pub const STRIPE: &str = "com.stripe.payments";

/// An instrument in a request.
#[derive(Clone, PartialEq, Deserialize)]
pub struct InstrumentInput {
    /// Given by the platform.
    #[serde(default)]
    pub id: Option<String>,
    /// Instance id of one of our handlers.
    #[serde(default)]
    pub handler_id: Option<String>,
    /// `card`, `tokenized_card`, …
    #[serde(default, rename = "type")]
    pub kind: Option<String>,
    /// Whether the buyer chose it.
    #[serde(default)]
    pub selected: Option<bool>,
    /// Never kept, never logged, never echoed.
    #[serde(default)]
    pub credential: Option<Map<String, Value>>,
    /// What may be shown of it.
    #[serde(default)]
    pub display: Option<Value>,
}

impl InstrumentInput {
    /// The credential's `token`.
    pub fn token(&self) -> Option<&str> {
        self.credential.as_ref()?.get("token")?.as_str()
    }
}

impl std::fmt::Debug for InstrumentInput {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("InstrumentInput")
            .field("handler_id", &self.handler_id)
            .finish_non_exhaustive()
    }
}

/// In a request.
#[derive(Debug, Clone, Default, PartialEq, Deserialize)]
pub struct PaymentInput {
    /// Instruments.
    #[serde(default)]
    pub instruments: Vec<InstrumentInput>,
}

impl PaymentInput {
    /// The instrument that the buyer selected, or the only one.
    pub fn chosen(&self) -> Option<&InstrumentInput> {
        let selected = self
            .instruments
            .iter()
            .find(|instrument| instrument.selected == Some(true));
        selected.or_else(|| self.instruments.first())
    }
}

/// An instrument in a response: without credential.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Instrument {
    /// Given by the platform.
    pub id: String,
    /// Instance id of one of our handlers.
    pub handler_id: String,
    /// `card`, `tokenized_card`, …
    #[serde(rename = "type")]
    pub kind: String,
    /// Whether the buyer chose it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub selected: Option<bool>,
    /// What may be shown of it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub display: Option<Value>,
}

/// In a response.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
pub struct Payment {
    /// Instruments.
    pub instruments: Vec<Instrument>,
}

/// The handlers of a configuration: its JSON registry (empty text: none), and the instant one where that is allowed.
///
/// # Errors
///
/// When the JSON is not a registry.
pub fn handlers(configured: &str, development: bool) -> Result<Registry<Value>, serde_json::Error> {
    let mut registry: Registry<Value> = if configured.trim().is_empty() {
        Registry::new()
    } else {
        serde_json::from_str(configured)?
    };
    if development {
        let entry = json!({
            "id": INSTANT,
            "version": VERSION,
            "spec": "https://tradepost.dev/ucp/handlers/instant",
            "schema": "https://tradepost.dev/ucp/handlers/instant/schema.json",
            "available_instruments": [{"type": "token"}],
        });
        registry.insert(INSTANT.to_owned(), vec![entry]);
    }
    Ok(registry)
}

/// The handlers that are offered for a basket of this currency and total. An entry's `config` may narrow it:
/// `currencies` lists those it takes, `total_max` says per currency up to which total.
pub fn offered(registry: &Registry<Value>, currency: &str, total: i64) -> Registry<Value> {
    let fits = |entry: &Value| {
        let currencies = entry.pointer("/config/currencies").and_then(Value::as_array);
        let maximum = entry
            .pointer("/config/total_max")
            .and_then(|max| max.get(currency))
            .and_then(Value::as_i64);
        currencies.is_none_or(|list| list.iter().any(|code| code.as_str() == Some(currency)))
            && maximum.is_none_or(|maximum| total <= maximum)
    };
    let entries = registry.iter().map(|(name, entries)| {
        (
            name.clone(),
            entries.iter().filter(|entry| fits(entry)).cloned().collect::<Vec<_>>(),
        )
    });
    entries.filter(|(_, entries)| !entries.is_empty()).collect()
}

/// The name of the handler whose instance has this id.
pub fn handler_name<'a>(registry: &'a Registry<Value>, id: &str) -> Option<&'a str> {
    let has = |entries: &[Value]| {
        entries
            .iter()
            .any(|entry| entry.get("id").and_then(Value::as_str) == Some(id))
    };
    registry
        .iter()
        .find(|(_, entries)| has(entries))
        .map(|(name, _)| name.as_str())
}
