//! Sending a quoted basket: what can be chosen, what was chosen, what is missing.

use ucp::{
    Message, Severity, codes,
    fulfillment::{Destination, MethodKind},
};

use super::{Chosen, Facts, FreightOption, Particulars, Quote, freight};

const METHOD: &str = "$.fulfillment.methods[0]";
const DESTINATIONS: &str = "$.fulfillment.methods[0].destinations";
const OPTION: &str = "$.fulfillment.methods[0].groups[0].selected_option_id";

/// Adds the ways to send it and the chosen one's price, or says what is missing. A basket without weight needs neither,
/// but may have both.
pub(super) fn ship(quote: &mut Quote, particulars: &Particulars, facts: &Facts<'_>, weight_g: u64) {
    if quote.lines.is_empty() {
        return;
    }
    let Some(chosen) = &particulars.chosen else {
        quote
            .messages
            .extend(quote.shipped.then(|| unaddressed(facts.fulfillment)));
        return;
    };
    let destination = particulars.destination();
    match offers(quote, chosen, destination, facts, weight_g) {
        Ok(options) => {
            choose(quote, chosen, &options);
            quote.options = options;
        }
        Err(missing) => quote.messages.extend(missing),
    }
    let nameless = |to: &Destination| to.address.street_address.is_none();
    if quote.shipped && quote.option.is_some() && destination.is_some_and(nameless) {
        let content = "The destination has no street: delivery may need a question.";
        quote
            .messages
            .push(Message::warning("address_incomplete", content).at(DESTINATIONS));
    }
}

fn recoverable(code: &str, content: impl Into<String>, path: &str) -> Message {
    Message::error(code, Severity::Recoverable, content).at(path)
}

/// A platform that cannot take part in fulfilment hands the buyer over.
fn unaddressed(fulfillment: bool) -> Message {
    if fulfillment {
        return recoverable(codes::FIELD_REQUIRED, "Say where it goes.", "$.fulfillment.methods");
    }
    let content = "The buyer says at our place where it goes.";
    Message::error(codes::FIELD_REQUIRED, Severity::RequiresBuyerInput, content).at("$.fulfillment")
}

/// The ways to send it, or what is missing for them: nothing, when it need not be sent.
fn offers(
    quote: &Quote,
    chosen: &Chosen,
    destination: Option<&Destination>,
    facts: &Facts<'_>,
    weight_g: u64,
) -> Result<Vec<FreightOption>, Option<Message>> {
    if chosen.kind == MethodKind::Pickup {
        return Err(Some(recoverable(
            codes::FIELD_INVALID,
            "Nothing can be picked up yet.",
            METHOD,
        )));
    }
    let Some(destination) = destination else {
        let path = "$.fulfillment.methods[0].selected_destination_id";
        let missing = || recoverable(codes::FIELD_REQUIRED, "Choose one of the destinations.", path);
        return Err(quote.shipped.then(missing));
    };
    let address = &destination.address;
    let Some(country) = address
        .address_country
        .as_deref()
        .map(|said| facts.market.country(said))
    else {
        let missing = recoverable(
            codes::FIELD_REQUIRED,
            "The destination needs its country.",
            DESTINATIONS,
        );
        return Err(Some(missing));
    };
    let place = (country.as_str(), address.address_region.as_deref());
    let options = freight::options(facts.market, place, weight_g, quote.subtotal, facts.now);
    if options.is_empty() {
        let content = format!("Nothing of this weight goes to {country} at present.");
        return Err(Some(recoverable(codes::ADDRESS_UNDELIVERABLE, content, DESTINATIONS)));
    }
    Ok(options)
}

fn choose(quote: &mut Quote, chosen: &Chosen, options: &[FreightOption]) {
    let Some(id) = chosen.option.as_deref() else {
        let missing = || recoverable(codes::FIELD_REQUIRED, "Choose one of the options.", OPTION);
        quote.messages.extend(quote.shipped.then(missing));
        return;
    };
    let Some(option) = options.iter().find(|option| option.id == id) else {
        let content = "This option is not offered: choose another.";
        quote.messages.push(recoverable(codes::FIELD_INVALID, content, OPTION));
        return;
    };
    match quote.subtotal.plus(option.price) {
        Ok(total) => {
            quote.option = Some(option.id.clone());
            quote.freight = Some(option.price);
            quote.total = total;
        }
        Err(_) => quote
            .messages
            .push(recoverable(codes::FIELD_INVALID, "The order is too large.", OPTION)),
    }
}
