use super::*;

fn cny(amount: i64) -> Money {
    Money::new(amount, "CNY".parse().unwrap()).unwrap()
}

fn limits(amount: i64) -> BTreeMap<Currency, i64> {
    BTreeMap::from([("CNY".parse().unwrap(), amount)])
}

fn rule(name: &str, when: Condition, then: Outcome) -> Rule {
    Rule {
        name: name.to_owned(),
        when,
        then,
    }
}

fn rules(rules: Vec<Rule>) -> Rules {
    Rules { rules, version: 1 }
}

fn attempt(amount: i64) -> Attempt {
    Attempt {
        amount: cny(amount),
        subjects: BTreeMap::from([(Dimension::Customer, subject(Dimension::Customer, "cus_1"))]),
    }
}

fn seen(count: u32, amount: i64) -> Velocities {
    BTreeMap::from([((Dimension::Customer, Window::Hour), Velocity { count, amount })])
}

#[test]
fn a_limit_itself_is_allowed_and_one_more_is_not() {
    let by_amount = rules(vec![rule(
        "a",
        Condition::AmountOver { limits: limits(100) },
        Outcome::Hold,
    )]);
    assert_eq!(by_amount.assess(&attempt(100), &seen(0, 0)).outcome, Outcome::Pass);
    assert_eq!(by_amount.assess(&attempt(101), &seen(0, 0)).outcome, Outcome::Hold);

    let (by, window) = (Dimension::Customer, Window::Hour);
    let by_count = rules(vec![rule(
        "c",
        Condition::CountOver { by, window, limit: 3 },
        Outcome::Refuse,
    )]);
    assert_eq!(by_count.assess(&attempt(1), &seen(2, 0)).outcome, Outcome::Pass);
    assert_eq!(by_count.assess(&attempt(1), &seen(3, 0)).outcome, Outcome::Refuse);
    assert_eq!(by_count.refused_beyond(by, window), Some(3));
    assert_eq!(by_count.refused_beyond(by, Window::Day), None);

    let when = Condition::SumOver {
        by,
        window,
        limits: limits(100),
    };
    let by_sum = rules(vec![rule("s", when, Outcome::StepUp)]);
    assert_eq!(by_sum.assess(&attempt(40), &seen(9, 60)).outcome, Outcome::Pass);
    assert_eq!(by_sum.assess(&attempt(41), &seen(9, 60)).outcome, Outcome::StepUp);
}

#[test]
fn the_strictest_outcome_counts_and_names_the_rules_that_say_it() {
    let over = |amount| Condition::AmountOver { limits: limits(amount) };
    let all = rules(vec![
        rule("step", over(10), Outcome::StepUp),
        rule("hold-1", over(20), Outcome::Hold),
        rule("pass", over(0), Outcome::Pass),
        rule("hold-2", over(30), Outcome::Hold),
    ]);
    let assessment = all.assess(&attempt(40), &seen(0, 0));
    assert_eq!(assessment.outcome, Outcome::Hold);
    assert_eq!(assessment.rules, ["hold-1", "hold-2"]);
    assert_eq!(all.assess(&attempt(15), &seen(0, 0)).rules, ["step"]);
}

#[test]
fn a_currency_or_a_subject_that_no_rule_names_is_not_limited() {
    let usd = Money::new(1_000, "USD".parse().unwrap()).unwrap();
    let by_amount = rules(vec![rule(
        "a",
        Condition::AmountOver { limits: limits(100) },
        Outcome::Hold,
    )]);
    let foreign = Attempt {
        amount: usd,
        ..attempt(1)
    };
    assert_eq!(by_amount.assess(&foreign, &seen(0, 0)).outcome, Outcome::Pass);
    let when = Condition::CountOver {
        by: Dimension::Card,
        window: Window::Hour,
        limit: 0,
    };
    let by_card = rules(vec![rule("card", when, Outcome::Refuse)]);
    assert_eq!(by_card.assess(&attempt(1), &seen(50, 50)).outcome, Outcome::Pass);
}

