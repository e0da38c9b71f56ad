use std::collections::BTreeMap;

use catalog::SellableVariant;
use kernel::{Id, LineId, Timestamp, VariantId};
use proptest::prelude::*;
use serde_json::{Value, json};
use ucp::{Message, Severity, checkout::CheckoutInput};

use super::*;

const NOW: Timestamp = Timestamp::from_millis(1_775_640_600_000);

pub(super) fn variant(n: u8) -> VariantId {
    VariantId::from_parts(Timestamp::from_millis(1), [n; 10])
}

fn goods(n: u8, cny: i64, grams: u32, minimum: u32) -> SellableVariant {
    serde_json::from_value(json!({
        "id": variant(n), "product": format!("prd_{:032x}", n), "published": true, "version": 1,
        "title": {"en": format!("Goods {n}"), "zh": format!("货物 {n}")}, "options": [], "sku": format!("SKU-{n}"), "category": "things",
        "prices": [{"amount": cny, "currency": "CNY"}, {"amount": cny / 7, "currency": "USD"}],
        "minimum_quantity": minimum, "weight_grams": grams,
    }))
    .unwrap()
}

struct Shop {
    goods: BTreeMap<VariantId, SellableVariant>,
    free: BTreeMap<VariantId, u64>,
    market: Market,
    fulfillment: bool,
}

fn shop() -> Shop {
    let mut goods: BTreeMap<_, _> = [goods(1, 9_900, 800, 1), goods(2, 5_000, 2_000, 3), goods(3, 100, 0, 1)]
        .into_iter()
        .map(|v| (v.id, v))
        .collect();
    let mut off = self::goods(4, 100, 1, 1);
    off.published = false;
    goods.insert(off.id, off);
    let mut bundle = self::goods(5, 12_000, 900, 1);
    bundle.bundle =
        serde_json::from_value(json!([{"variant": variant(1), "quantity": 1}, {"variant": variant(3), "quantity": 2}]))
            .unwrap();
    goods.insert(bundle.id, bundle);
    let free = BTreeMap::from([(variant(1), 5), (variant(2), 100), (variant(3), 7), (variant(4), 9)]);
    Shop {
        goods,
        free,
        market: Market::parse("").unwrap(),
        fulfillment: true,
    }
}

impl Shop {
    fn quote(&self, request: Value) -> (Draft, Quote) {
        let input: CheckoutInput = serde_json::from_value(request).unwrap();
        let mut n = 0;
        let fresh = || {
            n += 1;
            LineId::from_parts(NOW, [n; 10])
        };
        let draft = Draft::read(input, &[], fresh).unwrap();
        let facts = Facts {
            goods: &self.goods,
            free: &self.free,
            market: &self.market,
            fulfillment: self.fulfillment,
            now: NOW,
        };
        let quote = quote(&draft.lines, &draft.particulars, &facts);
        (draft, quote)
    }
}

fn line(n: u8, quantity: impl Into<Value>) -> Value {
    json!({"item": {"id": variant(n), "price": 1, "title": "Mine"}, "quantity": quantity.into()})
}

fn to(country: &str, region: Option<&str>, option: Option<&str>) -> Value {
    json!({"methods": [{"type": "shipping", "destinations": [{"id": "home", "street_address": "1 Road", "address_country": country, "address_region": region}],
        "groups": [{"selected_option_id": option}]}]})
}

fn told(quote: &Quote) -> Vec<(String, String)> {
    let told = |message: &Message| {
        (
            message.code().unwrap_or_default().to_owned(),
            message.path().unwrap_or_default().to_owned(),
        )
    };
    quote.messages.iter().map(told).collect()
}

#[test]
fn our_prices_and_titles_win() {
    let (_, quote) = shop().quote(json!({"line_items": [line(1, 2)], "fulfillment": to("CN", None, Some("standard"))}));
    assert_eq!(quote.lines[0].unit_price.amount(), 9_900);
    assert_eq!(quote.lines[0].title, "Goods 1");
    assert_eq!(
        (
            quote.subtotal.amount(),
            quote.freight.unwrap().amount(),
            quote.total.amount()
        ),
        (19_800, 1_800, 21_600)
    );
    assert!(!quote.blocked(), "{:?}", quote.messages);
}

