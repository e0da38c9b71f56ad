use md5::{Digest, Md5};
use proptest::prelude::*;
use ring::hmac;
use serde_json::json;

use super::*;

fn form(param: &str, sign: Option<&str>) -> Vec<u8> {
    let mut form = form_urlencoded::Serializer::new(String::new());
    form.append_pair("param", param);
    if let Some(sign) = sign {
        form.append_pair("sign", sign);
    }
    form.finish().into_bytes()
}

fn md5(text: &str) -> String {
    hex::encode(Md5::digest(text.as_bytes()))
}

fn salts(all: &[&str]) -> Kuaidi100Salts {
    Kuaidi100Salts::parse(&json!({"salts": all}).to_string()).unwrap()
}

#[test]
fn kuaidi100_signs_the_param_and_the_salt_in_either_case() {
    let param = r#"{"lastResult":{"com":"yuantong","nu":"YT123456"}}"#;
    let sign = md5(&format!("{param}pepper"));
    let salts = salts(&["old", "pepper"]);
    assert_eq!(salts.verify(&form(param, Some(&sign))), Ok(()));
    assert_eq!(salts.verify(&form(param, Some(&sign.to_uppercase()))), Ok(()));
    assert_eq!(
        salts.verify(&form(&format!("{param} "), Some(&sign))),
        Err(SignatureError::Wrong)
    );
    assert_eq!(
        salts.verify(&form(param, Some(&md5(param)))),
        Err(SignatureError::Wrong)
    );
    assert_eq!(salts.verify(&form(param, None)), Err(SignatureError::Missing));
    assert_eq!(salts.verify(b"sign=1"), Err(SignatureError::Malformed));
    let twice = [form(param, Some(&sign)), b"&param=x".to_vec()].concat();
    assert_eq!(salts.verify(&twice), Err(SignatureError::Malformed));
}

#[test]
fn an_empty_salt_is_a_salt_and_no_salt_accepts_nothing() {
    let signed = form("{}", Some(&md5("{}")));
    assert_eq!(salts(&[""]).verify(&signed), Ok(()));
    assert_eq!(salts(&[]).verify(&signed), Err(SignatureError::Wrong));
}

