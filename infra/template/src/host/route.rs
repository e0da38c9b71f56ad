//! Route keys, and the permission that a route's function must give.

use crate::model::Place;

const METHODS: &[&str] = &["ANY", "DELETE", "GET", "HEAD", "OPTIONS", "PATCH", "POST", "PUT"];

/// The catch-all key.
const DEFAULT: &str = "$default";

/// One `AWS::Lambda::Permission` that lets the gateway in.
#[derive(Debug)]
pub(super) struct Permission {
    pub function: String,
    /// `None` lets every API in.
    pub source_arn: Option<String>,
}

/// A key is `$default`, or a method and a path whose variables stand alone in their segment, the greedy one last.
pub(super) fn check_key(key: &str) -> Result<(), String> {
    if key == DEFAULT {
        return Ok(());
    }
    let wrong = |why: &str| Err(format!("`{key}` is not a route key: {why}"));
    let Some((method, path)) = key.split_once(' ') else {
        return wrong("it is `METHOD /path` or `$default`");
    };
    if !METHODS.contains(&method) {
        return wrong(&format!("the method is one of {}", METHODS.join(", ")));
    }
    let Some(inner) = path.strip_prefix('/') else {
        return wrong("a path starts with `/`");
    };
    if inner.is_empty() {
        return Ok(());
    }
    let mut names = Vec::new();
    let mut segments = inner.split('/').peekable();
    while let Some(segment) = segments.next() {
        let last = segments.peek().is_none();
        match segment.strip_prefix('{').map(|rest| rest.strip_suffix('}')) {
            Some(Some(name)) => {
                let plain = name.strip_suffix('+').unwrap_or(name);
                if plain.is_empty()
                    || !plain
                        .chars()
                        .all(|next| next.is_ascii_alphanumeric() || "_-.".contains(next))
                {
                    return wrong("a variable is `{name}` or `{name+}`");
                }
                if plain.len() < name.len() && !last {
                    return wrong("a greedy variable stands last");
                }
                if names.contains(&plain) {
                    return wrong("a variable stands twice");
                }
                names.push(plain);
            }
            Some(None) => return wrong("a variable fills its whole segment"),
            None if segment.is_empty() => return wrong("a segment is empty"),
            None if segment.contains(['{', '}', ' ', '?', '#', '*']) => {
                return wrong("a variable fills its whole segment, and a literal has no blanks or `? # *`");
            }
            None => {}
        }
    }
    Ok(())
}

/// The key with its variables unnamed: two routes of one shape would answer the same requests.
pub(super) fn shape(key: &str) -> String {
    let segment = |segment: &str| match (segment.starts_with('{'), segment.ends_with("+}")) {
        (true, true) => "{+}".to_owned(),
        (true, false) => "{}".to_owned(),
        _ => segment.to_owned(),
    };
    key.split('/').map(segment).collect::<Vec<_>>().join("/")
}

/// What the gateway names as the source when it invokes the function of this route, after the API's ARN.
pub(super) fn source_path(key: &str) -> String {
    match key.split_once(' ') {
        Some(("ANY", path)) => format!("$default/*{path}"),
        Some((method, path)) => format!("$default/{method}{path}"),
        None => format!("$default/{key}"),
    }
}

/// Whether an ARN pattern, in which `*` stands for anything, covers `arn`.
pub(super) fn covers(pattern: &str, arn: &str) -> bool {
    let mut parts = pattern.split('*');
    let Some(mut rest) = parts.next().and_then(|first| arn.strip_prefix(first)) else {
        return false;
    };
    if !pattern.contains('*') {
        return rest.is_empty();
    }
    let mut parts = parts.peekable();
    while let Some(part) = parts.next() {
        if parts.peek().is_none() {
            return rest.ends_with(part);
        }
        match rest.split_once(part) {
            Some((_, after)) => rest = after,
            None => return false,
        }
    }
    true
}

/// Two places that say the same.
pub(super) fn taken(what: &str, other: &Place) -> String {
    format!("{what} is also declared at {other}")
}
