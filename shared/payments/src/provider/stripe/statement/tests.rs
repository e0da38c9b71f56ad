use serde_json::json;

use super::{
    super::{
        super::Gateway,
        scripted::{reply, run, scripted},
    },
    *,
};

fn charge_object(id: &str, status: &str) -> Value {
    json!({"id": id, "payment_intent": "pi_1", "status": status, "captured": true, "amount": 1_000, "amount_captured": 900,
        "currency": "cny", "balance_transaction": {"id": "txn_1", "fee": 27, "currency": "cny"},
        "metadata": {"order_id": "ord_0190a6d0000070008000000000000000", "payment_id": "pay_0190a6d0000070008000000000000000"}})
}

fn refund_object(id: &str, status: &str) -> Value {
    json!({"id": id, "payment_intent": "pi_1", "status": status, "amount": 100, "currency": "cny",
        "metadata": {"refund_id": "rfd_0190a6d0000070008000000000000000"}})
}

fn ask(after: Option<&str>, answer: &Value) -> (Result<StatementPage, CallError>, String) {
    let (stripe, client) = scripted(vec![reply(200, answer)]);
    let page = run(stripe.statement("2026-11-22", after));
    let asked = client.asked();
    (
        page,
        asked.first().map(|request| request.url.clone()).unwrap_or_default(),
    )
}

#[test]
fn a_day_is_its_charges_and_then_its_refunds_page_by_page() {
    let full = json!({"data": [charge_object("ch_1", "succeeded")], "has_more": true});
    let (page, asked) = ask(None, &full);
    assert!(asked.starts_with("http://stripe/v1/charges?"), "{asked}");
    // 2026-11-22T00:00:00Z and a day later.
    assert!(
        asked.contains("created%5Bgte%5D=1795305600&created%5Blt%5D=1795392000"),
        "{asked}"
    );
    assert!(asked.contains("expand%5B%5D=data.balance_transaction"), "{asked}");
    assert_eq!(page.unwrap().next.as_deref(), Some("charges:ch_1"));
    let last = json!({"data": [], "has_more": false});
    let (page, asked) = ask(Some("charges:ch_1"), &last);
    assert!(asked.ends_with("&starting_after=ch_1"), "{asked}");
    assert_eq!(page.unwrap().next.as_deref(), Some("refunds"));
    let refunds = json!({"data": [refund_object("re_1", "succeeded")], "has_more": true});
    let (page, asked) = ask(Some("refunds"), &refunds);
    assert!(asked.starts_with("http://stripe/v1/refunds?"), "{asked}");
    assert_eq!(page.unwrap().next.as_deref(), Some("refunds:re_1"));
    let (page, _) = ask(Some("refunds:re_1"), &last);
    assert_eq!(page.unwrap().next, None);
}

#[test]
fn a_charge_says_what_came_what_it_cost_and_whose_it_is() {
    let mut foreign = charge_object("ch_2", "succeeded");
    foreign["balance_transaction"]["currency"] = json!("hkd");
    let mut authorised = charge_object("ch_3", "succeeded");
    authorised["captured"] = json!(false);
    let mut garbled = charge_object("ch_4", "succeeded");
    garbled["currency"] = json!("xxx");
    let answer = json!({"has_more": false, "data": [
        charge_object("ch_1", "succeeded"), foreign, authorised, garbled,
        charge_object("ch_5", "failed"), charge_object("ch_6", "pending"),
    ]});
    let page = ask(None, &answer).0.unwrap();
    assert_eq!(page.unreadable, 1);
    let [first, foreign, pending] = page.rows.as_slice() else {
        panic!("{:?}", page.rows)
    };
    assert_eq!(
        (first.payment.as_str(), first.state),
        ("pi_1", StatementState::Succeeded)
    );
    assert_eq!((first.amount.amount(), first.fee.amount()), (900, 27));
    assert!(first.order.is_some() && first.intent.is_some() && first.refund.is_none());
    assert_eq!(foreign.fee.amount(), 0);
    assert_eq!(
        (pending.state, pending.amount.amount()),
        (StatementState::Pending, 1_000)
    );
}

#[test]
fn a_refund_goes_by_our_id() {
    let mut dashboard = refund_object("re_2", "failed");
    dashboard["metadata"] = json!({});
    let answer = json!({"data": [refund_object("re_1", "succeeded"), dashboard], "has_more": false});
    let page = ask(Some("refunds"), &answer).0.unwrap();
    let named: Vec<_> = page
        .rows
        .iter()
        .map(|row| (row.refund.as_ref().map(ToString::to_string), row.state))
        .collect();
    assert_eq!(
        named,
        [
            (
                Some("rfd_0190a6d0000070008000000000000000".to_owned()),
                StatementState::Succeeded
            ),
            (Some("re_2".to_owned()), StatementState::Failed),
        ]
    );
}

#[test]
fn what_is_no_day_no_page_and_no_list_is_refused() {
    let (stripe, _) = scripted(vec![reply(200, &json!({"data": {}}))]);
    assert_eq!(run(stripe.statement("22.11.2026", None)), Err(CallError::Misfit("day")));
    assert_eq!(
        run(stripe.statement("2026-11-22", Some("payouts"))),
        Err(CallError::Misfit("page"))
    );
    assert_eq!(
        run(stripe.statement("2026-11-22", None)),
        Err(CallError::Misfit("data"))
    );
}
