#![doc = include_str!("../README.md")]

mod egress;
mod environment;
mod function;
mod host;
mod http_client;
mod launch;
mod system;

pub use environment::{ConfigError, Environment};
pub use function::{Function, FunctionError};
pub use host::Host;
pub use http_client::WebClient;
pub use lambda_http::{Context, Request, Response};
pub use launch::launch;
