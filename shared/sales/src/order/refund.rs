//! What units are worth that money goes back for.

use kernel::Money;

use super::{LineQuantity, Order, Refused, cancel::share};

impl Order {
    /// What some more units of a line make up, beyond those that were cancelled and `refunded` of it before: all units
    /// together make up exactly the line, whatever the steps.
    ///
    /// # Errors
    ///
    /// An unknown line, no units, or more than are left.
    pub fn price_of(&self, unit: LineQuantity, refunded: u32) -> Result<Money, Refused> {
        let line = self.line(unit.line).ok_or(Refused::UnknownLine(unit.line))?;
        let gone = line.quantity.cancelled.saturating_add(refunded);
        let possible = line.quantity.ordered.saturating_sub(gone);
        if unit.quantity == 0 || unit.quantity > possible {
            return Err(Refused::Units {
                line: unit.line,
                asked: unit.quantity,
                possible,
            });
        }
        let with = share(line, gone.saturating_add(unit.quantity));
        with.minus(share(line, gone)).map_err(|_| Refused::Amounts)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{
        order::{Cancel, Total, TotalKind},
        sample::{act, cny, paid, units},
    };

    #[test]
    fn units_make_up_the_whole_line_in_whatever_steps() {
        let mut order = paid();
        for total in &mut order.lines[0].totals {
            total.amount = cny(1_000);
        }
        assert_eq!(Total::only(&order.lines[0].totals, TotalKind::Total), Some(cny(1_000)));
        let prices: Vec<_> = (0..3)
            .map(|refunded| order.price_of(units(1, 1), refunded).unwrap().amount())
            .collect();
        assert_eq!((prices.iter().sum::<i64>(), prices[0]), (1_000, 334));
        assert_eq!(order.price_of(units(1, 3), 0), Ok(cny(1_000)));
    }

    #[test]
    fn units_that_were_cancelled_or_refunded_are_not_priced_once_more() {
        let order = paid().cancel(&Cancel::Units(vec![units(1, 1)]), &act(2)).unwrap().order;
        let asked = |quantity, possible| {
            Err(Refused::Units {
                line: units(1, 1).line,
                asked: quantity,
                possible,
            })
        };
        assert_eq!(order.price_of(units(1, 2), 0), Ok(cny(2_000)));
        assert_eq!(order.price_of(units(1, 2), 1), asked(2, 1));
        assert_eq!(order.price_of(units(1, 0), 0), asked(0, 2));
        assert_eq!(
            order.price_of(units(9, 1), 0),
            Err(Refused::UnknownLine(units(9, 1).line))
        );
    }
}
