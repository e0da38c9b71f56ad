//! Composing a letter: whom it reaches, in which language, with which values.

use std::collections::BTreeMap;

use kernel::{Money, OrderId, ShipmentId};
use messaging::notification::{Address, Language, Letter, render};
use privacy::Place;
use sales::order::{BUYER_FIELD, Buyer, Order, SEALED_ENTITY, permalink};

use crate::{Composed, Error, Ports, plan::CodeRequested};

/// Entity under which identity seals codes, with the code's id.
const CODE_ENTITY: &str = "code";

type Values = BTreeMap<&'static str, String>;

fn letter(template: &str, language: Language, to: Address, values: &Values) -> Result<Letter, Error> {
    let (subject, body) = render(template, language, to.channel(), values)?;
    Ok(Letter { to, subject, body })
}

/// To staff; nobody, when no address is configured.
pub(crate) fn staff<C>(
    ports: &Ports<C>,
    template: &'static str,
    about: String,
    values: Vec<(&'static str, String)>,
) -> Result<Option<Composed>, Error> {
    let Some(to) = ports.staff.clone() else {
        return Ok(None);
    };
    let language = Language::Zh;
    let letter = letter(template, language, to, &values.into_iter().collect())?;
    Ok(Some(Composed {
        template,
        language,
        about,
        letter,
        key: None,
    }))
}

/// A one-time code; nobody, when it has ended or its person was erased.
pub(crate) async fn code<C>(ports: &Ports<C>, code: &CodeRequested) -> Result<Option<Composed>, Error> {
    let left_s = code.ends_at.seconds_since(ports.ambient.now());
    if left_s <= 0 {
        tracing::info!(code.id = %code.code_id, "notification.code.ended");
        return Ok(None);
    }
    let Some(key) = ports.vault.open(code.person).await? else {
        return Ok(None);
    };
    let id = code.code_id.to_string();
    let place = |field| Place {
        entity: CODE_ENTITY,
        id: &id,
        field,
    };
    let address: String = key.open(place("address"), &code.address)?;
    let digits: String = key.open(place("code"), &code.code)?;
    let Some(to) = Address::new(&address) else {
        return Err(Error::Event);
    };
    let language = Language::of(Some(&code.language));
    let minutes = left_s.saturating_add(59).div_euclid(60);
    let values = BTreeMap::from([("code", digits), ("minutes", minutes.to_string())]);
    let letter = letter("code", language, to, &values)?;
    Ok(Some(Composed {
        template: "code",
        language,
        about: code.person.to_string(),
        letter,
        key: Some(key),
    }))
}

/// To the buyer of an order; nobody, when the buyer left no address or was erased.
pub(crate) async fn buyer<C>(
    ports: &Ports<C>,
    template: &'static str,
    order: OrderId,
    shipment: Option<ShipmentId>,
    amount: Option<Money>,
) -> Result<Option<Composed>, Error> {
    let order = ports.orders.get(order).await?.ok_or(Error::Missing)?;
    let Some(key) = ports.vault.open(order.person()).await? else {
        return Ok(None);
    };
    let id = order.id().to_string();
    let place = Place {
        entity: SEALED_ENTITY,
        id: &id,
        field: BUYER_FIELD,
    };
    let buyer: Buyer = key.open(place, order.buyer())?;
    let addresses = [buyer.email, buyer.phone_number];
    let Some(to) = addresses.into_iter().flatten().find_map(|text| Address::new(&text)) else {
        tracing::info!(order.id = id, "notification.buyer.unreachable");
        return Ok(None);
    };
    let language = Language::of(order.locale());
    let values = values(&order, &ports.storefront_url, shipment, amount);
    let letter = letter(template, language, to, &values)?;
    Ok(Some(Composed {
        template,
        language,
        about: id,
        letter,
        key: Some(key),
    }))
}

/// What letters about an order may say.
pub(crate) fn values(
    order: &Order,
    storefront_url: &str,
    shipment: Option<ShipmentId>,
    amount: Option<Money>,
) -> Values {
    let mut values = BTreeMap::from([
        ("order", short(order)),
        ("total", major(order.total())),
        ("link", permalink(storefront_url, order.id())),
    ]);
    if let Some(parcel) = shipment.and_then(|shipment| order.shipment(shipment)) {
        values.insert(
            "parcel",
            format!("{} {} {}", parcel.carrier, parcel.number, parcel.tracking_url),
        );
    }
    if let Some(amount) = amount {
        values.insert("amount", major(amount));
    }
    values
}

/// Digits by which people tell orders apart.
const SHORT_DIGITS: usize = 10;

/// The end of an order's id: long enough to tell a buyer's orders apart.
fn short(order: &Order) -> String {
    let id = order.id().to_string();
    let from = id.len().saturating_sub(SHORT_DIGITS);
    id.get(from..).unwrap_or_default().to_uppercase()
}

/// An amount as people write it: 52.00 CNY.
fn major(money: Money) -> String {
    let exponent = usize::from(money.currency().exponent());
    let digits = format!("{:0>width$}", money.amount().unsigned_abs(), width = exponent + 1);
    let sign = if money.amount() < 0 { "-" } else { "" };
    let (whole, fraction) = digits
        .split_at_checked(digits.len().saturating_sub(exponent))
        .unwrap_or((&digits, ""));
    let point = if exponent > 0 { "." } else { "" };
    format!("{sign}{whole}{point}{fraction} {}", money.currency())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn amounts_are_written_with_their_currency_s_decimals() {
        let money = |amount, currency: &str| major(Money::new(amount, currency.parse().unwrap()).unwrap());
        assert_eq!(money(5_200, "CNY"), "52.00 CNY");
        assert_eq!(money(5, "USD"), "0.05 USD");
        assert_eq!(money(-1_205, "KWD"), "-1.205 KWD");
        assert_eq!(money(300, "JPY"), "300 JPY");
    }
}
