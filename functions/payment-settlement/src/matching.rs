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

/// An intent whose result was lost on the way has no object yet: the metadata that only we write names it.
fn same_object(reading: &Reading, intent: &Intent) -> bool {
    let IntentState::Open { started } = &intent.state else {
        return true;
    };
    match intent.mode {
        Mode::CheckoutSession => reading
            .reference
            .session
            .as_ref()
            .is_none_or(|session| *session == started.object),
        Mode::PaymentIntent
        | Mode::Native
        | Mode::Jsapi
        | Mode::H5
        | Mode::Page
        | Mode::Wap
        | Mode::Qr
        | Mode::Cash
        | Mode::Instant => reading.reference.object.as_ref() == Some(&started.object),
    }
}
