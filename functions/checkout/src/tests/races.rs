//! Many at once.

use super::*;

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn fifty_completions_for_ten_pieces_sell_exactly_ten() {
    let shop = Arc::new(Shop::with(10).await);
    let mut sessions = Vec::new();
    for n in 0..50 {
        sessions.push(shop.ready(&format!("k{n}"), shop.scarce, 1).await);
    }
    let tasks: Vec<_> = sessions
        .into_iter()
        .enumerate()
        .map(|(n, id)| {
            let shop = Arc::clone(&shop);
            tokio::spawn(async move { until_answered(&shop, &id, &format!("c{n}")).await })
        })
        .collect();
    let mut completed = 0;
    for task in tasks {
        let answer = task.await.unwrap();
        if answer.body["status"] == "completed" {
            completed += 1;
        } else {
            assert_eq!(codes(&answer), ["out_of_stock"], "{}", answer.text);
        }
    }
    assert_eq!(completed, 10);
    assert_eq!(shop.free(shop.scarce).await, 0);
    assert_eq!(shop.count("SalesTable", "order").await, 10);
    assert_eq!(shop.events("order.placed").await, 10);
}

/// As a platform does: the same key again while we are busy.
async fn until_answered(shop: &Shop, id: &str, key: &str) -> Answer {
    for _ in 0..50 {
        let answer = shop.complete(id, key, &pay("stripe", "t")).await;
        if answer.status != 503 {
            return answer;
        }
    }
    panic!("busy for ever");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn the_same_completion_twenty_times_at_once_places_one_order() {
    let shop = Arc::new(Shop::with(10).await);
    let id = shop.ready("k", shop.goods, 1).await;
    let tasks: Vec<_> = (0..20)
        .map(|_| {
            let (shop, id) = (Arc::clone(&shop), id.clone());
            tokio::spawn(async move { until_answered(&shop, &id, "same").await.text })
        })
        .collect();
    let mut texts = std::collections::BTreeSet::new();
    for task in tasks {
        texts.insert(task.await.unwrap());
    }
    assert_eq!(texts.len(), 1, "{texts:?}");
    assert_eq!(
        (shop.count("SalesTable", "order").await, shop.free(shop.goods).await),
        (1, 999)
    );
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn of_a_completion_and_a_cancellation_at_once_one_wins() {
    let shop = Arc::new(Shop::with(10).await);
    for n in 0..5 {
        let id = shop.ready(&format!("k{n}"), shop.goods, 1).await;
        let (complete, cancel) = (Arc::clone(&shop), Arc::clone(&shop));
        let (one, two) = (id.clone(), id.clone());
        let completing = tokio::spawn(async move { until_answered(&complete, &one, &format!("p{n}")).await.status });
        let canceling = tokio::spawn(async move {
            cancel
                .call(
                    "POST /checkout-sessions/{id}/cancel",
                    &two,
                    &format!("q{n}"),
                    &Value::Null,
                )
                .await
                .status
        });
        let (completed, canceled) = (completing.await.unwrap(), canceling.await.unwrap());
        assert!(
            matches!((completed, canceled), (200, 409) | (409, 200)),
            "{completed} {canceled}"
        );
    }
}
