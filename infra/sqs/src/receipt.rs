//! Receipt handles: opaque to callers, self-checking, and still good after a restart.

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use ring::digest::{SHA256, digest};

use crate::error::Error;

const CHECK_BYTES: usize = 8;

/// One receive of one message. A later receive of the same message has another `receives`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Receipt {
    pub(crate) queue: i64,
    pub(crate) message: i64,
    pub(crate) receives: u32,
}

impl Receipt {
    pub(crate) fn encode(self) -> String {
        let mut bytes = self.payload();
        let check = digest(&SHA256, &bytes);
        bytes.extend(check.as_ref().iter().take(CHECK_BYTES));
        STANDARD.encode(bytes)
    }

    /// Reads a handle; text that this service has not given out is refused.
    pub(crate) fn decode(handle: &str) -> Result<Self, Error> {
        Self::read(handle)
            .filter(|receipt| receipt.encode() == handle)
            .ok_or(Error::ReceiptHandleIsInvalid)
    }

    fn read(handle: &str) -> Option<Self> {
        let bytes = STANDARD.decode(handle).ok()?;
        let (queue, rest) = bytes.split_first_chunk::<8>()?;
        let (message, rest) = rest.split_first_chunk::<8>()?;
        let (receives, _check) = rest.split_first_chunk::<4>()?;
        Some(Self {
            queue: i64::from_be_bytes(*queue),
            message: i64::from_be_bytes(*message),
            receives: u32::from_be_bytes(*receives),
        })
    }

    fn payload(self) -> Vec<u8> {
        [
            &self.queue.to_be_bytes()[..],
            &self.message.to_be_bytes()[..],
            &self.receives.to_be_bytes()[..],
        ]
        .concat()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    proptest! {
        #[test]
        fn a_handle_reads_back_and_a_changed_one_is_refused(queue: i64, message: i64, receives: u32, at in 0_usize..37) {
            let receipt = Receipt { queue, message, receives };
            let handle = receipt.encode();
            prop_assert_eq!(Receipt::decode(&handle), Ok(receipt));
            let changed: String =
                handle.char_indices().map(|(i, c)| if i == at { if c == 'A' { 'B' } else { 'A' } } else { c }).collect();
            prop_assert_eq!(Receipt::decode(&changed), Err(Error::ReceiptHandleIsInvalid));
        }
    }

    #[test]
    fn rubbish_is_no_handle() {
        for text in ["", "rubbish", "AAAA"] {
            assert_eq!(Receipt::decode(text), Err(Error::ReceiptHandleIsInvalid));
        }
    }
}
