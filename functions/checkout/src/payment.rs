//! Which handler is to be paid through, and what it says at once.

use serde_json::Value;
use ucp::{
    Message, Registry, Severity, codes,
    payment::{INSTANT, InstrumentInput, PaymentInput, handler_name},
};

/// What the chosen instrument means for completing.
#[derive(Debug, PartialEq)]
pub(crate) enum Decision {
    /// The order waits for its payment, which the storefront starts.
    Later,
    /// The order is paid as it is placed. Development only.
    Instant,
    /// Not with this instrument, or not yet.
    Refused(Message),
}

const INSTRUMENTS: &str = "$.payment.instruments";

/// Decides by the handlers that this basket is offered; an unknown handler is refused before anything is processed.
pub(crate) fn decide(payment: &PaymentInput, offered: &Registry<Value>) -> Decision {
    let Some(instrument) = payment.chosen() else {
        let message = Message::error(
            codes::FIELD_REQUIRED,
            Severity::Recoverable,
            "Choose a payment instrument.",
        );
        return Decision::Refused(message.at(INSTRUMENTS));
    };
    match name(instrument, offered) {
        Some(INSTANT) => instant(instrument.token().unwrap_or_default()),
        Some(_) => Decision::Later,
        None => {
            let content = "The instrument's handler is not one of those offered for this basket.";
            let message = Message::error(codes::PAYMENT_HANDLER_UNKNOWN, Severity::Recoverable, content);
            Decision::Refused(message.at(format!("{INSTRUMENTS}[0].handler_id")))
        }
    }
}

/// The handler's name. In development an instrument without a handler means the instant one.
fn name<'a>(instrument: &InstrumentInput, offered: &'a Registry<Value>) -> Option<&'a str> {
    match instrument.handler_id.as_deref() {
        Some(id) => handler_name(offered, id),
        None => handler_name(offered, INSTANT),
    }
}

/// The instant handler goes by its token: `success…` pays, `escalate…` wants the buyer once, everything else is declined.
fn instant(token: &str) -> Decision {
    if token.starts_with("success") {
        return Decision::Instant;
    }
    let (code, severity, content) = if token.starts_with("escalate") {
        (
            "requires_3ds",
            Severity::RequiresBuyerInput,
            "The buyer must confirm the payment.",
        )
    } else {
        (
            codes::PAYMENT_FAILED,
            Severity::Recoverable,
            "The payment was declined: choose another instrument.",
        )
    };
    Decision::Refused(Message::error(code, severity, content).at(INSTRUMENTS))
}
