//! `POST /checkout-sessions/{id}/complete`: the order.

use std::collections::BTreeMap;

use dynamo::Part;
use inventory::{PlanError, Reservation};
use kernel::{Actor, Id, OrderId, VariantId};
use sales::{
    checkout::{Particulars, Quote, Sealing, placement},
    order::{Act, Order, Placement, Platform},
};
use ucp::{Message, Negotiated, Severity, checkout::CompleteInput, codes};
use web::{Body, HttpClient, Request, Response};

use crate::{
    Error, Ports, Shelf,
    answer::{self, Committed, Key, Lost, Start},
    payment::{self, Decision},
    session::{self, Loaded},
};

/// How often a completion that lost stock or a race is planned again.
const PLANS_MAX: u32 = 8;
/// Parts of the transaction beside takes and crossings of stock: session, answer, order with history, timer and event,
/// reservation, payment. Whatever is planned must leave room for them.
const OWN_PARTS_MAX: usize = 15;

/// Prices again, checks stock again, and commits everything at once: stock, order, session, answer, event, timer, payment.
/// Whoever loses a race for stock plans again, a bounded number of times; when nothing is left the session stays open and
/// says so. Twice with one key: one order. Twice with two keys: the second is told that the session is completed.
#[tracing::instrument(name = "checkout.complete", skip_all)]
pub(crate) async fn handle<H: HttpClient, S: Shelf>(
    ports: &Ports<H, S>,
    platform: &Negotiated,
    request: &Request,
) -> Result<Response<Body>, Error> {
    let key = match answer::begin(ports, platform, request).await? {
        Start::Answered(response) => return Ok(response),
        Start::Fresh(key) => key,
    };
    let input: CompleteInput = web::json_body(request).map_err(|problem| session::malformed(&problem))?;
    let correlation = web::request_id(request);
    let call = Call {
        ports,
        platform,
        key,
        input,
        correlation,
    };
    let mut less = BTreeMap::new();
    for _ in 0..PLANS_MAX {
        let loaded = session::load(ports, platform, request).await?;
        if let Err(refusal) = loaded.session.open(ports.ambient.now()) {
            return answer::closed(ports, platform, request, refusal).await;
        }
        match call.attempt(loaded, &mut less).await? {
            Committed::Answer(response) => return Ok(response),
            Committed::Lost(lost) => tracing::info!(?lost, "checkout.complete.again"),
        }
    }
    Err(Error::Busy)
}

struct Call<'a, H, S> {
    ports: &'a Ports<H, S>,
    platform: &'a Negotiated,
    key: Key,
    input: CompleteInput,
    correlation: String,
}

