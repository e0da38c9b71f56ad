//! What is to be done about a request. Pure: what is known comes in, the next step goes out.

use kernel::{Money, Timestamp};
use payments::{
    Fact, INTENTS_MAX, Intent, IntentState, Mode, OrderMoney, Provider, RESEND_WITHIN_S, Started, payment_id,
    risk::REFUSED_BY_STAFF,
};
use sales::order::{Hold, Order, State};

use crate::{Error, request::Start};

/// The next step.
pub(crate) enum Next {
    /// It was done: answer what is kept.
    Answer(Box<Intent>, Started),
    /// A new try: what the rules let of it is written, then the provider is asked.
    Begin(Box<Intent>),
    /// Staff let it go on: write that, then ask the provider for the first time.
    GoOn(Box<Intent>),
    /// Write that it is sent once more, then ask the provider again.
    Resend(Box<Intent>),
}

/// A request and the circumstances that it is looked at in.
pub(crate) struct Asked<'a> {
    /// What is asked.
    pub(crate) start: &'a Start,
    /// The caller's key.
    pub(crate) key: &'a str,
    /// Digest of the body.
    pub(crate) fingerprint: &'a str,
    /// Whether the provider is one through whom payments are taken here.
    pub(crate) offered: bool,
    /// Whether Stripe moves real money.
    pub(crate) livemode: bool,
    /// When.
    pub(crate) now: Timestamp,
}

/// What is to be done about a request.
pub(crate) fn next(asked: &Asked<'_>, order: &Order, money: &OrderMoney) -> Result<Next, Error> {
    let Asked { start, now, .. } = *asked;
    let id = payment_id(order.id(), asked.key);
    if let Some(known) = money.intents.iter().find(|intent| intent.id == id) {
        if known.fingerprint != asked.fingerprint {
            return Err(Error::KeyReused);
        }
        return resume(known, order, money, now);
    }
    let amount = payable(order, money, now)?;
    if !asked.offered || start.mode.provider() != start.provider {
        return Err(Error::ProviderUnsupported);
    }
    if let Some((intent, started)) = open_already(asked, money, amount) {
        return Ok(Next::Answer(Box::new(intent.clone()), started));
    }
    if let Some(waiting) = equal_tries(asked, money, amount).find(|intent| looked_at(intent)) {
        return resume(waiting, order, money, now);
    }
    if money.intents.len() >= INTENTS_MAX {
        return Err(Error::TooManyTries);
    }
    Ok(Next::Begin(Box::new(Intent {
        id,
        order: order.id(),
        provider: start.provider,
        mode: start.mode,
        amount,
        // Only Stripe tells test from live; the others' notices say false.
        livemode: asked.livemode && start.provider == Provider::Stripe,
        fingerprint: asked.fingerprint.to_owned(),
        version: 1,
        pay_by: pay_by(order, start.mode),
        step_up: false,
        state: IntentState::Sending,
        created_at: now,
    })))
}

/// A repeated request: what its first one came to.
fn resume(known: &Intent, order: &Order, money: &OrderMoney, now: Timestamp) -> Result<Next, Error> {
    match &known.state {
        IntentState::Open { started } => Ok(Next::Answer(Box::new(known.clone()), started.clone())),
        IntentState::Refused { code } if code == REFUSED_BY_STAFF => Err(Error::RefusedByRisk),
        IntentState::Refused { code } => Err(Error::Refused(code.clone())),
        IntentState::InReview { .. } => Err(Error::UnderReview),
        IntentState::Approved { .. } => go_on(known, order, money, now),
        IntentState::Sending if !fresh(known, now) => Err(Error::KeyExpired),
        IntentState::Sending => Ok(Next::Resend(Box::new(Intent {
            version: known.version + 1,
            ..known.clone()
        }))),
    }
}

/// A try that staff let go on: as good as a new one from here, if the order still waits for just that.
fn go_on(known: &Intent, order: &Order, money: &OrderMoney, now: Timestamp) -> Result<Next, Error> {
    if payable(order, money, now)? != known.amount {
        return Err(Error::NotPayable(order.state().name().as_str()));
    }
    Ok(Next::GoOn(Box::new(Intent {
        version: known.version + 1,
        pay_by: pay_by(order, known.mode),
        state: IntentState::Sending,
        created_at: now,
        ..known.clone()
    })))
}

/// Whether staff look at it, or let it go on.
const fn looked_at(intent: &Intent) -> bool {
    matches!(
        intent.state,
        IntentState::InReview { .. } | IntentState::Approved { .. }
    )
}

fn fresh(intent: &Intent, now: Timestamp) -> bool {
    now.seconds_since(intent.created_at) < RESEND_WITHIN_S
}

/// What the order still costs, when it may be paid at all.
fn payable(order: &Order, money: &OrderMoney, now: Timestamp) -> Result<Money, Error> {
    match order.state() {
        State::AwaitingPayment { .. } if !order.is_due(now) => {}
        State::OnHold {
            hold: Hold::Underpaid, ..
        } => {}
        State::AwaitingPayment { .. }
        | State::OnHold { .. }
        | State::Confirmed { .. }
        | State::Completed { .. }
        | State::Expired { .. }
        | State::Cancelled { .. } => return Err(Error::NotPayable(order.state().name().as_str())),
    }
    let left = order
        .total()
        .minus(money.state.folded.total.captured)
        .map_err(|_| Error::NotPayable("paid"))?;
    if left.amount() <= 0 {
        return Err(Error::NotPayable("paid"));
    }
    Ok(left)
}

/// Until when the provider is told to take it: as long as the order waits. Cash comes with the goods.
fn pay_by(order: &Order, mode: Mode) -> Option<Timestamp> {
    match order.state() {
        State::AwaitingPayment { due_at } if mode != Mode::Cash => Some(*due_at),
        State::AwaitingPayment { .. }
        | State::OnHold { .. }
        | State::Confirmed { .. }
        | State::Completed { .. }
        | State::Expired { .. }
        | State::Cancelled { .. } => None,
    }
}

/// An equal payment that is open: a second one would only be a chance to pay twice.
fn open_already<'a>(asked: &'a Asked<'_>, money: &'a OrderMoney, amount: Money) -> Option<(&'a Intent, Started)> {
    equal_tries(asked, money, amount)
        .filter(|intent| fresh(intent, asked.now))
        .find_map(|intent| match &intent.state {
            IntentState::Open { started } if !money.facts.iter().any(|fact| ends(fact, started)) => {
                Some((intent, started.clone()))
            }
            IntentState::InReview { .. }
            | IntentState::Approved { .. }
            | IntentState::Open { .. }
            | IntentState::Sending
            | IntentState::Refused { .. } => None,
        })
}

/// Tries that ask for the same. What opens the payer's application is for that payer alone, so there the whole request has
/// to be equal.
fn equal_tries<'a>(asked: &'a Asked<'_>, money: &'a OrderMoney, amount: Money) -> impl Iterator<Item = &'a Intent> {
    let start = asked.start;
    money.intents.iter().filter(move |intent| {
        (intent.provider, intent.mode, intent.amount) == (start.provider, start.mode, amount)
            && (intent.mode != Mode::Jsapi || intent.fingerprint == asked.fingerprint)
    })
}

fn ends(fact: &Fact, started: &Started) -> bool {
    fact.payment == started.object && (fact.closes_payment() || fact.money().is_some())
}
