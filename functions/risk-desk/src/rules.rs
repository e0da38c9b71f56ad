//! The rules in force.

use desk::{Change, Decided, Error, Member, once, tagged};
use kernel::Actor;
use payments::risk::{RULES_MAX, Rule, Rules, RulesError};
use serde::Deserialize;
use serde_json::{Value, json};
use web::{Body, Precondition, Problem, Request, Response, types};

use crate::{Ports, raced};

/// `GET /v1/payments/risk-rules`. Version 0: those that come with the product.
pub(crate) async fn read(ports: &Ports, _: &Member) -> Result<Response<Body>, Error> {
    let rules = ports.payments.risk_rules().await?;
    Ok(tagged(web::json(200, &view(&rules)), rules.version))
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Input {
    /// Each read by itself, so that a fault names its rule.
    rules: Vec<Value>,
}

struct Write<'a> {
    ports: &'a Ports,
    by: Actor,
    over: Precondition,
    rules: Vec<Rule>,
}

/// `PUT /v1/payments/risk-rules`: all of them, over exactly the version that was read. Payments that start from then on are
/// looked at by them; those that are held stay so.
#[tracing::instrument(name = "payment.risk.change", skip_all)]
pub(crate) async fn write(ports: &Ports, request: &Request, member: &Member) -> Result<Response<Body>, Error> {
    let change = Write {
        ports,
        by: Actor::Staff { id: member.id },
        over: Precondition::required(request)?,
        rules: parsed(web::json_body::<Input>(request)?)?,
    };
    once((&ports.dynamo, &ports.idempotency), request, member.id, &change).await
}

impl Change for Write<'_> {
    async fn decide(&self) -> Result<Decided, Error> {
        let store = &self.ports.payments;
        let known = store.risk_rules().await?;
        self.over.check(known.version)?;
        let rules = Rules {
            rules: self.rules.clone(),
            version: known.version.saturating_add(1),
        };
        tracing::info!(rules = rules.rules.len(), version = rules.version, by = %self.by, "payment.risk.changed");
        let parts = store.risk_rules_parts(&rules, self.by.clone())?;
        Decided::new(200, &view(&rules), raced(parts))
    }
}

fn view(rules: &Rules) -> Value {
    json!({"version": rules.version, "rules": rules.rules})
}

/// Reads and checks what an operator wrote. Each rule that cannot be read is named by its place.
fn parsed(input: Input) -> Result<Vec<Rule>, Error> {
    if input.rules.len() > RULES_MAX {
        return Err(fault(&RulesError::TooMany));
    }
    let mut rules = Vec::with_capacity(input.rules.len());
    let mut faults: Option<Problem> = None;
    for (place, value) in input.rules.into_iter().enumerate() {
        match serde_json::from_value::<Rule>(value) {
            Ok(rule) => rules.push(rule),
            Err(error) => {
                let problem = faults.unwrap_or_else(|| Problem::new(&types::UNPROCESSABLE));
                faults = Some(problem.at(&format!("/rules/{place}"), &error.to_string()));
            }
        }
    }
    if let Some(problem) = faults {
        return Err(problem.into());
    }
    let rules = Rules { rules, version: 0 };
    rules.check().map_err(|error| fault(&error))?;
    Ok(rules.rules)
}

fn fault(error: &RulesError) -> Error {
    let pointer = match error {
        RulesError::TooMany => "/rules".to_owned(),
        RulesError::Name(place) | RulesError::Twice(place) => format!("/rules/{place}/name"),
        RulesError::Limit(place) => format!("/rules/{place}/when/limits"),
    };
    Problem::new(&types::UNPROCESSABLE)
        .at(&pointer, &error.to_string())
        .into()
}
