//! Globals over a function's own properties.

use serde_json::json;

use super::problems;
use crate::globals::merge;

#[test]
fn mappings_merge_lists_add_up_and_the_rest_is_replaced() {
    let table = [
        (
            json!({"A": {"x": 1, "y": 2}}),
            json!({"A": {"y": 3, "z": 4}}),
            json!({"A": {"x": 1, "y": 3, "z": 4}}),
        ),
        (json!({"A": [1]}), json!({"A": [2]}), json!({"A": [1, 2]})),
        (json!({"A": 1, "B": 2}), json!({"A": 3}), json!({"A": 3, "B": 2})),
        (
            json!({"A": {"Ref": "X"}}),
            json!({"A": {"Fn::Sub": "y"}}),
            json!({"A": {"Fn::Sub": "y"}}),
        ),
        (
            json!({"A": {"x": 1}}),
            json!({"A": {"Ref": "X"}}),
            json!({"A": {"Ref": "X"}}),
        ),
    ];
    for (global, own, expected) in table {
        assert_eq!(merge(&global, &own), expected, "{global} {own}");
    }
}

#[test]
fn what_sam_does_not_take_from_globals_is_refused() {
    let found = problems(
        "globals",
        "Globals: {Function: {Policies: []}, HttpApi: {}}\nResources: {}\n",
    );
    assert_eq!(
        found,
        [
            "infra/template.yaml: Globals.HttpApi: is not supported; of Globals only Function is hosted",
            "infra/template.yaml: Globals.Function.Policies: SAM does not take this from Globals; say it at each function",
        ]
    );
}
