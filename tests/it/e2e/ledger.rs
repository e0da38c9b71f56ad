//! The ledger of a running platform, read past every store: for invariants that no access pattern reads.

use std::collections::BTreeMap;

use dynamo::{AttributeValue, Item};
use serde_json::Value;

use super::Stage;

/// Table name of the local platform.
const LEDGER: &str = "tradepost-LedgerTable";
/// Reasons of refunds that staff gave, rather than what was too much going back by itself.
const CONCESSIONS: [&str; 4] = ["returned", "damaged", "not_received", "goodwill"];

/// Minor units by account.
pub(crate) type Balances = BTreeMap<String, i64>;

/// Balances by subject (an order by its id), with every posting checked to balance, and to stand with its accounts.
pub(crate) async fn balances(aws_url: &str) -> BTreeMap<String, Balances> {
    let mut subjects: BTreeMap<String, Balances> = BTreeMap::new();
    let (mut posted, mut entered) = (Balances::new(), Balances::new());
    for item in testkit::scan(aws_url, LEDGER).await {
        match text(&item["entity"]).as_str() {
            "posting" => {
                let posting = map(&item["posting"]);
                let subject = subject(&posting["subject"]);
                let mut sum = 0;
                for entry in posting["entries"].as_l().unwrap() {
                    let (account, amount) = (account(&map(entry)["account"]), amount(&map(entry)["amount"]));
                    *posted.entry(account.clone()).or_default() += amount;
                    *subjects.entry(subject.clone()).or_default().entry(account).or_default() += amount;
                    sum += amount;
                }
                assert_eq!(sum, 0, "a posting of {subject} does not balance");
            }
            "ledger-entry" => {
                let key = text(&item["pk"]);
                let account = key.split('#').nth(1).unwrap().to_owned();
                *entered.entry(account).or_default() += amount(&item["amount"]);
            }
            other => assert_eq!(other, "ledger-closing"),
        }
    }
    assert_eq!(posted, entered, "postings against the entries of their accounts");
    for balances in subjects.values_mut() {
        balances.retain(|_, amount| *amount != 0);
    }
    subjects
}

/// The ledger of each order is what its facts amount to.
pub(crate) async fn check(stage: &Stage) {
    for (order, balances) in balances(&stage.platform.aws_url).await {
        if order.starts_with("ord_") {
            let money = stage.shop.money(&order).await;
            assert_eq!(balances, position(&money), "{order}: the ledger, against {money}");
            let payment = &stage.shop.order(&order).await["payment"];
            for name in ["status", "captured", "refunded", "withdrawn"] {
                assert_eq!(
                    payment[name], money[name],
                    "{order}: {name} of the order, against its money"
                );
            }
        }
    }
}

/// Where an order's money stands, worked out anew from what staff are told of it.
fn position(money: &Value) -> Balances {
    let of = |name: &str| {
        money[name]["amount"]
            .as_i64()
            .unwrap_or_else(|| panic!("{name}: {money}"))
    };
    let (due, captured, refunded, withdrawn) = (of("due"), of("captured"), of("refunded"), of("withdrawn"));
    let accepted = money["standing"] == "accepted";
    let applied = if accepted { captured.min(due) } else { 0 };
    let refunds = money["refunds"].as_array().unwrap();
    let given_up = refunds.iter().filter(|refund| {
        refund["progress"] == "settled" && CONCESSIONS.contains(&refund["reason"].as_str().unwrap_or_default())
    });
    let given_up: i64 = given_up
        .map(|refund| refund["amount"]["amount"].as_i64().unwrap())
        .sum();
    let given_up = if accepted {
        given_up.min(refunded).min(applied)
    } else {
        0
    };
    let too_much = captured - applied;
    let too_much_back = (refunded - given_up).min(too_much);
    let liability = match money["standing"].as_str().unwrap() {
        "awaiting" => "customer_deposits",
        "accepted" => "overpayments",
        _ => "refunds_payable",
    };
    let mut position = clearing(money);
    position.insert(liability.to_owned(), too_much_back - too_much);
    let out_of_sales = refunded - too_much_back;
    match money["escrow"].as_str().unwrap() {
        // What is held for, or owed to, a merchant bears its own refunds and disputes.
        held @ ("held" | "released") if accepted => {
            let name = if held == "held" { "escrow" } else { "merchant_payable" };
            position.insert(name.to_owned(), out_of_sales + withdrawn - applied);
        }
        _ => {
            position.insert("sales".to_owned(), -applied);
            position.insert("refunds".to_owned(), out_of_sales);
            position.insert("disputes".to_owned(), withdrawn);
        }
    }
    position.retain(|_, amount| *amount != 0);
    let assets: i64 = clearing(money).values().sum();
    assert_eq!(assets, captured - refunded - withdrawn, "{money}");
    position
}

