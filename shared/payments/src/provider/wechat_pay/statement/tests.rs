use serde_json::{Value, json};
use web::{Incoming, SendError};

use super::{
    super::{
        super::Gateway,
        testing::{BASE, cny, gateway, number, order, payment, refund_id, reply, run, unsigned},
    },
    *,
};

const DAY: &str = "2026-04-08";
const HEADER: &str = "\u{feff}交易时间,公众账号ID,商户号,特约商户号,设备号,微信订单号,商户订单号,用户标识,交易类型,交易状态,付款银行,货币种类,应结订单金额,代金券金额,微信退款单号,商户退款单号,退款金额,充值券退款金额,退款类型,退款状态,商品名称,商户数据包,手续费,费率,订单金额,申请退款金额,费率备注";
const SUMMARY_LINES: &str = "总交易单数,应结订单总金额,退款总金额,充值券退款总金额,手续费总金额,订单总金额,申请退款总金额\r\n`2,`19.99,`9.99,`0.00,`0.06000,`19.99,`9.99\r\n";

/// A row as bills have it, with what we read of it.
fn row(state: &str, currency: &str, refund: (&str, &str, &str), fee: &str, total: &str) -> String {
    let (id, status, amount) = refund;
    let (number, order) = (number(), order());
    format!(
        "`2026-04-08 17:30:00,`wxd678efh567hg6787,`1900000001,`0,`,`4200000925202101284997714292,`{number},`ofyak5qR_1w,`NATIVE,`{state},`OTHERS,`{currency},`18.99,`1.00,`0,`{id},`9.49,`0.00,`ORIGINAL,`{status},`a, b,`{order},`{fee},`0.60%,`{total},`{amount},`"
    )
}

fn paid() -> String {
    row("SUCCESS", "CNY", ("0", "", "0.00"), "0.12000", "19.99")
}

fn refunded(status: &str) -> String {
    row(
        "REFUND",
        "CNY",
        (&refund_id().to_string(), status, "9.99"),
        "-0.06000",
        "0.00",
    )
}

fn file(rows: &[String]) -> String {
    format!("{HEADER}\r\n{}\r\n{SUMMARY_LINES}", rows.join("\r\n"))
}

fn applied(file: &str, url: &str) -> Result<Incoming, SendError> {
    let hash = hex::encode(digest::digest(&digest::SHA1_FOR_LEGACY_USE_ONLY, file.as_bytes()));
    reply(
        200,
        &json!({"hash_type": "SHA1", "hash_value": hash, "download_url": url}),
    )
}

fn statement(file: &str, url: &str) -> (Result<StatementPage, CallError>, Vec<String>) {
    let (gateway, client) = gateway(vec![applied(file, url), unsigned(200, file)]);
    let page = run(gateway.statement(DAY, None));
    (page, client.asked().into_iter().map(|request| request.url).collect())
}

fn url() -> String {
    format!("{BASE}/v3/billdownload/file?token=a-B_1")
}

#[test]
fn a_bill_is_read_by_its_names_up_to_its_summary() {
    let file = file(&[paid(), refunded("SUCCESS")]);
    let (page, asked) = statement(&file, &url());
    assert_eq!(
        asked,
        [
            format!("{BASE}/v3/bill/tradebill?bill_date=2026-04-08&bill_type=ALL"),
            url()
        ]
    );
    let paid = StatementRow {
        payment: number().parse().unwrap(),
        refund: None,
        amount: cny(1_999),
        fee: cny(12),
        state: StatementState::Succeeded,
        order: Some(order()),
        intent: Some(payment()),
    };
    let refund = Some(refund_id().to_string().parse().unwrap());
    let refunded = StatementRow {
        refund,
        amount: cny(999),
        fee: cny(-6),
        ..paid.clone()
    };
    assert_eq!(
        page,
        Ok(StatementPage {
            rows: vec![paid, refunded],
            unreadable: 0,
            next: None
        })
    );
}

#[test]
fn refunds_are_as_far_as_the_bill_says() {
    for (status, expected) in [
        ("SUCCESS", Some(StatementState::Succeeded)),
        ("PROCESSING", Some(StatementState::Pending)),
        ("CHANGE", Some(StatementState::Pending)),
        ("FAIL", Some(StatementState::Failed)),
        ("", None),
        ("NEW", None),
    ] {
        let page = statement(&file(&[refunded(status)]), &url()).0.unwrap();
        assert_eq!(page.rows.first().map(|row| row.state), expected, "{status}");
        assert_eq!(page.unreadable, u32::from(expected.is_none()), "{status}");
    }
}

