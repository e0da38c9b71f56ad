//! The HTTP API: `AWS::ApiGatewayV2::*`, with the gateway's own limits.

use std::collections::BTreeMap;

use super::route::{self, Permission};
use crate::application::{Resource, Set};
use crate::fields::Fields;
use crate::model::{Cors, HttpApi, JwtAuthorizer, Place, Route};
use crate::problem::Problems;
use crate::{Options, known, names};

const ROUTES_MAX: usize = 300;
const AUTHORIZERS_MAX: usize = 10;
const AUDIENCES_MAX: usize = 50;
const SCOPES_MAX: usize = 10;
const CORS_AGE_S: std::ops::RangeInclusive<u32> = 0..=86_400;

/// Builds the API, its routes and authorizers, if an API is declared.
pub(super) fn build(set: &Set, options: &Options, problems: &mut Problems) -> Option<HttpApi> {
    let mut gateway = Gateway {
        set,
        options,
        problems,
        integrations: BTreeMap::new(),
        permissions: Vec::new(),
    };
    gateway.read()
}

fn of<'a>(set: &'a Set, kind: &'static str) -> impl Iterator<Item = &'a Resource> {
    set.resources
        .values()
        .filter(move |resource| resource.identity.kind == kind)
}

struct Gateway<'a> {
    set: &'a Set,
    options: &'a Options,
    problems: &'a mut Problems,
    /// Function by integration; `None` where the integration names no function.
    integrations: BTreeMap<String, Option<String>>,
    permissions: Vec<Permission>,
}

impl<'a> Gateway<'a> {
    fn read(&mut self) -> Option<HttpApi> {
        self.permissions();
        let mut apis = of(self.set, "AWS::ApiGatewayV2::Api");
        let Some(resource) = apis.next() else {
            for kind in ["Authorizer", "Integration", "Route", "Stage"] {
                for resource in self.set.resources.values() {
                    if resource.identity.kind.strip_prefix("AWS::ApiGatewayV2::") == Some(kind) {
                        self.problems
                            .add(&resource.place, "no AWS::ApiGatewayV2::Api is declared");
                    }
                }
            }
            return None;
        };
        for other in apis {
            self.problems.add(
                &other.place,
                route::taken("one HTTP API is hosted, and one", &resource.place),
            );
        }
        let cors = self.api(resource);
        self.stages(resource);
        let authorizers = self.authorizers();
        self.integrations();
        let routes = self.routes(&authorizers);
        let logical_id = resource.identity.logical_id.clone();
        Some(HttpApi {
            logical_id,
            place: resource.place.clone(),
            cors,
            routes,
            authorizers,
        })
    }

    fn fields(&mut self, resource: &'a Resource) -> Fields<'a, '_> {
        Fields::new(&resource.properties, resource.place.key("Properties"), self.problems)
    }

    /// The fields of a part of the API, whose `ApiId` is checked.
    fn part(&mut self, resource: &'a Resource) -> Fields<'a, '_> {
        let set = self.set;
        let mut fields = self.fields(resource);
        if let Some(id) = fields.required_text("ApiId")
            && !of(set, "AWS::ApiGatewayV2::Api").any(|api| api.identity.logical_id == id)
        {
            fields.wrong("ApiId", format!("`{id}` is not an API of these templates"));
        }
        fields
    }

    fn api(&mut self, resource: &'a Resource) -> Option<Cors> {
        let mut fields = self.fields(resource);
        fields.required("ProtocolType");
        fields.one_of("ProtocolType", &["HTTP"]);
        let cors = fields.nested("CorsConfiguration").map(|mut cors| {
            let read = Cors {
                origins: cors.texts("AllowOrigins"),
                methods: cors.texts("AllowMethods"),
                headers: cors.texts("AllowHeaders"),
                expose: cors.texts("ExposeHeaders"),
                max_age_s: cors.number("MaxAge", CORS_AGE_S),
                credentials: cors.flag("AllowCredentials").unwrap_or_default(),
            };
            if read.credentials && read.origins.iter().any(|origin| origin == "*") {
                cors.wrong("AllowCredentials", "can't be true where AllowOrigins holds `*`");
            }
            cors.finish(&[]);
            read
        });
        fields.finish(known::ignored("AWS::ApiGatewayV2::Api"));
        cors
    }

