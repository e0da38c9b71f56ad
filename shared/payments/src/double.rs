//! A provider of the mind: for tests of the functions that ask providers. It keeps its own books, answers from them, can be
//! silent, down or hanging, can die around one call, and its statement can be tampered with.
//!
//! Dying means that the call never returns: a test waits for [`Double::died`] beside the handler, and drops the handler, as
//! the end of a process would.

use std::{
    collections::{BTreeMap, BTreeSet},
    future::{pending, poll_fn},
    sync::{Arc, Mutex, MutexGuard, PoisonError},
    task::{Poll, Waker},
};

use dynamo::CommitError;
use kernel::{Ambient, Envelope, Id, Money, OrderId, PaymentId, RefundId, Timestamp};

use crate::{
    Fact, FactKind, Intent, IntentState, Mode, ObjectId, OrderStanding, Payments, Provider, Reading, Started,
    crash::When,
    events::latest::PaymentNoticed,
    payment_id,
    provider::{CallError, Parsed, Payer, Providers, RefundOrder, StatementPage, StatementRow, StatementState, read},
    settle, statement_day,
};

/// Rows of one page of its statements.
const PAGE_ROWS: usize = 20;
/// How often booking looks again after somebody else was quicker.
const BOOK_ROUNDS_MAX: usize = 5;

/// What becomes of refunds.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum RefundAnswer {
    /// Done at once.
    #[default]
    Succeeds,
    /// On its way, until the test says otherwise.
    Pends,
    /// Refused.
    Refused,
}

/// What is wrong with a payment's row, or a refund's.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Tamper {
    /// It is not there.
    Gone,
    /// Its amount is this much more.
    More(i64),
    /// It says that it failed.
    Failed,
    /// It cannot be read.
    Unreadable,
}

#[derive(Debug, Clone)]
struct Paid {
    provider: Provider,
    order: OrderId,
    intent: PaymentId,
    asked: Money,
    at: Option<Timestamp>,
}

#[derive(Debug, Clone)]
struct GivenBack {
    provider: Provider,
    payment: ObjectId,
    amount: Money,
    at: Timestamp,
    settled: bool,
}

#[derive(Debug, Default)]
struct Book {
    payments: BTreeMap<ObjectId, Paid>,
    refunds: BTreeMap<ObjectId, GivenBack>,
    refund_calls: Vec<ObjectId>,
    refund_answer: RefundAnswer,
    tampered: BTreeMap<ObjectId, Tamper>,
    fee: i64,
    down: BTreeSet<Provider>,
    hanging: BTreeSet<Provider>,
    calls: usize,
    statement_calls: usize,
    death: Option<(usize, When)>,
    dead: bool,
    waiting: Option<Waker>,
}

/// The double. Cheap to clone; clones share their books.
#[derive(Debug, Clone)]
pub struct Double {
    book: Arc<Mutex<Book>>,
    ambient: Ambient,
}

impl Double {
    /// With this clock.
    pub fn new(ambient: Ambient) -> Self {
        Self {
            book: Arc::default(),
            ambient,
        }
    }

    fn book(&self) -> MutexGuard<'_, Book> {
        self.book.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// The payer pays.
    pub fn pay(&self, intent: &Intent) {
        let Some(object) = object(intent) else { return };
        let paid = Paid {
            at: Some(self.ambient.now()),
            ..of(intent)
        };
        self.book().payments.insert(object, paid);
    }

    /// What becomes of refunds that are asked for from now on.
    pub fn answer_refunds(&self, answer: RefundAnswer) {
        self.book().refund_answer = answer;
    }

    /// A refund that was on its way arrives.
    pub fn settle_refund(&self, refund: RefundId) {
        if let Some(given) = name(refund).and_then(|name| self.book().refunds.get(&name).cloned()) {
            let settled = true;
            self.book()
                .refunds
                .extend(name(refund).map(|name| (name, GivenBack { settled, ..given })));
        }
    }

    /// Statements lie about a payment or refund.
    pub fn tamper(&self, of: &ObjectId, tamper: Tamper) {
        self.book().tampered.insert(of.clone(), tamper);
    }

