//! Parts of ARNs that events repeat.

/// `us-east-1` of `arn:aws:sqs:us-east-1:000000000000:orders`; empty when there is none.
pub(super) fn region(arn: &str) -> &str {
    arn.split(':').nth(3).unwrap_or_default()
}

#[cfg(test)]
mod tests {
    #[test]
    fn the_region_stands_at_its_place() {
        let arn = "arn:aws:dynamodb:eu-west-1:000000000000:table/orders/stream/2026-01-01T00:00:00.000";
        assert_eq!(super::region(arn), "eu-west-1");
        assert_eq!(super::region("text"), "");
    }
}
