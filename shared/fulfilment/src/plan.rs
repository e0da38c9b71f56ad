//! Which units are picked where, and which shipments give up what was cancelled. Pure.

use std::collections::BTreeMap;

use kernel::{Id, LineId, LocationId, OrderId, ShipmentId, Timestamp, VariantId};

use crate::{Component, Shipment, ShipmentLine, StateName, Units};

/// Stock that is held for an order at a place.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Held {
    /// Where.
    pub location: LocationId,
    /// What.
    pub variant: VariantId,
    /// How much.
    pub quantity: u32,
}

/// One shipment to be.
pub type Batch = (Option<LocationId>, Vec<ShipmentLine>);

/// Spreads lines over the places that hold their stock: each unit where all its components lie. What lies nowhere as a
/// whole goes to the place that already has most of the order, for staff to bring together; without any place, to none.
pub fn spread(lines: &[ShipmentLine], held: &[Held]) -> Vec<Batch> {
    let mut pools: BTreeMap<LocationId, BTreeMap<VariantId, u32>> = BTreeMap::new();
    for hold in held.iter().filter(|hold| hold.quantity > 0) {
        let pool = pools.entry(hold.location).or_default().entry(hold.variant).or_default();
        *pool = pool.saturating_add(hold.quantity);
    }
    let mut batches: BTreeMap<Option<LocationId>, Vec<ShipmentLine>> = BTreeMap::new();
    let mut rest = Vec::new();
    for line in lines {
        let mut open = line.quantity;
        for (location, pool) in &mut pools {
            let units = whole_units(pool, &line.components).min(open);
            open = open.saturating_sub(units);
            take(pool, &line.components, units);
            put(&mut batches, Some(*location), line, units);
        }
        rest.push((line, open));
    }
    let most = batches
        .iter()
        .max_by_key(|(_, lines)| lines.iter().map(|line| u64::from(line.quantity)).sum::<u64>());
    let fallback = most.map_or_else(|| pools.keys().next().copied(), |(location, _)| *location);
    for (line, open) in rest {
        put(&mut batches, fallback, line, open);
    }
    batches.into_iter().collect()
}

fn whole_units(pool: &BTreeMap<VariantId, u32>, components: &[Component]) -> u32 {
    let per = |component: &Component| {
        let there = pool.get(&component.variant).copied().unwrap_or_default();
        there.checked_div(component.quantity).unwrap_or(u32::MAX)
    };
    components.iter().map(per).min().unwrap_or_default()
}

fn take(pool: &mut BTreeMap<VariantId, u32>, components: &[Component], units: u32) {
    for component in components {
        if let Some(there) = pool.get_mut(&component.variant) {
            *there = there.saturating_sub(component.quantity.saturating_mul(units));
        }
    }
}

fn put(
    batches: &mut BTreeMap<Option<LocationId>, Vec<ShipmentLine>>,
    at: Option<LocationId>,
    line: &ShipmentLine,
    units: u32,
) {
    if units == 0 {
        return;
    }
    let lines = batches.entry(at).or_default();
    match lines.iter_mut().find(|there| there.line == line.line) {
        Some(there) => there.quantity = there.quantity.saturating_add(units),
        None => lines.push(ShipmentLine {
            quantity: units,
            ..line.clone()
        }),
    }
}

/// The id of the shipment of an order from a place: the same however often it is asked, so that allocating twice makes
/// one. `placed_at` is the order's.
pub fn shipment_id(order: OrderId, location: Option<LocationId>, placed_at: Timestamp) -> ShipmentId {
    let text = format!(
        "{order}#{}",
        location.map(|location| location.to_string()).unwrap_or_default()
    );
    let digest = ring::digest::digest(&ring::digest::SHA256, text.as_bytes());
    let mut random = [0; 10];
    for (to, from) in random.iter_mut().zip(digest.as_ref()) {
        *to = *from;
    }
    ShipmentId::from_parts(placed_at, random)
}

/// Which units shipments that have not left give up, so that of each line no more is shipped than `active` says (what was
/// ordered and not cancelled). Those least far give first. Nothing when it fits already.
pub fn surplus(shipments: &[Shipment], active: &[Units]) -> Vec<(ShipmentId, Vec<Units>)> {
    let mut stoppable: Vec<&Shipment> = shipments
        .iter()
        .filter(|shipment| progress(shipment).is_some())
        .collect();
    stoppable.sort_by_key(|shipment| (progress(shipment), shipment.id));
    let mut given: BTreeMap<ShipmentId, Vec<Units>> = BTreeMap::new();
    for Units { line, quantity } in active {
        let planned: u32 = shipments.iter().map(|shipment| of_line(shipment, *line)).sum();
        let mut over = planned.saturating_sub(*quantity);
        for shipment in &stoppable {
            let part = of_line(shipment, *line).min(over);
            over = over.saturating_sub(part);
            if part > 0 {
                given.entry(shipment.id).or_default().push(Units {
                    line: *line,
                    quantity: part,
                });
            }
        }
    }
    given.into_iter().collect()
}

