//! Version 1.

use kernel::{Event, ProductId, VariantId};
use serde::{Deserialize, Serialize};

/// The shop shows a product, or shows it anew.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct ProductPublished {
    /// Which.
    pub product_id: ProductId,
    /// The version that is shown.
    pub version: u64,
    /// Its variants, the discontinued ones too.
    pub variant_ids: Vec<VariantId>,
}

impl Event for ProductPublished {
    const NAME: &'static str = "product.published";
    const VERSION: u16 = 1;

    fn key(&self) -> String {
        self.product_id.to_string()
    }
}

/// The shop shows a product no more.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct ProductUnpublished {
    /// Which.
    pub product_id: ProductId,
    /// The product's version after it was taken off.
    pub version: u64,
    /// Its variants.
    pub variant_ids: Vec<VariantId>,
}

impl Event for ProductUnpublished {
    const NAME: &'static str = "product.unpublished";
    const VERSION: u16 = 1;

    fn key(&self) -> String {
        self.product_id.to_string()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_golden_events_read_and_write_back_the_same() {
        let golden = include_str!("golden/product.published.1.json");
        let event: ProductPublished = serde_json::from_str(golden).unwrap();
        assert_eq!(serde_json::to_string(&event).unwrap(), golden.trim());
        let golden = include_str!("golden/product.unpublished.1.json");
        let event: ProductUnpublished = serde_json::from_str(golden).unwrap();
        assert_eq!(serde_json::to_string(&event).unwrap(), golden.trim());
    }
}