impl<H: HttpClient, S: Shelf> Call<'_, H, S> {
    /// One try: decide, plan, commit. `less` is stock that was seen to be gone.
    async fn attempt(&self, loaded: Loaded, less: &mut BTreeMap<VariantId, u64>) -> Result<Committed, Error> {
        let (ports, platform) = (self.ports, self.platform);
        let mut quote = session::price(ports, platform, &loaded.session.lines, &loaded.particulars, less).await?;
        let unverified = unverified(&loaded.particulars, ports);
        if quote.blocked() || !unverified.is_empty() {
            quote.messages.extend(unverified);
            return self.stay(loaded, quote).await;
        }
        let offered = session::metadata(ports, platform, &quote)
            .payment_handlers
            .unwrap_or_default();
        let instant = match payment::decide(&self.input.payment, &offered) {
            Decision::Later => false,
            Decision::Instant => true,
            Decision::Refused(message) => {
                quote.messages.push(message);
                return self.stay(loaded, quote).await;
            }
        };
        let id = OrderId::generate(&ports.ambient);
        let plan = match ports.inventory.plan(id, &quote.stock()).await {
            Ok(plan) if plan.takes.len() + 2 * plan.crossings.len() + OWN_PARTS_MAX <= dynamo::PARTS_MAX => plan,
            Ok(_) | Err(PlanError::Scattered | PlanError::TooMuch) => {
                let content = "Too much for one order: split it.";
                quote
                    .messages
                    .push(Message::error(codes::QUANTITY_INVALID, Severity::Recoverable, content).at("$.line_items"));
                return self.stay(loaded, quote).await;
            }
            Err(PlanError::Short(shortages)) => {
                // What the plan saw is fresher than what the quote saw: the next quote says which line is short.
                less.extend(shortages.iter().map(|shortage| (shortage.variant, shortage.free)));
                return Ok(Committed::Lost(Vec::new()));
            }
            Err(PlanError::Store(error)) => return Err(error.into()),
        };
        self.place(loaded, quote, &plan, instant).await
    }

    /// Everything at once, or nothing.
    async fn place(&self, loaded: Loaded, quote: Quote, plan: &Reservation, instant: bool) -> Result<Committed, Error> {
        let Self {
            ports, platform, input, ..
        } = self;
        let Loaded {
            session,
            particulars,
            key,
        } = loaded;
        let now = ports.ambient.now();
        let from = Platform {
            profile: platform.profile_url.clone(),
            webhook_url: platform.webhook_url.clone(),
            key: None,
        };
        let sealing = Sealing {
            key: &key,
            ambient: &ports.ambient,
        };
        let due_at = now.plus_seconds(ports.payment_due_s);
        let placement = placement(plan.order, &session, (&quote, &particulars), from, &sealing)?;
        let placement = Placement { due_at, ..placement };
        let act = Act::by(
            Actor::Platform {
                profile: platform.profile_url.clone(),
            },
            now,
        )
        .caused_by(self.correlation.clone());
        let placed = Order::place(placement, &act)?;
        let total = quote.total;
        let particulars = particulars.paid_with(input.payment.clone())?;
        let sealed = session::seal(ports, &key, session.id, &particulars)?;
        let after = session.completed(plan.order, sealed, quote, now)?;
        let shown = session::shown(ports, platform, &after, &particulars);
        let mut writes: Vec<Part<Lost>> = vec![ports.sessions.save(&after, Lost::Session)?];
        writes.extend(
            ports
                .inventory
                .reserve(plan)?
                .into_iter()
                .map(|part| part.map(Lost::Stock)),
        );
        writes.extend(ports.orders.insert(&placed)?);
        if instant {
            writes.extend(ports.payments.instant(plan.order, total, &Lost::Payment)?);
        }
        let committed = answer::commit(ports, &self.key, Some(&key), writes, (200, &shown)).await?;
        if matches!(committed, Committed::Answer(_)) {
            tracing::info!(checkout.id = %after.id, order.id = %plan.order, instant, "checkout.completed");
        }
        Ok(committed)
    }

    /// The session stays open, and says what stands in the way.
    async fn stay(&self, loaded: Loaded, quote: Quote) -> Result<Committed, Error> {
        let Loaded {
            session,
            particulars,
            key,
        } = loaded;
        let (lines, sealed) = (session.lines.clone(), session.particulars.clone());
        let after = session.replaced(lines, sealed, quote, self.ports.ambient.now())?;
        let shown = session::shown(self.ports, self.platform, &after, &particulars);
        let writes = vec![self.ports.sessions.save(&after, Lost::Session)?];
        answer::commit(self.ports, &self.key, Some(&key), writes, (200, &shown)).await
    }
}

/// Claims that we know must be verified before an order; over this API none can be.
fn unverified<H, S>(particulars: &Particulars, ports: &Ports<H, S>) -> Vec<Message> {
    let claims = particulars
        .context
        .iter()
        .flat_map(|context| &context.eligibility)
        .enumerate();
    let known = claims.filter(|(_, claim)| ports.market.knows_claim(claim));
    let told = |(at, claim): (usize, &String)| {
        let content = format!("{claim} could not be verified: leave it out.");
        Message::error(codes::ELIGIBILITY_INVALID, Severity::Recoverable, content)
            .at(format!("$.context.eligibility[{at}]"))
    };
    known.map(told).collect()
}
