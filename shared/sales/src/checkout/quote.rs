//! What the lines cost here and now, and what stands in the way of buying them.

use std::collections::BTreeMap;

use catalog::SellableVariant;
use kernel::{Currency, LineId, Money, ProductId, Timestamp, VariantId};
use serde::{Deserialize, Serialize};
use ucp::{Message, Severity, codes};

use super::{DraftLine, FreightOption, Market, Particulars, ship};
use crate::order::UNITS_MAX;

/// A line that can be bought, or could if there were more of it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct QuotedLine {
    /// As in the draft.
    pub id: LineId,
    /// What.
    pub variant: VariantId,
    /// Whose variant.
    pub product: ProductId,
    /// Our title.
    pub title: String,
    /// Our picture.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub image_url: Option<String>,
    /// Our price of one.
    pub unit_price: Money,
    /// How many.
    pub quantity: u32,
    /// Price of all.
    pub subtotal: Money,
    /// What stock counts for one unit.
    pub components: Vec<(VariantId, u32)>,
}

/// The outcome of pricing a draft.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Quote {
    /// Of all amounts.
    pub currency: Currency,
    /// What can be sold.
    pub lines: Vec<QuotedLine>,
    /// Whether something of it has a weight.
    pub shipped: bool,
    /// Ways to send it; empty until there is an address.
    pub options: Vec<FreightOption>,
    /// The chosen way, when it is one of the options.
    pub option: Option<String>,
    /// Sum of the lines.
    pub subtotal: Money,
    /// Price of the chosen option.
    pub freight: Option<Money>,
    /// What is to be paid.
    pub total: Money,
    /// What stands in the way, and what should be known.
    pub messages: Vec<Message>,
}

/// What a quote is made from, beside the draft.
#[derive(Debug)]
pub struct Facts<'a> {
    /// Variants that the draft names, as published.
    pub goods: &'a BTreeMap<VariantId, SellableVariant>,
    /// What is free of each that stock counts.
    pub free: &'a BTreeMap<VariantId, u64>,
    /// Currencies and freight.
    pub market: &'a Market,
    /// Whether the platform can take part in fulfilment; when not, the buyer must go on at our place.
    pub fulfillment: bool,
    /// For arrival times.
    pub now: Timestamp,
}

impl Quote {
    /// Whether the basket itself stands in the way of completing. What was wrong with a try to complete (instrument,
    /// claims) does not: the next try may be better.
    pub fn blocked(&self) -> bool {
        let of_the_try = |message: &Message| {
            message
                .path()
                .is_some_and(|path| path.starts_with("$.payment") || path.starts_with("$.context"))
        };
        self.messages
            .iter()
            .any(|message| message.severity().is_some() && !of_the_try(message))
    }

    /// Whether the buyer must do something that the API does not take.
    pub fn escalated(&self) -> bool {
        let asks = |severity| matches!(severity, Severity::RequiresBuyerInput | Severity::RequiresBuyerReview);
        self.messages.iter().filter_map(Message::severity).any(asks)
    }

    /// What stock the lines take, by variant.
    pub fn stock(&self) -> Vec<(VariantId, u32)> {
        let mut wanted: BTreeMap<VariantId, u32> = BTreeMap::new();
        for line in &self.lines {
            for (variant, each) in &line.components {
                let sum = wanted.entry(*variant).or_default();
                *sum = sum.saturating_add(each.saturating_mul(line.quantity));
            }
        }
        wanted.into_iter().collect()
    }
}

/// Prices a draft. The same input gives the same quote.
pub fn quote(lines: &[DraftLine], particulars: &Particulars, facts: &Facts<'_>) -> Quote {
    let context = particulars.context.as_ref();
    let address = particulars.destination().map(|destination| &destination.address);
    let said = address.and_then(|address| address.address_country.as_deref());
    let hinted = said.or_else(|| context.and_then(|context| context.address_country.as_deref()));
    let country = hinted.map(|country| facts.market.country(country));
    let wish = context.and_then(|context| context.currency.as_deref());
    let currency = facts.market.currency(wish, country.as_deref());
    let language = context.and_then(|context| context.language.as_deref());
    let mut basket = Basket::new(currency, facts.free);
    for (at, line) in lines.iter().enumerate() {
        basket.add(at, line, facts, language);
    }
    if lines.is_empty() {
        let message = Message::error(codes::FIELD_REQUIRED, Severity::Recoverable, "Name at least one item.");
        basket.messages.push(message.at("$.line_items"));
    }
    let mut quote = basket.quote();
    quote.messages.extend(claims(particulars, facts.market));
    ship::ship(&mut quote, particulars, facts, basket.weight_g);
    quote
}

