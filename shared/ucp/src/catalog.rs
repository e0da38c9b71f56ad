//! The catalogue on the wire: search, look-up, product detail.

use serde::{Deserialize, Serialize};
use serde_json::{Map, Value};

use crate::{Message, Metadata};

/// What a buyer's platform knows of the buyer, for language and currency.
#[derive(Debug, Clone, Default, PartialEq, Deserialize)]
pub struct Context {
    /// BCP 47 tag; goes before `Accept-Language`.
    pub language: Option<String>,
    /// ISO 4217: what prices are wanted in, and what price filters are in.
    pub currency: Option<String>,
}

/// Prices from and to, in minor units of [`Context::currency`].
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Deserialize)]
pub struct PriceFilter {
    /// At least.
    pub min: Option<i64>,
    /// At most.
    pub max: Option<i64>,
}

/// Filters; all of them must hold.
#[derive(Debug, Clone, Default, PartialEq, Deserialize)]
pub struct Filters {
    /// In any of these.
    pub categories: Option<Vec<String>>,
    /// Of a variant.
    pub price: Option<PriceFilter>,
    /// Our own filter: attribute name to a value, or to a list of which one must hold.
    pub attributes: Option<Map<String, Value>>,
}

impl Filters {
    /// Whether nothing is asked for.
    pub const fn is_empty(&self) -> bool {
        self.categories.is_none() && self.price.is_none() && self.attributes.is_none()
    }
}

/// Which page is wanted.
#[derive(Debug, Clone, Default, PartialEq, Eq, Deserialize)]
pub struct PageRequest {
    /// From an earlier answer.
    pub cursor: Option<String>,
    /// How many products, about.
    pub limit: Option<u32>,
}

/// The body of `POST /catalog/search`.
#[derive(Debug, Clone, Default, PartialEq, Deserialize)]
pub struct SearchRequest {
    /// Free text.
    pub query: Option<String>,
    /// Language and currency.
    #[serde(default)]
    pub context: Context,
    /// Filters.
    #[serde(default)]
    pub filters: Filters,
    /// Which page.
    #[serde(default)]
    pub pagination: PageRequest,
    /// Where some clients put the cursor; [`PageRequest::cursor`] goes first.
    pub cursor: Option<String>,
}

/// The body of `POST /catalog/lookup`.
#[derive(Debug, Clone, PartialEq, Deserialize)]
pub struct LookupRequest {
    /// Ids of products and variants.
    pub ids: Vec<String>,
    /// Filters on what the ids name.
    #[serde(default)]
    pub filters: Filters,
    /// Language and currency.
    #[serde(default)]
    pub context: Context,
}

/// An option and the value that is chosen of it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct SelectedOption {
    /// The option.
    pub name: String,
    /// The value.
    pub label: String,
}

/// The body of `POST /catalog/product`.
#[derive(Debug, Clone, PartialEq, Deserialize)]
pub struct ProductRequest {
    /// Id of a product or a variant.
    pub id: String,
    /// What the buyer has chosen so far.
    #[serde(default)]
    pub selected: Vec<SelectedOption>,
    /// Options from the one to keep longest to the one to drop first.
    #[serde(default)]
    pub preferences: Vec<String>,
    /// Filters on variants.
    #[serde(default)]
    pub filters: Filters,
    /// Language and currency.
    #[serde(default)]
    pub context: Context,
}

/// An amount with its currency.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Price {
    /// Minor units.
    pub amount: i64,
    /// ISO 4217.
    pub currency: String,
}

/// The least and the most that variants cost.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct PriceRange {
    /// The least.
    pub min: Price,
    /// The most.
    pub max: Price,
}

/// A text.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Description {
    /// Without markup.
    pub plain: String,
}

/// A category.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Category {
    /// What filters name it by.
    pub value: String,
    /// Whose tree it is of.
    pub taxonomy: String,
}

/// A picture.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Media {
    /// `image`.
    #[serde(rename = "type")]
    pub kind: String,
    /// Where.
    pub url: String,
    /// What it shows.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub alt_text: Option<String>,
}

/// A value of an option, with what choosing it would come to where that is known.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct OptionValue {
    /// The value.
    pub label: String,
    /// A variant with it and the current choices can be bought.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub available: Option<bool>,
    /// There is a variant with it and the current choices.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub exists: Option<bool>,
}

/// An option of a product.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct ProductOption {
    /// `Size`.
    pub name: String,
    /// Its values.
    pub values: Vec<OptionValue>,
}

/// Whether a variant can be bought.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Availability {
    /// Whether.
    pub available: bool,
    /// `in_stock` or `out_of_stock`.
    pub status: String,
}

/// A standard product number.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Barcode {
    /// `EAN`, …
    #[serde(rename = "type")]
    pub kind: String,
    /// The number.
    pub value: String,
}

/// Which id of the request named a variant, and how.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Input {
    /// The id as it was sent.
    pub id: String,
    /// `exact`: it names the variant; `featured`: it names the product, and we chose the variant.
    #[serde(rename = "match")]
    pub resolved: String,
}

/// A variant.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Variant {
    /// What lines of a checkout name.
    pub id: String,
    /// Our article number.
    pub sku: String,
    /// Its name.
    pub title: String,
    /// What it is.
    pub description: Description,
    /// What it costs.
    pub price: Price,
    /// What it cost before a reduction.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub list_price: Option<Price>,
    /// Whether it can be bought.
    pub availability: Availability,
    /// Its value of each option.
    pub options: Vec<SelectedOption>,
    /// Standard numbers.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub barcodes: Vec<Barcode>,
    /// Ours: minimum quantity, weight, what a bundle is made of.
    pub metadata: Map<String, Value>,
    /// In look-ups only: which ids named it.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub inputs: Vec<Input>,
}

/// A product.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Product {
    /// Its id.
    pub id: String,
    /// Its name in URLs.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub handle: Option<String>,
    /// Its name.
    pub title: String,
    /// What it is.
    pub description: Description,
    /// Its category and those above.
    pub categories: Vec<Category>,
    /// What its variants cost.
    pub price_range: PriceRange,
    /// Pictures.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub media: Vec<Media>,
    /// What buyers choose between.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub options: Vec<ProductOption>,
    /// In product detail only: the choices that hold.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub selected: Vec<SelectedOption>,
    /// At least one; the first is the featured one.
    pub variants: Vec<Variant>,
    /// Words.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub tags: Vec<String>,
    /// Ours: attributes and shelf texts.
    pub metadata: Map<String, Value>,
}

/// Where the next page begins.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct PageResponse {
    /// There is one exactly when there is a next page.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub cursor: Option<String>,
    /// Whether there may be more.
    pub has_next_page: bool,
}

/// The answer to search and look-up.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Products {
    /// Version and capabilities.
    pub ucp: Metadata,
    /// What was found.
    pub products: Vec<Product>,
    /// In searches only.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub pagination: Option<PageResponse>,
    /// What was not found or not considered.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub messages: Vec<Message>,
}

/// The answer to product detail.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct ProductDetail {
    /// Version and capabilities.
    pub ucp: Metadata,
    /// The product.
    pub product: Product,
    /// What was not considered.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub messages: Vec<Message>,
}