/// How far a shipment is that has not left; `None` when it has, or never will.
fn progress(shipment: &Shipment) -> Option<u8> {
    match shipment.state.name() {
        StateName::ToPick => Some(0),
        StateName::Picking => Some(1),
        StateName::Packed => Some(2),
        StateName::Shipped
        | StateName::InTransit
        | StateName::Exception
        | StateName::Delivered
        | StateName::Returned
        | StateName::Lost
        | StateName::Cancelled => None,
    }
}

fn of_line(shipment: &Shipment, line: LineId) -> u32 {
    shipment
        .lines
        .iter()
        .filter(|there| there.line == line)
        .map(|there| there.quantity)
        .sum()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::shipment::tests::{id, line, shipment};

    fn held(location: u8, variant: u8, quantity: u32) -> Held {
        Held {
            location: id(location),
            variant: id(variant),
            quantity,
        }
    }

    fn quantities(batches: &[Batch]) -> Vec<(Option<LocationId>, Vec<u32>)> {
        batches
            .iter()
            .map(|(at, lines)| (*at, lines.iter().map(|line| line.quantity).collect()))
            .collect()
    }

    #[test]
    fn each_place_ships_what_it_holds() {
        let batches = spread(
            &[line(1, 3), line(2, 2)],
            &[held(1, 1, 2), held(2, 1, 1), held(2, 2, 2)],
        );
        assert_eq!(
            quantities(&batches),
            [(Some(id(1)), vec![2]), (Some(id(2)), vec![1, 2])]
        );
    }

    #[test]
    fn a_bundle_is_picked_where_all_of_it_lies_and_else_where_most_of_the_order_is() {
        let mut bundle = line(1, 2);
        bundle.components.push(Component {
            variant: id(2),
            quantity: 2,
        });
        let batches = spread(
            &[bundle.clone()],
            &[held(1, 1, 1), held(1, 2, 2), held(2, 1, 1), held(3, 2, 2)],
        );
        assert_eq!(quantities(&batches), [(Some(id(1)), vec![2])]);
        assert_eq!(quantities(&spread(&[bundle], &[])), [(None, vec![2])]);
    }

    #[test]
    fn every_unit_is_in_exactly_one_shipment() {
        let batches = spread(
            &[line(1, 7), line(2, 3)],
            &[held(1, 1, 2), held(2, 2, 1), held(3, 1, 4)],
        );
        let sum: u32 = batches
            .iter()
            .flat_map(|(_, lines)| lines)
            .map(|line| line.quantity)
            .sum();
        assert_eq!(sum, 10);
    }

    #[test]
    fn the_id_of_a_shipment_depends_on_order_and_place_alone() {
        let at = Timestamp::from_millis(1);
        let first = shipment_id(id(1), Some(id(1)), at);
        assert_eq!(first, shipment_id(id(1), Some(id(1)), at));
        assert_ne!(first, shipment_id(id(1), Some(id(2)), at));
        assert_ne!(first, shipment_id(id(1), None, at));
        assert_ne!(first, shipment_id(id(2), Some(id(1)), at));
    }

    #[test]
    fn cancelled_units_come_out_of_what_is_least_far_and_only_once() {
        let fresh = shipment(1, vec![line(1, 2)]);
        let picked = shipment(2, vec![line(1, 3)])
            .start_picking(Timestamp::from_millis(1))
            .unwrap()
            .shipment;
        let active = [Units {
            line: id(1),
            quantity: 2,
        }];
        let given = surplus(&[picked.clone(), fresh.clone()], &active);
        assert_eq!(
            given,
            [
                (
                    id(1),
                    vec![Units {
                        line: id(1),
                        quantity: 2
                    }]
                ),
                (
                    id(2),
                    vec![Units {
                        line: id(1),
                        quantity: 1
                    }]
                )
            ]
        );
        assert_eq!(
            surplus(
                &[picked, fresh],
                &[Units {
                    line: id(1),
                    quantity: 5
                }]
            ),
            []
        );
    }
}
