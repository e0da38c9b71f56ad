//! The account and region that everything local belongs to. They appear in ARNs, events and signatures only.

/// Region of every local resource.
pub const REGION: &str = "us-east-1";
/// Account of every local resource.
pub const ACCOUNT: &str = "000000000000";

/// ARN of a function by its physical name.
pub fn function_arn(name: &str) -> String {
    format!("arn:aws:lambda:{REGION}:{ACCOUNT}:function:{name}")
}
