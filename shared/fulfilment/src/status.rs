//! The canonical tracking statuses, in words that no carrier owns.

use std::fmt;

use serde::{Deserialize, Serialize};

macro_rules! statuses {
    ($($(#[$doc:meta])* $name:ident = $rank:literal $text:literal;)*) => {
        /// Where a parcel is, by its newest scan.
        #[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
        #[serde(rename_all = "snake_case")]
        pub enum Status {
            $($(#[$doc])* $name,)*
        }

        /// All statuses.
        pub const STATUSES: &[Status] = &[$(Status::$name),*];

        impl Status {
            /// Of two scans at the same time, the one of the greater rank counts.
            pub const fn rank(self) -> u8 {
                match self {
                    $(Self::$name => $rank,)*
                }
            }

            /// As kept and published.
            pub const fn as_str(self) -> &'static str {
                match self {
                    $(Self::$name => $text,)*
                }
            }
        }
    };
}

statuses! {
    /// Not known, or a code that we do not know.
    Unknown = 0 "unknown";
    /// The provider stopped watching: never a parcel's own status.
    Expired = 5 "expired";
    /// The carrier has the data, not the parcel.
    InfoReceived = 10 "info_received";
    /// The carrier has the parcel.
    PickedUp = 20 "picked_up";
    /// On its way.
    InTransit = 30 "in_transit";
    /// At a border.
    Customs = 32 "customs";
    /// With the courier.
    OutForDelivery = 40 "out_for_delivery";
    /// At a locker or a shop.
    AvailableForPickup = 42 "available_for_pickup";
    /// The courier came in vain.
    AttemptFailed = 44 "attempt_failed";
    /// Delayed, damaged, lost, held.
    Exception = 46 "exception";
    /// The recipient did not take it.
    Refused = 60 "refused";
    /// On its way back.
    Returning = 62 "returning";
    /// With the recipient.
    Delivered = 90 "delivered";
    /// Back with the sender.
    Returned = 92 "returned";
    /// The consignment was called off.
    Cancelled = 94 "cancelled";
}

impl Status {
    /// Whether a later scan of this status may move a parcel that was delivered.
    pub const fn moves_delivered(self) -> bool {
        matches!(self, Self::Returning | Self::Returned | Self::Exception)
    }

    /// Whether a person should look.
    pub const fn troubled(self) -> bool {
        matches!(
            self,
            Self::AttemptFailed | Self::Exception | Self::Refused | Self::Returning | Self::Cancelled
        )
    }
}

impl fmt::Display for Status {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn ranks_are_distinct_and_rise_in_the_order_of_the_list() {
        assert!(STATUSES.windows(2).all(|pair| pair[0].rank() < pair[1].rank()));
    }

    #[test]
    fn statuses_are_kept_as_they_are_published() {
        for status in STATUSES {
            assert_eq!(serde_json::to_value(status).unwrap(), status.as_str());
        }
    }
}
