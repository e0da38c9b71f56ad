//! What carriers told of a parcel: a set of scans, and the state that follows from it.
//!
//! The state is computed from the whole set each time, so neither the order nor the number of deliveries matters.

use kernel::{OrderId, ShipmentId, Timestamp};
use serde::{Deserialize, Serialize};

use crate::{Carrier, MAPPING_VERSION, ParcelKey, Scan, Status};

/// The most scans that one parcel keeps: the newest ones, which is the same set in whatever order they come.
pub const PARCEL_SCANS_MAX: usize = 300;

/// What is known of a parcel, whether staff have entered its number or not.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Parcel {
    /// Which parcel.
    pub key: ParcelKey,
    /// Grows with each change, from 1; 0 when it was never kept.
    pub version: u64,
    /// Whose it is; `None` while carriers tell of a number that no staff entered.
    pub owner: Option<Owner>,
    /// Its scans, each once, oldest first.
    pub scans: Vec<Scan>,
    /// When the provider stopped watching without an end, by the newest scan it had then.
    pub gave_up: Option<Timestamp>,
    /// The carrier that it turned out to be of.
    pub moved_to: Option<Carrier>,
    /// Version of the mapping tables that its state was last computed with.
    pub mapping: u16,
}

/// Whose parcel it is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct Owner {
    /// The shipment.
    pub shipment: ShipmentId,
    /// Its order.
    pub order: OrderId,
}

/// Where a parcel is, by all that is known of it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Verdict {
    /// Where.
    pub status: Status,
    /// Since when, by the carrier's clock.
    pub at: Timestamp,
    /// When it was first delivered, if ever.
    pub delivered_at: Option<Timestamp>,
}

