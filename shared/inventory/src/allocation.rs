//! Choosing where an order's stock comes from.

use std::collections::BTreeMap;

use kernel::{LocationId, VariantId};

use crate::{Level, Take};

/// A variant of which there is not enough.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Shortage {
    /// Which.
    pub variant: VariantId,
    /// How much was asked for.
    pub asked: u32,
    /// How much is free, over all locations.
    pub free: u64,
}

/// Takes the wanted quantities from `levels`, whose order of locations is the order in which they serve: from one
/// location when one has everything, else line by line from one location when one has the line, else from several.
/// Within a location one shard serves when one has enough; `spin` chooses where the search begins, so that buyers at
/// once begin at different shards.
///
/// # Errors
///
/// Every variant that is short.
pub fn allocate(levels: &[Level], wanted: &[(VariantId, u32)], spin: u64) -> Result<Vec<Take>, Vec<Shortage>> {
    let wanted = merged(wanted);
    let short = shortages(levels, &wanted);
    if !short.is_empty() {
        return Err(short);
    }
    let places = locations(levels);
    let has = |place: LocationId, variant: VariantId, quantity: u32| {
        let here = levels
            .iter()
            .filter(|level| level.variant == variant && level.location == place);
        here.map(|level| u64::from(level.free)).sum::<u64>() >= u64::from(quantity)
    };
    let whole = places.iter().copied().find(|place| {
        wanted
            .iter()
            .all(|(variant, quantity)| has(*place, *variant, *quantity))
    });
    let mut takes = Vec::new();
    for (variant, quantity) in wanted {
        let single = whole.or_else(|| places.iter().copied().find(|place| has(*place, variant, quantity)));
        let sources = single.map_or_else(|| places.clone(), |place| vec![place]);
        let mut left = quantity;
        for place in sources {
            left -= take_at(levels, variant, place, left, spin, &mut takes);
        }
    }
    Ok(takes)
}

fn merged(wanted: &[(VariantId, u32)]) -> Vec<(VariantId, u32)> {
    let mut sums: BTreeMap<VariantId, u32> = BTreeMap::new();
    for &(variant, quantity) in wanted {
        let sum = sums.entry(variant).or_default();
        *sum = sum.saturating_add(quantity);
    }
    sums.into_iter().filter(|(_, quantity)| *quantity > 0).collect()
}

fn shortages(levels: &[Level], wanted: &[(VariantId, u32)]) -> Vec<Shortage> {
    let free = |variant| {
        levels
            .iter()
            .filter(|level| level.variant == variant)
            .map(|level| u64::from(level.free))
            .sum()
    };
    let checked = wanted.iter().map(|&(variant, asked)| Shortage {
        variant,
        asked,
        free: free(variant),
    });
    checked.filter(|line| line.free < u64::from(line.asked)).collect()
}

fn locations(levels: &[Level]) -> Vec<LocationId> {
    let mut seen = Vec::new();
    for level in levels {
        if !seen.contains(&level.location) {
            seen.push(level.location);
        }
    }
    seen
}

/// Takes up to `wanted` of a variant at one place; tells how much.
fn take_at(
    levels: &[Level],
    variant: VariantId,
    place: LocationId,
    wanted: u32,
    spin: u64,
    takes: &mut Vec<Take>,
) -> u32 {
    let mut here: Vec<&Level> = levels
        .iter()
        .filter(|level| level.variant == variant && level.location == place && level.free > 0)
        .collect();
    if here.is_empty() || wanted == 0 {
        return 0;
    }
    let start = spin
        .checked_rem(u64::try_from(here.len()).unwrap_or(1))
        .unwrap_or_default();
    here.rotate_left(usize::try_from(start).unwrap_or_default());
    if let Some(level) = here.iter().find(|level| level.free >= wanted) {
        takes.push(take(level, wanted));
        return wanted;
    }
    here.sort_by_key(|level| std::cmp::Reverse(level.free));
    let mut got = 0;
    for level in here {
        let part = level.free.min(wanted - got);
        if part > 0 {
            takes.push(take(level, part));
            got += part;
        }
    }
    got
}

