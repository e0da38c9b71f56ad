//! The AWS SDK against the stand-alone server.

use aws_sdk_sqs::Client;
use aws_sdk_sqs::config::{BehaviorVersion, Config, Credentials, Region};
use tokio::net::TcpListener;
use tokio::sync::oneshot;

use super::Bench;

fn client(endpoint: &str) -> Client {
    Client::from_conf(
        Config::builder()
            .behavior_version(BehaviorVersion::latest())
            .region(Region::new("us-east-1"))
            .endpoint_url(endpoint)
            .credentials_provider(Credentials::new("id", "secret", None, None, "test"))
            .http_client(aws_smithy_http_client::Builder::new().build_http())
            .build(),
    )
}

#[tokio::test]
async fn the_aws_sdk_sends_receives_deletes_and_reads_errors() {
    let bench = Bench::new();
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let endpoint = format!("http://{}", listener.local_addr().unwrap());
    let (stop, stopped) = oneshot::channel::<()>();
    let server = tokio::spawn(bench.sqs.clone().serve(listener, async {
        stopped.await.unwrap();
    }));
    let client = client(&endpoint);
    let url = client
        .create_queue()
        .queue_name("q")
        .send()
        .await
        .unwrap()
        .queue_url
        .unwrap();
    assert_eq!(url, format!("{endpoint}/000000000000/q"));
    client
        .send_message()
        .queue_url(&url)
        .message_body("grüße")
        .send()
        .await
        .unwrap();
    let received = client.receive_message().queue_url(&url).send().await.unwrap();
    let message = &received.messages()[0];
    assert_eq!(message.body(), Some("grüße"));
    client
        .delete_message()
        .queue_url(&url)
        .receipt_handle(message.receipt_handle().unwrap())
        .send()
        .await
        .unwrap();
    let missing = client.get_queue_url().queue_name("none").send().await.unwrap_err();
    assert!(missing.into_service_error().is_queue_does_not_exist());
    stop.send(()).unwrap();
    server.await.unwrap().unwrap();
}

#[tokio::test]
async fn the_server_refuses_addresses_that_others_can_reach() {
    let listener = TcpListener::bind("0.0.0.0:0").await.unwrap();
    assert!(Bench::new().sqs.serve(listener, std::future::pending()).await.is_err());
}
