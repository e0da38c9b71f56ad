#![doc = include_str!("../README.md")]

mod carrier;
pub mod events;
mod parcel;
mod plan;
mod provider;
mod shipment;
mod status;
mod store;

pub use carrier::{CARRIER_CHARS_MAX, Carrier, CarrierError, NUMBER_CHARS_MAX, NumberError, ParcelKey, TrackingNumber};
pub use parcel::{InconsistentParcel, Owner, PARCEL_SCANS_MAX, Parcel, Verdict};
pub use plan::{Batch, Held, shipment_id, spread, surplus};
pub use provider::{
    EasyPostKeys, Kuaidi100Salts, MAPPING_VERSION, NOTICE_BYTES_MAX, NOTICE_SCANS_MAX, NoticeError, Provider, Scan,
    SignatureError, TrackingNotice, UnknownProvider,
};
pub use shipment::{
    Changed, Component, Consignment, Inconsistent, InvalidStep, ORDER_SHIPMENTS_MAX, Refused, SHIPMENT_LINES_MAX,
    SHIPMENT_STATES, Shipment, ShipmentLine, State, StateName, Step, Tracked, Units, UnknownState,
};
pub use status::{STATUSES, Status};
pub use store::{Fulfilment, Kept, KeptNotice, List, RefusalReason, SILENCE_TIMER};
