//! Every parser, over any text: notices of every provider, our own readings, and RSA keys. Nothing may panic, hang, or grow
//! without bound; and facts that are read have amounts that are not below nothing.

#![no_main]

use kernel::Timestamp;
use libfuzzer_sys::fuzz_target;
use payments::{
    Notice, NoticeSource, Provider, fold,
    provider::{Parsed, read, rsa},
};

fuzz_target!(|input: &[u8]| {
    let Some((which, text)) = input.split_first() else {
        return;
    };
    let text = String::from_utf8_lossy(text).into_owned();
    let (provider, source) = match which % 6 {
        0 => (Provider::Stripe, NoticeSource::Webhook),
        1 => (Provider::WechatPay, NoticeSource::Webhook),
        2 => (Provider::Alipay, NoticeSource::Webhook),
        3 => (Provider::Instant, NoticeSource::Webhook),
        4 => (Provider::CashOnDelivery, NoticeSource::Courier),
        _ => {
            let _ = rsa::PublicKey::parse(&text);
            return;
        }
    };
    let notice = Notice {
        provider,
        delivery: "evt_1".parse().expect("an id"),
        kind: String::new(),
        source,
        body: text,
        content: None,
        received_at: Timestamp::from_seconds(1_775_640_600),
    };
    let Ok(Parsed::Told(reading)) = read(&notice) else {
        return;
    };
    for fact in &reading.facts {
        let _ = fact.key();
    }
    if let Some(money) = reading.facts.iter().find_map(|fact| fact.money()) {
        let _ = fold(money.currency(), &reading.facts);
    }
});