#[test]
fn easypost_signs_the_raw_body_with_the_decomposed_key() {
    // The ligature decomposes to "fi" under NFKD.
    let keys = EasyPostKeys::parse(r#"{"keys":["other","ﬁsh"]}"#).unwrap();
    let body = br#"{"a": 1}"#;
    let tag = hex::encode(hmac::sign(&hmac::Key::new(hmac::HMAC_SHA256, b"fish"), body));
    let header = format!("hmac-sha256-hex={tag}");
    assert_eq!(keys.verify(body, Some(&header)), Ok(()));
    assert_eq!(keys.verify(br#"{"a":1}"#, Some(&header)), Err(SignatureError::Wrong));
    assert_eq!(keys.verify(body, Some(&tag)), Err(SignatureError::Missing));
    assert_eq!(keys.verify(body, None), Err(SignatureError::Missing));
    assert_eq!(
        keys.verify(body, Some("hmac-sha256-hex=zz")),
        Err(SignatureError::Wrong)
    );
    assert_eq!(
        EasyPostKeys::parse(r#"{"keys":[""]}"#)
            .unwrap()
            .verify(body, Some(&header)),
        Err(SignatureError::Wrong)
    );
}

#[test]
fn kuaidi100_times_are_of_china_and_the_state_belongs_to_the_newest_scan() {
    let param = json!({"status": "polling", "lastResult": {"com": "shunfeng", "nu": "SF1234567", "state": "5", "data": [
        {"context": "派件", "ftime": "2026-04-08 17:30:00", "areaName": "上海"},
        {"context": "揽收", "ftime": "2026-04-07 10:00:00", "statusCode": "1", "location": "杭州"},
        {"context": "?", "ftime": "soon", "statusCode": "0"},
    ]}});
    let notice = Provider::Kuaidi100.parse(&form(&param.to_string(), None)).unwrap();
    assert_eq!(notice.parcel.to_string(), "sf-express#SF1234567");
    assert_eq!(notice.unreadable, 1);
    let seen: Vec<_> = notice
        .scans
        .iter()
        .map(|scan| (scan.at.to_string(), scan.status(), scan.place.as_str()))
        .collect();
    assert_eq!(
        seen[0],
        ("2026-04-08T09:30:00.000Z".to_owned(), Status::OutForDelivery, "上海")
    );
    assert_eq!(
        seen[1],
        ("2026-04-07T02:00:00.000Z".to_owned(), Status::PickedUp, "杭州")
    );
    assert_eq!(notice.gave_up, None);
}

#[test]
fn kuaidi100_corrections_and_dead_subscriptions_are_read() {
    let param = json!({"status": "abort", "autoCheck": "1", "comOld": "yuantong", "comNew": "ems",
        "lastResult": {"com": "yuantong", "nu": "EM12345678", "data": []}});
    let notice = Provider::Kuaidi100.parse(&form(&param.to_string(), None)).unwrap();
    assert_eq!(
        (notice.parcel.carrier.as_str(), notice.corrects.unwrap().as_str()),
        ("ems", "yto")
    );
    assert_eq!(notice.gave_up, Some(Timestamp::default()));
}

#[test]
fn easypost_trackers_are_read_and_other_events_are_told_apart() {
    let body = json!({"id": "evt_1", "result": {"object": "Tracker", "tracking_code": "EZ1000000001", "carrier": "USPS",
    "status": "delivered", "tracking_details": [
        {"status": "in_transit", "status_detail": "received_at_origin_facility", "datetime": "2026-04-07T00:00:00Z"},
        {"status": "delivered", "datetime": "2026-04-08T00:00:00Z",
         "tracking_location": {"city": "Austin", "state": "TX", "country": "US", "zip": null}},
    ]}});
    let notice = Provider::Easypost.parse(body.to_string().as_bytes()).unwrap();
    let seen: Vec<_> = notice
        .scans
        .iter()
        .map(|scan| (scan.status(), scan.place.as_str()))
        .collect();
    assert_eq!(seen, [(Status::PickedUp, ""), (Status::Delivered, "Austin, TX, US")]);
    let other = json!({"result": {"object": "Batch"}});
    assert_eq!(
        Provider::Easypost.parse(other.to_string().as_bytes()),
        Err(NoticeError::OtherSubject)
    );
    assert_eq!(Provider::Easypost.parse(b"{"), Err(NoticeError::Malformed));
}

#[test]
fn the_tables_map_the_documented_codes() {
    let of = |provider: Provider, code: &str| provider.status(code);
    for (code, status) in [
        ("0", Status::InTransit),
        ("3", Status::Delivered),
        ("4", Status::Returned),
        ("6", Status::Returning),
        ("14", Status::Refused),
        ("2", Status::Exception),
        ("12", Status::Customs),
        ("7", Status::InTransit),
    ] {
        assert_eq!(of(Provider::Kuaidi100, code), Some(status), "{code}");
    }
    assert_eq!(of(Provider::Kuaidi100, "99"), None);
    assert_eq!(of(Provider::Easypost, "return_to_sender"), Some(Status::Returning));
    assert_eq!(of(Provider::Easypost, "failure/refused"), Some(Status::Refused));
    assert_eq!(of(Provider::Easypost, "delivered/lost"), Some(Status::Delivered));
    assert_eq!(of(Provider::Easypost, "teleported"), None);
}

proptest! {
    #[test]
    fn no_body_can_break_the_readers(body: Vec<u8>) {
        let _ = Provider::Kuaidi100.parse(&body);
        let _ = Provider::Easypost.parse(&body);
        prop_assert!(salts(&["s"]).verify(&body).is_err());
    }
}