#[test]
fn rules_that_say_nothing_sensible_are_refused_with_their_place() {
    let good = rule("a", Condition::AmountOver { limits: limits(1) }, Outcome::Hold);
    let named = |name: &str| Rule {
        name: name.to_owned(),
        ..good.clone()
    };
    assert_eq!(rules(vec![good.clone()]).check(), Ok(()));
    assert_eq!(Rules::default().check(), Ok(()));
    assert_eq!(rules(vec![good.clone(), named("")]).check(), Err(RulesError::Name(1)));
    assert_eq!(rules(vec![named("a b")]).check(), Err(RulesError::Name(0)));
    assert_eq!(rules(vec![named(&"a".repeat(64))]).check(), Ok(()));
    assert_eq!(rules(vec![named(&"a".repeat(65))]).check(), Err(RulesError::Name(0)));
    assert_eq!(
        rules(vec![good.clone(), good.clone()]).check(),
        Err(RulesError::Twice(1))
    );
    let below = rule("b", Condition::AmountOver { limits: limits(-1) }, Outcome::Hold);
    assert_eq!(rules(vec![below]).check(), Err(RulesError::Limit(0)));
    let many = (0..=RULES_MAX).map(|n| named(&n.to_string())).collect();
    assert_eq!(rules(many).check(), Err(RulesError::TooMany));
}

#[test]
fn a_window_ends_on_the_clock_and_a_subject_is_never_its_value() {
    let at = Timestamp::from_seconds(7_199);
    assert_eq!(Window::Hour.bucket(at), "hour#1");
    assert_eq!(Window::Hour.bucket(at.plus_seconds(1)), "hour#2");
    assert_eq!(Window::Day.bucket(at), "day#0");
    let digest = subject(Dimension::Address, "192.0.2.1");
    assert_eq!(digest.len(), 32);
    assert!(!digest.contains("192"));
    assert_ne!(digest, subject(Dimension::Device, "192.0.2.1"));
}

#[test]
fn rules_read_as_an_operator_writes_them() {
    let text = r#"{"version":4,"rules":[
        {"name":"large","when":{"if":"amount_over","limits":{"CNY":500000}},"then":"hold"},
        {"name":"card","when":{"if":"count_over","by":"card","window":"hour","limit":5},"then":"refuse"}]}"#;
    let read: Rules = serde_json::from_str(text).unwrap();
    assert_eq!(read.rules.len(), 2);
    assert_eq!(
        serde_json::from_str::<Rules>(&serde_json::to_string(&read).unwrap()).unwrap(),
        read
    );
    assert!(serde_json::from_str::<Rules>(&text.replace("\"limit\":5", "\"limit\":5,\"extra\":1")).is_err());
}

#[test]
fn the_sum_that_no_burst_passes_is_the_smallest_that_refuses() {
    let (by, window) = (Dimension::Customer, Window::Day);
    let sum = |name, amount, then| {
        let when = Condition::SumOver {
            by,
            window,
            limits: limits(amount),
        };
        rule(name, when, then)
    };
    let all = rules(vec![
        sum("a", 900, Outcome::Refuse),
        sum("b", 500, Outcome::Refuse),
        sum("c", 100, Outcome::Hold),
    ]);
    let (cny, usd) = ("CNY".parse().unwrap(), "USD".parse().unwrap());
    assert_eq!(all.refused_beyond_sum(by, window, cny), Some(500));
    assert_eq!(all.refused_beyond_sum(by, window, usd), None);
    assert_eq!(all.refused_beyond_sum(by, Window::Hour, cny), None);
    assert_eq!(all.refused_beyond_sum(Dimension::Card, window, cny), None);
}

#[test]
fn an_attempt_keeps_digests_of_those_who_are_known() {
    let attempt = Attempt::of(cny(1))
        .by(Dimension::Customer, None)
        .by(Dimension::Device, Some("phone-1"));
    let digest = subject(Dimension::Device, "phone-1");
    assert_eq!(attempt.subjects, BTreeMap::from([(Dimension::Device, digest.clone())]));
    assert!(!digest.contains("phone"));
    assert_ne!(digest, subject(Dimension::Card, "phone-1"));
}

#[test]
fn a_payer_is_a_network_where_addresses_are_plenty() {
    for (address, expected) in [
        ("203.0.113.7", Some("203.0.113.7")),
        ("::ffff:203.0.113.7", Some("203.0.113.7")),
        ("2001:db8:1:2:3:4:5:6", Some("2001:db8:1:2::/64")),
        ("2001:db8:1:2::9", Some("2001:db8:1:2::/64")),
        ("", None),
        ("localhost", None),
    ] {
        assert_eq!(network(address).as_deref(), expected, "{address}");
    }
}
