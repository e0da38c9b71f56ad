//! From a session to the placement of its order.

use kernel::{Ambient, CustomerId, OrderId, Timestamp};
use privacy::{PersonKey, Place, SealError};

use super::{Particulars, Quote, QuotedLine, Session};
use crate::order::{
    BUYER_FIELD, Component, DESTINATION_FIELD, Delivery, DeliveryMethod, Expectation, Line, LineQuantity,
    PAYMENT_DUE_S, Placement, Platform, Quantities, SEALED_ENTITY, Total, TotalKind,
};

/// What sealing for the order takes: the session's person goes on to the order.
#[derive(Debug)]
pub struct Sealing<'a> {
    /// The person's key.
    pub key: &'a PersonKey,
    /// Chance.
    pub ambient: &'a Ambient,
}

/// The placement of `session`'s order with this quote.
///
/// # Errors
///
/// When the personal data do not seal.
pub fn placement(
    id: OrderId,
    session: &Session,
    (quote, particulars): (&Quote, &Particulars),
    platform: Platform,
    sealing: &Sealing<'_>,
) -> Result<Placement, SealError> {
    let entity = id.to_string();
    let at = |field| Place {
        entity: SEALED_ENTITY,
        id: &entity,
        field,
    };
    let buyer = sealing.key.seal(
        sealing.ambient,
        at(BUYER_FIELD),
        &particulars.buyer.clone().unwrap_or_default(),
    )?;
    let address = particulars.destination().map(|destination| &destination.address);
    let destination = address
        .map(|address| sealing.key.seal(sealing.ambient, at(DESTINATION_FIELD), address))
        .transpose()?;
    let now: Timestamp = sealing.ambient.now();
    Ok(Placement {
        id,
        checkout: session.id,
        platform: Some(platform),
        customer: None::<CustomerId>,
        locale: particulars
            .context
            .as_ref()
            .and_then(|context| context.language.clone()),
        person: session.person,
        buyer,
        destination,
        currency: quote.currency,
        lines: quote.lines.iter().map(line).collect(),
        totals: totals(quote),
        delivery: delivery(quote),
        due_at: now.plus_seconds(PAYMENT_DUE_S),
    })
}

fn line(line: &QuotedLine) -> Line {
    let total = |kind| Total {
        kind,
        amount: line.subtotal,
        display_text: None,
    };
    Line {
        id: line.id,
        product: line.product,
        variant: line.variant,
        title: line.title.clone(),
        image_url: line.image_url.clone(),
        unit_price: line.unit_price,
        totals: vec![total(TotalKind::Subtotal), total(TotalKind::Total)],
        components: line
            .components
            .iter()
            .map(|(variant, quantity)| Component {
                variant: *variant,
                quantity: *quantity,
            })
            .collect(),
        quantity: Quantities::ordered(line.quantity),
    }
}

fn totals(quote: &Quote) -> Vec<Total> {
    let total = |kind, amount, text: &str| Total {
        kind,
        amount,
        display_text: Some(text.to_owned()),
    };
    let freight = quote
        .freight
        .map(|price| total(TotalKind::Fulfillment, price, "Delivery"));
    let first = total(TotalKind::Subtotal, quote.subtotal, "Subtotal");
    let last = total(TotalKind::Total, quote.total, "Total");
    std::iter::once(first).chain(freight).chain([last]).collect()
}

fn delivery(quote: &Quote) -> Delivery {
    let option = quote
        .options
        .iter()
        .find(|option| Some(&option.id) == quote.option.as_ref());
    let lines = quote
        .lines
        .iter()
        .map(|line| LineQuantity {
            line: line.id,
            quantity: line.quantity,
        })
        .collect();
    let description = option.map(|option| option.description.clone());
    Delivery {
        method: if option.is_some() {
            DeliveryMethod::Shipping
        } else {
            DeliveryMethod::Digital
        },
        option: option.map(|option| option.id.clone()).unwrap_or_default(),
        title: option.map(|option| option.title.clone()).unwrap_or_default(),
        expectations: vec![Expectation {
            id: "expectation_1".to_owned(),
            lines,
            description,
        }],
    }
}
