//! What is asked.

use kernel::CheckoutId;
use payments::{Mode, Provider, provider::Payer};
use serde::Deserialize;
use web::Request;

use crate::Error;

/// The longest `openid`, in bytes.
const OPENID_BYTES_MAX: usize = 128;

/// The longest name of a device, in bytes.
const DEVICE_BYTES_MAX: usize = 128;

/// The request.
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Start {
    /// The checkout session that placed the order: the proof that the caller may pay it.
    pub(crate) checkout_id: CheckoutId,
    /// Through whom.
    pub(crate) provider: Provider,
    /// How; one of the provider's modes.
    pub(crate) mode: Mode,
    /// The payer's id with our `WeChat` application: `jsapi` needs it, and nothing else takes it.
    #[serde(default)]
    openid: Option<String>,
    /// The payer's device, as the storefront names it: an id that it keeps there. Risk rules may count by it.
    #[serde(default)]
    device: Option<String>,
}

impl Start {
    /// The payer's device, where it is told.
    pub(crate) fn device(&self) -> Option<&str> {
        self.device.as_deref()
    }

    /// Refuses a device's name that is none.
    pub(crate) fn check_device(&self) -> Result<(), Error> {
        let plain = |byte: u8| byte.is_ascii_alphanumeric() || b"-_.:".contains(&byte);
        let fits = |device: &str| (1..=DEVICE_BYTES_MAX).contains(&device.len()) && device.bytes().all(plain);
        if self.device().is_none_or(fits) {
            return Ok(());
        }
        Err(Error::Device)
    }

    /// Who pays, as far as the mode needs to know. The address is the one that the gateway saw, never one that is said.
    pub(crate) fn payer(&self, request: &Request) -> Result<Payer, Error> {
        let plain = |id: &String| {
            (1..=OPENID_BYTES_MAX).contains(&id.len())
                && id.bytes().all(|b| b.is_ascii_alphanumeric() || b == b'_' || b == b'-')
        };
        let fits = match (self.mode, &self.openid) {
            (Mode::Jsapi, openid) => openid.as_ref().is_some_and(plain),
            (_, openid) => openid.is_none(),
        };
        if !fits {
            return Err(Error::Openid);
        }
        Ok(Payer {
            openid: self.openid.clone(),
            address: web::source_address(request),
        })
    }
}
