//! The tree of categories.

use catalog::{Category, Slug};
use serde::Serialize;
use web::{Body, Precondition, Request, Response, json_body, path_parameter};

use crate::{
    Error, Member, Ports,
    writing::{self, Refused, Start},
};

#[derive(Serialize)]
struct Listed<'a> {
    items: Vec<&'a Category>,
}

pub(crate) async fn list(ports: &Ports) -> Result<Response<Body>, Error> {
    let tree = ports.catalog.tree().await?;
    Ok(web::json(
        200,
        &Listed {
            items: tree.all().collect(),
        },
    ))
}

pub(crate) async fn create(ports: &Ports, request: &Request, who: Member) -> Result<Response<Body>, Error> {
    let writing = match writing::begin(ports, request, who.editor()?).await? {
        Start::Fresh(writing) => writing,
        Start::Done(response) => return Ok(response),
    };
    let category: Category = json_body(request)?;
    let tree = ports.catalog.tree().await?;
    if tree.get(&category.slug).is_some() {
        return Err(Error::Exists);
    }
    tree.check(&category)?;
    let part = ports.catalog.save_category(&category, 0)?.map(Refused::Category);
    writing
        .commit(ports, vec![part], 201, &Category { version: 1, ..category })
        .await
}

pub(crate) async fn replace(ports: &Ports, request: &Request, who: Member) -> Result<Response<Body>, Error> {
    let writing = match writing::begin(ports, request, who.editor()?).await? {
        Start::Fresh(writing) => writing,
        Start::Done(response) => return Ok(response),
    };
    let precondition = Precondition::required(request)?;
    let slug: Slug = path_parameter(request, "slug")?;
    let category = Category {
        slug,
        ..json_body(request)?
    };
    let tree = ports.catalog.tree().await?;
    let expected = tree.get(&category.slug).ok_or(Error::NotFound)?.version;
    precondition.check(expected)?;
    tree.check(&category)?;
    let part = ports.catalog.save_category(&category, expected)?.map(Refused::Category);
    writing
        .commit(
            ports,
            vec![part],
            200,
            &Category {
                version: expected + 1,
                ..category
            },
        )
        .await
}