    fn stages(&mut self, api: &Resource) {
        let mut any = false;
        for resource in of(self.set, "AWS::ApiGatewayV2::Stage") {
            any = true;
            let mut fields = self.part(resource);
            fields.required("StageName");
            fields.one_of("StageName", &["$default"]);
            if fields.flag("AutoDeploy") != Some(true) {
                fields.wrong("AutoDeploy", "must be true; deployments by hand are not hosted");
            }
            fields.finish(known::ignored("AWS::ApiGatewayV2::Stage"));
        }
        if !any {
            self.problems.add(
                &api.place,
                "the API has no AWS::ApiGatewayV2::Stage, so nothing can be reached",
            );
        }
    }

    fn authorizers(&mut self) -> BTreeMap<String, JwtAuthorizer> {
        let mut authorizers = BTreeMap::new();
        for resource in of(self.set, "AWS::ApiGatewayV2::Authorizer") {
            let mut fields = self.part(resource);
            fields.required("AuthorizerType");
            fields.one_of("AuthorizerType", &["JWT"]);
            let identity_source = fields.texts("IdentitySource");
            if identity_source.is_empty() {
                fields.wrong("IdentitySource", "is missing, as in [$request.header.Authorization]");
            }
            let (mut issuer, mut audience) = (String::new(), Vec::new());
            fields.required("JwtConfiguration");
            if let Some(mut jwt) = fields.nested("JwtConfiguration") {
                issuer = jwt.required_text("Issuer").unwrap_or_default();
                audience = jwt.texts("Audience");
                if audience.is_empty() || audience.len() > AUDIENCES_MAX {
                    jwt.wrong("Audience", format!("1 to {AUDIENCES_MAX} audiences are needed"));
                }
                jwt.finish(&[]);
            }
            fields.finish(known::ignored("AWS::ApiGatewayV2::Authorizer"));
            let authorizer = JwtAuthorizer {
                issuer,
                audience,
                identity_source,
            };
            authorizers.insert(resource.identity.logical_id.clone(), authorizer);
            if authorizers.len() > AUTHORIZERS_MAX {
                self.problems.add(
                    &resource.place,
                    format!("an API has at most {AUTHORIZERS_MAX} authorizers"),
                );
            }
        }
        authorizers
    }

    /// Logical id of the function that a name, an ARN or an invocation URI means, with or without an alias.
    fn function(&self, target: &str) -> Option<String> {
        let arn = target
            .split_once("/functions/")
            .map_or(target, |(_, rest)| rest.trim_end_matches("/invocations"));
        of(self.set, "AWS::Serverless::Function")
            .find(|resource| {
                let function = names::resource_arn(&resource.identity, self.options);
                let qualified = arn
                    .strip_prefix(function.as_str())
                    .is_some_and(|rest| rest.is_empty() || rest.starts_with(':'));
                qualified || arn == resource.identity.name
            })
            .map(|resource| resource.identity.logical_id.clone())
    }

    fn integrations(&mut self) {
        for resource in of(self.set, "AWS::ApiGatewayV2::Integration") {
            let mut fields = self.part(resource);
            fields.required("IntegrationType");
            fields.one_of("IntegrationType", &["AWS_PROXY"]);
            fields.required("PayloadFormatVersion");
            fields.one_of("PayloadFormatVersion", &["2.0"]);
            let uri = fields.required_text("IntegrationUri");
            fields.finish(known::ignored("AWS::ApiGatewayV2::Integration"));
            let function = uri.as_deref().and_then(|uri| self.function(uri));
            if let (Some(uri), None) = (&uri, &function) {
                let place = resource.place.key("Properties").key("IntegrationUri");
                self.problems
                    .add(&place, format!("`{uri}` is not a function of these templates"));
            }
            self.integrations.insert(resource.identity.logical_id.clone(), function);
        }
    }

    fn permissions(&mut self) {
        for resource in of(self.set, "AWS::Lambda::Permission") {
            let mut fields = self.fields(resource);
            fields.required("Action");
            fields.one_of("Action", &["lambda:InvokeFunction"]);
            let name = fields.required_text("FunctionName").unwrap_or_default();
            let principal = fields.required_text("Principal");
            let source_arn = fields.text("SourceArn");
            fields.finish(known::ignored("AWS::Lambda::Permission"));
            match self.function(&name) {
                Some(function) if principal.as_deref() == Some("apigateway.amazonaws.com") => {
                    self.permissions.push(Permission { function, source_arn });
                }
                Some(_) => {}
                None => {
                    let place = resource.place.key("Properties").key("FunctionName");
                    self.problems
                        .add(&place, format!("`{name}` is not a function of these templates"));
                }
            }
        }
    }

