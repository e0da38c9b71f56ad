//! Version 1.

use kernel::{Event, VariantId};
use serde::{Deserialize, Serialize};

/// Free stock of a variant fell below its threshold. Told once per crossing.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct StockLow {
    /// Of what.
    pub variant_id: VariantId,
    /// How much is free, over all locations.
    pub free: u64,
    /// The threshold that it fell below.
    pub threshold: u32,
}

impl Event for StockLow {
    const NAME: &'static str = "stock.low";
    const VERSION: u16 = 1;

    fn key(&self) -> String {
        self.variant_id.to_string()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_golden_event_reads_and_writes_back_the_same() {
        let golden = include_str!("golden/stock.low.1.json");
        let event: StockLow = serde_json::from_str(golden).unwrap();
        assert_eq!(serde_json::to_string(&event).unwrap(), golden.trim());
        assert_eq!(event.key(), "var_0190163d8694739b841f0101010101a1");
    }
}
