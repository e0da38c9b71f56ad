//! What a request asks for, before anybody looked at prices.

use kernel::LineId;
use serde::{Deserialize, Serialize};
use serde_json::{Map, Value};
use ucp::{
    checkout::{Buyer, CheckoutInput, Context},
    fulfillment::{Destination, FulfillmentInput, MethodKind},
    payment::{Instrument, Payment, PaymentInput},
};

use super::LINES_MAX;

/// Destinations of one session, at most.
const DESTINATIONS_MAX: usize = 20;
/// Payment instruments of one session, at most.
const INSTRUMENTS_MAX: usize = 20;
/// Claims of one session, at most.
const CLAIMS_MAX: usize = 20;
/// The longest text of any field, in bytes.
const TEXT_BYTES_MAX: usize = 1_000;
/// The most that all particulars of a session take as JSON, in bytes: a session is one item of the store.
const PARTICULARS_BYTES_MAX: usize = 48 * 1_024;
/// The longest id that a platform may give to something, in bytes.
const ID_BYTES_MAX: usize = 128;

/// A line as asked for. Lines that cannot be sold are kept too: each quote says again why.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct DraftLine {
    /// Stable over updates.
    pub id: LineId,
    /// What the request named.
    pub item: String,
    /// How many; `None` for a number that is not whole or does not fit.
    pub quantity: Option<i64>,
}

/// The buyer's choices of fulfilment.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Chosen {
    /// Id of the method, ours or the platform's.
    pub method_id: String,
    /// Id of the one group.
    pub group_id: String,
    /// Shipping, or what was asked for instead.
    pub kind: MethodKind,
    /// Addresses to choose from.
    pub destinations: Vec<Destination>,
    /// The chosen address.
    pub destination: Option<String>,
    /// The chosen option.
    pub option: Option<String>,
}

/// Everything of a request but its lines. Personal data: kept sealed only.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
pub struct Particulars {
    /// Who buys.
    pub buyer: Option<Buyer>,
    /// Hints.
    pub context: Option<Context>,
    /// Choices of fulfilment.
    pub chosen: Option<Chosen>,
    /// Instruments, without credentials.
    pub payment: Option<Payment>,
    /// Campaign identifiers.
    pub attribution: Option<Map<String, Value>>,
}

/// A request, read.
#[derive(Debug, Clone, PartialEq)]
pub struct Draft {
    /// In the request's order.
    pub lines: Vec<DraftLine>,
    /// Everything else.
    pub particulars: Particulars,
}

/// A request that is too large in one of its lists.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{place} has at most {max} entries or bytes")]
pub struct DraftError {
    /// Which list.
    pub place: &'static str,
    /// Its limit.
    pub max: usize,
}

fn limit(place: &'static str, len: usize, max: usize) -> Result<(), DraftError> {
    if len > max {
        Err(DraftError { place, max })
    } else {
        Ok(())
    }
}

impl Draft {
    /// Reads a request. A line keeps its id when `known` has it, else it gets one from `fresh`.
    ///
    /// # Errors
    ///
    /// When a list or a text is too long.
    pub fn read(
        input: CheckoutInput,
        known: &[DraftLine],
        mut fresh: impl FnMut() -> LineId,
    ) -> Result<Self, DraftError> {
        limit("line_items", input.line_items.len(), LINES_MAX)?;
        let mut lines: Vec<DraftLine> = Vec::with_capacity(input.line_items.len());
        for line in input.line_items {
            limit("item.id", line.item.id.len(), ID_BYTES_MAX)?;
            let named: Option<LineId> = line.id.as_deref().and_then(|id| id.parse().ok());
            let kept = named.filter(|id| known.iter().any(|k| k.id == *id) && lines.iter().all(|l| l.id != *id));
            let id = kept.unwrap_or_else(&mut fresh);
            lines.push(DraftLine {
                id,
                item: line.item.id,
                quantity: line.quantity.as_i64(),
            });
        }
        if let Some(context) = &input.context {
            limit("context.eligibility", context.eligibility.len(), CLAIMS_MAX)?;
        }
        let chosen = input.fulfillment.map(choices).transpose()?.flatten();
        let payment = input.payment.map(instruments).transpose()?;
        let attribution = input.attribution;
        let particulars = Particulars {
            buyer: input.buyer,
            context: input.context,
            chosen,
            payment,
            attribution,
        };
        particulars.check()?;
        Ok(Self { lines, particulars })
    }
}