    /// What each payment costs us, in minor units.
    pub fn charge(&self, fee: i64) {
        self.book().fee = fee;
    }

    /// No answer, at once, until it is up again.
    pub fn down(&self, provider: Provider, down: bool) {
        let mut book = self.book();
        if down {
            book.down.insert(provider);
        } else {
            book.down.remove(&provider);
        }
    }

    /// No answer, ever.
    pub fn hang(&self, provider: Provider) {
        self.book().hanging.insert(provider);
    }

    /// The process dies around this call, by its number from 0; and only there.
    pub fn die_at(&self, call: usize, when: When) {
        let mut book = self.book();
        book.calls = 0;
        book.dead = false;
        book.death = Some((call, when));
    }

    /// Whether the call was reached.
    pub fn is_dead(&self) -> bool {
        self.book().dead
    }

    /// Lives from now on.
    pub fn revive(&self) {
        let mut book = self.book();
        book.death = None;
        book.dead = false;
    }

    /// Returns when the process has died.
    pub async fn died(&self) {
        poll_fn(|context| {
            let mut book = self.book();
            if book.dead {
                return Poll::Ready(());
            }
            book.waiting = Some(context.waker().clone());
            Poll::Pending
        })
        .await;
    }

    /// Keys under which refunds were asked for, each time.
    pub fn refund_keys(&self) -> Vec<ObjectId> {
        self.book().refund_calls.clone()
    }

    /// Refunds that were made.
    pub fn refunds_made(&self) -> usize {
        self.book().refunds.len()
    }

    /// Calls that were made since the last planned death.
    pub fn calls(&self) -> usize {
        self.book().calls
    }

    /// Pages of statements that were read.
    pub fn statement_calls(&self) -> usize {
        self.book().statement_calls
    }

    fn die(&self) {
        let mut book = self.book();
        book.dead = true;
        if let Some(waker) = book.waiting.take() {
            waker.wake();
        }
    }

    /// One call: what it does, between the two points at which the process may die.
    async fn call<T: Send>(
        &self,
        provider: Provider,
        act: impl FnOnce(&mut Book) -> Result<T, CallError> + Send,
    ) -> Result<T, CallError> {
        let (dies, fate) = {
            let mut book = self.book();
            let call = book.calls;
            book.calls = book.calls.saturating_add(1);
            let dies = book.death.filter(|(at, _)| *at == call).map(|(_, when)| when);
            (dies, (book.down.contains(&provider), book.hanging.contains(&provider)))
        };
        if dies == Some(When::Before) {
            self.die();
            pending::<()>().await;
        }
        match fate {
            (true, _) => return Err(CallError::Unanswered("down".to_owned())),
            (_, true) => pending::<()>().await,
            _ => {}
        }
        let answer = act(&mut self.book());
        if dies == Some(When::After) {
            self.die();
            pending::<()>().await;
        }
        answer
    }
}

/// The payment object, also where it is the provider's to name.
pub fn object(intent: &Intent) -> Option<ObjectId> {
    intent
        .own_object()
        .or_else(|| format!("pi_{}", intent.id.uuid().simple()).parse().ok())
}

fn name(refund: RefundId) -> Option<ObjectId> {
    refund.to_string().parse().ok()
}

const fn of(intent: &Intent) -> Paid {
    Paid {
        provider: intent.provider,
        order: intent.order,
        intent: intent.id,
        asked: intent.amount,
        at: None,
    }
}

/// An intent of an order as `payment-start` leaves it: open, in a mode of the provider.
pub fn intent(order: OrderId, key: &str, provider: Provider, amount: Money, now: Timestamp) -> Intent {
    let mode = match provider {
        Provider::Stripe => Mode::PaymentIntent,
        Provider::WechatPay => Mode::Native,
        Provider::Alipay => Mode::Qr,
        Provider::CashOnDelivery => Mode::Cash,
        Provider::Instant => Mode::Instant,
    };
    let mut intent = Intent {
        id: payment_id(order, key),
        order,
        provider,
        mode,
        amount,
        livemode: false,
        fingerprint: String::new(),
        version: 1,
        pay_by: None,
        step_up: false,
        state: IntentState::Sending,
        created_at: now,
    };
    if let Some(object) = object(&intent) {
        let started = Started::of(object);
        intent.state = IntentState::Open { started };
    }
    intent
}