#[test]
fn each_bad_line_is_told_with_its_place_and_why() {
    let bad = json!({"line_items": [line(1, 0), line(1, -3), line(1, 1.5), line(1, 1_000_000), line(4, 1), {"item": {"id": "nothing"}, "quantity": 1}, line(2, 2), line(1, 6)]});
    let (_, quote) = shop().quote(bad);
    let expected = [
        ("quantity_invalid", "$.line_items[0].quantity"),
        ("quantity_invalid", "$.line_items[1].quantity"),
        ("quantity_invalid", "$.line_items[2].quantity"),
        ("quantity_invalid", "$.line_items[3].quantity"),
        ("item_unavailable", "$.line_items[4]"),
        ("item_unavailable", "$.line_items[5]"),
        ("quantity_invalid", "$.line_items[6].quantity"),
        ("out_of_stock", "$.line_items[7].quantity"),
        ("field_required", "$.fulfillment.methods"),
    ];
    assert_eq!(
        told(&quote),
        expected.map(|(code, path)| (code.to_owned(), path.to_owned()))
    );
    assert_eq!(quote.lines.len(), 2);
    assert!(
        quote
            .messages
            .iter()
            .all(|message| message.severity() == Some(Severity::Recoverable))
    );
}

#[test]
fn lines_of_the_same_goods_share_the_stock_and_bundles_take_their_components() {
    let (_, both) =
        shop().quote(json!({"line_items": [line(1, 3), line(1, 3)], "fulfillment": to("CN", None, Some("standard"))}));
    assert_eq!(
        told(&both),
        [("out_of_stock".to_owned(), "$.line_items[1].quantity".to_owned())]
    );
    let (_, bundle) =
        shop().quote(json!({"line_items": [line(5, 3)], "fulfillment": to("CN", None, Some("standard"))}));
    assert_eq!(bundle.stock(), [(variant(1), 3), (variant(3), 6)]);
    let (_, more) = shop().quote(json!({"line_items": [line(5, 4)]}));
    assert_eq!(told(&more)[0].0, "out_of_stock");
}

#[test]
fn freight_goes_by_weight_region_and_sum() {
    let freight = |request: Value| shop().quote(request).1.freight.map(kernel::Money::amount);
    let order =
        |n: u8, quantity: u32, address: Value| json!({"line_items": [line(n, quantity)], "fulfillment": address});
    assert_eq!(freight(order(1, 1, to("CHN", None, Some("standard")))), Some(1_000));
    assert_eq!(
        freight(order(1, 1, to("CN", Some("Xinjiang"), Some("standard")))),
        Some(2_000)
    );
    assert_eq!(freight(order(1, 3, to("CN", None, Some("standard")))), Some(0));
    assert_eq!(freight(order(1, 1, to("US", None, Some("express")))), Some(2_300));
    let (_, nowhere) = shop().quote(order(1, 1, to("AQ", None, Some("standard"))));
    assert_eq!(told(&nowhere)[0].0, "address_undeliverable");
    let (_, heavy) = shop().quote(order(2, 16, to("CN", None, None)));
    assert_eq!(told(&heavy)[0].0, "address_undeliverable");
}

#[test]
fn the_currency_follows_wish_then_country_then_default() {
    let currency = |request: Value| shop().quote(request).1.currency.code();
    assert_eq!(currency(json!({"line_items": [line(1, 1)]})), "CNY");
    assert_eq!(
        currency(json!({"line_items": [line(1, 1)], "context": {"address_country": "US"}})),
        "USD"
    );
    assert_eq!(
        currency(
            json!({"line_items": [line(1, 1)], "context": {"address_country": "US"}, "fulfillment": to("CN", None, None)})
        ),
        "CNY"
    );
    assert_eq!(
        currency(json!({"line_items": [line(1, 1)], "context": {"currency": "USD", "address_country": "CN"}})),
        "USD"
    );
    assert_eq!(
        currency(json!({"line_items": [line(1, 1)], "context": {"currency": "GBP"}})),
        "CNY"
    );
}

