use std::io::Write;
use std::sync::{Arc, Mutex};

use tracing_subscriber::{EnvFilter, layer::SubscriberExt};

use super::*;

#[derive(Clone, Default)]
struct Lines(Arc<Mutex<Vec<u8>>>);

impl Write for Lines {
    fn write(&mut self, bytes: &[u8]) -> std::io::Result<usize> {
        self.0.lock().unwrap().write(bytes)
    }
    fn flush(&mut self) -> std::io::Result<()> {
        Ok(())
    }
}

#[tokio::test]
async fn neither_logs_nor_tables_nor_events_hold_what_identifies_or_opens() {
    let lines = Lines::default();
    let writer = lines.clone();
    let filter = EnvFilter::new("sign_in=trace,identity=trace,dynamo=trace,privacy=trace,web=trace");
    let layer = tracing_subscriber::fmt::layer()
        .with_writer(move || writer.clone())
        .with_ansi(false);
    let guard = tracing::subscriber::set_default(tracing_subscriber::registry().with(filter).with(layer));

    let world = World::new(&["identity"]).await;
    let ports = ports(&world);
    let answer = registered(&world, &ports).await;
    let asked = call(&ports, "POST /v1/customers/codes", keyed("k", json!({"phone": PHONE}))).await;
    let code_id = body(&asked)["code_id"].as_str().unwrap().to_owned();
    let (_, digits) = sent(&world, &code_id).await;
    verify(&ports, &code_id, "987654").await;
    call(
        &ports,
        "POST /v1/customers/sign-in",
        with(json!({"email": EMAIL, "password": "wrong marker"})),
    )
    .await;
    call(
        &ports,
        "POST /v1/customers/sign-in",
        with(json!({"email": EMAIL, "password": PASSWORD})),
    )
    .await;
    let token = refresh_token(&answer);
    call(
        &ports,
        "POST /v1/sessions/refresh",
        with(json!({"refresh_token": token})),
    )
    .await;
    world.clock().advance_seconds(20);
    call(
        &ports,
        "POST /v1/sessions/refresh",
        with(json!({"refresh_token": token})),
    )
    .await;
    drop(guard);

    let logged = String::from_utf8(lines.0.lock().unwrap().clone()).unwrap();
    assert!(
        logged.contains("identity.session.reused") && logged.contains(&code_id),
        "{logged}"
    );
    let mut kept = vec![("the log", logged)];
    for table in ["IdentityTable", "IdempotencyTable", "OutboxTable", "PersonKeysTable"] {
        kept.push((table, format!("{:?}", world.items(table).await)));
    }
    let secret = token.rsplit('.').next().unwrap();
    let quoted = format!("\"{digits}\"");
    for (place, text) in kept {
        let text = text.to_lowercase();
        for marker in ["marker", "13800138000", "192.0.2.7", &secret.to_lowercase(), &quoted] {
            assert!(!text.contains(marker), "{place} holds {marker}");
        }
    }
}
