//! One order's money: its state, its facts, its intents and what was asked back, in one partition.

use dynamo::{AttributeValue, Item, Part, Query, Record, StoreError, from_item, to_item};
use kernel::{Money, OrderId, Timestamp};
use serde::{Deserialize, Serialize};

use super::{Notice, Payments, Stale, keys};
use crate::{
    Dispute, Escrow, Fact, HoldReason, Intent, MoneyState, ObjectId, RefundRequest, Settled, Standing, Status, Totals,
    events::latest::{PaymentRefundRequested, Why},
    fold,
};

/// How many facts of one order are folded. An order with more is looked at by a person.
pub const FACTS_MAX: usize = 200;
/// Items of one page of an order's partition.
const PAGE_ITEMS_MAX: u16 = 250;
/// Pages of an order's partition that are read, at most.
const PAGES_MAX: usize = 4;

#[derive(Debug, Clone, Serialize, Deserialize)]
struct MoneyItem {
    order: OrderId,
    due: Money,
    standing: Standing,
    #[serde(default)]
    escrow: Escrow,
    hold: Option<HoldReason>,
    returned: Money,
    /// Told by the facts; kept for those who read the state alone.
    status: Status,
    total: Totals,
    version: u64,
    updated_at: Timestamp,
}

impl Record for MoneyItem {
    const ENTITY: &'static str = "order-money";
    const SHAPE: u16 = 1;
}

#[derive(Serialize, Deserialize)]
struct FactItem {
    fact: Fact,
    delivery: ObjectId,
    told_at: Timestamp,
}

impl Record for FactItem {
    const ENTITY: &'static str = "payment-fact";
    const SHAPE: u16 = 1;
}

impl Record for RefundRequest {
    const ENTITY: &'static str = "refund-request";
    const SHAPE: u16 = 1;
}

/// All that is known of one order's money.
#[derive(Debug, Clone)]
pub struct OrderMoney {
    /// Its tries to pay, oldest first.
    pub intents: Vec<Intent>,
    /// What was told.
    pub facts: Vec<Fact>,
    /// What it amounts to.
    pub state: MoneyState,
    /// Its disputes, as they were last kept.
    pub disputes: Vec<Dispute>,
}

impl Payments {
    /// Reads an order's money; `due` is what the order costs, for when nothing is known yet.
    /// Access pattern `payments.order.read`: one strong query.
    pub async fn order_money(&self, order: OrderId, due: Money) -> Result<OrderMoney, StoreError> {
        collect(order, due, self.order_items(order).await?)
    }

    /// Reads an order's money, where something is known of it. Access pattern `payments.order.read`.
    ///
    /// # Errors
    ///
    /// When it cannot be read.
    pub async fn known_money(&self, order: OrderId) -> Result<Option<OrderMoney>, StoreError> {
        let items = self.order_items(order).await?;
        let Some(item) = items.iter().find(|item| entity(item) == MoneyItem::ENTITY) else {
            return Ok(None);
        };
        let known: MoneyItem = from_item(item.clone())?;
        collect(order, known.due, items).map(Some)
    }

    async fn order_items(&self, order: OrderId) -> Result<Vec<Item>, StoreError> {
        let mut items = Vec::new();
        let mut next = None;
        for _ in 0..PAGES_MAX {
            let query = Query::new(&self.table, "pk = :order", PAGE_ITEMS_MAX).text(":order", keys::order(order));
            let page = self.dynamo.query(query.strong().after(next)).await?;
            items.extend(page.items);
            next = page.next;
            if next.is_none() {
                return Ok(items);
            }
        }
        Err(corrupt(order, "more items than an order's money can have".to_owned()))
    }

