#![doc = include_str!("../README.md")]

mod category;
mod content;
pub mod events;
mod listing;
mod product;
mod rules;
mod search;
mod selection;
mod sellable;
mod store;
mod texts;
mod tokens;

pub use category::{
    AttributeDefinition, AttributeKind, AttributeValue, CATEGORIES_MAX, CATEGORY_DEPTH_MAX, Category, CategoryFault,
    Slug, Tree,
};
pub use content::{Barcode, Choice, Component, Content, OptionAxis, Picture, VARIANTS_MAX, Variant};
pub use listing::Listing;
pub use product::{Decision, InvalidMove, Move, Product, Reviewer, ShopChange, State};
pub use rules::{Fault, component_faults, faults, submission_faults};
pub use search::{AttributeFilter, Criteria, PAGE_MAX, PriceFilter, Scope};
pub use selection::{OptionSignal, Selection, select};
pub use sellable::{SellableVariant, availability};
pub use store::{Catalog, CategoryRefusal, Found, ProductRefusal, SearchError, SearchPage};
pub use texts::{Localised, TextsError};
pub use tokens::{TOKENS_MAX, index_tokens, query_tokens};