/// What each provider holds, fact by fact. A refund that failed is back; what running totals say beyond the single refunds
/// went back too.
fn clearing(money: &Value) -> Balances {
    let facts = money["facts"].as_array().unwrap();
    let mut payments: BTreeMap<(String, String), [BTreeMap<String, i64>; 5]> = BTreeMap::new();
    for told in facts {
        let name = |name: &str| told[name].as_str().unwrap().to_owned();
        let [captured, refunds, failed, totals, disputes] =
            payments.entry((name("provider"), name("payment"))).or_default();
        let fact = &told["fact"];
        let amount = |name: &str| fact[name]["amount"].as_i64().unwrap_or_default();
        let id = |name: &str| fact[name].as_str().unwrap_or_default().to_owned();
        match fact["is"].as_str().unwrap_or_else(|| panic!("{told}")) {
            "captured" => drop(captured.insert(String::new(), amount("received"))),
            "refund_succeeded" => drop(refunds.entry(id("refund")).or_insert_with(|| amount("amount"))),
            "refund_failed" => drop(failed.insert(id("refund"), amount("amount"))),
            "refund_total" => drop(totals.insert(amount("total").to_string(), amount("total"))),
            "dispute_opened" => drop(disputes.entry(id("dispute")).or_insert_with(|| amount("amount"))),
            "dispute_lost" => drop(disputes.entry(id("dispute")).or_insert_with(|| amount("amount"))),
            "dispute_won" => drop(disputes.insert(id("dispute"), 0)),
            _ => {}
        }
    }
    let mut balances = Balances::new();
    for ((provider, _), [captured, mut refunds, failed, totals, disputes]) in payments {
        let sum = |of: &BTreeMap<String, i64>| of.values().sum::<i64>();
        refunds.retain(|refund, _| !failed.contains_key(refund));
        let total = totals.values().copied().max().unwrap_or_default();
        let refunded = sum(&refunds).max(total - sum(&failed));
        let held = sum(&captured) - refunded - sum(&disputes);
        *balances.entry(format!("provider_clearing:{provider}")).or_default() += held;
    }
    balances.retain(|_, amount| *amount != 0);
    balances
}

fn subject(subject: &AttributeValue) -> String {
    let (kind, of) = map(subject).iter().next().unwrap();
    match (kind.as_str(), of) {
        ("order" | "remittance", of) => text(of),
        (_, AttributeValue::L(parts)) => parts.iter().map(text).collect::<Vec<_>>().join(" "),
        (kind, _) => panic!("no subject: {kind}"),
    }
}

fn account(account: &AttributeValue) -> String {
    match account {
        AttributeValue::S(name) => name.clone(),
        AttributeValue::M(of) => {
            let (kind, of) = of.iter().next().unwrap();
            format!("{kind}:{}", text(of))
        }
        other => panic!("no account: {other:?}"),
    }
}

fn amount(money: &AttributeValue) -> i64 {
    map(money)["amount"].as_n().unwrap().parse().unwrap()
}

fn map(value: &AttributeValue) -> &Item {
    value.as_m().unwrap()
}

fn text(value: &AttributeValue) -> String {
    value.as_s().unwrap().clone()
}
