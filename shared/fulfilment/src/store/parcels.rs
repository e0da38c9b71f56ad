//! Parcels as kept. Access patterns: `parcel.get`, `parcel.save`.

use dynamo::{Consistency, Item, Part, Record, StoreError, from_item, to_item};
use kernel::Timestamp;
use serde::{Deserialize, Serialize};

use super::{Fulfilment, keys};
use crate::{Parcel, ParcelKey};

/// How long scans of a number are kept that no staff have entered: 60 days, in seconds.
const UNOWNED_KEPT_S: i64 = 60 * 86_400;

#[derive(Serialize, Deserialize)]
struct ParcelItem {
    parcel: Parcel,
    version: u64,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    expires_at: Option<i64>,
}

impl Record for ParcelItem {
    const ENTITY: &'static str = "parcel";
    const SHAPE: u16 = 1;
}

fn to_parcel(item: Item) -> Result<Parcel, StoreError> {
    let found: ParcelItem = from_item(item)?;
    let corrupt = |attribute: String| {
        let key = keys::parcel(&found.parcel.key);
        StoreError::Corrupt {
            pk: key.pk,
            sk: key.sk,
            attribute,
        }
    };
    found.parcel.check().map_err(|error| corrupt(error.to_string()))?;
    if found.version != found.parcel.version {
        return Err(corrupt("version beside the parcel is another".to_owned()));
    }
    Ok(found.parcel)
}

impl Fulfilment {
    /// What is known of a parcel: perhaps nothing. One strong read.
    pub async fn parcel(&self, key: &ParcelKey) -> Result<Parcel, StoreError> {
        let found = self
            .dynamo
            .get_item(&self.table, &keys::parcel(key), Consistency::Strong)
            .await?;
        Ok(found
            .map(to_parcel)
            .transpose()?
            .unwrap_or_else(|| Parcel::unknown(key.clone())))
    }

    /// The part that keeps a changed parcel, one version on from the one that was read. Refused with `refused` when somebody
    /// else changed it meanwhile.
    ///
    /// # Errors
    ///
    /// `Corrupt` when it does not serialise.
    pub fn save_parcel<R>(&self, mut parcel: Parcel, now: Timestamp, refused: R) -> Result<Part<R>, StoreError> {
        let read = parcel.version;
        parcel.version = read.saturating_add(1);
        let expires_at = parcel
            .owner
            .is_none()
            .then(|| now.plus_seconds(UNOWNED_KEPT_S).seconds());
        let key = keys::parcel(&parcel.key);
        let item = to_item(
            &key,
            &ParcelItem {
                version: parcel.version,
                parcel,
                expires_at,
            },
        )?;
        let part = if read == 0 {
            Part::insert(&self.table, item)
        } else {
            Part::replace(&self.table, item, read)
        };
        Ok(part.refused(refused))
    }
}
