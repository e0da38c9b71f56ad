//! Who calls, as the gateway's JWT authorizer verified it.

use lambda_http::{Request, RequestExt, request::RequestContext};

use crate::{Problem, types};

/// The verified caller.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Caller {
    /// `sub`: a customer's or staff member's id.
    pub subject: String,
    /// `scope`: what the gateway checked per route.
    pub scopes: Vec<String>,
    /// `roles`, for finer checks in the handler.
    pub roles: Vec<String>,
}

impl Caller {
    /// From the claims in the request's context; `None` on a route without an authorizer.
    pub fn of(request: &Request) -> Option<Self> {
        let Some(RequestContext::ApiGatewayV2(context)) = request.request_context_ref() else {
            return None;
        };
        let claims = &context.authorizer.as_ref()?.jwt.as_ref()?.claims;
        Some(Self {
            subject: claims.get("sub")?.clone(),
            scopes: list(claims.get("scope")),
            roles: list(claims.get("roles")),
        })
    }

    /// The caller of a route that has an authorizer.
    pub fn required(request: &Request) -> Result<Self, Problem> {
        Self::of(request).ok_or_else(|| Problem::new(&types::UNAUTHENTICATED))
    }

    /// The subject as an id of its kind; a caller of another kind is not allowed here.
    pub fn id<I: std::str::FromStr>(&self) -> Result<I, Problem> {
        self.subject.parse().map_err(|_| Problem::new(&types::FORBIDDEN))
    }

    /// Whether the caller has the role.
    pub fn has_role(&self, role: &str) -> bool {
        self.roles.iter().any(|has| has == role)
    }
}

/// The gateway hands array claims over as `[a b]`, text claims as they are.
fn list(claim: Option<&String>) -> Vec<String> {
    let text = claim.map(String::as_str).unwrap_or_default();
    text.trim_start_matches('[')
        .trim_end_matches(']')
        .split([' ', ','])
        .filter(|part| !part.is_empty())
        .map(str::to_owned)
        .collect()
}
