//! The store over an embedded DynamoDB.

use dynamo::{CommitError, StoreError};
use testkit::World;

use super::*;
use crate::{
    Changed, Kept, Owner, Parcel, Provider, RefusalReason, StateName, Units,
    shipment::tests::{id, line, parcel, shipment},
};

fn store(world: &World) -> Fulfilment {
    Fulfilment::new(world.dynamo(), world.table("FulfilmentTable"), world.outbox())
}

async fn create(world: &World, n: u8) -> crate::Shipment {
    let created = crate::Shipment::create(id(n), id(1), Some(id(1)), vec![line(1, 3)], world.now());
    let parts = store(world).insert(&created, None, "exists").unwrap();
    world.dynamo().commit(parts).await.unwrap();
    world.clock().advance_seconds(1);
    created.shipment
}

async fn save(world: &World, changed: &Changed) -> Result<(), CommitError<&'static str>> {
    world
        .dynamo()
        .commit(store(world).save(changed, None, "stale").unwrap())
        .await
}

#[tokio::test]
async fn a_shipment_reads_back_and_is_found_by_its_order() {
    let world = World::new(&["fulfilment"]).await;
    let (first, second) = (create(&world, 1).await, create(&world, 2).await);
    assert_eq!(store(&world).shipment(first.id).await.unwrap(), Some(first.clone()));
    assert_eq!(store(&world).of_order(id(1)).await.unwrap(), [first, second]);
    assert_eq!(store(&world).of_order(id(9)).await.unwrap(), []);
    assert_eq!(world.events().await.len(), 2);
}

#[tokio::test]
async fn of_two_changes_of_one_version_one_is_kept() {
    let world = World::new(&["fulfilment"]).await;
    let shipment = create(&world, 1).await;
    let picked = shipment.clone().start_picking(world.now()).unwrap();
    let reduced = shipment
        .reduce(
            &[Units {
                line: id(1),
                quantity: 1,
            }],
            world.now(),
        )
        .unwrap();
    save(&world, &picked).await.unwrap();
    assert!(matches!(save(&world, &reduced).await, Err(CommitError::Refused(r)) if r[0].reason == "stale"));
}

#[tokio::test]
async fn lists_follow_the_state_and_the_place_page_by_page() {
    let world = World::new(&["fulfilment"]).await;
    let store = store(&world);
    for n in 1..=5 {
        create(&world, n).await;
    }
    let third = store.shipment(id(3)).await.unwrap().unwrap();
    save(&world, &third.start_picking(world.now()).unwrap()).await.unwrap();
    for location in [None, Some(id(1))] {
        let list = List {
            state: StateName::ToPick,
            location,
        };
        let mut found = Vec::new();
        let mut cursor = None;
        loop {
            let page = store.list(&list, 2, cursor).await.unwrap();
            found.extend(page.items.iter().map(|shipment| shipment.id));
            let Some(next) = page.next else { break };
            cursor = Some(list.cursor(&next.encode()).unwrap());
            let other = List {
                state: StateName::Packed,
                location,
            };
            assert!(other.cursor(&next.encode()).is_err());
        }
        assert_eq!(found, [id(1), id(2), id(4), id(5)]);
    }
    let elsewhere = List {
        state: StateName::ToPick,
        location: Some(id(9)),
    };
    assert_eq!(store.list(&elsewhere, 10, None).await.unwrap().items, []);
}

#[tokio::test]
async fn a_corrupt_shipment_is_named_and_not_trusted() {
    let world = World::new(&["fulfilment"]).await;
    let shipment = create(&world, 1).await;
    let part: Part<()> = Part::update(
        world.table("FulfilmentTable"),
        keys::shipment(shipment.id),
        "SET version = :v",
    )
    .number(":v", 7_u8);
    world.dynamo().commit(vec![part]).await.unwrap();
    assert!(matches!(
        store(&world).shipment(shipment.id).await,
        Err(StoreError::Corrupt { .. })
    ));
}

#[tokio::test]
async fn a_parcel_is_kept_with_and_without_an_owner() {
    let world = World::new(&["fulfilment"]).await;
    let store = store(&world);
    let unknown = store.parcel(&parcel()).await.unwrap();
    assert_eq!(unknown.version, 0);
    let part = store.save_parcel(unknown.clone(), world.now(), "stale").unwrap();
    world.dynamo().commit(vec![part.clone()]).await.unwrap();
    assert!(matches!(
        world.dynamo().commit(vec![part]).await,
        Err(CommitError::Refused(_))
    ));
    let items = world.items("FulfilmentTable").await;
    assert!(
        items[0].get("expires_at").is_some(),
        "scans of nobody are garbage one day"
    );
    let owner = Some(Owner {
        shipment: shipment(1, vec![line(1, 1)]).id,
        order: id(1),
    });
    let known = Parcel {
        owner,
        ..store.parcel(&parcel()).await.unwrap()
    };
    world
        .dynamo()
        .commit(vec![store.save_parcel(known, world.now(), "stale").unwrap()])
        .await
        .unwrap();
    assert!(world.items("FulfilmentTable").await[0].get("expires_at").is_none());
    assert_eq!(store.parcel(&parcel()).await.unwrap().version, 2);
}

#[tokio::test]
async fn the_same_bytes_are_kept_and_told_once() {
    let world = World::new(&["fulfilment"]).await;
    let store = store(&world);
    let key = parcel();
    let keep = || store.keep_notice(Provider::Easypost, &key, b"bytes");
    assert_eq!(keep().await.unwrap(), Kept::New);
    assert_eq!(keep().await.unwrap(), Kept::Before);
    let events = world.events().await;
    assert_eq!((events.len(), events[0].key.as_str()), (1, "sf-express#SF1234567"));
    let told: crate::events::v1::TrackingNoticed = events[0].open().unwrap();
    let digest = told.notice.unwrap().digest;
    assert_eq!(
        store.notice(Provider::Easypost, &digest).await.unwrap().unwrap().body,
        b"bytes"
    );
    assert_eq!(store.notice(Provider::Kuaidi100, &digest).await.unwrap(), None);
}

#[tokio::test]
async fn a_refused_notice_is_kept_with_its_reason_and_an_end() {
    let world = World::new(&["fulfilment"]).await;
    let store = store(&world);
    store
        .refuse_notice(Provider::Kuaidi100, RefusalReason::Forged, b"x")
        .await
        .unwrap();
    store
        .refuse_notice(Provider::Kuaidi100, RefusalReason::Forged, b"x")
        .await
        .unwrap();
    let large = vec![b'x'; crate::NOTICE_BYTES_MAX + 1];
    store
        .refuse_notice(Provider::Kuaidi100, RefusalReason::Oversized, &large)
        .await
        .unwrap();
    let items = world.items("FulfilmentTable").await;
    assert_eq!(items.len(), 2);
    assert!(items.iter().all(|item| item.get("expires_at").is_some()));
    assert!(
        items
            .iter()
            .any(|item| item["reason"]["S"] == "oversized" && item["bytes"]["N"] == "262145")
    );
    assert_eq!(world.events().await.len(), 0);
}
