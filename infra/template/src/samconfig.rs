//! The parameters that `samconfig.toml` holds per environment.
//!
//! Of TOML only what our file uses is read: comments, tables `[a.b.c]`, and keys whose value is a basic string, `true`,
//! `false`, a plain number, or a list of basic strings that may go over several lines. Anything else is refused with its
//! line number, never skipped.

use std::collections::{BTreeMap, BTreeSet};
use std::path::Path;

/// Size of a file that is surely not a samconfig.
const FILE_BYTES_MAX: u64 = 256 * 1024;

const KEY: &str = "parameter_overrides";

/// Why the overrides of an environment can't be read.
#[derive(Debug, thiserror::Error)]
pub enum SamconfigError {
    /// The file can't be read.
    #[error("{file}: can't be read")]
    Unreadable {
        /// The file, as given.
        file: String,
        /// What the system says.
        #[source]
        source: std::io::Error,
    },
    /// The file is larger than this reader takes.
    #[error("{file}: is larger than {FILE_BYTES_MAX} bytes")]
    TooLarge {
        /// The file, as given.
        file: String,
    },
    /// A line holds something that this reader doesn't know.
    #[error("{file}:{line}: {message}")]
    Line {
        /// The file, as given.
        file: String,
        /// From 1.
        line: usize,
        /// What is wrong there.
        message: String,
    },
    /// There is no `[<environment>.deploy.parameters]`.
    #[error("{file}: no [{environment}.deploy.parameters]; there is {there_are}")]
    NoEnvironment {
        /// The file, as given.
        file: String,
        /// What was asked for.
        environment: String,
        /// The environments that the file has.
        there_are: String,
    },
}

/// `parameter_overrides` of `[<environment>.deploy.parameters]`, empty where the table has none.
pub fn overrides(samconfig: &Path, environment: &str) -> Result<BTreeMap<String, String>, SamconfigError> {
    let file = samconfig.display().to_string();
    let unreadable = |source| SamconfigError::Unreadable {
        file: file.clone(),
        source,
    };
    if std::fs::metadata(samconfig).map_err(unreadable)?.len() > FILE_BYTES_MAX {
        return Err(SamconfigError::TooLarge { file });
    }
    let text = std::fs::read_to_string(samconfig).map_err(unreadable)?;
    let mut environments = parse(&text).map_err(|(line, message)| SamconfigError::Line {
        file: file.clone(),
        line,
        message,
    })?;
    environments
        .remove(environment)
        .ok_or_else(|| SamconfigError::NoEnvironment {
            file,
            environment: environment.to_owned(),
            there_are: environments.keys().map(String::as_str).collect::<Vec<_>>().join(", "),
        })
}

type Wrong = (usize, String);

/// The overrides of every environment.
pub(crate) fn parse(text: &str) -> Result<BTreeMap<String, BTreeMap<String, String>>, Wrong> {
    let mut environments: BTreeMap<String, BTreeMap<String, String>> = BTreeMap::new();
    let mut tables = BTreeSet::new();
    let mut keys = BTreeSet::new();
    let mut environment: Option<String> = None;
    let mut lines = text
        .lines()
        .enumerate()
        .map(|(index, line)| (index.saturating_add(1), line));
    while let Some((number, line)) = lines.next() {
        let line = uncommented(line).trim();
        if line.is_empty() {
            continue;
        }
        let wrong = |message: &str| (number, format!("{message}: `{line}`"));
        if let Some(table) = line.strip_prefix('[') {
            let table = table
                .strip_suffix(']')
                .filter(|table| table.split('.').all(bare))
                .ok_or_else(|| wrong("not a table"))?;
            if !tables.insert(table.to_owned()) {
                return Err(wrong("this table stands twice"));
            }
            keys.clear();
            environment = table.strip_suffix(".deploy.parameters").map(str::to_owned);
            if let Some(environment) = &environment {
                environments.entry(environment.clone()).or_default();
            }
            continue;
        }
        let (key, value) = line.split_once('=').ok_or_else(|| wrong("neither a table nor a key"))?;
        let (key, mut value) = (key.trim(), value.trim().to_owned());
        if !bare(key) {
            return Err(wrong("not a plain key"));
        }
        if !keys.insert(key.to_owned()) {
            return Err(wrong("this key stands twice in its table"));
        }
        while value.starts_with('[') && !closed(&value) {
            let (_, next) = lines.next().ok_or_else(|| wrong("a list that is not closed"))?;
            value.push(' ');
            value.push_str(uncommented(next).trim());
        }
        match (&environment, key) {
            (Some(environment), KEY) => {
                let list = list(&value).ok_or_else(|| wrong("must be a list of \"Name=value\" texts"))?;
                let values = pairs(list).map_err(|message| (number, message))?;
                environments.insert(environment.clone(), values);
            }
            _ if list(&value).is_some() || basic(&value).is_some() || plain(&value) => {}
            _ => return Err(wrong("a value that this reader does not know")),
        }
    }
    Ok(environments)
}

