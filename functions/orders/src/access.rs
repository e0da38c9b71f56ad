//! Who may see an order on the UCP route.

use std::future::Future;

use identity::token::{Claims, RemoteError, RemoteVerifier};
use kernel::CustomerId;
use sales::order::Order;
use ucp::Negotiated;
use web::HttpClient;

/// The UCP scope that lets a platform read a buyer's orders in the buyer's name.
pub const ORDER_READ_SCOPE: &str = "dev.ucp.shopping.order:read";
/// The scope of our own storefronts' tokens.
const CUSTOMER_SCOPE: &str = "customer";

/// Why a bearer token was not accepted.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum TokenRefused {
    /// It is not a valid token of ours.
    #[error("the token is not valid")]
    Invalid,
    /// There are no keys to tell: try again.
    #[error("the token cannot be verified now")]
    Unavailable,
}

/// Verifies bearer tokens on the route that the gateway's authorizer does not guard.
pub trait TokenVerifier: Send + Sync {
    /// The claims of a valid token.
    fn verify(&self, token: &str) -> impl Future<Output = Result<Claims, TokenRefused>> + Send;
}

impl<C: HttpClient> TokenVerifier for RemoteVerifier<C> {
    async fn verify(&self, token: &str) -> Result<Claims, TokenRefused> {
        Self::verify(self, token).await.map_err(|error| match error {
            RemoteError::Token(_) => TokenRefused::Invalid,
            RemoteError::Keys => TokenRefused::Unavailable,
        })
    }
}

/// Who asks.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Reader {
    /// A buyer, by a token of theirs.
    Customer(CustomerId),
    /// A platform that proved who it is.
    Platform(String),
}

impl Reader {
    /// The buyer whom a valid token names, when its scopes let it read orders.
    pub(crate) fn of_claims(claims: &Claims) -> Option<Self> {
        let may_read = claims.has_scope(CUSTOMER_SCOPE) || claims.has_scope(ORDER_READ_SCOPE);
        let customer = claims.sub.parse().ok().filter(|_| may_read)?;
        Some(Self::Customer(customer))
    }

    /// The platform that signed the request; or, where that is allowed, that names itself.
    pub(crate) fn of_platform(negotiated: &Negotiated, unsigned: bool) -> Option<Self> {
        (negotiated.signed || unsigned).then(|| Self::Platform(negotiated.profile_url.clone()))
    }

    /// Whether the order is theirs: a platform sees what it placed, a buyer what they bought.
    pub(crate) fn sees(&self, order: &Order) -> bool {
        match self {
            Self::Customer(customer) => order.customer() == Some(*customer),
            Self::Platform(profile) => order.platform().is_some_and(|platform| platform.profile == *profile),
        }
    }
}
