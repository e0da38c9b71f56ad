//! Allocating, shipping, delivering, and what may go wrong on the way.

use kernel::ShipmentId;

use super::{
    Act, Adjustment, AdjustmentKind, AdjustmentStatus, Changed, FULFILMENT_EVENTS_MAX, FulfilmentEvent, LineQuantity,
    NewShipment, Order, Refused, SHIPMENTS_MAX, Scan, Shipment, ShipmentStatus, SignedQuantity, State, Step,
};
use crate::events::{OrderEvent, v1};

impl Order {
    /// Sets units of a paid order aside for shipment.
    ///
    /// # Errors
    ///
    /// See [`Refused`].
    pub fn allocate(self, units: &[LineQuantity], act: &Act) -> Result<Changed, Refused> {
        let before = self.clone();
        let mut order = self.step(Step::Progress { done: false }, act)?;
        order.check_review()?;
        order.check_units(units, |line| line.quantity.allocatable())?;
        for unit in units {
            let quantity = &mut order.line_mut(unit.line)?.quantity;
            quantity.allocated = quantity.allocated.saturating_add(unit.quantity);
        }
        let event = order.changed("allocated");
        order.finish(&before, "allocated", act, vec![event])
    }

    /// Everything that is paid for and not yet allocated.
    pub fn allocatable(&self) -> Vec<LineQuantity> {
        let open = self.lines.iter().map(|line| LineQuantity {
            line: line.id,
            quantity: line.quantity.allocatable(),
        });
        open.filter(|unit| unit.quantity > 0).collect()
    }

    /// Hands a parcel of allocated units to a carrier. An order may have several parcels.
    ///
    /// # Errors
    ///
    /// See [`Refused`]; a parcel that was told of before is [`Refused::DuplicateShipment`].
    pub fn ship(self, parcel: NewShipment, act: &Act) -> Result<Changed, Refused> {
        if self.shipment(parcel.id).is_some() {
            return Err(Refused::DuplicateShipment(parcel.id));
        }
        let before = self.clone();
        let mut order = self.step(Step::Progress { done: false }, act)?;
        order.check_review()?;
        if order.shipments.len() >= SHIPMENTS_MAX {
            return Err(Refused::Full("shipments"));
        }
        order.check_units(&parcel.lines, |line| line.quantity.shippable())?;
        for unit in &parcel.lines {
            let quantity = &mut order.line_mut(unit.line)?.quantity;
            quantity.shipped = quantity.shipped.saturating_add(unit.quantity);
        }
        order.shipments.push(Shipment {
            id: parcel.id,
            carrier: parcel.carrier,
            number: parcel.number,
            tracking_url: parcel.tracking_url,
            lines: parcel.lines,
            status: ShipmentStatus::Shipped,
            shipped_at: act.at,
            updated_at: act.at,
        });
        let scan = Scan {
            shipment: parcel.id,
            status: ShipmentStatus::Shipped,
            at: act.at,
            description: None,
        };
        order.log(&scan);
        let event = v1::OrderShipped {
            order_id: order.id,
            version: 0,
            shipment_id: parcel.id,
        };
        order.finish(&before, "shipped", act, vec![OrderEvent::Shipped(event)])
    }

    /// Closes a parcel's units as delivered, and the order when nothing is left. `at` is the carrier's time.
    ///
    /// # Errors
    ///
    /// [`Refused::Unchanged`] when it was delivered before; see [`Refused`].
    pub fn deliver(self, shipment: ShipmentId, at: kernel::Timestamp, act: &Act) -> Result<Changed, Refused> {
        let scan = Scan {
            shipment,
            status: ShipmentStatus::Delivered,
            at,
            description: None,
        };
        self.close(&scan, act, |quantity, units| {
            quantity.delivered = quantity.delivered.saturating_add(units);
        })
    }