#[test]
fn goods_without_weight_need_no_address_and_titles_follow_the_language() {
    let (_, quote) = shop().quote(
        json!({"line_items": [line(3, 1)], "context": {"language": "zh-CN", "eligibility": ["org.school.student"]}}),
    );
    assert!(!quote.blocked());
    assert_eq!(quote.lines[0].title, "货物 3");
    assert_eq!(
        told(&quote),
        [(
            "eligibility_not_accepted".to_owned(),
            "$.context.eligibility[0]".to_owned()
        )]
    );
}

#[test]
fn a_platform_that_cannot_take_an_address_hands_the_buyer_over() {
    let shop = Shop {
        fulfillment: false,
        ..shop()
    };
    assert!(shop.quote(json!({"line_items": [line(1, 1)]})).1.escalated());
}

#[test]
fn choices_that_are_not_offered_are_told() {
    let (_, quote) = shop().quote(json!({"line_items": [line(1, 1)], "fulfillment": to("CN", None, Some("drone"))}));
    assert_eq!(told(&quote)[0].0, "field_invalid");
    assert_eq!(quote.options.len(), 2);
    let (_, none) = shop().quote(json!({"line_items": [line(1, 1)], "fulfillment": to("CN", None, None)}));
    assert_eq!(told(&none)[0].0, "field_required");
}

#[test]
fn a_line_keeps_its_id_when_the_session_has_it() {
    let known = [DraftLine {
        id: LineId::from_parts(NOW, [9; 10]),
        item: "x".to_owned(),
        quantity: Some(1),
    }];
    let request = json!({"line_items": [{"id": known[0].id, "item": {"id": "y"}, "quantity": 2}, {"id": known[0].id, "item": {"id": "z"}, "quantity": 2}]});
    let draft = Draft::read(serde_json::from_value(request).unwrap(), &known, || {
        LineId::from_parts(NOW, [1; 10])
    })
    .unwrap();
    assert_eq!(draft.lines[0].id, known[0].id);
    assert_ne!(draft.lines[1].id, known[0].id);
}

#[test]
fn too_many_lines_and_endless_texts_are_refused() {
    let lines: Vec<Value> = (0..=LINES_MAX).map(|_| line(1, 1)).collect();
    let read = |request: Value| {
        Draft::read(serde_json::from_value(request).unwrap(), &[], || {
            LineId::from_parts(NOW, [1; 10])
        })
    };
    assert!(read(json!({"line_items": lines})).is_err());
    assert!(read(json!({"line_items": [], "buyer": {"email": "x".repeat(2_000)}})).is_err());
    let many: serde_json::Map<String, Value> = (0..100).map(|n| (format!("k{n}"), json!("x".repeat(900)))).collect();
    assert!(read(json!({"line_items": [], "attribution": many})).is_err());
}

#[test]
fn credentials_are_not_kept() {
    let request = json!({"line_items": [], "payment": {"instruments": [{"id": "i", "handler_id": "h", "credential": {"type": "t", "token": "secret"}}]}});
    let draft = Draft::read(serde_json::from_value(request).unwrap(), &[], || {
        LineId::from_parts(NOW, [1; 10])
    })
    .unwrap();
    assert!(!serde_json::to_string(&draft.particulars).unwrap().contains("secret"));
}

#[test]
fn the_built_in_market_has_no_currency_without_freight() {
    let market = Market::parse("").unwrap();
    assert!(Market::parse(r#"{"version":1}"#).is_err());
    assert_eq!(market.country(" usa "), "US");
}

proptest! {
    #[test]
    fn totals_sum_up_and_match_what_the_order_demands(asked in prop::collection::vec((1_u8..6, -2_i64..12), 1..8), country in prop::sample::select(vec!["CN", "US", "JP"])) {
        let lines: Vec<Value> = asked.iter().map(|(n, quantity)| line(*n, *quantity)).collect();
        let (_, quote) = shop().quote(json!({"line_items": lines, "fulfillment": to(country, None, Some("standard"))}));
        let sum: i64 = quote.lines.iter().map(|line| line.unit_price.amount() * i64::from(line.quantity)).sum();
        prop_assert_eq!(quote.subtotal.amount(), sum);
        prop_assert_eq!(quote.total.amount(), sum + quote.freight.map_or(0, kernel::Money::amount));
        if !quote.blocked() {
            let free = shop().free;
            prop_assert!(quote.stock().iter().all(|(variant, quantity)| u64::from(*quantity) <= free[variant]));
        }
    }
}
