//! Sees from the front what no answer tells at once: when an order is paid, and which shipment it gets.

use std::{
    collections::BTreeMap,
    pin::Pin,
    sync::{Mutex, MutexGuard},
    time::{Duration, Instant},
};

use local::front::{Answer, Call, Interceptor, Verdict};
use tokio::sync::Notify;

use crate::cpu::now;

/// How long anything is waited for.
const WAIT_MAX: Duration = Duration::from_mins(1);
/// Digits of an id after its prefix.
const DIGITS: usize = 32;
/// What the list row of a paid order begins with.
const PAID: &str = "\"confirmed#";

/// Orders that were seen to be paid, and their shipments.
#[derive(Default)]
pub(crate) struct Watch {
    seen: Mutex<Seen>,
    changed: Notify,
}

#[derive(Default)]
struct Seen {
    paid: BTreeMap<String, Instant>,
    shipments: BTreeMap<String, String>,
}

impl Watch {
    /// When the payment of an order was committed.
    pub(crate) async fn paid(&self, order: &str) -> Instant {
        self.wait(order, |seen| seen.paid.get(order).copied()).await
    }

    /// The shipment of an order.
    pub(crate) async fn shipment(&self, order: &str) -> String {
        self.wait(order, |seen| seen.shipments.get(order).cloned()).await
    }

    async fn wait<T>(&self, order: &str, look: impl Fn(&Seen) -> Option<T>) -> T {
        let waiting = async {
            loop {
                let changed = self.changed.notified();
                if let Some(found) = look(&self.seen()) {
                    return found;
                }
                changed.await;
            }
        };
        let waited = tokio::time::timeout(WAIT_MAX, waiting).await;
        waited.unwrap_or_else(|_| panic!("{order}: nothing within {WAIT_MAX:?}"))
    }

    fn seen(&self) -> MutexGuard<'_, Seen> {
        self.seen.lock().expect("nobody panics with the lock")
    }

    fn note(&self, call: &Call) {
        let request = call.request.to_string();
        let Some(order) = id(&request, "ord_") else { return };
        match call.caller.as_str() {
            "PaymentSettlementFunction" if request.contains(PAID) => {
                self.seen().paid.entry(order).or_insert_with(now);
            }
            "FulfilmentAllocationFunction" => {
                let Some(shipment) = id(&request, "shp_") else { return };
                self.seen().shipments.insert(order, shipment);
            }
            _ => return,
        }
        self.changed.notify_waiters();
    }
}

fn id(text: &str, prefix: &str) -> Option<String> {
    let at = text.find(prefix)?;
    text.get(at..at + prefix.len() + DIGITS).map(str::to_owned)
}

impl Interceptor for Watch {
    fn after<'a>(&'a self, call: &'a Call, answer: &'a Answer) -> Pin<Box<dyn Future<Output = Verdict> + Send + 'a>> {
        if call.operation == "TransactWriteItems" && answer.is_success() {
            self.note(call);
        }
        Box::pin(async { Verdict::Proceed })
    }
}