    /// Takes over where a parcel is. `Delivered` and `Returned` close it; others change its status and are appended to the
    /// log. Which of several scans is the newest is for the fulfilment context to say.
    ///
    /// # Errors
    ///
    /// [`Refused::Unchanged`] when it is there already; see [`Refused`].
    pub fn track(self, scan: &Scan, act: &Act) -> Result<Changed, Refused> {
        match scan.status {
            ShipmentStatus::Delivered => self.close(scan, act, |quantity, units| {
                quantity.delivered = quantity.delivered.saturating_add(units);
            }),
            ShipmentStatus::Returned => self.close(scan, act, |quantity, units| {
                quantity.returned = quantity.returned.saturating_add(units);
            }),
            ShipmentStatus::Shipped
            | ShipmentStatus::InTransit
            | ShipmentStatus::FailedAttempt
            | ShipmentStatus::Exception => {
                let before = self.clone();
                let mut order = self.step(Step::Track, act)?;
                order.arrive(scan, act)?;
                let event = order.changed("tracked");
                order.finish(&before, "tracked", act, vec![event])
            }
        }
    }

    /// Marks delivered units as returned by the buyer. Money for them is the payments context's to tell.
    ///
    /// # Errors
    ///
    /// See [`Refused`].
    pub fn take_back(self, units: &[LineQuantity], act: &Act) -> Result<Changed, Refused> {
        let before = self.clone();
        let mut order = self.step(Step::Track, act)?;
        order.check_units(units, |line| {
            let lost = before.units_in(line.id, ShipmentStatus::Returned);
            line.quantity
                .delivered
                .saturating_sub(line.quantity.returned.saturating_sub(lost))
        })?;
        for unit in units {
            let quantity = &mut order.line_mut(unit.line)?.quantity;
            quantity.returned = quantity.returned.saturating_add(unit.quantity);
        }
        order.adjustments.push(Adjustment {
            id: order.adjustment_id(),
            kind: AdjustmentKind::Return,
            status: AdjustmentStatus::Completed,
            at: act.at,
            lines: SignedQuantity::reductions(units),
            amount: None,
        });
        let event = order.changed("returned");
        order.finish(&before, "returned", act, vec![event])
    }

    fn units_in(&self, line: kernel::LineId, status: ShipmentStatus) -> u32 {
        let parcels = self.shipments.iter().filter(|shipment| shipment.status == status);
        let parts = parcels
            .flat_map(|shipment| &shipment.lines)
            .filter(|part| part.line == line);
        parts.fold(0, |sum, part| sum.saturating_add(part.quantity))
    }

    fn close(self, scan: &Scan, act: &Act, count: impl Fn(&mut super::Quantities, u32)) -> Result<Changed, Refused> {
        let before = self.clone();
        let mut order = self;
        order.arrive(scan, act)?;
        let lines = order
            .shipment(scan.shipment)
            .map(|shipment| shipment.lines.clone())
            .unwrap_or_default();
        for part in &lines {
            count(&mut order.line_mut(part.line)?.quantity, part.quantity);
        }
        let done = order.done();
        let order = order.step(Step::Progress { done }, act)?;
        let complete = matches!(order.state, State::Completed { .. });
        let (what, event) = if scan.status == ShipmentStatus::Delivered {
            let event = v1::OrderDelivered {
                order_id: order.id,
                version: 0,
                shipment_id: scan.shipment,
                complete,
            };
            ("delivered", OrderEvent::Delivered(event))
        } else {
            ("tracked", order.changed("tracked"))
        };
        order.finish(&before, what, act, vec![event])
    }

    /// Moves a parcel to where the scan saw it.
    fn arrive(&mut self, scan: &Scan, act: &Act) -> Result<(), Refused> {
        let unknown = Refused::UnknownShipment(scan.shipment);
        let shipment = self
            .shipments
            .iter_mut()
            .find(|shipment| shipment.id == scan.shipment)
            .ok_or(unknown)?;
        if shipment.status == scan.status {
            return Err(Refused::Unchanged);
        }
        if shipment.status.closed() {
            return Err(Refused::ClosedShipment(scan.shipment));
        }
        shipment.status = scan.status;
        shipment.updated_at = act.at;
        self.log(scan);
        Ok(())
    }

    /// Appends to the log while there is room; the parcel's status is right either way.
    fn log(&mut self, scan: &Scan) {
        if self.events.len() < FULFILMENT_EVENTS_MAX {
            self.events.push(FulfilmentEvent {
                id: format!("evt_{}", self.events.len().saturating_add(1)),
                shipment: scan.shipment,
                status: scan.status,
                at: scan.at,
                description: scan.description.clone(),
            });
        }
    }
}
