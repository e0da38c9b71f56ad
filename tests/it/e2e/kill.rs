//! `kill -9` at random points during 500 orders, restart on the same data, and nothing is lost or doubled.
//!
//! The platform runs in a child process: this test binary again, at the test that only acts when it is told to. The seed of
//! the points is printed; `TRADEPOST_TEST_SEED` draws the same points again.

use std::{
    fs::File,
    io::{BufRead, BufReader, Lines},
    path::Path,
    process::{Child, ChildStdout, Command, Stdio},
    sync::{
        Arc,
        atomic::{AtomicBool, AtomicUsize, Ordering},
    },
    time::Duration,
};

use kernel::Random;
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

/// Orders over all lives of the platform, at least.
const ORDERS: usize = 500;
/// How often it is killed.
const KILLS: usize = 8;
/// Buyers at the same time.
const BUYERS: usize = 4;
/// A kill comes up to this long after its order: about as long as an order takes, so that any step of it may be hit.
const STRAY_US: u64 = 60_000;
/// Draws the same points again.
const SEED: &str = "TRADEPOST_TEST_SEED";
/// Tells the child where its data are.
const DATA: &str = "TRADEPOST_TEST_CHILD_DATA";
/// Tells the child where Stripe is.
const STRIPE: &str = "TRADEPOST_TEST_CHILD_STRIPE";
/// Tells the child its port.
const PORT: &str = "TRADEPOST_TEST_CHILD_PORT";

#[expect(
    clippy::disallowed_methods,
    reason = "the parent tells the child what to do by its environment, and a person the parent"
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

/// When it is killed: after so many orders of all lives, and so long after the last of them. By the number of orders.
fn points(seed: u64) -> Vec<(usize, Duration)> {
    let chance = testkit::SeededChance::new(seed);
    let below = |limit: u64| {
        let mut bytes = [0; 8];
        chance.fill(&mut bytes);
        u64::from_le_bytes(bytes) % limit
    };
    let orders = u64::try_from(ORDERS).unwrap();
    let mut points: Vec<_> = (0..KILLS)
        .map(|_| {
            let after = usize::try_from(below(orders)).unwrap();
            (after, Duration::from_micros(below(STRAY_US)))
        })
        .collect();
    points.sort_unstable();
    points
}

/// Buyers who buy until there are enough orders, or their platform is killed.
struct Buyers {
    placed: Arc<AtomicUsize>,
    killed: Arc<AtomicBool>,
    tasks: Vec<tokio::task::JoinHandle<Vec<(String, bool)>>>,
}

impl Buyers {
    fn come(shop: &Shop, stripe: &Arc<StripeDouble>, variant: &str, placed: &Arc<AtomicUsize>) -> Self {
        let killed = Arc::new(AtomicBool::new(false));
        let task = |_| {
            let (shop, stripe, variant) = (shop.clone(), Arc::clone(stripe), variant.to_owned());
            let (placed, killed) = (Arc::clone(placed), Arc::clone(&killed));
            tokio::spawn(async move {
                let mut bought = Vec::new();
                for _ in 0..ORDERS {
                    if killed.load(Ordering::SeqCst) || placed.load(Ordering::SeqCst) >= ORDERS {
                        break;
                    }
                    if let Some(order) = buy(&shop, &stripe, &variant).await {
                        placed.fetch_add(1, Ordering::SeqCst);
                        bought.push(order);
                    }
                }
                bought
            })
        };
        Self {
            placed: Arc::clone(placed),
            tasks: (0..BUYERS).map(task).collect(),
            killed,
        }
    }

    /// Until so many orders are placed.
    async fn reach(&self, orders: usize) {
        while self.placed.load(Ordering::SeqCst) < orders && self.tasks.iter().any(|task| !task.is_finished()) {
            tokio::time::sleep(Duration::from_millis(1)).await;
        }
    }

    async fn leave(self, orders: &mut Vec<(String, bool)>) {
        for task in self.tasks {
            orders.extend(task.await.unwrap());
        }
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn nothing_is_lost_or_doubled_by_kill_nine() {
    let seed = told(SEED).map_or_else(|| uuid::Uuid::now_v7().as_u64_pair().1, |seed| seed.parse().unwrap());
    let points = points(seed);
    println!("{SEED}={seed} kills after: {points:?}");
    let folder = std::env::temp_dir().join(format!("tradepost-kill-{}", std::process::id()));
    std::fs::create_dir_all(&folder).unwrap();
    let port = free_port();
    let base = format!("http://127.0.0.1:{port}");
    let stripe = Arc::new(StripeDouble::start(0, &format!("{base}/webhooks/payments/stripe"), STRIPE_SECRET).await);
    let agent = Agent::start(0, &base, |_| {}).await;
    let mut life = Life::begin(&folder, &stripe.url(), port);
    let mut shop = Shop::new(&base, &agent.header(), &life.token);
    let variant = goods(&shop, &life.variables, "Durable goods", 10_000).await;
    let placed = Arc::new(AtomicUsize::new(0));
    let mut orders = Vec::new();
    for (after, stray) in points {
        let buyers = Buyers::come(&shop, &stripe, &variant, &placed);
        buyers.reach(after).await;
        tokio::time::sleep(stray).await;
        buyers.killed.store(true, Ordering::SeqCst);
        life.kill();
        buyers.leave(&mut orders).await;
        life = Life::begin(&folder, &stripe.url(), port);
        shop = Shop::new(&base, &agent.header(), &life.token);
    }
    let buyers = Buyers::come(&shop, &stripe, &variant, &placed);
    buyers.leave(&mut orders).await;
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
    assert!(orders.len() >= ORDERS, "too few orders: {}", orders.len());
    assert!(told >= ORDERS / 2, "too few of them paid to mean anything: {told}");
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
            accounts["provider_clearing:stripe"], total,
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