    /// Everything of `settled` that this context writes: state, facts, postings, requests and their events, and the case
    /// of a hold. Refused as a whole when the state moved on since it was read. Access pattern `payments.settle`.
    pub fn settle_parts(&self, settled: &Settled, notice: Option<&Notice>) -> Result<Vec<Part<Stale>>, StoreError> {
        let state = &settled.state;
        let now = self.dynamo.ambient().now();
        let delivery = notice.map(|notice| &notice.delivery);
        let mut parts = vec![self.money_part(state, now)?];
        for (fact, notice) in notice
            .iter()
            .flat_map(|notice| settled.facts.iter().map(move |fact| (fact, *notice)))
        {
            let item = FactItem {
                fact: fact.clone(),
                delivery: notice.delivery.clone(),
                told_at: notice.received_at,
            };
            let key = keys::fact(state.order, &fact.key());
            parts.push(Part::insert(&self.table, to_item(&key, &item)?).refused(Stale));
        }
        for posting in &settled.postings {
            parts.extend(self.posting_parts(posting, delivery)?);
        }
        for request in &settled.refunds {
            let item = to_item(&keys::refund(request.order, request.id), request)?;
            parts.push(Part::insert(&self.table, item).refused(Stale));
            parts.push(self.event(&asked(request), delivery.map(ObjectId::as_str))?);
        }
        if let (Some(hold), Some(notice)) = (settled.held, notice) {
            parts.extend(self.case_parts(notice, Some(state.order), Why::Hold(hold))?);
        }
        Ok(parts)
    }

    fn money_part(&self, state: &MoneyState, now: Timestamp) -> Result<Part<Stale>, StoreError> {
        let item = MoneyItem {
            order: state.order,
            due: state.due,
            standing: state.standing,
            escrow: state.escrow,
            hold: state.hold,
            returned: state.returned,
            status: state.status(),
            total: state.folded.total,
            version: state.version,
            updated_at: now,
        };
        let item = to_item(&keys::money(state.order), &item)?;
        let part = match state.version {
            0 | 1 => Part::insert(&self.table, item),
            version => Part::replace(&self.table, item, version - 1),
        };
        Ok(part.refused(Stale))
    }
}

fn collect(order: OrderId, due: Money, items: Vec<Item>) -> Result<OrderMoney, StoreError> {
    let mut money: Option<MoneyItem> = None;
    let mut found = OrderMoney {
        intents: Vec::new(),
        facts: Vec::new(),
        state: MoneyState::opening(order, due),
        disputes: Vec::new(),
    };
    for item in items {
        match entity(&item) {
            MoneyItem::ENTITY => money = Some(from_item(item)?),
            FactItem::ENTITY => found.facts.push(from_item::<FactItem>(item)?.fact),
            Intent::ENTITY => found.intents.push(from_item(item)?),
            Dispute::ENTITY => found.disputes.push(from_item(item)?),
            RefundRequest::ENTITY => found.state.requests.push(from_item(item)?),
            other => return Err(corrupt(order, format!("entity {other:?}"))),
        }
    }
    if let Some(money) = money {
        let folded = fold(money.due.currency(), &found.facts);
        found.state.folded = folded.map_err(|error| corrupt(order, error.to_string()))?;
        found.state.due = money.due;
        found.state.standing = money.standing;
        found.state.escrow = money.escrow;
        found.state.hold = money.hold;
        found.state.returned = money.returned;
        found.state.version = money.version;
    }
    found
        .state
        .requests
        .sort_by_key(|request| (request.requested_at, request.id));
    found.intents.sort_by_key(|intent| (intent.created_at, intent.id));
    Ok(found)
}

fn asked(request: &RefundRequest) -> PaymentRefundRequested {
    PaymentRefundRequested {
        order: request.order,
        refund: request.id,
        provider: request.provider,
        payment: request.payment.clone(),
        amount: request.amount,
        reason: request.reason,
    }
}

fn entity(item: &Item) -> &str {
    match item.get("entity") {
        Some(AttributeValue::S(entity)) => entity,
        _ => "",
    }
}

fn corrupt(order: OrderId, attribute: String) -> StoreError {
    StoreError::Corrupt {
        pk: keys::order(order),
        sk: String::new(),
        attribute,
    }
}
