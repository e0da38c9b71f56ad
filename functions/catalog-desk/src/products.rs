//! Products on their way to the shop.

use catalog::{
    Catalog, Content, Decision, Move, Product, ShopChange, State, component_faults, faults, submission_faults,
};
use dynamo::Part;
use kernel::{Envelope, Event, Id, ProductId, Text, VariantId};
use serde::{Deserialize, Serialize};
use serde_json::Value;
use web::{
    Body, Precondition, Problem, Request, Response, json_body, page_limit, path_parameter, query_parameter, types,
};

use crate::{
    Error, Member, Ports,
    writing::{self, Refused, Start, tagged},
};

/// A page of products.
#[derive(Serialize)]
struct Listed {
    items: Vec<Product>,
    #[serde(skip_serializing_if = "Option::is_none")]
    next: Option<String>,
}

/// The body of a rejection.
#[derive(Deserialize)]
struct Rejection {
    reason: Text<500>,
}

/// The body that creates a product: content, and an id where the caller chooses it.
#[derive(Deserialize)]
struct NewProduct {
    id: Option<ProductId>,
}

pub(crate) async fn list(ports: &Ports, request: &Request) -> Result<Response<Body>, Error> {
    let state = query_parameter(request, "state").unwrap_or_else(|| State::Draft.name().to_owned());
    let malformed = |detail: &str| Error::Request(Problem::new(&types::MALFORMED).detail(detail));
    if !State::NAMES.contains(&state.as_str()) {
        return Err(malformed(
            "state is draft, submitted, published, rejected or unpublished",
        ));
    }
    let cursor = match query_parameter(request, "cursor") {
        Some(text) => {
            Some(Catalog::products_cursor(&state, &text).ok_or_else(|| malformed("not a cursor of this list"))?)
        }
        None => None,
    };
    let page = ports.catalog.products(&state, page_limit(request)?, cursor).await?;
    Ok(web::json(
        200,
        &Listed {
            items: page.items,
            next: page.next.map(|next| next.encode()),
        },
    ))
}

pub(crate) async fn get(ports: &Ports, request: &Request) -> Result<Response<Body>, Error> {
    let product = ports
        .catalog
        .product(path_parameter(request, "id")?)
        .await?
        .ok_or(Error::NotFound)?;
    Ok(tagged(web::json(200, &product), product.version))
}

pub(crate) async fn create(ports: &Ports, request: &Request, who: Member) -> Result<Response<Body>, Error> {
    let writing = match writing::begin(ports, request, who.editor()?).await? {
        Start::Fresh(writing) => writing,
        Start::Done(response) => return Ok(response),
    };
    let chosen: NewProduct = json_body(request)?;
    let id = chosen.id.unwrap_or_else(|| ProductId::generate(&ports.ambient));
    let content = content(ports, request, None)?;
    let product = Product::new(id, content, who.reviewer.id, ports.ambient.now());
    let part = ports.catalog.create(&product)?.map(Refused::Product);
    writing.commit(ports, vec![part], 201, &product).await
}

pub(crate) async fn edit(ports: &Ports, request: &Request, who: Member) -> Result<Response<Body>, Error> {
    change(ports, request, who.editor()?, |product| {
        content(ports, request, Some(&product.content)).map(|content| Move::Edit(Box::new(content)))
    })
    .await
}

pub(crate) async fn submit(ports: &Ports, request: &Request, who: Member) -> Result<Response<Body>, Error> {
    change(ports, request, who.editor()?, |_| Ok(Move::Submit)).await
}

pub(crate) async fn approve(ports: &Ports, request: &Request, who: Member) -> Result<Response<Body>, Error> {
    change(ports, request, who, |_| Ok(Move::Approve)).await
}

pub(crate) async fn reject(ports: &Ports, request: &Request, who: Member) -> Result<Response<Body>, Error> {
    let wanted = |_: &Product| Ok(Move::Reject(json_body::<Rejection>(request)?.reason));
    change(ports, request, who, wanted).await
}

pub(crate) async fn unpublish(ports: &Ports, request: &Request, who: Member) -> Result<Response<Body>, Error> {
    change(ports, request, who, |_| Ok(Move::Unpublish)).await
}

