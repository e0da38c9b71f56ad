//! Tables of patterns and records.

use serde_json::json;

use super::*;

fn admits(pattern: &Value, record: &Value) -> bool {
    Filters::parse(std::slice::from_ref(pattern)).unwrap().admit(record)
}

#[test]
fn each_operator_admits_what_lambda_admits() {
    let table = [
        (json!({"a": ["x"]}), json!({"a": "x"}), true),
        (json!({"a": ["x"]}), json!({"a": "X"}), false),
        (json!({"a": ["x", "y"]}), json!({"a": "y"}), true),
        (json!({"a": [5]}), json!({"a": 5}), true),
        (json!({"a": [5]}), json!({"a": "5"}), false),
        (json!({"a": [true]}), json!({"a": true}), true),
        (json!({"a": [null]}), json!({"a": null}), true),
        (json!({"a": [null]}), json!({}), false),
        (json!({"a": [""]}), json!({"a": ""}), true),
        (json!({"a": [""]}), json!({"a": "x"}), false),
        (json!({"a": [{"prefix": "ab"}]}), json!({"a": "abc"}), true),
        (json!({"a": [{"prefix": "ab"}]}), json!({"a": "ba"}), false),
        (json!({"a": [{"suffix": ".png"}]}), json!({"a": "x.png"}), true),
        (json!({"a": [{"suffix": ".png"}]}), json!({"a": "x.jpg"}), false),
        (json!({"a": [{"equals-ignore-case": "AbC"}]}), json!({"a": "aBc"}), true),
        (json!({"a": [{"anything-but": "x"}]}), json!({"a": "y"}), true),
        (json!({"a": [{"anything-but": ["x", "y"]}]}), json!({"a": "y"}), false),
        (json!({"a": [{"anything-but": [1, 2]}]}), json!({"a": 3}), true),
        (json!({"a": [{"anything-but": "x"}]}), json!({}), false),
        (
            json!({"a": [{"anything-but": {"prefix": "x"}}]}),
            json!({"a": "xy"}),
            false,
        ),
        (json!({"a": [{"exists": true}]}), json!({"a": null}), true),
        (json!({"a": [{"exists": true}]}), json!({"b": 1}), false),
        (json!({"a": [{"exists": false}]}), json!({"b": 1}), true),
        (json!({"a": [{"exists": false}]}), json!({"a": 1}), false),
        (json!({"a": [{"exists": true}]}), json!({"a": {"b": 1}}), false),
        (json!({"a": [{"numeric": ["=", 5]}]}), json!({"a": 5.0}), true),
        (json!({"a": [{"numeric": [">", 0, "<=", 5]}]}), json!({"a": 5}), true),
        (json!({"a": [{"numeric": [">", 0, "<=", 5]}]}), json!({"a": 0}), false),
        (json!({"a": [{"numeric": [">=", 1.5]}]}), json!({"a": 1.5}), true),
        (json!({"a": [{"numeric": ["<", 1]}]}), json!({"a": "0"}), false),
        (json!({"a": ["x"]}), json!({"a": ["w", "x"]}), true),
        (json!({"a": {"b": ["x"]}}), json!({"a": {"b": "x", "c": 1}}), true),
        (json!({"a": {"b": ["x"]}}), json!({"a": "text"}), false),
        (json!({"a": {"b": ["x"]}}), json!({"a": [{"b": "w"}, {"b": "x"}]}), true),
        (json!({"a": ["x"], "b": [1]}), json!({"a": "x", "b": 2}), false),
        (
            json!({"$or": [{"a": ["x"]}, {"b": [1]}]}),
            json!({"a": "w", "b": 1}),
            true,
        ),
        (
            json!({"$or": [{"a": ["x"]}, {"b": [1]}]}),
            json!({"a": "w", "b": 2}),
            false,
        ),
        (
            json!({"c": [1], "$or": [{"a": ["x"]}, {"b": [1]}]}),
            json!({"b": 1}),
            false,
        ),
    ];
    for (pattern, record, admitted) in table {
        assert_eq!(admits(&pattern, &record), admitted, "{pattern} on {record}");
    }
}

#[test]
fn a_dynamodb_pattern_reads_event_name_and_typed_attributes() {
    let pattern = json!({"eventName": ["INSERT"], "dynamodb": {"NewImage": {"entity": {"S": [{"prefix": "out"}]}}}});
    let record =
        |name: &str, entity: &str| json!({"eventName": name, "dynamodb": {"NewImage": {"entity": {"S": entity}}}});
    assert!(admits(&pattern, &record("INSERT", "outbox")));
    assert!(!admits(&pattern, &record("REMOVE", "outbox")));
    assert!(!admits(&pattern, &record("INSERT", "order")));
    assert!(!admits(&pattern, &json!({"eventName": "INSERT", "dynamodb": {}})));
}

#[test]
fn several_filters_are_alternatives_and_none_admits_all() {
    let filters = Filters::parse(&[json!({"a": [1]}), json!({"a": [2]})]).unwrap();
    assert!(filters.admit(&json!({"a": 2})));
    assert!(!filters.admit(&json!({"a": 3})));
    assert!(Filters::parse(&[]).unwrap().admit(&json!({"a": 3})));
}

#[test]
fn a_wrong_pattern_is_refused_with_its_field() {
    let table = [
        (json!("text"), "$[0]"),
        (json!({}), "$[0]"),
        (json!({"a": "x"}), "$[0].a"),
        (json!({"a": []}), "$[0].a"),
        (json!({"a": [["x"]]}), "$[0].a"),
        (json!({"a": {"b": [{"wildcard": "*"}]}}), "$[0].a.b"),
        (json!({"a": [{"prefix": 5}]}), "$[0].a"),
        (json!({"a": [{"exists": "true"}]}), "$[0].a"),
        (json!({"a": [{"numeric": ["!", 5]}]}), "$[0].a"),
        (json!({"a": [{"numeric": [">"]}]}), "$[0].a"),
        (json!({"a": [{"anything-but": []}]}), "$[0].a"),
        (json!({"a": [{"anything-but": {"exists": true}}]}), "$[0].a"),
        (json!({"a": [{"prefix": "x", "suffix": "y"}]}), "$[0].a"),
        (json!({"$or": [{"a": ["x"]}]}), "$[0].$or"),
    ];
    for (pattern, path) in table {
        let error = Filters::parse(std::slice::from_ref(&pattern)).unwrap_err();
        assert_eq!(error.path, path, "{pattern}: {error}");
    }
    let many = vec![json!({"a": [1]}); FILTERS_MAX + 1];
    assert!(Filters::parse(&many).is_err());
}