fn told(intent: &Intent, object: &ObjectId, kinds: Vec<FactKind>, at: Option<Timestamp>) -> Reading {
    let mut reading = intent.nothing_told();
    reading.reference.object = Some(object.clone());
    reading.occurred_at = at;
    reading.facts = kinds
        .into_iter()
        .map(|kind| Fact {
            provider: intent.provider,
            payment: object.clone(),
            kind,
        })
        .collect();
    reading
}

fn told_of(book: &Book, intent: &Intent) -> Result<Reading, CallError> {
    let object = object(intent).ok_or(CallError::Misfit("id"))?;
    let Some(paid) = book.payments.get(&object) else {
        return Ok(intent.nothing_told());
    };
    let kinds = match paid.at {
        Some(_) => vec![FactKind::Captured { received: paid.asked }],
        None => Vec::new(),
    };
    Ok(told(intent, &object, kinds, paid.at))
}

fn told_of_refund(book: &Book, order: RefundOrder<'_>) -> Result<Reading, CallError> {
    let refund = name(order.request.id).ok_or(CallError::Misfit("id"))?;
    let Some(given) = book.refunds.get(&refund) else {
        return Ok(order.intent.nothing_told());
    };
    let amount = given.amount;
    let (kind, at) = if given.settled {
        (FactKind::RefundSucceeded { refund, amount }, Some(given.at))
    } else {
        (FactKind::RefundPending { refund, amount }, None)
    };
    Ok(told(order.intent, &given.payment, vec![kind], at))
}

impl Providers for Double {
    async fn start(&self, intent: &Intent, _: &Payer) -> Result<Started, CallError> {
        let object = object(intent).ok_or(CallError::Misfit("id"))?;
        self.call(intent.provider, |book| {
            book.payments.entry(object.clone()).or_insert_with(|| of(intent));
            Ok(Started::of(object))
        })
        .await
    }

    async fn query(&self, intent: &Intent) -> Result<Reading, CallError> {
        self.call(intent.provider, |book| told_of(book, intent)).await
    }

    async fn refund(&self, order: RefundOrder<'_>) -> Result<Reading, CallError> {
        let refund = name(order.request.id).ok_or(CallError::Misfit("id"))?;
        let now = self.ambient.now();
        self.call(order.request.provider, |book| {
            book.refund_calls.push(refund.clone());
            if book.refund_answer == RefundAnswer::Refused {
                return Err(CallError::Refused {
                    status: 400,
                    code: "NOT_ENOUGH".to_owned(),
                });
            }
            let settled = book.refund_answer == RefundAnswer::Succeeds;
            book.refunds.entry(refund).or_insert_with(|| GivenBack {
                provider: order.request.provider,
                payment: order.request.payment.clone(),
                amount: order.request.amount,
                at: now,
                settled,
            });
            told_of_refund(book, order)
        })
        .await
    }

    async fn query_refund(&self, order: RefundOrder<'_>) -> Result<Reading, CallError> {
        self.call(order.request.provider, |book| told_of_refund(book, order))
            .await
    }

    async fn statement(&self, provider: Provider, day: &str, after: Option<&str>) -> Result<StatementPage, CallError> {
        let from: usize = after.unwrap_or("0").parse().map_err(|_| CallError::Misfit("page"))?;
        self.call(provider, |book| {
            book.statement_calls = book.statement_calls.saturating_add(1);
            Ok(statement(book, provider, day, from))
        })
        .await
    }
}

