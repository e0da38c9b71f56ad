//! The technical crates over embedded DynamoDB.

mod dynamo;
mod privacy;
