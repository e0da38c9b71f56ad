//! What is printed once a platform serves.

use std::fmt::Write;

use serde_json::json;

use crate::platform::Running;

/// Variables of the seed script with this prefix are shown as products.
const PRODUCT: &str = "product_";

/// For people.
pub fn text(running: &Running) -> String {
    let mut text = String::new();
    let base = &running.base_url;
    let data = running.data.as_ref().map_or_else(
        || "in memory, gone at the end".to_owned(),
        |path| path.display().to_string(),
    );
    let mut line = |name: &str, value: &str| {
        // Writing to a String does not fail.
        let _ = writeln!(text, "  {name:<14}{value}");
    };
    line("API", base);
    line("UCP profile", &format!("{base}/.well-known/ucp"));
    line(
        "AWS endpoint",
        &format!("{} (DynamoDB, SQS, Secrets Manager)", running.aws_url),
    );
    line("Data", &data);
    if let Some(token) = &running.staff_token {
        line("Staff token", token);
    }
    let products = running
        .variables
        .iter()
        .filter_map(|(name, id)| Some((name.strip_prefix(PRODUCT)?, id)));
    for (at, (name, id)) in products.enumerate() {
        line(
            if at == 0 { "Products" } else { "" },
            &format!("{id}  {}", name.replace('_', " ")),
        );
    }
    let next = format!("curl -s {base}/.well-known/ucp");
    format!("Tradepost is up.\n\n{text}\nTry:  {next}\nCtrl-C stops it; a second Ctrl-C at once.\n")
}

/// For programs: one line.
pub fn line(running: &Running) -> String {
    let ready = json!({
        "base_url": running.base_url,
        "aws_url": running.aws_url,
        "staff_token": running.staff_token,
        "data": running.data,
        "variables": running.variables,
    });
    format!("TRADEPOST READY {ready}")
}