/// Moves a product: load, decide, commit.
async fn change(
    ports: &Ports,
    request: &Request,
    who: Member,
    wanted: impl FnOnce(&Product) -> Result<Move, Error>,
) -> Result<Response<Body>, Error> {
    let writing = match writing::begin(ports, request, who).await? {
        Start::Fresh(writing) => writing,
        Start::Done(response) => return Ok(response),
    };
    let precondition = Precondition::required(request)?;
    let product = ports
        .catalog
        .product(path_parameter(request, "id")?)
        .await?
        .ok_or(Error::NotFound)?;
    precondition.check(product.version)?;
    let step = wanted(&product)?;
    let tree = match step {
        Move::Submit | Move::Approve => check(ports, &product.content).await?,
        Move::Edit(_) | Move::Reject(_) | Move::Unpublish => catalog::Tree::default(),
    };
    let expected = product.version;
    let decision = product.make(step, who.reviewer, ports.ambient.now(), &tree)?;
    let writes = writes(ports, request, &decision, expected).await?;
    writing.commit(ports, writes, 200, &decision.product).await
}

/// What must hold to be submitted and, because categories and components change meanwhile, again to be approved.
async fn check(ports: &Ports, content: &Content) -> Result<catalog::Tree, Error> {
    let tree = ports.catalog.tree().await?;
    let attributes = tree
        .get(&content.category)
        .map(|category| tree.attributes(&category.slug));
    let mut found = submission_faults(content, attributes.as_deref());
    let components: Vec<VariantId> = content
        .sold()
        .flat_map(|variant| &variant.bundle)
        .map(|part| part.variant)
        .collect();
    if !components.is_empty() && found.is_empty() {
        found = component_faults(content, &ports.catalog.variants(&components).await?);
    }
    if found.is_empty() {
        Ok(tree)
    } else {
        Err(Error::Content(found))
    }
}

async fn writes(
    ports: &Ports,
    request: &Request,
    decision: &Decision,
    expected: u64,
) -> Result<Vec<Part<Refused>>, Error> {
    let mut writes = vec![ports.catalog.save(&decision.product, expected)?.map(Refused::Product)];
    let shown = match &decision.shop {
        ShopChange::None => return Ok(writes),
        ShopChange::Show(..) | ShopChange::Hide(_) => ports.catalog.listing(decision.product.id).await?,
    };
    let (shop, event) = match &decision.shop {
        ShopChange::None => (Vec::new(), None),
        ShopChange::Show(listing, event) => (
            ports.catalog.show(shown.as_ref(), listing)?,
            Some(envelope(ports, request, event)?),
        ),
        // Another request took it off sale meanwhile: the version says so.
        ShopChange::Hide(event) => {
            let listing = shown.ok_or(Error::Stale)?;
            (ports.catalog.hide(&listing)?, Some(envelope(ports, request, event)?))
        }
    };
    writes.extend(shop.into_iter().map(|part| part.map(Refused::Product)));
    writes.extend(event.map(|event| ports.outbox.append(&event)).transpose()?);
    Ok(writes)
}

fn envelope(ports: &Ports, request: &Request, event: &impl Event) -> Result<Envelope, Error> {
    Ok(Envelope::of(event, &ports.ambient, Some(&web::request_id(request)))?)
}

/// The content of a body. A variant without an id is the one of the same article number before, else a new one.
fn content(ports: &Ports, request: &Request, before: Option<&Content>) -> Result<Content, Error> {
    let mut body: Value = json_body(request)?;
    for variant in body
        .get_mut("variants")
        .and_then(Value::as_array_mut)
        .into_iter()
        .flatten()
    {
        let sku = variant.get("sku").and_then(Value::as_str).unwrap_or_default();
        let same = before.and_then(|content| content.variants.iter().find(|known| known.sku.as_str() == sku));
        let id = same.map_or_else(|| VariantId::generate(&ports.ambient), |known| known.id);
        if let Some(members) = variant.as_object_mut() {
            members.entry("id").or_insert_with(|| Value::String(id.to_string()));
        }
    }
    let content: Content = serde_json::from_value(body).map_err(|error| {
        Error::Request(
            Problem::new(&types::MALFORMED).detail(format!("the body does not have the expected shape: {error}")),
        )
    })?;
    let found = faults(&content);
    if found.is_empty() {
        Ok(content)
    } else {
        Err(Error::Content(found))
    }
}
