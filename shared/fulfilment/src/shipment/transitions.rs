//! The transitions of a shipment.

use kernel::{ShipmentId, Timestamp};

use super::{Changed, Consignment, Refused, Shipment, State, Step, Units, state::allowed};
use crate::{
    Carrier, ParcelKey, Status, Verdict,
    events::{ShipmentEvent, v1},
};

/// What the carrier was heard to say.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Tracked {
    /// Where the parcel is, by all scans.
    pub verdict: Option<Verdict>,
    /// Whether any scan was new: it ends a silence.
    pub news: bool,
    /// The carrier that it turned out to be of.
    pub moved_to: Option<Carrier>,
}

impl Shipment {
    /// Somebody goes to fetch it.
    pub fn start_picking(self, at: Timestamp) -> Result<Changed, Refused> {
        self.to(Step::Pick, at, |_| State::Picking { since: at })
    }

    /// It is in its box.
    pub fn pack(self, at: Timestamp) -> Result<Changed, Refused> {
        self.to(Step::Pack, at, |_| State::Packed { packed_at: at })
    }

    /// It is handed to a carrier. A silence of `silence_s` seconds from now is told of.
    pub fn ship(
        self,
        parcel: ParcelKey,
        tracking_url: String,
        at: Timestamp,
        silence_s: i64,
    ) -> Result<Changed, Refused> {
        let told = v1::ShipmentShipped {
            order_id: self.order,
            shipment_id: self.id,
            version: self.version.saturating_add(1),
            carrier: parcel.carrier.to_string(),
            number: parcel.number.to_string(),
        };
        let consignment = Consignment {
            parcel,
            tracking_url,
            shipped_at: at,
            status: Status::Unknown,
            status_at: None,
            news_at: at,
            silent_since: None,
            silence_due_at: at.plus_seconds(silence_s),
            earlier: Vec::new(),
        };
        let mut changed = self.to(Step::Ship, at, |_| State::Underway(consignment))?;
        changed.events.push(ShipmentEvent::Shipped(told));
        Ok(changed)
    }

    /// Takes units out into a shipment of their own, in the same state: the rest, then the new one.
    pub fn split(self, units: &[Units], id: ShipmentId, at: Timestamp) -> Result<(Changed, Changed), Refused> {
        allowed(&self.state, Step::Split)?;
        let mut seen = std::collections::BTreeSet::new();
        if units.is_empty() || !units.iter().all(|unit| seen.insert(unit.line)) {
            return Err(Refused::Lines);
        }
        let mut rest = self;
        let mut taken = Vec::new();
        for unit in units {
            let line = rest.lines.iter_mut().find(|line| line.line == unit.line);
            let line = line.ok_or(Refused::UnknownLine(unit.line))?;
            if unit.quantity == 0 || unit.quantity > line.quantity {
                return Err(Refused::Units {
                    line: unit.line,
                    asked: unit.quantity,
                    possible: line.quantity,
                });
            }
            line.quantity = line.quantity.saturating_sub(unit.quantity);
            let mut part = line.clone();
            part.quantity = unit.quantity;
            taken.push(part);
        }
        rest.lines.retain(|line| line.quantity > 0);
        if rest.lines.is_empty() {
            return Err(Refused::NothingLeft);
        }
        let mut new = Self::create(id, rest.order, rest.location, taken, at);
        new.shipment.state = rest.state.clone();
        Ok((rest.next(at), new))
    }

    /// Takes out units that were cancelled, as many of them as are in it; an empty shipment is cancelled.
    pub fn reduce(self, units: &[Units], at: Timestamp) -> Result<Changed, Refused> {
        allowed(&self.state, Step::Reduce)?;
        let before = self.lines.clone();
        let from = self.state.name();
        let mut rest = self;
        for unit in units {
            for line in rest.lines.iter_mut().filter(|line| line.line == unit.line) {
                line.quantity = line.quantity.saturating_sub(unit.quantity);
            }
        }
        rest.lines.retain(|line| line.quantity > 0);
        if rest.lines == before {
            return Err(Refused::Unchanged);
        }
        let mut changed = rest.next(at);
        if changed.shipment.lines.is_empty() {
            changed.shipment.state = State::Cancelled { cancelled_at: at };
            let event = changed
                .shipment
                .status_event(from.as_str(), changed.shipment.state.name().as_str(), at);
            changed.events.push(event);
        }
        Ok(changed)
    }

