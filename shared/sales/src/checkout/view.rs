//! A session as a platform sees it.

use kernel::{Money, OrderId, Timestamp};
use ucp::{
    Message, Metadata, Severity, Total, TotalKind, TotalLine,
    checkout::{Checkout, CheckoutStatus, Item, LineItem, Link, OrderConfirmation},
    codes,
    fulfillment::{Fulfillment, FulfillmentOption, Group, Method, MethodKind},
};

use super::{FreightOption, Particulars, Quote, QuotedLine, Session, SessionState};

/// What showing a session takes, beside the session.
#[derive(Debug)]
pub struct Shown<'a> {
    /// What was negotiated, with the payment handlers that fit the basket.
    pub ucp: Metadata,
    /// Base URL of the shop's pages, without a closing slash.
    pub storefront: &'a str,
    /// Whether the platform takes part in fulfilment.
    pub fulfillment: bool,
    /// Now.
    pub now: Timestamp,
}

/// The session as a response.
pub fn view(session: &Session, particulars: &Particulars, shown: Shown<'_>) -> Checkout {
    let quote = &session.quote;
    let status = session.status(shown.now);
    let open = matches!(
        status,
        CheckoutStatus::Incomplete
            | CheckoutStatus::RequiresEscalation
            | CheckoutStatus::ReadyForComplete
            | CheckoutStatus::CompleteInProgress
    );
    let mut messages = quote.messages.clone();
    if !open {
        messages.retain(|message| message.severity().is_none());
    }
    if status == CheckoutStatus::Canceled && session.state == SessionState::Open {
        messages.push(Message::error(
            codes::EXPIRED,
            Severity::Unrecoverable,
            "The session has expired: create another.",
        ));
    }
    Checkout {
        id: session.id.to_string(),
        line_items: quote.lines.iter().map(line).collect(),
        buyer: particulars.buyer.clone(),
        context: particulars.context.clone(),
        status,
        currency: quote.currency.code().to_owned(),
        totals: totals(quote),
        messages,
        links: links(shown.storefront),
        expires_at: session.open_until.to_string(),
        continue_url: open.then(|| format!("{}/checkout/{}", shown.storefront, session.id)),
        fulfillment: if shown.fulfillment {
            fulfillment(quote, particulars)
        } else {
            None
        },
        payment: particulars.payment.clone(),
        attribution: particulars.attribution.clone(),
        order: match session.state {
            SessionState::Completed { order, .. } => Some(confirmation(order, shown.storefront)),
            SessionState::Open | SessionState::Canceled { .. } => None,
        },
        ucp: shown.ucp,
    }
}

fn confirmation(order: OrderId, storefront: &str) -> OrderConfirmation {
    OrderConfirmation {
        id: order.to_string(),
        permalink_url: crate::order::permalink(storefront, order),
    }
}

fn links(storefront: &str) -> Vec<Link> {
    let link = |kind: &str, page: &str| Link {
        kind: kind.to_owned(),
        url: format!("{storefront}/{page}"),
    };
    vec![
        link("terms_of_service", "terms"),
        link("privacy_policy", "privacy"),
        link("refund_policy", "refunds"),
    ]
}

fn line(line: &QuotedLine) -> LineItem {
    let amount = line.subtotal.amount();
    LineItem {
        id: line.id.to_string(),
        item: Item {
            id: line.variant.to_string(),
            title: line.title.clone(),
            price: line.unit_price.amount(),
            image_url: line.image_url.clone(),
        },
        quantity: line.quantity,
        totals: vec![
            Total::new(TotalKind::Subtotal, amount),
            Total::new(TotalKind::Total, amount),
        ],
    }
}

fn totals(quote: &Quote) -> Vec<Total> {
    let mut subtotal = Total::new(TotalKind::Subtotal, quote.subtotal.amount()).text("Subtotal");
    let part = |line: &QuotedLine| TotalLine {
        display_text: line.title.clone(),
        amount: line.subtotal.amount(),
    };
    subtotal.lines = quote.lines.iter().map(part).collect();
    let freight = quote
        .freight
        .map(|price| Total::new(TotalKind::Fulfillment, price.amount()).text("Delivery"));
    let total = Total::new(TotalKind::Total, quote.total.amount()).text("Total");
    std::iter::once(subtotal).chain(freight).chain([total]).collect()
}

fn fulfillment(quote: &Quote, particulars: &Particulars) -> Option<Fulfillment> {
    let chosen = particulars.chosen.as_ref();
    if quote.lines.is_empty() || (!quote.shipped && chosen.is_none()) {
        return None;
    }
    let line_item_ids: Vec<String> = quote.lines.iter().map(|line| line.id.to_string()).collect();
    let group = Group {
        id: chosen.map_or_else(|| "group_1".to_owned(), |chosen| chosen.group_id.clone()),
        line_item_ids: line_item_ids.clone(),
        options: quote.options.iter().map(option).collect(),
        selected_option_id: quote.option.clone(),
    };
    let method = Method {
        id: chosen.map_or_else(|| "method_1".to_owned(), |chosen| chosen.method_id.clone()),
        kind: chosen.map_or(MethodKind::Shipping, |chosen| chosen.kind),
        line_item_ids,
        destinations: chosen.map(|chosen| chosen.destinations.clone()).unwrap_or_default(),
        selected_destination_id: particulars.destination().map(|destination| destination.id.clone()),
        groups: vec![group],
    };
    Some(Fulfillment { methods: vec![method] })
}

fn option(option: &FreightOption) -> FulfillmentOption {
    let price: Money = option.price;
    FulfillmentOption {
        id: option.id.clone(),
        title: option.title.clone(),
        description: Some(option.description.clone()),
        carrier: Some(option.carrier.clone()),
        earliest_fulfillment_time: Some(option.earliest.to_string()),
        latest_fulfillment_time: Some(option.latest.to_string()),
        totals: vec![
            Total::new(TotalKind::Subtotal, price.amount()),
            Total::new(TotalKind::Total, price.amount()),
        ],
    }
}
