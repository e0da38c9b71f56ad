//! Sealing, and what erasure leaves.

use dynamo::Part;
use privacy::{Place, SealError, Sealed};
use testkit::World;

const PLACE: Place<'static> = Place {
    entity: "order",
    id: "ord_1",
    field: "buyer",
};

async fn person(world: &World) -> (kernel::PersonId, Sealed) {
    let (key, part): (_, Part<()>) = world.vault().create().unwrap();
    world.dynamo().commit(vec![part]).await.unwrap();
    (key.id(), key.seal(&world.ambient(), PLACE, &"Wang Fang").unwrap())
}

#[tokio::test]
async fn a_sealed_field_opens_at_its_place_only() {
    let world = World::new(&[]).await;
    let (id, sealed) = person(&world).await;
    let key = world.vault().open(id).await.unwrap().unwrap();
    assert_eq!(key.open::<String>(PLACE, &sealed), Ok("Wang Fang".to_owned()));
    for moved in [
        Place {
            entity: "session",
            ..PLACE
        },
        Place { id: "ord_2", ..PLACE },
        Place {
            field: "phone",
            ..PLACE
        },
    ] {
        assert_eq!(key.open::<String>(moved, &sealed), Err(SealError::Foreign));
    }
    let (other, _) = person(&world).await;
    let other = world.vault().open(other).await.unwrap().unwrap();
    assert_eq!(other.open::<String>(PLACE, &sealed), Err(SealError::Foreign));
}

#[tokio::test]
async fn after_erasure_nothing_opens() {
    let world = World::new(&[]).await;
    let (id, _) = person(&world).await;
    world.vault().erase(id).await.unwrap();
    world.vault().erase(id).await.unwrap();
    assert!(world.vault().open(id).await.unwrap().is_none());
    assert!(world.items("PersonKeysTable").await.is_empty());
}

#[tokio::test]
async fn no_table_holds_the_plain_text() {
    let world = World::new(&[]).await;
    let (_, sealed) = person(&world).await;
    let kept = format!(
        "{:?}{}",
        world.items("PersonKeysTable").await,
        serde_json::to_string(&sealed).unwrap()
    );
    assert!(!kept.contains("Wang"));
}

#[tokio::test]
async fn the_blind_index_tells_kinds_apart() {
    let vault = World::new(&[]).await.vault();
    assert_eq!(
        vault.blind_index("email", "a@example.com"),
        vault.blind_index("email", "a@example.com")
    );
    assert_ne!(
        vault.blind_index("email", "a@example.com"),
        vault.blind_index("phone", "a@example.com")
    );
}