#[test]
fn a_row_that_cannot_be_read_is_counted_and_hides_no_other() {
    let unreadable = [
        row("REVOKED", "CNY", ("0", "", "0.00"), "0.00", "19.99"),
        row("SUCCESS", "USD", ("0", "", "0.00"), "0.00", "19.99"),
        row("SUCCESS", "CNY", ("0", "", "0.00"), "0.00", "19.999"),
        row("SUCCESS", "CNY", ("0", "", "0.00"), "0.00", "-19.99"),
        row("SUCCESS", "CNY", ("0", "", "0.00"), "free", "19.99"),
        row("REFUND", "CNY", ("", "SUCCESS", "9.99"), "0.00", "0.00"),
        paid().replace('`', ""),
        format!("{},`one more", paid()),
        "`".to_owned(),
        String::new(),
    ];
    for bad in unreadable {
        let page = statement(&file(&[bad.clone(), paid()]), &url()).0.unwrap();
        assert_eq!((page.rows.len(), page.unreadable), (1, 1), "{bad}");
    }
}

#[test]
fn bills_of_the_older_form_are_read_too() {
    let file = file(&[paid(), refunded("SUCCESS")]);
    let old = |name: &str, old: &str, file: &str| file.replacen(name, old, 1);
    let file = old(
        ",订单金额,",
        ",x,",
        &old(",申请退款金额,", ",y,", &old("应结订单金额", "总金额", &file)),
    );
    let page = statement(&file, &url()).0.unwrap();
    let amounts: Vec<_> = page.rows.iter().map(|row| row.amount).collect();
    assert_eq!(amounts, [cny(1_899), cny(949)]);
}

#[test]
fn a_bill_is_fetched_only_from_where_bills_are() {
    let bill = file(&[paid()]);
    for url in [
        url(),
        "https://api.mch.weixin.qq.com/v3/billdownload/file?token=1".to_owned(),
    ] {
        assert_eq!(statement(&bill, &url).1.last(), Some(&url));
    }
    for url in [
        "https://api.mch.weixin.qq.com.evil.example/x",
        "https://api.mch.weixin.qq.com@evil.example/x",
        "https://evil.example@api.mch.weixin.qq.com/x",
        "https://api.mch.weixin.qq.com:8443/x",
        "http://api.mch.weixin.qq.com/x",
        "https://127.0.0.1:8092/x",
        "http://127.0.0.1:8093/x",
        "http://169.254.169.254/latest",
        "file:///etc/passwd",
        "/v3/billdownload/file",
        "https://api.mch.weixin.qq.com\\@evil.example/x",
        "",
    ] {
        let (page, asked) = statement(&bill, url);
        assert_eq!(
            (page, asked.len()),
            (Err(CallError::Misfit("download_url")), 1),
            "{url}"
        );
    }
}

#[test]
fn a_file_of_another_hash_is_not_read() {
    let bill = file(&[paid()]);
    let other = bill.replace("19.99", "29.99");
    for (answer, name) in [
        (applied(&other, &url()), "hash_value"),
        (
            reply(
                200,
                &json!({"hash_type": "MD5", "hash_value": "0", "download_url": url()}),
            ),
            "hash_type",
        ),
        (
            reply(200, &json!({"hash_type": "SHA1", "download_url": url()})),
            "hash_value",
        ),
        (
            unsigned(200, &json!({"hash_type": "SHA1", "download_url": url()}).to_string()),
            "signature",
        ),
    ] {
        let (gateway, _) = gateway(vec![answer, unsigned(200, &bill)]);
        assert_eq!(run(gateway.statement(DAY, None)), Err(CallError::Misfit(name)));
    }
}

#[test]
fn what_is_no_whole_bill_is_not_read_as_one() {
    let whole = file(&[paid()]);
    let cut = whole.split("总交易单数").next().unwrap();
    let unnamed = whole.replace("商户订单号", "x");
    for file in ["", "<html>", cut, &unnamed] {
        assert_eq!(statement(file, &url()).0, Err(CallError::Misfit("bill")), "{file}");
    }
}

#[test]
fn a_day_without_anything_has_no_rows_and_one_that_is_being_written_no_answer() {
    let code = |code: &str| unsigned(400, &json!({"code": code, "message": "x"}).to_string());
    let ask = |answers, after| {
        let (gateway, client) = gateway(answers);
        (run(gateway.statement(DAY, after)), client.asked().len())
    };
    let nothing = Ok(StatementPage::default());
    assert_eq!(ask(vec![code("NO_STATEMENT_EXIST")], None), (nothing.clone(), 1));
    assert_eq!(ask(vec![], Some("next")), (nothing, 0));
    let (page, _) = ask(vec![code("STATEMENT_CREATING")], None);
    assert!(matches!(page, Err(CallError::Unanswered(_))));
    let (gateway, client) = gateway(vec![reply(200, &Value::Null)]);
    for day in ["2026-4-8", "20260408", "2026-04-08&", "2026/04/08", ""] {
        assert_eq!(
            run(gateway.statement(day, None)),
            Err(CallError::Misfit("day")),
            "{day}"
        );
    }
    assert_eq!(client.asked().len(), 0);
}
