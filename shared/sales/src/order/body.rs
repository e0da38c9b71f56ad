//! The order as UCP tells it: a snapshot of its current state.

use kernel::OrderId;
use ucp::{
    Message, Metadata,
    checkout::Item,
    fulfillment::PostalAddress,
    order::{self as wire, LinePart, OrderFulfillment, OrderLine},
};

use super::{Adjustment, Expectation, FulfilmentEvent, Line, LineQuantity, Order, State, Total, TotalKind};

/// Where a buyer reads the order. `public_url` is the shop's, without a closing slash.
pub fn permalink(public_url: &str, order: OrderId) -> String {
    format!("{}/orders/{order}", public_url.trim_end_matches('/'))
}

impl Order {
    /// The UCP order. `destination` is the opened address; without one (a person who was erased, or no goods to send) the
    /// promises name an empty one, since the schema demands one.
    pub fn body(&self, ucp: Metadata, public_url: &str, destination: Option<&PostalAddress>) -> wire::Order {
        let destination = destination.cloned().unwrap_or_default();
        wire::Order {
            ucp,
            id: self.id.to_string(),
            checkout_id: self.checkout.to_string(),
            permalink_url: permalink(public_url, self.id),
            line_items: self.lines.iter().map(|line| self.line_body(line)).collect(),
            fulfillment: OrderFulfillment {
                expectations: self
                    .delivery
                    .expectations
                    .iter()
                    .filter_map(|promise| self.promise(promise, &destination))
                    .collect(),
                events: self.events.iter().filter_map(|event| self.event_body(event)).collect(),
            },
            adjustments: self.adjustments.iter().map(adjustment).collect(),
            currency: self.currency.code().to_owned(),
            totals: self.totals.iter().map(total).collect(),
            messages: self.messages(),
        }
    }

    /// An order that expired has nothing active, though nobody cancelled its lines: it may be revived.
    fn active(&self, line: &Line) -> u32 {
        match self.state {
            State::Expired { .. } => 0,
            State::AwaitingPayment { .. }
            | State::OnHold { .. }
            | State::Confirmed { .. }
            | State::Completed { .. }
            | State::Cancelled { .. } => line.quantity.active(),
        }
    }

    fn line_body(&self, line: &Line) -> OrderLine {
        let active = self.active(line);
        let fulfilled = line.quantity.fulfilled().min(active);
        let quantity = wire::Quantity {
            original: line.quantity.ordered,
            total: active,
            fulfilled,
        };
        OrderLine {
            id: line.id.to_string(),
            item: Item {
                id: line.variant.to_string(),
                title: line.title.clone(),
                price: line.unit_price.amount(),
                image_url: line.image_url.clone(),
            },
            quantity,
            totals: line.totals.iter().map(total).collect(),
            status: quantity.status(),
        }
    }

    /// A promise, as far as its units are still active.
    fn promise(&self, promise: &Expectation, destination: &PostalAddress) -> Option<wire::Expectation> {
        let active = |part: &LineQuantity| self.line(part.line).map_or(0, |line| self.active(line));
        let parts = promise
            .lines
            .iter()
            .map(|part| (part.line, part.quantity.min(active(part))));
        let line_items: Vec<_> = parts
            .filter(|(_, quantity)| *quantity > 0)
            .map(|(line, quantity)| LinePart {
                id: line.to_string(),
                quantity: i64::from(quantity),
            })
            .collect();
        (!line_items.is_empty()).then(|| wire::Expectation {
            id: promise.id.clone(),
            line_items,
            method_type: self.delivery.method.as_str().to_owned(),
            destination: destination.clone(),
            description: promise.description.clone(),
        })
    }

    fn event_body(&self, event: &FulfilmentEvent) -> Option<wire::FulfillmentEvent> {
        let shipment = self.shipment(event.shipment)?;
        Some(wire::FulfillmentEvent {
            id: event.id.clone(),
            occurred_at: event.at.to_string(),
            kind: event.status.as_str().to_owned(),
            line_items: shipment
                .lines
                .iter()
                .map(|part| LinePart {
                    id: part.line.to_string(),
                    quantity: i64::from(part.quantity),
                })
                .collect(),
            tracking_number: Some(shipment.number.clone()),
            tracking_url: Some(shipment.tracking_url.clone()),
            carrier: Some(shipment.carrier.clone()),
            description: event.description.clone(),
        })
    }

    fn messages(&self) -> Vec<Message> {
        let text = match self.state {
            State::AwaitingPayment { due_at } => format!("The order waits for its payment until {due_at}."),
            State::OnHold { .. } => "The order is on hold: its payment does not settle it.".to_owned(),
            State::Expired { .. } => "The order expired: it was not paid in time.".to_owned(),
            State::Cancelled { .. } => "The order was cancelled.".to_owned(),
            State::Confirmed { .. } | State::Completed { .. } => return Vec::new(),
        };
        vec![Message::Info {
            code: Some(self.state.name().as_str().to_owned()),
            content: text,
            path: None,
        }]
    }
}

fn total(total: &Total) -> ucp::Total {
    let wire = ucp::Total::new(total.kind.into(), total.amount.amount());
    match &total.display_text {
        Some(text) => wire.text(text),
        None => wire,
    }
}

fn adjustment(adjustment: &Adjustment) -> wire::Adjustment {
    let amounts = adjustment
        .amount
        .iter()
        .map(|amount| ucp::Total::new(ucp::TotalKind::Total, amount.amount()));
    wire::Adjustment {
        id: adjustment.id.clone(),
        kind: adjustment.kind.as_str().to_owned(),
        occurred_at: adjustment.at.to_string(),
        status: adjustment.status.as_str().to_owned(),
        line_items: adjustment
            .lines
            .iter()
            .map(|part| LinePart {
                id: part.line.to_string(),
                quantity: part.quantity,
            })
            .collect(),
        totals: amounts.collect(),
        description: None,
    }
}

impl From<TotalKind> for ucp::TotalKind {
    fn from(kind: TotalKind) -> Self {
        match kind {
            TotalKind::Subtotal => Self::Subtotal,
            TotalKind::ItemsDiscount => Self::ItemsDiscount,
            TotalKind::Discount => Self::Discount,
            TotalKind::Fulfillment => Self::Fulfillment,
            TotalKind::Tax => Self::Tax,
            TotalKind::Fee => Self::Fee,
            TotalKind::Total => Self::Total,
        }
    }
}
