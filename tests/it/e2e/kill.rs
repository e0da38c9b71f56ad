//! `kill -9` at random points, restart on the same data, and nothing is lost or doubled.
//!
//! The platform runs in a child process: this test binary again, at the test that only acts when it is told to.

use std::{
    fs::File,
    io::{BufRead, BufReader, Lines},
    path::Path,
    process::{Child, ChildStdout, Command, Stdio},
    time::Duration,
};

use local::{Options, Platform, Storage};
use serde_json::Value;
use tests::{
    doubles::{
        agent::Agent,
        stripe::{Pay, StripeDouble},
    },
    shop::{Shop, instrument},
};

use super::{STRIPE_SECRET, goods, ledger};

/// Orders over all lives of the platform.
const ORDERS: usize = 500;
/// How often it is killed.
const KILLS: usize = 8;
/// Buyers at the same time.
const BUYERS: usize = 4;
/// Tells the child where its data are.
const DATA: &str = "TRADEPOST_TEST_CHILD_DATA";
/// Tells the child where Stripe is.
const STRIPE: &str = "TRADEPOST_TEST_CHILD_STRIPE";
/// Tells the child its port.
const PORT: &str = "TRADEPOST_TEST_CHILD_PORT";

#[expect(
    clippy::disallowed_methods,
    reason = "the parent tells the child what to do by its environment"
)]
fn told(name: &str) -> Option<String> {
    std::env::var(name).ok()
}

/// Not a test by itself: the child that is killed.
#[tokio::test(flavor = "multi_thread")]
async fn a_platform_that_can_be_killed() {
    let (Some(data), Some(stripe), Some(port)) = (told(DATA), told(STRIPE), told(PORT)) else {
        return;
    };
    let options = Options {
        port: port.parse().unwrap(),
        storage: Storage::Directory(data.into()),
        seed: local::Seed::Demo,
        parameters: [("StripeApiBase".to_owned(), stripe)].into(),
        ..Options::ephemeral()
    };
    let running = Platform::start(options).await.unwrap_or_else(|error| panic!("{error}"));
    println!(
        "READY {}",
        serde_json::json!({"aws_url": running.aws_url, "token": running.staff_token, "variables": running.variables})
    );
    std::future::pending::<()>().await;
}

struct Life {
    child: Child,
    aws_url: String,
    token: String,
    variables: std::collections::BTreeMap<String, String>,
    /// Held open: libtest ends with a broken pipe when it says that a test takes long and nobody listens.
    _stdout: Lines<BufReader<ChildStdout>>,
}

impl Life {
    fn begin(data: &Path, stripe: &str, port: u16) -> Self {
        let mut child = Command::new(std::env::current_exe().unwrap())
            .args(["--exact", "e2e::kill::a_platform_that_can_be_killed", "--nocapture"])
            .env(DATA, data)
            .env(STRIPE, stripe)
            .env(PORT, port.to_string())
            .stdout(Stdio::piped())
            .stderr(
                File::options()
                    .create(true)
                    .append(true)
                    .open(data.join("stderr.log"))
                    .unwrap(),
            )
            .spawn()
            .unwrap();
        let mut lines = BufReader::new(child.stdout.take().unwrap()).lines();
        // libtest may print the test's name before it on the same line.
        let ready = lines
            .by_ref()
            .map_while(Result::ok)
            .find_map(|line| line.split_once("READY ").map(|(_, json)| json.to_owned()));
        let ready: Value = serde_json::from_str(&ready.expect("the platform starts")).unwrap();
        let token = ready["token"].as_str().unwrap().to_owned();
        Self {
            child,
            aws_url: ready["aws_url"].as_str().unwrap().to_owned(),
            token,
            variables: serde_json::from_value(ready["variables"].clone()).unwrap(),
            _stdout: lines,
        }
    }

    fn kill(mut self) {
        self.child.kill().unwrap();
        self.child.wait().unwrap();
    }
}

fn free_port() -> u16 {
    std::net::TcpListener::bind("127.0.0.1:0")
        .unwrap()
        .local_addr()
        .unwrap()
        .port()
}