    /// Takes over what the carrier says. The state follows from the verdict alone, not from what it was before.
    ///
    /// # Errors
    ///
    /// [`Refused::Unchanged`] when nothing is new; [`Refused::Step`] before it has left.
    pub fn track(self, tracked: &Tracked, at: Timestamp, silence_s: i64) -> Result<Changed, Refused> {
        allowed(&self.state, Step::Track)?;
        let Some(mut consignment) = self.consignment().cloned() else {
            return Err(Refused::Unchanged);
        };
        let before = consignment.clone();
        // What staff gave up stays given up until something new is heard.
        let lost = match self.state {
            State::Lost { lost_at, .. } if !tracked.news => Some(lost_at),
            _ => None,
        };
        if let Some(carrier) = tracked
            .moved_to
            .clone()
            .filter(|carrier| *carrier != consignment.parcel.carrier)
        {
            let number = consignment.parcel.number.clone();
            consignment.earlier.push(std::mem::replace(
                &mut consignment.parcel,
                ParcelKey { carrier, number },
            ));
            consignment.tracking_url = consignment.parcel.carrier.tracking_url(&consignment.parcel.number);
        }
        if tracked.news {
            consignment.news_at = at;
            consignment.silent_since = None;
            consignment.silence_due_at = at.plus_seconds(silence_s);
        }
        if let Some(verdict) = tracked.verdict {
            consignment.status = verdict.status;
            consignment.status_at = Some(verdict.at);
        }
        let since = consignment.status_at.unwrap_or(at);
        let status = consignment.status;
        let state = match (lost, status) {
            (Some(lost_at), _) => State::Lost { consignment, lost_at },
            (None, Status::Delivered) => State::Delivered {
                consignment,
                delivered_at: since,
            },
            (None, Status::Returned) => State::Returned {
                consignment,
                returned_at: since,
            },
            (None, _) => State::Underway(consignment),
        };
        if state == self.state {
            return Err(Refused::Unchanged);
        }
        let mut changed = self.to(Step::Track, at, |_| state)?;
        if before.status != status {
            changed
                .events
                .extend(changed.shipment.moved_events(before.status, status, since));
        }
        Ok(changed)
    }

    /// Flags a silence, once. `None` when it is not silent, or flagged already.
    pub fn fall_silent(self, at: Timestamp) -> Option<Changed> {
        allowed(&self.state, Step::Silence).ok()?;
        let mut consignment = self.consignment()?.clone();
        if consignment.silent_since.is_some() || consignment.silence_due_at > at {
            return None;
        }
        consignment.silent_since = Some(at);
        let since = consignment.news_at;
        let mut changed = self.to(Step::Silence, at, |_| State::Underway(consignment)).ok()?;
        let shipment = &changed.shipment;
        let event = v1::ShipmentSilent {
            order_id: shipment.order,
            shipment_id: shipment.id,
            version: shipment.version,
            since,
        };
        changed.events.push(ShipmentEvent::Silent(event));
        Some(changed)
    }

    /// Staff give it up.
    pub fn lose(self, at: Timestamp) -> Result<Changed, Refused> {
        let from = self.state.name();
        let mut changed = self.to(Step::Lose, at, |state| match state.consignment().cloned() {
            Some(consignment) => State::Lost {
                consignment,
                lost_at: at,
            },
            None => state,
        })?;
        let status = changed.shipment.status_event(from.as_str(), "lost", at);
        let trouble = changed.shipment.exception_event("lost", at);
        changed.events.extend([status, trouble]);
        Ok(changed)
    }

    fn to(self, step: Step, at: Timestamp, state: impl FnOnce(State) -> State) -> Result<Changed, Refused> {
        allowed(&self.state, step)?;
        let mut changed = self.next(at);
        changed.shipment.state = state(changed.shipment.state.clone());
        Ok(changed)
    }

    fn next(mut self, at: Timestamp) -> Changed {
        self.version = self.version.saturating_add(1);
        self.updated_at = at;
        Changed {
            shipment: self,
            events: Vec::new(),
        }
    }

    pub(super) fn created_event(&self) -> ShipmentEvent {
        ShipmentEvent::Created(v1::ShipmentCreated {
            order_id: self.order,
            shipment_id: self.id,
            version: self.version,
            location_id: self.location,
        })
    }

    fn moved_events(&self, from: Status, to: Status, at: Timestamp) -> Vec<ShipmentEvent> {
        let mut events = vec![self.status_event(from.as_str(), to.as_str(), at)];
        if to == Status::Delivered {
            let (order_id, shipment_id, version) = (self.order, self.id, self.version);
            events.push(ShipmentEvent::Delivered(v1::ShipmentDelivered {
                order_id,
                shipment_id,
                version,
                at,
            }));
        }
        if to.troubled() {
            events.push(self.exception_event(to.as_str(), at));
        }
        events
    }

    fn status_event(&self, from: &str, to: &str, at: Timestamp) -> ShipmentEvent {
        ShipmentEvent::StatusChanged(v1::ShipmentStatusChanged {
            order_id: self.order,
            shipment_id: self.id,
            version: self.version,
            from: from.to_owned(),
            to: to.to_owned(),
            at,
        })
    }

    fn exception_event(&self, status: &str, at: Timestamp) -> ShipmentEvent {
        ShipmentEvent::Exception(v1::ShipmentException {
            order_id: self.order,
            shipment_id: self.id,
            version: self.version,
            status: status.to_owned(),
            at,
        })
    }
}
