//! Parameters and rules.

use crate::pattern::Pattern;

use super::read_with;

const TEMPLATE: &str = r#"
Parameters:
  Stage: {Type: String, Default: dev, AllowedValues: [dev, production]}
  Url: {Type: String, Default: "https://a.example", AllowedPattern: "https?://[a-z.]+(:\\d{1,5})?", ConstraintDescription: a base URL}
  Count: {Type: Number, Default: 3, MinValue: 1, MaxValue: 9}
  Name: {Type: String, Default: abc, MinLength: 2, MaxLength: 4}
  Secret: {Type: String, Default: abc, NoEcho: true, MaxLength: 4}
  Money: {Type: String, Default: "real"}
Rules:
  NoPlayInProduction:
    RuleCondition: !Equals [!Ref Stage, production]
    Assertions:
      - {Assert: !Contains [[real, careful], !Ref Money], AssertDescription: no play money in production.}
Resources: {}
"#;

fn with(test: &str, name: &str, value: &str) -> Vec<String> {
    read_with(test, &[("template.yaml", TEMPLATE)], &[(name, value)])
        .err()
        .unwrap_or_default()
}

#[test]
fn a_parameter_is_held_to_its_constraints() {
    let table = [
        ("Stage", "test", "parameter Stage: `test` is not one of dev, production"),
        (
            "Url",
            "ftp://x",
            "parameter Url: `ftp://x` does not match https?://[a-z.]+(:\\d{1,5})? (a base URL)",
        ),
        (
            "Url",
            "https://x/",
            "parameter Url: `https://x/` does not match https?://[a-z.]+(:\\d{1,5})? (a base URL)",
        ),
        ("Count", "ten", "parameter Count: `ten` is not a whole number"),
        ("Count", "10", "parameter Count: `10` breaks MaxValue 9"),
        ("Count", "0", "parameter Count: `0` breaks MinValue 1"),
        ("Name", "a", "parameter Name: `a` breaks MinLength 2"),
        ("Secret", "hunter2", "parameter Secret: the value breaks MaxLength 4"),
        (
            "Nmae",
            "a",
            "parameter Nmae: the template has no parameter `Nmae`; it has Count, Money, Name, Secret, Stage, Url",
        ),
    ];
    for (index, (name, value, expected)) in table.iter().enumerate() {
        assert_eq!(with(&format!("constraint-{index}"), name, value), [*expected]);
    }
    assert!(with("constraint-kept", "Url", "http://x.example:8080").is_empty());
}

#[test]
fn a_rule_refuses_what_it_asserts_against() {
    let play = |stage| {
        read_with(
            &format!("rule-{stage}"),
            &[("template.yaml", TEMPLATE)],
            &[("Stage", stage), ("Money", "play")],
        )
    };
    assert!(play("dev").is_ok());
    assert_eq!(
        play("production").unwrap_err(),
        ["infra/template.yaml: Rules.NoPlayInProduction.Assertions[0]: no play money in production"]
    );
}

#[test]
fn patterns_match_whole_values() {
    let table = [
        ("[a-z]+", "abc", true),
        ("[a-z]+", "abc1", false),
        ("^[^/]{2,3}$", "ab", true),
        ("^[^/]{2,3}$", "abcd", false),
        ("(a|bc)*d", "abcad", true),
        ("(a*)*b", "aaaaaaaaaaaaaaaaaaaaaaaaaaaac", false),
        ("a?a?a?aaa", "aaa", true),
        (r"\d{3}-\w+\.x", "123-a_b.x", true),
        ("[]-]x", "]x", true),
        ("(?:x|)y", "y", true),
        ("a.c", "a\u{e9}c", true),
    ];
    for (pattern, value, expected) in table {
        let found = Pattern::parse(pattern).map(|pattern| pattern.matches(value).unwrap());
        match found {
            Ok(found) => assert_eq!(found, expected, "{pattern} on {value}"),
            Err(error) => assert!(!expected, "{pattern}: {error}"),
        }
    }
    for pattern in ["(?=x)", "a*?", "[a", "(a", "a)", r"\b", "*a", "a{2,1}"] {
        assert!(Pattern::parse(pattern).is_err(), "{pattern}");
    }
}
