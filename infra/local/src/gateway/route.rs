//! Which route a request takes.
//!
//! As the HTTP API does: a full match before a greedy `{proxy+}` before `$default`; among full matches the one that is
//! static for longer; a named method before `ANY`.

use percent_encoding::percent_decode_str;
use template::model::Route;

/// Routes of an HTTP API, AWS's quota.
const ROUTES_MAX: usize = 300;

/// A route key that no HTTP API would accept.
#[derive(Debug, PartialEq, Eq, thiserror::Error)]
pub enum RouteError {
    /// The key is neither `$default` nor `METHOD /path`.
    #[error("{place}: route key `{key}` is not `$default` or `METHOD /path`")]
    Malformed {
        /// Where the route is declared.
        place: String,
        /// The key as written.
        key: String,
    },
    /// Two routes have the same key.
    #[error("{place}: route key `{key}` is declared twice")]
    Duplicate {
        /// Where the second one is declared.
        place: String,
        /// The key as written.
        key: String,
    },
    /// More routes than an HTTP API takes.
    #[error("{0} routes are declared; an HTTP API takes {ROUTES_MAX}")]
    TooMany(usize),
}

/// One step of a route's path.
#[derive(Debug, Clone, PartialEq, Eq)]
enum Segment {
    Static(String),
    Parameter(String),
    Greedy(String),
}

#[derive(Debug)]
struct Entry {
    /// `None` is `ANY`.
    method: Option<String>,
    segments: Vec<Segment>,
    route: Route,
}

/// The routes in order of precedence.
#[derive(Debug)]
pub(super) struct Table {
    entries: Vec<Entry>,
    default: Option<Route>,
}

/// A route that matched, with its path parameters decoded.
#[derive(Debug)]
pub(super) struct Matched<'a> {
    /// The route.
    pub route: &'a Route,
    /// Name and decoded value of each path parameter.
    pub parameters: Vec<(String, String)>,
}

impl Table {
    /// Orders the declared routes.
    pub(super) fn new(routes: &[Route]) -> Result<Self, RouteError> {
        if routes.len() > ROUTES_MAX {
            return Err(RouteError::TooMany(routes.len()));
        }
        let mut entries: Vec<Entry> = Vec::new();
        let mut default: Option<Route> = None;
        for route in routes {
            let fault = || (route.place.0.clone(), route.key.clone());
            let duplicate = |(place, key)| RouteError::Duplicate { place, key };
            if route.key == "$default" {
                if default.replace(route.clone()).is_some() {
                    return Err(duplicate(fault()));
                }
                continue;
            }
            let entry = parse(route)
                .ok_or_else(fault)
                .map_err(|(place, key)| RouteError::Malformed { place, key })?;
            if entries
                .iter()
                .any(|other| other.method == entry.method && same_path(other, &entry))
            {
                return Err(duplicate(fault()));
            }
            entries.push(entry);
        }
        entries.sort_by_key(rank);
        Ok(Self { entries, default })
    }

    /// The route for a method and a path as the client sent it (still percent-encoded, no query).
    pub(super) fn find(&self, method: &str, path: &str) -> Option<Matched<'_>> {
        let segments: Vec<String> = split(path).map(decode).collect();
        let hit = self.entries.iter().find_map(|entry| {
            let accepts = entry.method.as_deref().is_none_or(|wanted| wanted == method);
            let parameters = if accepts {
                take(&entry.segments, &segments)
            } else {
                None
            };
            parameters.map(|parameters| Matched {
                route: &entry.route,
                parameters,
            })
        });
        hit.or_else(|| {
            self.default.as_ref().map(|route| Matched {
                route,
                parameters: Vec::new(),
            })
        })
    }
}

/// Percent-decodes; what is not UTF-8 then becomes replacement characters.
pub(super) fn decode(text: &str) -> String {
    percent_decode_str(text).decode_utf8_lossy().into_owned()
}

fn split(path: &str) -> impl Iterator<Item = &str> {
    path.strip_prefix('/').unwrap_or(path).split('/')
}

fn parse(route: &Route) -> Option<Entry> {
    let (method, path) = route.key.split_once(' ')?;
    let known = ["ANY", "GET", "POST", "PUT", "PATCH", "DELETE", "HEAD", "OPTIONS"];
    if !known.contains(&method) || !path.starts_with('/') {
        return None;
    }
    let segments: Vec<Segment> = split(path).map(segment).collect::<Option<_>>()?;
    let greedy = segments.iter().position(|step| matches!(step, Segment::Greedy(_)));
    if greedy.is_some_and(|at| at.saturating_add(1) != segments.len()) {
        return None;
    }
    let method = (method != "ANY").then(|| method.to_owned());
    Some(Entry {
        method,
        segments,
        route: route.clone(),
    })
}

fn segment(text: &str) -> Option<Segment> {
    let Some(inner) = text.strip_prefix('{').and_then(|rest| rest.strip_suffix('}')) else {
        return (!text.contains(['{', '}'])).then(|| Segment::Static(text.to_owned()));
    };
    let (name, greedy) = inner.strip_suffix('+').map_or((inner, false), |name| (name, true));
    if name.is_empty() || name.contains(['{', '}', '+']) {
        return None;
    }
    Some(if greedy {
        Segment::Greedy(name.to_owned())
    } else {
        Segment::Parameter(name.to_owned())
    })
}

