//! Searching by index rows.

use base64::{Engine, engine::general_purpose::URL_SAFE_NO_PAD};
use dynamo::{Query, StoreError};
use kernel::ProductId;

use super::{Catalog, keys};
use crate::{Criteria, Listing, PAGE_MAX, Scope};

/// Scopes that are looked into to find the smallest one.
const PROBES_MAX: usize = 4;
/// Index rows read at once.
const ROWS_PAGE: u16 = 50;
/// Index rows that one search reads of its scope; a rarer match comes with a later page.
const ROWS_MAX: usize = 400;
/// The longest cursor that is read, in characters.
const CURSOR_CHARS_MAX: usize = 300;

/// A page of products, newest first.
#[derive(Debug, Clone, PartialEq)]
pub struct SearchPage {
    /// The products.
    pub listings: Vec<Listing>,
    /// Where the next page begins; `None`: there are no more matches.
    pub next: Option<String>,
}

/// Why a search failed.
#[derive(Debug, thiserror::Error)]
pub enum SearchError {
    /// The cursor is not one that this search gave out.
    #[error("not a cursor that this search gave out")]
    Cursor,
    /// The store failed.
    #[error(transparent)]
    Store(#[from] StoreError),
}

/// Behind which product of which scope a page begins.
struct Position {
    scope: Scope,
    after: Option<ProductId>,
}

impl Catalog {
    /// One page of at most `limit` products (at most [`PAGE_MAX`]). A page may hold fewer and still have a next one.
    ///
    /// Rows and listings are removed in the transaction that takes a product off sale; a row that is read while that
    /// happens finds no listing and is skipped. Access patterns: `catalog.search-rows`, `catalog.listings`.
    #[tracing::instrument(name = "db.catalog.search", skip_all)]
    pub async fn search(
        &self,
        criteria: &Criteria,
        limit: u16,
        cursor: Option<&str>,
    ) -> Result<SearchPage, SearchError> {
        let limit = usize::from(limit.clamp(1, PAGE_MAX));
        let scopes = criteria.scopes();
        let position = match cursor {
            Some(text) => decode(text)
                .filter(|position| scopes.contains(&position.scope))
                .ok_or(SearchError::Cursor)?,
            None if scopes.is_empty() => {
                return Ok(SearchPage {
                    listings: Vec::new(),
                    next: None,
                });
            }
            None => Position {
                scope: self.smallest(scopes).await?,
                after: None,
            },
        };
        let mut after = position.after;
        let mut found: Vec<Listing> = Vec::with_capacity(limit + 1);
        let mut read = 0;
        while found.len() <= limit {
            let (rows, complete) = self.rows(&position.scope, after).await?;
            read += rows.len();
            after = rows.last().copied().or(after);
            let mut listings = self.listings(&rows).await?;
            listings.sort_by_key(|listing| std::cmp::Reverse(listing.id));
            found.extend(listings.into_iter().filter(|listing| criteria.matches(listing)));
            if complete {
                after = None;
                break;
            }
            if read >= ROWS_MAX {
                break;
            }
        }
        let more = found.len() > limit;
        found.truncate(limit);
        // With a match left over, the next page begins behind the last one shown; else behind the last row read.
        let last = if more {
            found.last().map(|listing| listing.id)
        } else {
            after
        };
        let next = last.map(|id| {
            encode(&Position {
                scope: position.scope,
                after: Some(id),
            })
        });
        Ok(SearchPage { listings: found, next })
    }

    /// The scope with the fewest rows, as far as one page of each tells.
    async fn smallest(&self, scopes: Vec<Scope>) -> Result<Scope, StoreError> {
        let mut best: Option<(usize, Scope)> = None;
        if scopes.len() == 1 {
            return Ok(scopes.into_iter().next().unwrap_or(Scope::All));
        }
        for scope in scopes.into_iter().take(PROBES_MAX) {
            let count = self.rows(&scope, None).await?.0.len();
            if best.as_ref().is_none_or(|(fewest, _)| count < *fewest) {
                best = Some((count, scope));
            }
        }
        Ok(best.map_or(Scope::All, |(_, scope)| scope))
    }

    /// Some products of a scope, newest first, and whether they are the last ones.
    async fn rows(&self, scope: &Scope, after: Option<ProductId>) -> Result<(Vec<ProductId>, bool), StoreError> {
        let pk = keys::scope(scope);
        let query = match after {
            Some(id) => {
                Query::new(&self.table, "pk = :scope AND sk < :after", ROWS_PAGE).text(":after", id.to_string())
            }
            None => Query::new(&self.table, "pk = :scope", ROWS_PAGE),
        };
        let page = self.dynamo.query(query.text(":scope", pk.clone()).descending()).await?;
        let id = |item: &dynamo::Item| {
            let text = item
                .get("sk")
                .and_then(|value| value.as_s().ok())
                .cloned()
                .unwrap_or_default();
            let corrupt = || StoreError::Corrupt {
                pk: pk.clone(),
                sk: text.clone(),
                attribute: "sk".to_owned(),
            };
            text.parse().map_err(|_| corrupt())
        };
        let ids = page.items.iter().map(id).collect::<Result<_, _>>()?;
        Ok((ids, page.next.is_none()))
    }
}

fn encode(position: &Position) -> String {
    let after = position.after.map(|id| id.to_string()).unwrap_or_default();
    URL_SAFE_NO_PAD.encode(format!("{after}#{}", keys::scope(&position.scope)))
}

fn decode(text: &str) -> Option<Position> {
    if text.len() > CURSOR_CHARS_MAX {
        return None;
    }
    let plain = String::from_utf8(URL_SAFE_NO_PAD.decode(text).ok()?).ok()?;
    let (after, scope) = plain.split_once('#')?;
    let scope = match scope.split_once('#') {
        Some(("word", word)) => Scope::Word(word.to_owned()),
        Some(("category", slug)) => Scope::Category(slug.parse().ok()?),
        None if scope == "all" => Scope::All,
        _ => return None,
    };
    Some(Position {
        scope,
        after: Some(after.parse().ok()?),
    })
}