const fn take(level: &Level, quantity: u32) -> Take {
    Take {
        variant: level.variant,
        location: level.location,
        shard: level.shard,
        quantity,
        released: 0,
        sold: 0,
    }
}

#[cfg(test)]
mod tests {
    use kernel::{Id, Timestamp};
    use proptest::prelude::*;

    use super::*;

    fn variant(n: u8) -> VariantId {
        VariantId::from_parts(Timestamp::from_millis(1), [n; 10])
    }

    fn place(n: u8) -> LocationId {
        LocationId::from_parts(Timestamp::from_millis(1), [n; 10])
    }

    fn level(v: u8, l: u8, shard: u16, free: u32) -> Level {
        Level {
            variant: variant(v),
            location: place(l),
            shard,
            free,
            reserved: 0,
            sold: 0,
            booked: free,
        }
    }

    #[test]
    fn one_location_that_has_everything_serves_it_all() {
        let levels = [level(1, 1, 0, 5), level(1, 2, 0, 5), level(2, 2, 0, 5)];
        let takes = allocate(&levels, &[(variant(1), 2), (variant(2), 1)], 0).unwrap();
        assert!(takes.iter().all(|take| take.location == place(2)));
    }

    #[test]
    fn a_line_spans_shards_and_locations_when_it_must() {
        let levels = [level(1, 1, 0, 2), level(1, 1, 1, 3), level(1, 2, 0, 4)];
        let takes = allocate(&levels, &[(variant(1), 9)], 1).unwrap();
        assert_eq!(takes.iter().map(|take| take.quantity).sum::<u32>(), 9);
        assert_eq!(takes.len(), 3);
    }

    #[test]
    fn every_short_line_is_named() {
        let short = allocate(
            &[level(1, 1, 0, 2)],
            &[(variant(1), 1), (variant(1), 2), (variant(3), 1)],
            0,
        )
        .unwrap_err();
        assert_eq!(
            short[0],
            Shortage {
                variant: variant(1),
                asked: 3,
                free: 2
            }
        );
        assert_eq!(
            short[1],
            Shortage {
                variant: variant(3),
                asked: 1,
                free: 0
            }
        );
    }

    #[test]
    fn buyers_at_once_begin_at_different_shards() {
        let levels = [level(1, 1, 0, 5), level(1, 1, 1, 5), level(1, 1, 2, 5)];
        let shards: Vec<u16> = (0..3)
            .map(|spin| allocate(&levels, &[(variant(1), 1)], spin).unwrap()[0].shard)
            .collect();
        assert_eq!(shards, [0, 1, 2]);
    }

    proptest! {
        #[test]
        fn an_allocation_takes_what_was_asked_and_never_more_than_is_free(
            frees in prop::collection::vec((1_u8..4, 1_u8..4, 0_u32..8), 1..20),
            wants in prop::collection::vec((1_u8..4, 0_u32..12), 1..5),
            spin in any::<u64>(),
        ) {
            let levels: Vec<Level> = frees.iter().zip(0_u16..).map(|(&(v, l, free), shard)| level(v, l, shard, free)).collect();
            let wanted: Vec<_> = wants.iter().map(|&(v, q)| (variant(v), q)).collect();
            match allocate(&levels, &wanted, spin) {
                Ok(takes) => {
                    for (v, asked) in merged(&wanted) {
                        let taken: u32 = takes.iter().filter(|take| take.variant == v).map(|take| take.quantity).sum();
                        prop_assert_eq!(taken, asked);
                    }
                    for take in &takes {
                        let level = levels.iter().find(|l| l.shard == take.shard).unwrap();
                        prop_assert!(take.quantity <= level.free && take.quantity > 0);
                    }
                    let mut shards: Vec<_> = takes.iter().map(|take| take.shard).collect();
                    shards.sort_unstable();
                    shards.dedup();
                    prop_assert_eq!(shards.len(), takes.len(), "one part per item");
                }
                Err(short) => prop_assert!(short.iter().all(|line| u64::from(line.asked) > line.free) && !short.is_empty()),
            }
        }
    }
}
