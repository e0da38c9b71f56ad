//! Cash is handed in, and counted.

use desk::{Change, Decided, Error, Member, Raced, once};
use kernel::{Id, Money, RemittanceId, StaffId};
use payments::{Remittance, RemittanceState};
use serde::Deserialize;
use serde_json::json;
use web::{Body, Problem, Request, Response, types};

use crate::{Ports, of_cash, read::hand_view};

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct HandIn {
    amount: Money,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Counted {
    counted: Money,
}

/// `POST /v1/courier/remittances`.
#[tracing::instrument(name = "cash.hand_in", skip_all)]
pub(crate) async fn hand_in(ports: &Ports, request: &Request, courier: &Member) -> Result<Response<Body>, Error> {
    let HandIn { amount } = web::json_body(request)?;
    let change = HandingIn {
        ports,
        courier: courier.id,
        amount,
    };
    once((&ports.dynamo, &ports.idempotency), request, courier.id, &change).await
}

/// `POST /v1/payments/couriers/{id}/remittances/{remittance}/count`: banks what was handed in when it is what was said;
/// else the courier has it again, in full.
#[tracing::instrument(name = "cash.count", skip_all)]
pub(crate) async fn count(ports: &Ports, request: &Request, by: &Member) -> Result<Response<Body>, Error> {
    let change = Counting {
        ports,
        by: by.id,
        courier: web::path_parameter(request, "id")?,
        id: web::path_parameter(request, "remittance")?,
        counted: web::json_body::<Counted>(request)?.counted,
    };
    if change.courier == change.by {
        return Err(Error::refused(&types::FORBIDDEN, "nobody counts their own cash"));
    }
    if change.counted.amount() < 0 {
        return Err(Problem::new(&types::UNPROCESSABLE)
            .at("/counted", "is nothing or more")
            .into());
    }
    once((&ports.dynamo, &ports.idempotency), request, by.id, &change).await
}

struct HandingIn<'a> {
    ports: &'a Ports,
    courier: StaffId,
    amount: Money,
}

impl Change for HandingIn<'_> {
    async fn decide(&self) -> Result<Decided, Error> {
        let store = &self.ports.payments;
        let hand = store.cash_in_hand(self.courier, self.amount.currency()).await?;
        let hand = hand.remit(self.amount).map_err(of_cash)?;
        let id = RemittanceId::generate(store.ambient());
        let remittance = Remittance::new(id, self.courier, self.amount, store.ambient().now());
        decided(self.ports, 201, &remittance, &hand)
    }
}

struct Counting<'a> {
    ports: &'a Ports,
    by: StaffId,
    courier: StaffId,
    id: RemittanceId,
    counted: Money,
}

impl Change for Counting<'_> {
    async fn decide(&self) -> Result<Decided, Error> {
        let store = &self.ports.payments;
        let currency = self.counted.currency();
        let known = store.remittance(self.courier, currency, self.id).await?;
        let known = known.ok_or_else(Error::not_found)?;
        let amount = known.amount;
        let remittance = known
            .counted(self.counted, self.by, store.ambient().now())
            .ok_or_else(|| Error::refused(&types::CONFLICT, "it was counted before"))?;
        let hand = store.cash_in_hand(self.courier, currency).await?;
        let hand = match remittance.state {
            RemittanceState::GivenBack { .. } => {
                let metric = "payment.cash.mismatch";
                tracing::error!(metric, count = 1, remittance.id = %self.id, courier = %self.courier, "payment.cash.mismatch: counted is not what was said");
                hand.give_back(amount)
            }
            RemittanceState::Banked { .. } | RemittanceState::HandedIn => hand.confirm(amount),
        };
        let hand = hand.map_err(|refused| Error::Inconsistent(refused.to_string()))?;
        decided(self.ports, 200, &remittance, &hand)
    }
}

fn decided(ports: &Ports, status: u16, remittance: &Remittance, hand: &payments::CashInHand) -> Result<Decided, Error> {
    let posting = remittance.posting();
    let posting = posting.map_err(|error| Error::Inconsistent(error.to_string()))?;
    let mut writes = ports.payments.remittance_parts(remittance, &posting)?;
    writes.push(ports.payments.cash_in_hand_part(hand)?);
    let writes = writes.into_iter().map(|part| part.map(|_| Raced)).collect();
    let body = json!({"remittance": remittance, "cash": hand_view(hand)?});
    Decided::new(status, &body, writes)
}