impl Particulars {
    /// Every text is bounded, and the whole.
    fn check(&self) -> Result<(), DraftError> {
        fn longest(value: &Value) -> usize {
            match value {
                Value::String(text) => text.len(),
                Value::Array(list) => list.iter().map(longest).max().unwrap_or_default(),
                Value::Object(map) => map
                    .iter()
                    .map(|(k, v)| k.len().max(longest(v)))
                    .max()
                    .unwrap_or_default(),
                Value::Null | Value::Bool(_) | Value::Number(_) => 0,
            }
        }
        let value = serde_json::to_value(self).unwrap_or_default();
        limit("text", longest(&value), TEXT_BYTES_MAX)?;
        limit(
            "everything but line_items",
            value.to_string().len(),
            PARTICULARS_BYTES_MAX,
        )
    }

    /// The chosen address.
    pub fn destination(&self) -> Option<&Destination> {
        let chosen = self.chosen.as_ref()?;
        let id = chosen.destination.as_deref()?;
        chosen.destinations.iter().find(|destination| destination.id == id)
    }

    /// The same with the instruments of a completion, without credentials.
    ///
    /// # Errors
    ///
    /// When there are too many.
    pub fn paid_with(mut self, payment: PaymentInput) -> Result<Self, DraftError> {
        self.payment = Some(instruments(payment)?);
        self.check()?;
        Ok(self)
    }
}

/// We send everything in one parcel: the first method counts.
fn choices(input: FulfillmentInput) -> Result<Option<Chosen>, DraftError> {
    let Some(method) = input.methods.into_iter().next() else {
        return Ok(None);
    };
    limit("destinations", method.destinations.len(), DESTINATIONS_MAX)?;
    let mut destinations = Vec::with_capacity(method.destinations.len());
    for (at, destination) in method.destinations.into_iter().enumerate() {
        let id = destination
            .id
            .unwrap_or_else(|| format!("destination_{}", at.saturating_add(1)));
        destinations.push(Destination {
            id,
            address: destination.address,
        });
    }
    // One address needs no choice.
    let only = if let [only] = destinations.as_slice() {
        Some(only.id.clone())
    } else {
        None
    };
    let group = method.groups.into_iter().next();
    Ok(Some(Chosen {
        method_id: method.id.unwrap_or_else(|| "method_1".to_owned()),
        group_id: group
            .as_ref()
            .and_then(|group| group.id.clone())
            .unwrap_or_else(|| "group_1".to_owned()),
        kind: method.kind.unwrap_or(MethodKind::Shipping),
        destination: method.selected_destination_id.or(only),
        destinations,
        option: group.and_then(|group| group.selected_option_id),
    }))
}

/// What may be kept and shown of instruments: never the credential.
fn instruments(input: PaymentInput) -> Result<Payment, DraftError> {
    limit("payment.instruments", input.instruments.len(), INSTRUMENTS_MAX)?;
    let shown = input
        .instruments
        .into_iter()
        .enumerate()
        .map(|(at, instrument)| Instrument {
            id: instrument
                .id
                .unwrap_or_else(|| format!("instrument_{}", at.saturating_add(1))),
            handler_id: instrument.handler_id.unwrap_or_default(),
            kind: instrument.kind.unwrap_or_else(|| "token".to_owned()),
            selected: instrument.selected,
            display: instrument.display.filter(Value::is_object),
        });
    Ok(Payment {
        instruments: shown.collect(),
    })
}