struct Basket {
    currency: Currency,
    left: BTreeMap<VariantId, u64>,
    lines: Vec<QuotedLine>,
    subtotal: Money,
    weight_g: u64,
    messages: Vec<Message>,
}

impl Basket {
    fn new(currency: Currency, free: &BTreeMap<VariantId, u64>) -> Self {
        let subtotal = Money::zero(currency);
        Self {
            currency,
            left: free.clone(),
            lines: Vec::new(),
            subtotal,
            weight_g: 0,
            messages: Vec::new(),
        }
    }

    fn refuse(&mut self, code: &str, path: String, content: String) {
        self.messages
            .push(Message::error(code, Severity::Recoverable, content).at(path));
    }

    /// Takes a line over, or says why not.
    fn add(&mut self, at: usize, line: &DraftLine, facts: &Facts<'_>, language: Option<&str>) {
        let path = format!("$.line_items[{at}]");
        let counted = format!("{path}.quantity");
        let item = &line.item;
        let variant = line.item.parse().ok().and_then(|id: VariantId| facts.goods.get(&id));
        let Some(variant) = variant.filter(|variant| variant.published) else {
            return self.refuse(codes::ITEM_UNAVAILABLE, path, format!("{item} is not on sale."));
        };
        let Some(price) = variant.price(self.currency) else {
            return self.refuse(
                codes::ITEM_UNAVAILABLE,
                path,
                format!("{item} is not sold in {}.", self.currency),
            );
        };
        let quantity = line
            .quantity
            .and_then(|quantity| u32::try_from(quantity).ok())
            .filter(|n| (1..=UNITS_MAX).contains(n));
        let Some(quantity) = quantity else {
            let content = format!("The quantity of {item} is a whole number from 1 to {UNITS_MAX}.");
            return self.refuse(codes::QUANTITY_INVALID, counted, content);
        };
        let Some((subtotal, sum)) = price
            .times(quantity)
            .and_then(|all| Ok((all, self.subtotal.plus(all)?)))
            .ok()
        else {
            return self.refuse(
                codes::QUANTITY_INVALID,
                counted,
                format!("So many of {item} cost more than one order can."),
            );
        };
        let left = catalog::availability(variant.id, &variant.bundle, &self.left);
        if left == 0 {
            return self.refuse(codes::OUT_OF_STOCK, path, format!("{item} is out of stock."));
        }
        if quantity < variant.minimum_quantity {
            let content = format!("{item} is sold from {} pieces.", variant.minimum_quantity);
            self.refuse(codes::QUANTITY_INVALID, counted.clone(), content);
        }
        if left < u64::from(quantity) {
            self.refuse(
                codes::OUT_OF_STOCK,
                counted,
                format!("Only {left} of {item} are left; {quantity} were asked for."),
            );
        }
        let components = variant.stock(1).unwrap_or_default();
        for (part, each) in &components {
            let taken = u64::from(*each).saturating_mul(u64::from(quantity));
            self.left
                .entry(*part)
                .and_modify(|left| *left = left.saturating_sub(taken));
        }
        self.subtotal = sum;
        self.weight_g = self
            .weight_g
            .saturating_add(u64::from(variant.weight_grams).saturating_mul(u64::from(quantity)));
        self.lines.push(QuotedLine {
            id: line.id,
            variant: variant.id,
            product: variant.product,
            title: variant.line_title(language),
            image_url: variant.picture.clone(),
            unit_price: price,
            quantity,
            subtotal,
            components,
        });
    }

    fn quote(&mut self) -> Quote {
        Quote {
            currency: self.currency,
            lines: std::mem::take(&mut self.lines),
            shipped: self.weight_g > 0,
            options: Vec::new(),
            option: None,
            subtotal: self.subtotal,
            freight: None,
            total: self.subtotal,
            messages: std::mem::take(&mut self.messages),
        }
    }
}

/// Claims that we do not know are told and block nothing.
fn claims(particulars: &Particulars, market: &Market) -> Vec<Message> {
    let claims = particulars
        .context
        .iter()
        .flat_map(|context| &context.eligibility)
        .enumerate();
    let unknown = claims.filter(|(_, claim)| !market.knows_claim(claim));
    let told = |(at, claim): (usize, &String)| {
        Message::warning("eligibility_not_accepted", format!("{claim} changes nothing here."))
            .at(format!("$.context.eligibility[{at}]"))
    };
    unknown.map(told).collect()
}