    fn routes(&mut self, authorizers: &BTreeMap<String, JwtAuthorizer>) -> Vec<Route> {
        let mut routes = Vec::new();
        let mut shapes: BTreeMap<String, Place> = BTreeMap::new();
        for resource in of(self.set, "AWS::ApiGatewayV2::Route") {
            let Some(route) = self.route(resource, authorizers) else {
                continue;
            };
            let place = resource.place.key("Properties").key("RouteKey");
            if let Err(message) = route::check_key(&route.key) {
                self.problems.add(&place, message);
            } else if let Some(other) = shapes.insert(route::shape(&route.key), resource.place.clone()) {
                self.problems
                    .add(&place, route::taken(&format!("the route `{}`", route.key), &other));
            }
            routes.push(route);
        }
        if let Some(route) = routes.get(ROUTES_MAX) {
            self.problems
                .add(&route.place, format!("an API has at most {ROUTES_MAX} routes"));
        }
        routes
    }

    fn route(&mut self, resource: &'a Resource, authorizers: &BTreeMap<String, JwtAuthorizer>) -> Option<Route> {
        let mut fields = self.part(resource);
        let key = fields.required_text("RouteKey");
        let target = fields.required_text("Target");
        let kind = fields
            .one_of("AuthorizationType", &["NONE", "JWT"])
            .unwrap_or_else(|| "NONE".to_owned());
        let authorizer = fields.text("AuthorizerId");
        let scopes = fields.texts("AuthorizationScopes");
        match (&authorizer, kind.as_str()) {
            (None, "JWT") => fields.wrong("AuthorizerId", "is missing; AuthorizationType JWT needs it"),
            (Some(_), "NONE") => fields.wrong("AuthorizerId", "does nothing with AuthorizationType NONE; use JWT"),
            (Some(id), _) if !authorizers.contains_key(id) => {
                fields.wrong(
                    "AuthorizerId",
                    format!("`{id}` is not an authorizer of these templates"),
                );
            }
            _ => {}
        }
        if kind == "NONE" && !scopes.is_empty() {
            fields.wrong(
                "AuthorizationScopes",
                "scopes need an authorizer; use AuthorizationType JWT",
            );
        }
        if scopes.len() > SCOPES_MAX {
            fields.wrong(
                "AuthorizationScopes",
                format!("a route has at most {SCOPES_MAX} scopes"),
            );
        }
        fields.finish(known::ignored("AWS::ApiGatewayV2::Route"));
        let (key, target) = (key?, target?);
        let integration = target
            .strip_prefix("integrations/")
            .and_then(|id| self.integrations.get(id));
        let Some(integration) = integration else {
            let message = format!("`{target}` is not `integrations/<id>` of an integration of these templates");
            self.problems
                .add(&resource.place.key("Properties").key("Target"), message);
            return None;
        };
        let function = integration.clone()?;
        self.check_permission(resource, &key, &function);
        let authorizer = authorizer.filter(|_| kind == "JWT");
        Some(Route {
            place: resource.place.clone(),
            key,
            function,
            authorizer,
            scopes,
        })
    }

    /// Without a permission the gateway answers 500 in AWS; here it is found before.
    fn check_permission(&mut self, resource: &Resource, key: &str, function: &str) {
        let api = resource
            .properties
            .get("ApiId")
            .and_then(serde_json::Value::as_str)
            .unwrap_or_default();
        let arn = names::execute_api_arn(&format!("{api}/{}", route::source_path(key)), self.options);
        let allowed = self.permissions.iter().any(|permission| {
            let covered = permission
                .source_arn
                .as_deref()
                .is_none_or(|pattern| route::covers(pattern, &arn));
            permission.function == function && covered
        });
        if !allowed {
            let message = format!(
                "no AWS::Lambda::Permission lets apigateway.amazonaws.com invoke `{function}` for `{key}` (as {arn})"
            );
            self.problems.add(&resource.place, message);
        }
    }
}
