//! The append-only registry of ids.
//!
//! Each id is its own type: a prefix, an underscore and a `UUIDv7` in 32 hex digits (RFC 9562), so that ids sort by the
//! time at which they were made, and none contains the `#` that separates parts of a key.

use std::{fmt, str::FromStr};

use serde::{Deserialize, Deserializer, Serialize, Serializer};
use uuid::Uuid;

use crate::{Ambient, Timestamp};

/// A text that is not the id it was said to be.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("not an id of the form {prefix}_… with 32 lower-case hex digits")]
pub struct IdError {
    /// The prefix that was expected.
    pub prefix: &'static str,
}

/// What all ids have in common.
pub trait Id: Sized + Copy {
    /// The text before the underscore.
    const PREFIX: &'static str;

    /// An id from a UUID.
    fn from_uuid(uuid: Uuid) -> Self;

    /// The UUID after the prefix.
    fn uuid(self) -> Uuid;

    /// A new id, later than those made in earlier milliseconds.
    fn generate(ambient: &Ambient) -> Self {
        Self::from_parts(ambient.now(), ambient.random_bytes())
    }

    /// The id of this time and these random bits: the same for the same input.
    fn from_parts(at: Timestamp, random: [u8; 10]) -> Self {
        let millis = u64::try_from(at.millis()).unwrap_or_default();
        Self::from_uuid(uuid::Builder::from_unix_timestamp_millis(millis, &random).into_uuid())
    }
}

fn parse<I: Id>(text: &str) -> Result<I, IdError> {
    let error = IdError { prefix: I::PREFIX };
    let digits = text
        .strip_prefix(I::PREFIX)
        .and_then(|rest| rest.strip_prefix('_'))
        .ok_or_else(|| error.clone())?;
    let plain = digits.len() == 32 && digits.bytes().all(|b| b.is_ascii_digit() || (b'a'..=b'f').contains(&b));
    if !plain {
        return Err(error);
    }
    Uuid::try_parse(digits).map(I::from_uuid).map_err(|_| error)
}

macro_rules! ids {
    ($($(#[$doc:meta])* $name:ident = $prefix:literal;)*) => {
        $(
            $(#[$doc])*
            #[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
            pub struct $name(Uuid);

            impl Id for $name {
                const PREFIX: &'static str = $prefix;
                fn from_uuid(uuid: Uuid) -> Self {
                    Self(uuid)
                }
                fn uuid(self) -> Uuid {
                    self.0
                }
            }

            impl fmt::Display for $name {
                fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                    write!(f, "{}_{}", $prefix, self.0.simple())
                }
            }

            impl fmt::Debug for $name {
                fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                    fmt::Display::fmt(self, f)
                }
            }

            impl FromStr for $name {
                type Err = IdError;
                fn from_str(text: &str) -> Result<Self, IdError> {
                    parse(text)
                }
            }

            impl Serialize for $name {
                fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
                    serializer.collect_str(self)
                }
            }

            impl<'de> Deserialize<'de> for $name {
                fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
                    let text = std::borrow::Cow::<'de, str>::deserialize(deserializer)?;
                    text.parse().map_err(serde::de::Error::custom)
                }
            }
        )*

        /// Every prefix of the registry, for the test that none is used twice.
        pub const ID_PREFIXES: &[&str] = &[$($prefix),*];
    };
}

ids! {
    /// A product of the catalogue.
    ProductId = "prd";
    /// A sellable variant of a product: what a line names and stock counts.
    VariantId = "var";
    /// A place that holds stock: warehouse or store.
    LocationId = "loc";
    /// A booked movement of stock: receipt or adjustment.
    MovementId = "mov";
    /// A checkout session.
    CheckoutId = "chk";
    /// A line of a checkout or an order.
    LineId = "lin";
    /// An order.
    OrderId = "ord";
    /// A try to pay an order with one provider: our intent record.
    PaymentId = "pay";
    /// A provider's or carrier's notice as it was received.
    NoticeId = "ntc";
    /// A refund, asked for or done.
    RefundId = "rfd";
    /// A balanced posting of the ledger.
    PostingId = "pst";
    /// A shipment: lines of one order in one parcel.
    ShipmentId = "shp";
    /// An event.
    EventId = "evt";
    /// A customer account.
    CustomerId = "cus";
    /// A staff account.
    StaffId = "stf";
    /// A person whose data is sealed with a key of their own.
    PersonId = "per";
    /// A family of refresh tokens: one sign-in on one device.
    SessionId = "ses";
    /// A one-time code that was asked for.
    CodeId = "otc";
    /// A message to a person.
    NotificationId = "ntf";
    /// The delivery of one event to one webhook endpoint.
    DeliveryId = "whd";
    /// A case that waits for a person.
    CaseId = "cas";
    /// A sales lead.
    LeadId = "led";
    /// Cash that a courier hands in.
    RemittanceId = "rmt";
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_id_reads_back_what_it_writes() {
        let id = OrderId::from_parts(Timestamp::from_millis(1_700_000_000_000), [7; 10]);
        assert_eq!(id.to_string().parse(), Ok(id));
        assert!(id.to_string().starts_with("ord_"));
    }

    #[test]
    fn an_id_of_another_kind_is_refused() {
        let id = OrderId::from_parts(Timestamp::from_millis(1), [7; 10]);
        assert_eq!(id.to_string().parse::<CheckoutId>(), Err(IdError { prefix: "chk" }));
        assert!(id.to_string().to_uppercase().parse::<OrderId>().is_err());
        assert!("ord_".parse::<OrderId>().is_err());
    }

    #[test]
    fn later_ids_sort_after_earlier_ones() {
        let first = OrderId::from_parts(Timestamp::from_millis(1_700_000_000_000), [255; 10]);
        let second = OrderId::from_parts(Timestamp::from_millis(1_700_000_000_001), [0; 10]);
        assert!(first.to_string() < second.to_string());
    }

    #[test]
    fn no_prefix_is_used_twice() {
        let mut seen = std::collections::BTreeSet::new();
        assert!(
            ID_PREFIXES
                .iter()
                .all(|prefix| seen.insert(prefix) && !prefix.contains('#'))
        );
    }
}
