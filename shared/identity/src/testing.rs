//! What this crate's tests share.

use std::sync::Arc;

use kernel::{Ambient, Timestamp};
use secrecy::SecretString;
use testkit::{SeededChance, VirtualClock};

use crate::Peppers;

pub(crate) fn ambient() -> Ambient {
    let clock = VirtualClock::at(Timestamp::from_seconds(1_775_640_600));
    Ambient::new(Arc::new(clock), Arc::new(SeededChance::new(1)))
}

pub(crate) fn peppers() -> Peppers {
    Peppers::parse(&SecretString::from("pepper-of-the-tests-not-a-secret-1")).unwrap()
}
