//! Checkout sessions: what a buyer wants, what it costs here and now, and when it can become an order.
//!
//! A session keeps what was asked for and the last [`Quote`] over it. A quote is a pure function of the request, the
//! catalogue, free stock and the [`Market`]: prices and titles of a request are never read.

mod draft;
mod freight;
mod market;
mod place;
mod quote;
mod session;
mod ship;
mod view;

pub use draft::{Chosen, Draft, DraftError, DraftLine, Particulars};
pub use freight::FreightOption;
pub use market::{Market, MarketError};
pub use place::{Sealing, placement};
pub use quote::{Facts, Quote, QuotedLine, quote};
pub use session::{Closed, LINES_MAX, OPEN_S, Session, SessionState};
pub use view::{Shown, view};

#[cfg(test)]
mod tests;
