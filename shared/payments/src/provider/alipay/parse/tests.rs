use super::*;

const GOLDEN: &str = include_str!("../golden/notice.txt");

/// The golden notice with other fields.
fn read(fields: &[(&str, &str)]) -> Result<Parsed, ParseError> {
    let mut notice = form::decode(GOLDEN.as_bytes()).unwrap();
    for (name, value) in fields {
        notice.insert((*name).to_owned(), (*value).to_owned());
    }
    let mut encoder = form_urlencoded::Serializer::new(String::new());
    parse(encoder.extend_pairs(notice).finish().as_bytes())
}

fn told(fields: &[(&str, &str)]) -> Reading {
    match read(fields) {
        Ok(Parsed::Told(reading)) => reading,
        other => panic!("{other:?}"),
    }
}

/// Keys of the facts without what they all begin with.
fn keys(reading: &Reading) -> Vec<String> {
    let object = reading.reference.object.as_ref().unwrap();
    let prefix = format!("alipay#{object}#");
    let keys = reading.facts.iter().map(|fact| fact.key().to_string());
    keys.map(|key| key.strip_prefix(&prefix).unwrap().to_owned()).collect()
}

#[test]
fn a_paid_trade_tells_what_was_captured_and_whose_it_is() {
    let reading = told(&[]);
    assert_eq!(keys(&reading), ["captured#1999"]);
    let Reference {
        order,
        payment,
        object,
        session,
    } = &reading.reference;
    assert_eq!(
        payment.map(|id| id.to_string()),
        object.as_ref().map(ToString::to_string)
    );
    assert!(order.is_some() && payment.is_some() && session.is_none());
    assert_eq!(
        reading.asked.map(|asked| asked.to_string()).as_deref(),
        Some("19.99 CNY")
    );
    assert_eq!(
        reading.occurred_at.map(|at| at.to_string()).as_deref(),
        Some("2026-04-08T09:29:58.000Z")
    );
    assert!(!reading.livemode);
}

#[test]
fn every_state_of_a_trade_has_its_facts() {
    let back = ("gmt_refund", "2026-04-08 18:00:00.123");
    for (fields, expected) in [
        (vec![("trade_status", "WAIT_BUYER_PAY")], vec!["progress#processing"]),
        (vec![("trade_status", "TRADE_FINISHED")], vec!["captured#1999"]),
        (
            vec![("refund_fee", "5.5"), back],
            vec!["captured#1999", "refund_total#550"],
        ),
        (vec![("refund_fee", "5.50")], vec!["captured#1999", "refund_total#550"]),
        (vec![("refund_fee", "0.00")], vec!["captured#1999"]),
        (
            vec![("trade_status", "TRADE_FINISHED"), ("refund_fee", "1")],
            vec!["captured#1999", "refund_total#100"],
        ),
        (vec![("trade_status", "TRADE_CLOSED")], vec!["progress#expired"]),
        (
            vec![("trade_status", "TRADE_CLOSED"), ("refund_fee", "0.00")],
            vec!["progress#expired"],
        ),
        (
            vec![("trade_status", "TRADE_CLOSED"), ("refund_fee", "19.99"), back],
            vec!["captured#1999", "refund_total#1999"],
        ),
    ] {
        assert_eq!(keys(&told(&fields)), expected, "{fields:?}");
    }
    let at = told(&[("refund_fee", "1"), back]).occurred_at;
    assert_eq!(at.map(|at| at.to_string()).as_deref(), Some("2026-04-08T10:00:00.123Z"));
}

#[test]
fn what_was_passed_back_is_decoded_once_more() {
    let order = "ord_019d6cb0ebc07202820202020202020f";
    for passed in [order.to_owned(), order.replace('_', "%5F")] {
        let reading = told(&[("passback_params", &passed)]);
        assert_eq!(
            reading.reference.order.map(|id| id.to_string()).as_deref(),
            Some(order),
            "{passed}"
        );
    }
    for passed in ["", "%255F", "another", "a=b&c=d"] {
        // The object still says whose it is.
        let reading = read(&[("passback_params", passed)]);
        let Ok(Parsed::Told(reading)) = reading else { continue };
        assert_eq!(reading.reference.order, None, "{passed}");
        assert!(reading.reference.object.is_some());
    }
}

#[test]
fn a_payment_that_is_not_ours_has_an_object_and_no_payment() {
    let reading = told(&[("out_trade_no", "2014112611001004680073956707")]);
    assert_eq!(reading.reference.payment, None);
    assert_eq!(keys(&reading), ["captured#1999"]);
}

#[test]
fn a_field_that_is_needed_and_garbled_makes_a_case() {
    for (name, value) in [
        ("out_trade_no", ""),
        ("out_trade_no", "pay#1"),
        ("trade_status", ""),
        ("trade_status", "TRADE_PENDING"),
        ("total_amount", ""),
        ("total_amount", "19.999"),
        ("total_amount", "-19.99"),
        ("total_amount", "1e3"),
        ("refund_fee", "x"),
    ] {
        assert_eq!(read(&[(name, value)]), Err(ParseError(name)), "{name} {value}");
    }
    // A refund of which it is not said how much.
    assert_eq!(
        read(&[("gmt_refund", "2026-04-08 18:00:00")]),
        Err(ParseError("refund_fee"))
    );
    assert_eq!(parse(b"%"), Err(ParseError("body")));
}

#[test]
fn a_time_that_cannot_be_read_is_no_time() {
    assert_eq!(told(&[("gmt_payment", "yesterday")]).occurred_at, None);
}

#[test]
fn a_notice_of_something_else_is_ignored() {
    for kind in ["dut_user_sign", "batch_refund_notify", ""] {
        assert_eq!(read(&[("notify_type", kind)]), Ok(Parsed::Ignored), "{kind}");
    }
}

#[test]
fn a_notice_for_somebody_else_is_a_case() {
    assert_eq!(parse(b"misaddressed=app_id"), Err(ParseError("app_id")));
    assert_eq!(parse(b"misaddressed=seller_id"), Err(ParseError("seller_id")));
}
