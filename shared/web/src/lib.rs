#![doc = include_str!("../README.md")]

mod caller;
mod conditional;
mod outgoing;
mod problem;
mod request;
mod response;

pub use caller::Caller;
pub use conditional::{Precondition, etag};
pub use lambda_http::{Body, Request, Response};
pub use outgoing::{Egress, HttpClient, Incoming, OUTGOING_BODY_BYTES_MAX, OutgoingRequest, SendError};
pub use problem::{PROBLEM_TYPES, Problem, ProblemType, types};
pub use request::{
    BODY_BYTES_MAX, PAGE_LIMIT_MAX, bearer, body, header, idempotency_key, json_body, page_limit, path_parameter,
    query_parameter, request_id, route_key, single_header, source_address,
};
pub use response::{bytes, empty, json, raw_json};