/// A rule that a kept parcel breaks.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("parcel is inconsistent: {0}")]
pub struct InconsistentParcel(pub &'static str);

impl Parcel {
    /// One that nothing is known of.
    pub const fn unknown(key: ParcelKey) -> Self {
        Self {
            key,
            version: 0,
            owner: None,
            scans: Vec::new(),
            gave_up: None,
            moved_to: None,
            mapping: MAPPING_VERSION,
        }
    }

    /// Adds scans; tells how many of them were new. Those that it has already change nothing.
    #[must_use]
    pub fn absorb(mut self, scans: &[Scan], gave_up: Option<Timestamp>) -> (Self, usize) {
        let before = self.scans.len();
        self.scans.extend(scans.iter().cloned());
        self.scans.sort();
        self.scans.dedup();
        let added = self.scans.len().saturating_sub(before);
        let surplus = self.scans.len().saturating_sub(PARCEL_SCANS_MAX);
        self.scans.drain(..surplus);
        self.gave_up = self.gave_up.max(gave_up);
        self.mapping = MAPPING_VERSION;
        (self, added)
    }

    /// Where it is; `None` before the first scan.
    ///
    /// The scan with the greatest carrier time says it, the rank breaks ties; after `delivered`, only a later `returning`,
    /// `returned` or `exception` moves it.
    pub fn verdict(&self) -> Option<Verdict> {
        let mut scans: Vec<(Timestamp, u8, Status)> = self
            .scans
            .iter()
            .map(|scan| (scan.at, scan.status().rank(), scan.status()))
            .collect();
        scans.sort_by_key(|(at, rank, _)| (*at, *rank));
        scans
            .into_iter()
            .fold(None, |current: Option<Verdict>, (at, _, status)| {
                let delivered_at = current.and_then(|current| current.delivered_at);
                if let Some(current) = current
                    && current.status == Status::Delivered
                    && !(status.moves_delivered() && at > current.at)
                {
                    return Some(current);
                }
                let delivered_at = delivered_at.or((status == Status::Delivered).then_some(at));
                Some(Verdict {
                    status,
                    at,
                    delivered_at,
                })
            })
    }

    /// Whether nobody watches it any more although it has not arrived: a state of the watch, not of the parcel.
    pub fn unwatched(&self) -> bool {
        let newest = self.scans.last().map(|scan| scan.at).unwrap_or_default();
        let open = self
            .verdict()
            .is_none_or(|verdict| !matches!(verdict.status, Status::Delivered | Status::Returned));
        open && self.gave_up.is_some_and(|at| newest <= at)
    }

    /// Raw codes among the scans that the tables do not know.
    pub fn unmapped(scans: &[Scan]) -> usize {
        scans
            .iter()
            .filter(|scan| scan.provider.status(&scan.code).is_none())
            .count()
    }

    /// Whether every rule holds that no kept parcel may break.
    ///
    /// # Errors
    ///
    /// The first rule that is broken.
    pub fn check(&self) -> Result<(), InconsistentParcel> {
        let rules = [
            (self.version >= 1, "version starts at 1"),
            (self.scans.len() <= PARCEL_SCANS_MAX, "number of scans"),
            (self.scans.is_sorted(), "scans are in order"),
            (
                self.moved_to.as_ref() != Some(&self.key.carrier),
                "it moved to another carrier",
            ),
        ];
        match rules.into_iter().find(|(holds, _)| !holds) {
            None => Ok(()),
            Some((_, rule)) => Err(InconsistentParcel(rule)),
        }
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;
    use crate::{Provider, STATUSES};

    fn key() -> ParcelKey {
        ParcelKey {
            carrier: "sf-express".parse().unwrap(),
            number: "SF1234567".parse().unwrap(),
        }
    }

    fn scan(minute: i64, code: &str) -> Scan {
        Scan {
            at: Timestamp::from_seconds(minute * 60),
            code: code.to_owned(),
            place: String::new(),
            provider: Provider::Kuaidi100,
            time_text: minute.to_string(),
        }
    }

    fn status(scans: &[Scan]) -> Option<Status> {
        Parcel::unknown(key())
            .absorb(scans, None)
            .0
            .verdict()
            .map(|verdict| verdict.status)
    }

    #[test]
    fn the_greatest_carrier_time_says_where_it_is_and_the_rank_breaks_ties() {
        assert_eq!(status(&[]), None);
        assert_eq!(status(&[scan(2, "5"), scan(1, "1")]), Some(Status::OutForDelivery));
        assert_eq!(
            status(&[scan(2, "1"), scan(2, "5"), scan(2, "0")]),
            Some(Status::OutForDelivery)
        );
        assert_eq!(status(&[scan(1, "0"), scan(2, "77")]), Some(Status::Unknown));
    }

    #[test]
    fn delivered_is_moved_only_by_a_later_return_or_exception() {
        assert_eq!(
            status(&[scan(5, "3"), scan(9, "0"), scan(9, "5"), scan(9, "77")]),
            Some(Status::Delivered)
        );
        assert_eq!(status(&[scan(5, "3"), scan(5, "6")]), Some(Status::Delivered));
        assert_eq!(status(&[scan(5, "3"), scan(6, "6")]), Some(Status::Returning));
        assert_eq!(status(&[scan(5, "3"), scan(4, "2")]), Some(Status::Delivered));
        assert_eq!(
            status(&[scan(5, "3"), scan(6, "4"), scan(7, "0")]),
            Some(Status::InTransit)
        );
    }

    #[test]
    fn a_dead_watch_never_hides_where_the_parcel_is() {
        let (parcel, _) = Parcel::unknown(key()).absorb(&[scan(3, "0")], Some(scan(3, "0").at));
        assert!(parcel.unwatched());
        assert_eq!(parcel.verdict().unwrap().status, Status::InTransit);
        let (parcel, added) = parcel.absorb(&[scan(4, "3")], None);
        assert_eq!((added, parcel.unwatched()), (1, false));
        assert!(
            Parcel::unknown(key())
                .absorb(&[], Some(Timestamp::default()))
                .0
                .unwatched()
        );
    }

    #[test]
    fn a_full_parcel_keeps_the_newest_scans() {
        let scans: Vec<Scan> = (0..400).map(|minute| scan(minute, "0")).collect();
        let (parcel, _) = Parcel::unknown(key()).absorb(&scans, None);
        assert_eq!(parcel.scans.len(), PARCEL_SCANS_MAX);
        assert_eq!(parcel.scans[0], scans[100]);
    }

    fn notices() -> impl Strategy<Value = Vec<Vec<Scan>>> {
        let codes = prop::sample::select(vec!["0", "1", "2", "3", "4", "5", "6", "14", "77"]);
        let one = (0_i64..12, codes).prop_map(|(minute, code)| scan(minute, code));
        prop::collection::vec(prop::collection::vec(one, 0..5), 1..6)
    }

    proptest! {
        #[test]
        fn any_order_and_any_copies_of_notices_give_the_same_parcel(
            (notices, shuffled) in notices().prop_flat_map(|n| (Just(n.clone()), Just(n).prop_shuffle())),
            again in 0_usize..4,
        ) {
            let fold = |all: &mut dyn Iterator<Item = &Vec<Scan>>| {
                all.fold(Parcel::unknown(key()), |parcel, scans| parcel.absorb(scans, None).0)
            };
            let straight = fold(&mut notices.iter());
            let other = fold(&mut shuffled.iter().chain(shuffled.iter().skip(again)));
            prop_assert_eq!(&straight, &other);
            prop_assert_eq!(straight.verdict(), other.verdict());
        }
    }

    #[test]
    fn every_status_but_the_watch_has_a_place_in_the_fold() {
        assert!(STATUSES.contains(&Status::Expired));
        assert_eq!(Provider::Kuaidi100.status("abort"), None);
    }
}