/// Sorts first what takes precedence: 0 static, 1 parameter, 2 greedy, step by step; then a named method.
fn rank(entry: &Entry) -> (bool, Vec<u8>, bool) {
    let kinds: Vec<u8> = entry.segments.iter().map(kind).collect();
    (kinds.contains(&2), kinds, entry.method.is_none())
}

fn kind(segment: &Segment) -> u8 {
    match segment {
        Segment::Static(_) => 0,
        Segment::Parameter(_) => 1,
        Segment::Greedy(_) => 2,
    }
}

fn same_path(left: &Entry, right: &Entry) -> bool {
    left.segments.len() == right.segments.len()
        && left
            .segments
            .iter()
            .zip(&right.segments)
            .all(|(left, right)| match (left, right) {
                (Segment::Static(left), Segment::Static(right)) => left == right,
                _ => kind(left) == kind(right),
            })
}

fn take(pattern: &[Segment], path: &[String]) -> Option<Vec<(String, String)>> {
    let mut parameters = Vec::new();
    let mut rest = path;
    for step in pattern {
        if let Segment::Greedy(name) = step {
            let value = rest.join("/");
            return (!value.is_empty()).then(|| {
                parameters.push((name.clone(), value));
                parameters
            });
        }
        let (first, after) = rest.split_first()?;
        match step {
            Segment::Static(text) if text == first => {}
            Segment::Parameter(name) if !first.is_empty() => parameters.push((name.clone(), first.clone())),
            _ => return None,
        }
        rest = after;
    }
    rest.is_empty().then_some(parameters)
}

#[cfg(test)]
mod tests {

    use template::model::{Place, Route};

    use super::{RouteError, Table};

    fn table(keys: &[&str]) -> Result<Table, RouteError> {
        let routes: Vec<Route> = keys
            .iter()
            .map(|key| Route {
                place: Place("x.yaml: Resources.R".to_owned()),
                key: (*key).to_owned(),
                function: "F".to_owned(),
                authorizer: None,
                scopes: Vec::new(),
            })
            .collect();
        Table::new(&routes)
    }

    fn found(table: &Table, method: &str, path: &str) -> Option<(String, Vec<(String, String)>)> {
        table
            .find(method, path)
            .map(|hit| (hit.route.key.clone(), hit.parameters))
    }

    fn key(table: &Table, method: &str, path: &str) -> String {
        found(table, method, path).map_or_else(|| "none".to_owned(), |hit| hit.0)
    }

    /// The table of AWS's guide to routes, and what it leaves open.
    #[test]
    fn the_most_specific_route_wins() {
        let table = table(&[
            "$default",
            "ANY /{proxy+}",
            "GET /pets/{proxy+}",
            "ANY /pets/dog/1",
            "GET /pets/dog/{id}",
            "GET /pets/dog/1",
            "POST /pets/{kind}/{id}",
        ])
        .unwrap();
        assert_eq!(key(&table, "GET", "/pets/dog/1"), "GET /pets/dog/1");
        assert_eq!(key(&table, "PUT", "/pets/dog/1"), "ANY /pets/dog/1");
        assert_eq!(key(&table, "GET", "/pets/dog/2"), "GET /pets/dog/{id}");
        assert_eq!(key(&table, "POST", "/pets/dog/2"), "POST /pets/{kind}/{id}");
        assert_eq!(key(&table, "GET", "/pets/cat/1"), "GET /pets/{proxy+}");
        assert_eq!(key(&table, "POST", "/test/5/6"), "ANY /{proxy+}");
        assert_eq!(key(&table, "GET", "/"), "$default");
    }

    #[test]
    fn what_no_route_matches_is_not_found() {
        let table = table(&["GET /a/{id}", "POST /a"]).unwrap();
        assert_eq!(found(&table, "POST", "/a/1"), None);
        assert_eq!(found(&table, "GET", "/a"), None);
        assert_eq!(found(&table, "GET", "/a/"), None, "a parameter is never empty");
        assert_eq!(found(&table, "POST", "/a/"), None, "a trailing slash is another path");
        assert_eq!(found(&table, "GET", "/a/1/2"), None);
    }

    #[test]
    fn parameters_are_decoded_each_by_itself() {
        let table = table(&["GET /a/{id}/b/{rest+}"]).unwrap();
        let (_, parameters) = found(&table, "GET", "/a/x%2Fy%20z/b/%E5%8D%8A/2").unwrap();
        let expected = vec![
            ("id".to_owned(), "x/y z".to_owned()),
            ("rest".to_owned(), "\u{534a}/2".to_owned()),
        ];
        assert_eq!(parameters, expected);
    }

    #[test]
    fn keys_that_an_http_api_refuses_are_errors_that_name_the_place() {
        for bad in ["GET", "FETCH /a", "GET a", "GET /{a+}/b", "GET /{}", "GET /a{b}"] {
            let message = table(&[bad]).unwrap_err().to_string();
            assert!(
                message.contains("x.yaml: Resources.R") && message.contains(bad),
                "{message}"
            );
        }
        assert!(matches!(
            table(&["GET /a/{b}", "GET /a/{c}"]),
            Err(RouteError::Duplicate { .. })
        ));
    }
}