fn pairs(list: Vec<String>) -> Result<BTreeMap<String, String>, String> {
    let mut values = BTreeMap::new();
    for pair in list {
        let (name, value) = pair
            .split_once('=')
            .ok_or_else(|| format!("`{pair}` is not Name=value"))?;
        if values.insert(name.to_owned(), value.to_owned()).is_some() {
            return Err(format!("`{name}` is given twice"));
        }
    }
    Ok(values)
}

/// A bare key of TOML.
fn bare(key: &str) -> bool {
    !key.is_empty()
        && key
            .chars()
            .all(|next| next.is_ascii_alphanumeric() || matches!(next, '_' | '-'))
}

fn plain(value: &str) -> bool {
    matches!(value, "true" | "false")
        || (!value.is_empty() && value.chars().all(|next| next.is_ascii_digit() || next == '.'))
}

/// The line up to a `#` outside quotes.
fn uncommented(line: &str) -> &str {
    outside_quotes(line, '#').map_or(line, |at| line.get(..at).unwrap_or(line))
}

fn closed(value: &str) -> bool {
    outside_quotes(value, ']').is_some()
}

fn outside_quotes(text: &str, wanted: char) -> Option<usize> {
    let (mut quoted, mut escaped) = (false, false);
    for (at, next) in text.char_indices() {
        match next {
            _ if escaped => escaped = false,
            '\\' if quoted => escaped = true,
            '"' => quoted = !quoted,
            _ if next == wanted && !quoted => return Some(at),
            _ => {}
        }
    }
    None
}

/// A whole basic string.
fn basic(text: &str) -> Option<String> {
    let (string, rest) = leading_string(text)?;
    rest.trim().is_empty().then_some(string)
}

/// The basic string that `text` starts with, and what follows it. Of the escapes `\"` and `\\` are known.
fn leading_string(text: &str) -> Option<(String, &str)> {
    let mut characters = text.strip_prefix('"')?.chars();
    let mut string = String::new();
    loop {
        match characters.next()? {
            '"' => return Some((string, characters.as_str())),
            '\\' => match characters.next()? {
                escaped @ ('"' | '\\') => string.push(escaped),
                _ => return None,
            },
            other => string.push(other),
        }
    }
}

/// A list of basic strings, a comma after the last allowed.
fn list(text: &str) -> Option<Vec<String>> {
    let mut rest = text.strip_prefix('[')?.trim_start();
    let mut strings = Vec::new();
    loop {
        if let Some(after) = rest.strip_prefix(']') {
            return after.trim().is_empty().then_some(strings);
        }
        let (string, after) = leading_string(rest)?;
        strings.push(string);
        let after = after.trim_start();
        rest = match after.strip_prefix(',') {
            Some(after) => after.trim_start(),
            None if after.starts_with(']') => after,
            None => return None,
        };
    }
}