fn statement(book: &Book, provider: Provider, day: &str, from: usize) -> StatementPage {
    let fee = |amount: Money| Money::new(book.fee, amount.currency()).unwrap_or(amount);
    let on_day = |at: Timestamp| statement_day(provider, at) == day;
    let paid = book.payments.iter().filter_map(|(object, paid)| {
        let at = paid.at.filter(|at| on_day(*at) && paid.provider == provider)?;
        let row = StatementRow {
            payment: object.clone(),
            refund: None,
            amount: paid.asked,
            fee: fee(paid.asked),
            state: StatementState::Succeeded,
            order: Some(paid.order),
            intent: Some(paid.intent),
        };
        Some((at, object, row))
    });
    let given = book.refunds.iter().filter_map(|(refund, given)| {
        let state = if given.settled {
            StatementState::Succeeded
        } else {
            StatementState::Pending
        };
        let row = StatementRow {
            payment: given.payment.clone(),
            refund: Some(refund.clone()),
            amount: given.amount,
            fee: Money::zero(given.amount.currency()),
            state,
            order: None,
            intent: None,
        };
        (given.provider == provider && on_day(given.at)).then_some((given.at, refund, row))
    });
    let mut page = StatementPage::default();
    let all: Vec<_> = paid.chain(given).collect();
    for (_, object, mut row) in all.iter().skip(from).take(PAGE_ROWS).cloned() {
        match book.tampered.get(object) {
            Some(Tamper::Gone) => continue,
            Some(Tamper::Unreadable) => {
                page.unreadable = page.unreadable.saturating_add(1);
                continue;
            }
            Some(Tamper::More(more)) => {
                row.amount =
                    Money::new(row.amount.amount().saturating_add(*more), row.amount.currency()).unwrap_or(row.amount);
            }
            Some(Tamper::Failed) => row.state = StatementState::Failed,
            None => {}
        }
        page.rows.push(row);
    }
    let next = from.saturating_add(PAGE_ROWS);
    page.next = (next < all.len()).then(|| next.to_string());
    page
}

/// What settlement does to the money, without orders: books each noticed event once. Returns how many notices were there.
///
/// # Errors
///
/// A text that says what went wrong.
pub async fn book(payments: &Payments, events: &[Envelope]) -> Result<usize, String> {
    let mut notices = 0;
    for event in events {
        if let Ok(noticed) = event.open::<PaymentNoticed>() {
            notices += 1;
            settle_one(payments, &noticed).await?;
        }
    }
    Ok(notices)
}

async fn settle_one(payments: &Payments, noticed: &PaymentNoticed) -> Result<(), String> {
    let text = |error: &dyn std::fmt::Display| error.to_string();
    let notice = payments.notice(noticed.provider, &noticed.delivery).await;
    let notice = notice.map_err(|error| text(&error))?.ok_or("no notice")?;
    let Ok(Parsed::Told(reading)) = read(&notice) else {
        return Err("unreadable".to_owned());
    };
    let object = reading.reference.object.clone().ok_or("no object")?;
    for _ in 0..BOOK_ROUNDS_MAX {
        let link = payments
            .link(noticed.provider, &object)
            .await
            .map_err(|error| text(&error))?;
        let owner = link.owner.or(reading.reference.order.zip(reading.reference.payment));
        let owner = owner.ok_or("nobody's")?;
        let intent = payments.intent(owner.0, owner.1).await.map_err(|error| text(&error))?;
        let due = intent.ok_or("no intent")?.amount;
        let money = payments.order_money(owner.0, due).await.map_err(|error| text(&error))?;
        let now = payments.ambient().now();
        let ids = || RefundId::generate(payments.ambient());
        let order = (OrderStanding::Open, due);
        let settled = settle(&money.state, &money.facts, &reading.facts, order, now, ids);
        let settled = settled.map_err(|error| text(&error))?;
        let mut parts = payments
            .link_parts(noticed.provider, &object, &link, owner)
            .map_err(|error| text(&error))?;
        if !settled.facts.is_empty() {
            let more = payments.settle_parts(&settled, Some(&notice));
            parts.extend(more.map_err(|error| text(&error))?);
        }
        match payments.commit(parts).await {
            Ok(()) => return Ok(()),
            Err(CommitError::Refused(_) | CommitError::Conflict) => {}
            Err(CommitError::Store(error)) => return Err(text(&error)),
        }
    }
    Err("others were quicker".to_owned())
}
