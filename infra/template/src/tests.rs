//! What the reader makes of templates.
#![expect(clippy::unwrap_used, reason = "tests")]

mod real;
