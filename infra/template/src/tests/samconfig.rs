//! The subset of TOML that `samconfig.toml` is read by.

use std::collections::BTreeMap;

use super::Files;
use crate::overrides;
use crate::samconfig::parse;

#[test]
fn overrides_are_read_from_the_environment_s_table_alone() {
    let text = r##"
version = 0.1 # of the file
[dev.build.parameters]
parallel = true
[dev.deploy.parameters]
stack_name = "x"
parameter_overrides = [
    "A=1", # one
    "B=x=y \"#\" [z]",
]
[empty.deploy.parameters]
[inline.deploy.parameters]
parameter_overrides = ["A=2"]
"##;
    let found = parse(text).unwrap();
    let pairs = |pairs: &[(&str, &str)]| -> BTreeMap<String, String> {
        pairs
            .iter()
            .map(|(name, value)| ((*name).to_owned(), (*value).to_owned()))
            .collect()
    };
    assert_eq!(found["dev"], pairs(&[("A", "1"), ("B", "x=y \"#\" [z]")]));
    assert_eq!(found["empty"], pairs(&[]));
    assert_eq!(found["inline"], pairs(&[("A", "2")]));
    assert_eq!(found.len(), 3);
}

#[test]
fn what_is_not_understood_is_refused_with_its_line() {
    let table = [
        ("\nnonsense", 2, "neither a table nor a key"),
        ("[a\n", 1, "not a table"),
        ("[a]\n[a]", 2, "this table stands twice"),
        ("[a]\nx = 1\nx = 2", 3, "this key stands twice"),
        ("x = 'literal'", 1, "a value that this reader does not know"),
        ("x = {a = 1}", 1, "a value that this reader does not know"),
        ("x = \"a\\n\"", 1, "a value that this reader does not know"),
        ("x = [\"a\"\n", 1, "a list that is not closed"),
        (
            "[a.deploy.parameters]\nparameter_overrides = \"A=1 B=2\"",
            2,
            "must be a list",
        ),
        (
            "[a.deploy.parameters]\nparameter_overrides = [\"A\"]",
            2,
            "`A` is not Name=value",
        ),
        (
            "[a.deploy.parameters]\nparameter_overrides = [\"A=1\", \"A=2\"]",
            2,
            "`A` is given twice",
        ),
    ];
    for (text, line, expected) in table {
        let (found, message) = parse(text).unwrap_err();
        assert_eq!(found, line, "{text}: {message}");
        assert!(message.contains(expected), "{text}: {message}");
    }
}

#[test]
fn an_unknown_environment_is_told_which_there_are() {
    let files = Files::new(
        "samconfig",
        &[("samconfig.toml", "[dev.deploy.parameters]\n[local.deploy.parameters]\n")],
    );
    let error = overrides(&files.path("samconfig.toml"), "prod")
        .unwrap_err()
        .to_string();
    assert!(
        error.ends_with("no [prod.deploy.parameters]; there is dev, local"),
        "{error}"
    );
    let error = overrides(&files.path("none.toml"), "dev").unwrap_err().to_string();
    assert!(error.ends_with("can't be read"), "{error}");
}
