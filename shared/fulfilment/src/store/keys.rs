//! Keys, typed in.

use dynamo::{Key, key};
use kernel::{LocationId, OrderId, ShipmentId, Timestamp};

use crate::{ParcelKey, Provider, StateName};

/// What the sort keys of an order's shipments begin with.
pub(super) const OF_ORDER: &str = "shipment#";

pub(super) fn shipment(id: ShipmentId) -> Key {
    key(id.to_string(), "shipment")
}

/// The row by which an order finds a shipment.
pub(super) fn of_order(order: OrderId, id: ShipmentId) -> Key {
    key(order.to_string(), format!("{OF_ORDER}{id}"))
}

pub(super) fn parcel(parcel: &ParcelKey) -> Key {
    key(format!("parcel#{parcel}"), "parcel")
}

pub(super) fn notice(provider: Provider, digest: &str) -> Key {
    key(format!("notice#{provider}#{digest}"), "notice")
}

/// `id` is the digest of the body, or a notice id where the body was too large to hash.
pub(super) fn refused(provider: Provider, id: &str) -> Key {
    key(format!("refused#{provider}#{id}"), "notice")
}

pub(super) fn state_list(state: StateName) -> String {
    state.as_str().to_owned()
}

pub(super) fn place_list(state: StateName, location: Option<LocationId>) -> String {
    let location = location.map_or_else(|| "nowhere".to_owned(), |location| location.to_string());
    format!("{state}#{location}")
}

/// Lists are by age: times of one width sort as text.
pub(super) fn listed_at(created_at: Timestamp, id: ShipmentId) -> String {
    format!("{created_at}#{id}")
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::shipment::tests::{id, parcel as some_parcel};

    #[test]
    fn keys_of_different_things_never_meet() {
        let digest = "shipment";
        let all = [
            shipment(id(1)),
            of_order(id(1), id(1)),
            parcel(&some_parcel()),
            notice(Provider::Kuaidi100, digest),
            notice(Provider::Easypost, digest),
            refused(Provider::Kuaidi100, digest),
        ];
        let distinct: std::collections::HashSet<_> = all.iter().map(|key| (&key.pk, &key.sk)).collect();
        assert_eq!(distinct.len(), all.len());
        assert_ne!(place_list(StateName::ToPick, None), state_list(StateName::ToPick));
    }
}
