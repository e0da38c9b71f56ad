//! The ledger of a running platform, read past every store: for invariants that no access pattern reads.

use std::collections::BTreeMap;

use dynamo::{AttributeValue, Item};

/// Table name of the local platform.
const LEDGER: &str = "tradepost-LedgerTable";

/// Minor units by order and account, with every posting checked to balance.
pub(crate) async fn balances(aws_url: &str) -> BTreeMap<String, BTreeMap<String, i64>> {
    let mut balances: BTreeMap<String, BTreeMap<String, i64>> = BTreeMap::new();
    for item in testkit::scan(aws_url, LEDGER).await {
        let posting = map(&item["posting"]);
        let order = posting["order"].as_s().unwrap().clone();
        let mut sum = 0;
        for entry in posting["entries"].as_l().unwrap() {
            let entry = map(entry);
            let amount: i64 = map(&entry["amount"])["amount"].as_n().unwrap().parse().unwrap();
            let account = match &entry["account"] {
                AttributeValue::S(name) => name.clone(),
                AttributeValue::M(of) => of.keys().next().unwrap().clone(),
                other => panic!("no account: {other:?}"),
            };
            *balances.entry(order.clone()).or_default().entry(account).or_default() += amount;
            sum += amount;
        }
        assert_eq!(sum, 0, "a posting of {order} does not balance");
    }
    balances
}

fn map(value: &AttributeValue) -> &Item {
    value.as_m().unwrap()
}