/// One buyer's try: gives up at the first answer that does not come, as a client whose server died would.
async fn buy(shop: &Shop, stripe: &StripeDouble, variant: &str) -> Option<(String, bool)> {
    let body = tests::shop::basket(&[(variant, 1)]);
    let key = || uuid::Uuid::now_v7().to_string();
    let post = http::Method::POST;
    let session = shop
        .agent
        .try_json(post.clone(), "/ucp/2026-04-08/checkout-sessions", &key(), &body)
        .await
        .ok()?;
    let id = session.body["id"].as_str()?.to_owned();
    let path = format!("/ucp/2026-04-08/checkout-sessions/{id}/complete");
    let done = shop
        .agent
        .try_json(post.clone(), &path, &key(), &instrument("stripe", "later"))
        .await
        .ok()?;
    let order = done.body["order"]["id"].as_str()?.to_owned();
    let start = serde_json::json!({"checkout_id": id, "provider": "stripe", "mode": "payment_intent"});
    let Ok(started) = shop
        .agent
        .try_json(post, &format!("/v1/orders/{order}/payments"), &key(), &start)
        .await
    else {
        return Some((order, false));
    };
    let Some(payment) = started.body["provider_payment_id"].as_str() else {
        return Some((order, false));
    };
    let told = stripe.pay(&Pay::exactly(payment)).await;
    Some((
        order,
        told.iter()
            .any(|delivery| delivery.kind == "payment_intent.succeeded" && delivery.status == 200),
    ))
}

#[tokio::test(flavor = "multi_thread")]
async fn nothing_is_lost_or_doubled_by_kill_nine() {
    let folder = std::env::temp_dir().join(format!("tradepost-kill-{}", std::process::id()));
    std::fs::create_dir_all(&folder).unwrap();
    let port = free_port();
    let base = format!("http://127.0.0.1:{port}");
    let stripe =
        std::sync::Arc::new(StripeDouble::start(0, &format!("{base}/webhooks/payments/stripe"), STRIPE_SECRET).await);
    let agent = Agent::start(0, &base, |_| {}).await;
    let mut life = Life::begin(&folder, &stripe.url(), port);
    let variant = goods(
        &Shop::new(&base, &agent.header(), &life.token),
        &life.variables,
        "Durable goods",
        10_000,
    )
    .await;
    let mut orders: Vec<(String, bool)> = Vec::new();
    for kill in 0..=KILLS {
        let shop = Shop::new(&base, &agent.header(), &life.token);
        let share = (ORDERS * (kill + 1)).div_ceil(KILLS + 1);
        let tries = share.saturating_sub(orders.len()).max(1);
        let buyers: Vec<_> = (0..BUYERS)
            .map(|_| {
                let (shop, stripe, variant) = (shop.clone(), std::sync::Arc::clone(&stripe), variant.clone());
                tokio::spawn(async move {
                    let mut bought = Vec::new();
                    for _ in 0..tries.div_ceil(BUYERS) {
                        match buy(&shop, &stripe, &variant).await {
                            Some(order) => bought.push(order),
                            None => break,
                        }
                    }
                    bought
                })
            })
            .collect();
        if kill < KILLS {
            // Somewhere in the middle of the work: later in each life, at no special point.
            tokio::time::sleep(Duration::from_millis(150 + 370 * u64::try_from(kill).unwrap())).await;
            life.kill();
            life = Life::begin(&folder, &stripe.url(), port);
        }
        for buyer in buyers {
            orders.extend(buyer.await.unwrap());
        }
    }
    let shop = Shop::new(&base, &agent.header(), &life.token);
    check(&shop, &life.aws_url, &variant, &orders).await;
    life.kill();
    std::fs::remove_dir_all(&folder).unwrap();
}

/// Every order is in a right state, and stock and money agree with them.
async fn check(shop: &Shop, aws_url: &str, variant: &str, orders: &[(String, bool)]) {
    let told = orders.iter().filter(|(_, told)| *told).count();
    println!(
        "{} orders placed over {KILLS} kills, {told} of them told paid",
        orders.len()
    );
    assert!(told >= ORDERS / 4, "too few orders to mean anything: {told}");
    for (order, told) in orders.iter().filter(|(_, told)| *told) {
        let paid = shop.until(order, |order| order["payment"]["status"] == "paid").await;
        assert!(*told, "{paid}");
    }
    for (order, _) in orders.iter().filter(|(_, told)| !*told) {
        let state = shop.order(order).await["state"]["name"].clone();
        assert!(state == "awaiting_payment" || state == "confirmed", "{order}: {state}");
    }
    let balances = ledger::balances(aws_url).await;
    for (order, _) in orders.iter().filter(|(_, told)| *told) {
        let total = shop.order(order).await["total"]["amount"].as_i64().unwrap();
        let accounts = &balances[order];
        assert_eq!(
            accounts["provider_clearing"], total,
            "{order}: booked once, and no more: {accounts:?}"
        );
        assert_eq!(accounts.values().sum::<i64>(), 0);
    }
    let stock = shop.staff.get(&format!("/v1/stock/{variant}")).await.expect(200);
    let count = |name: &str| stock[name].as_i64().unwrap_or_else(|| panic!("{stock}"));
    assert_eq!(
        count("free") + count("reserved") + count("sold"),
        count("booked"),
        "{stock}"
    );
    assert!(
        count("reserved") + count("sold") >= i64::try_from(told).unwrap(),
        "{stock}"
    );
}
