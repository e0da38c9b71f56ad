//! Whether a verified notice fits our own record. A signature says who wrote it, not that it is about our money.

use payments::{CaseReason, Intent, IntentState, Mode, Provider, Reading};

/// Matches provider, mode, currency, amount and object with the intent that the notice names.
///
/// What was *asked* must be what we asked. What was *received* may differ: then it is real money, too little or too much,
/// and the fold decides.
pub(crate) fn fits(reading: &Reading, provider: Provider, intent: &Intent) -> Result<(), CaseReason> {
    if intent.provider != provider {
        return Err(CaseReason::WrongObject);
    }
    if intent.livemode != reading.livemode {
        return Err(CaseReason::WrongMode);
    }
    let currency = intent.amount.currency();
    let amounts = reading
        .facts
        .iter()
        .filter_map(payments::Fact::money)
        .chain(reading.asked);
    if amounts.map(kernel::Money::currency).any(|told| told != currency) {
        return Err(CaseReason::WrongCurrency);
    }
    if reading.asked.is_some_and(|asked| asked != intent.amount) {
        return Err(CaseReason::WrongAmount);
    }
    if !same_object(reading, intent) {
        return Err(CaseReason::WrongObject);
    }
    Ok(())
}

/// An object that is ours to name is the same from the start. Where the provider names it, an intent whose result was lost
/// on the way has none yet: the metadata that only we write names it.
fn same_object(reading: &Reading, intent: &Intent) -> bool {
    let told = reading.reference.object.as_ref();
    let started = match &intent.state {
        IntentState::Open { started } => Some(&started.object),
        IntentState::InReview { .. }
        | IntentState::Approved { .. }
        | IntentState::Sending
        | IntentState::Refused { .. } => None,
    };
    match intent.mode {
        Mode::CheckoutSession => {
            let session = reading.reference.session.as_ref();
            session.is_none_or(|session| started.is_none_or(|started| started == session))
        }
        Mode::PaymentIntent | Mode::Instant => started.is_none_or(|started| told == Some(started)),
        Mode::Native | Mode::Jsapi | Mode::H5 | Mode::Page | Mode::Wap | Mode::Qr | Mode::Cash => {
            told == intent.own_object().as_ref()
        }
    }
}
