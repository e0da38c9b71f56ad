//! Loading, opening, pricing and showing a session: what all calls share.

use std::collections::BTreeMap;

use kernel::{CheckoutId, Id, LineId, VariantId};
use privacy::{PersonKey, Place, Sealed};
use sales::checkout::{Draft, DraftLine, Facts, Particulars, Quote, Session, Shown, quote, view};
use ucp::{
    Metadata, Negotiated, Operation, Refusal, capability,
    checkout::{Checkout, CheckoutInput, Context},
    payment,
};
use web::{HttpClient, Request};

use crate::{Error, Ports, Shelf};

/// A session with its personal data open.
pub(crate) struct Loaded {
    pub(crate) session: Session,
    pub(crate) particulars: Particulars,
    pub(crate) key: PersonKey,
}

/// The session that the path names, when this platform made it.
pub(crate) async fn load<H: HttpClient, S: Shelf>(
    ports: &Ports<H, S>,
    platform: &Negotiated,
    request: &Request,
) -> Result<Loaded, Error> {
    let id: CheckoutId = web::path_parameter(request, "id").map_err(|_| Error::not_found(platform))?;
    let found = ports
        .sessions
        .get(id)
        .await?
        .filter(|session| session.owner == platform.profile_url);
    let session = found.ok_or_else(|| Error::not_found(platform))?;
    let key = ports.vault.open(session.person).await?.ok_or(Error::Erased)?;
    let particulars = key.open(place(&id.to_string()), &session.particulars)?;
    Ok(Loaded {
        session,
        particulars,
        key,
    })
}

const fn place(id: &str) -> Place<'_> {
    Place {
        entity: "checkout",
        id,
        field: "particulars",
    }
}

/// Seals a session's personal data.
pub(crate) fn seal<H, S>(
    ports: &Ports<H, S>,
    key: &PersonKey,
    id: CheckoutId,
    particulars: &Particulars,
) -> Result<Sealed, Error> {
    Ok(key.seal(&ports.ambient, place(&id.to_string()), particulars)?)
}

/// Reads the body of create or update. A language that the body does not name comes from `Accept-Language`.
pub(crate) fn draft<H, S>(ports: &Ports<H, S>, request: &Request, known: &[DraftLine]) -> Result<Draft, Error> {
    let mut input: CheckoutInput = web::json_body(request).map_err(|problem| malformed(&problem))?;
    let header = web::header(request, "accept-language").and_then(|text| text.split([',', ';']).next());
    let header = header
        .map(str::trim)
        .filter(|tag| !tag.is_empty() && *tag != "*" && tag.len() <= 35);
    if let Some(tag) = header {
        let context = input.context.get_or_insert_with(Context::default);
        context.language.get_or_insert_with(|| tag.to_owned());
    }
    Ok(Draft::read(input, known, || LineId::generate(&ports.ambient))?)
}

/// Says what is wrong with a body, which the caller wrote.
pub(crate) fn malformed(problem: &web::Problem) -> Refusal {
    match Refusal::of_problem(problem) {
        Refusal::Malformed(title) => {
            let body = problem.body("");
            let detail = body.get("detail").and_then(|detail| detail.as_str()).unwrap_or(&title);
            Refusal::Malformed(detail.to_owned())
        }
        other => other,
    }
}

/// Prices a draft by what is sold and free now.
pub(crate) async fn price<H: HttpClient, S: Shelf>(
    ports: &Ports<H, S>,
    platform: &Negotiated,
    lines: &[DraftLine],
    particulars: &Particulars,
    less: &BTreeMap<VariantId, u64>,
) -> Result<Quote, Error> {
    let mut ids: Vec<VariantId> = lines.iter().filter_map(|line| line.item.parse().ok()).collect();
    ids.sort_unstable();
    ids.dedup();
    let goods: BTreeMap<VariantId, _> = ports
        .shelf
        .variants(&ids)
        .await?
        .into_iter()
        .map(|variant| (variant.id, variant))
        .collect();
    let mut counted: Vec<VariantId> = goods
        .values()
        .filter_map(|variant| variant.stock(1))
        .flatten()
        .map(|(variant, _)| variant)
        .collect();
    counted.sort_unstable();
    counted.dedup();
    let mut free = ports.inventory.availability(&counted).await?;
    free.extend(less);
    let facts = Facts {
        goods: &goods,
        free: &free,
        market: &ports.market,
        fulfillment: platform.has(capability::FULFILLMENT),
        now: ports.ambient.now(),
    };
    Ok(quote(lines, particulars, &facts))
}

/// The `ucp` member with the payment handlers that fit a basket.
pub(crate) fn metadata<H: HttpClient, S>(ports: &Ports<H, S>, platform: &Negotiated, quote: &Quote) -> Metadata {
    let handlers = &ports.negotiator.offer().payment_handlers;
    let mut metadata = platform.metadata(Operation::Checkout);
    metadata.payment_handlers = Some(payment::offered(handlers, quote.currency.code(), quote.total.amount()));
    metadata
}

/// The session as this platform sees it.
pub(crate) fn shown<H: HttpClient, S>(
    ports: &Ports<H, S>,
    platform: &Negotiated,
    session: &Session,
    particulars: &Particulars,
) -> Checkout {
    let shown = Shown {
        ucp: metadata(ports, platform, &session.quote),
        storefront: &ports.storefront,
        fulfillment: platform.has(capability::FULFILLMENT),
        now: ports.ambient.now(),
    };
    view(session, particulars, shown)
}
