//! Placing an order.

use kernel::{CheckoutId, Currency, CustomerId, OrderId, PersonId, Timestamp};
use privacy::Sealed;
use serde::{Deserialize, Serialize};

use super::{
    Act, Change, Changed, Delivery, FieldChange, Inconsistent, Line, LineQuantity, Order, Payment, Platform, State,
    Total,
};
use crate::events::{OrderEvent, v1};

/// Entity under which an order's personal data is sealed, with the order's id: see [`privacy::Place`].
pub const SEALED_ENTITY: &str = "order";
/// Field name of the sealed [`Buyer`].
pub const BUYER_FIELD: &str = "buyer";
/// Field name of the sealed [`super::Address`].
pub const DESTINATION_FIELD: &str = "destination";
/// How long an order waits for its payment when nothing else is said, in seconds: 30 minutes.
pub const PAYMENT_DUE_S: i64 = 30 * 60;

/// Everything that placing an order needs. Prices, stock and options were decided before.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Placement {
    /// Its id: made before, since personal data is sealed for it.
    pub id: OrderId,
    /// The checkout.
    pub checkout: CheckoutId,
    /// The platform that places it.
    pub platform: Option<Platform>,
    /// The signed-in customer.
    pub customer: Option<CustomerId>,
    /// BCP 47 tag of the buyer's language.
    pub locale: Option<String>,
    /// Whose key seals the personal data.
    pub person: PersonId,
    /// The [`Buyer`], sealed at ([`SEALED_ENTITY`], `id`, [`BUYER_FIELD`]).
    pub buyer: Sealed,
    /// The [`super::Address`], sealed at ([`SEALED_ENTITY`], `id`, [`DESTINATION_FIELD`]).
    pub destination: Option<Sealed>,
    /// Currency of all amounts.
    pub currency: Currency,
    /// Lines with [`super::Quantities::ordered`].
    pub lines: Vec<Line>,
    /// Amounts.
    pub totals: Vec<Total>,
    /// The chosen fulfilment.
    pub delivery: Delivery,
    /// When it expires unpaid: usually [`PAYMENT_DUE_S`] from now.
    pub due_at: Timestamp,
}

/// Who bought, as kept sealed. Field names are UCP's.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
pub struct Buyer {
    /// Given name.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub first_name: Option<String>,
    /// Family name.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub last_name: Option<String>,
    /// E-mail address.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub email: Option<String>,
    /// Phone number, E.164.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub phone_number: Option<String>,
}

impl Order {
    /// Places an order: it waits for its payment until `due_at`. Commit with [`crate::Orders::insert`].
    ///
    /// # Errors
    ///
    /// When the placement breaks a rule that no order may break: a bug of the caller.
    pub fn place(placement: Placement, act: &Act) -> Result<Changed, Inconsistent> {
        let order = Self {
            id: placement.id,
            checkout: placement.checkout,
            version: 1,
            placed_at: act.at,
            updated_at: act.at,
            state: State::AwaitingPayment {
                due_at: placement.due_at,
            },
            platform: placement.platform,
            customer: placement.customer,
            locale: placement.locale,
            person: placement.person,
            buyer: placement.buyer,
            destination: placement.destination,
            currency: placement.currency,
            lines: placement.lines,
            totals: placement.totals,
            delivery: placement.delivery,
            payment: Payment::unpaid(placement.currency),
            shipments: Vec::new(),
            events: Vec::new(),
            adjustments: Vec::new(),
            on_delivery: false,
            under_review: false,
            waived: None,
        };
        order.check()?;
        if !order
            .delivery
            .expectations
            .iter()
            .all(|promise| order.keeps(&promise.lines))
        {
            return Err(Inconsistent("an expectation names other units than the order has"));
        }
        let change = Change {
            order_id: order.id,
            version: order.version,
            at: act.at,
            actor: act.actor.clone(),
            what: "placed".to_owned(),
            reason: act.reason.clone(),
            fields: vec![FieldChange {
                path: "state".to_owned(),
                from: None,
                to: order.state.name().to_string(),
            }],
        };
        let placed = v1::OrderPlaced {
            order_id: order.id,
            version: order.version,
            checkout_id: order.checkout,
            customer_id: order.customer,
        };
        let events = vec![OrderEvent::Placed(placed)];
        Ok(Changed {
            order,
            change,
            events,
            correlation: act.correlation.clone(),
        })
    }

    fn keeps(&self, units: &[LineQuantity]) -> bool {
        units.iter().all(|unit| {
            self.line(unit.line)
                .is_some_and(|line| unit.quantity >= 1 && unit.quantity <= line.quantity.ordered)
        })
    }
}
