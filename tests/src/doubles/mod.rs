//! Doubles of the outside world: small servers that speak the other side's API.

pub mod agent;
pub mod alipay;
pub mod carrier;
pub mod stripe;
pub mod support;
pub mod wechat_pay;
