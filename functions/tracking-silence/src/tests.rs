//! Silences over embedded tables.

use dynamo::Dynamo;
use fulfilment::{Component, ParcelKey, Shipment, ShipmentLine, Status, Tracked, Verdict};
use kernel::{Id, LineId, OrderId, VariantId};
use testkit::World;

use super::*;

const SILENCE_S: i64 = 3_600;

fn ports(world: &World) -> Ports {
    Ports {
        fulfilment: Fulfilment::new(world.dynamo(), world.table("FulfilmentTable"), world.outbox()),
        timers: world.timers(),
        ambient: world.ambient(),
    }
}

async fn commit(dynamo: &Dynamo, parts: Vec<Part<()>>) {
    dynamo.commit(parts).await.map_err(CommitError::first).unwrap();
}

/// A shipment that left just now, with its timer.
async fn shipped(world: &World) -> Shipment {
    let (ambient, ports) = (world.ambient(), ports(world));
    let line = ShipmentLine {
        line: LineId::generate(&ambient),
        title: "Thing".to_owned(),
        quantity: 1,
        components: vec![Component {
            variant: VariantId::generate(&ambient),
            quantity: 1,
        }],
    };
    let (id, order) = (ShipmentId::generate(&ambient), OrderId::generate(&ambient));
    let created = Shipment::create(id, order, None, vec![line], world.now());
    commit(&world.dynamo(), ports.fulfilment.insert(&created, None, ()).unwrap()).await;
    let picking = created.shipment.start_picking(world.now()).unwrap();
    commit(&world.dynamo(), ports.fulfilment.save(&picking, None, ()).unwrap()).await;
    let packed = picking.shipment.pack(world.now()).unwrap();
    commit(&world.dynamo(), ports.fulfilment.save(&packed, None, ()).unwrap()).await;
    let parcel = ParcelKey {
        carrier: "sf".parse().unwrap(),
        number: "SF1234567".parse().unwrap(),
    };
    let shipped = packed
        .shipment
        .ship(parcel, "https://x.example".to_owned(), world.now(), SILENCE_S)
        .unwrap();
    save(world, &shipped).await;
    shipped.shipment
}

async fn save(world: &World, changed: &fulfilment::Changed) {
    let mut parts = ports(world).fulfilment.save(changed, None, ()).unwrap();
    parts.extend(Fulfilment::watch(&world.timers(), &changed.shipment).unwrap());
    commit(&world.dynamo(), parts).await;
}

async fn heard(world: &World, shipment: Shipment, status: Status) -> Shipment {
    let verdict = Some(Verdict {
        status,
        at: world.now(),
        delivered_at: None,
    });
    let changed = shipment
        .track(
            &Tracked {
                verdict,
                news: true,
                moved_to: None,
            },
            world.now(),
            SILENCE_S,
        )
        .unwrap();
    save(world, &changed).await;
    changed.shipment
}

async fn silences(world: &World) -> usize {
    world
        .events()
        .await
        .iter()
        .filter(|event| event.name == "shipment.silent")
        .count()
}

#[tokio::test]
async fn a_parcel_that_goes_quiet_is_flagged_once_however_often_the_sweep_runs() {
    let world = World::new(&["fulfilment"]).await;
    let shipment = shipped(&world).await;
    handle(&ports(&world)).await.unwrap();
    assert_eq!(silences(&world).await, 0);
    world.clock().advance_seconds(SILENCE_S + 60);
    for _ in 0..3 {
        assert_eq!(handle(&ports(&world)).await.unwrap().failed, 0);
    }
    assert_eq!(silences(&world).await, 1);
    let kept = ports(&world).fulfilment.shipment(shipment.id).await.unwrap().unwrap();
    assert!(kept.consignment().unwrap().silent_since.is_some());
}

#[tokio::test]
async fn a_scan_starts_the_time_anew_and_ends_a_silence() {
    let world = World::new(&["fulfilment"]).await;
    let shipment = shipped(&world).await;
    world.clock().advance_seconds(SILENCE_S / 2);
    let shipment = heard(&world, shipment, Status::InTransit).await;
    world.clock().advance_seconds(SILENCE_S / 2 + 60);
    handle(&ports(&world)).await.unwrap();
    assert_eq!(silences(&world).await, 0, "the first timer is of an older scan");
    world.clock().advance_seconds(SILENCE_S / 2);
    handle(&ports(&world)).await.unwrap();
    assert_eq!(silences(&world).await, 1);
    let flagged = ports(&world).fulfilment.shipment(shipment.id).await.unwrap().unwrap();
    heard(&world, flagged, Status::OutForDelivery).await;
    world.clock().advance_seconds(SILENCE_S + 60);
    handle(&ports(&world)).await.unwrap();
    assert_eq!(silences(&world).await, 2, "a second silence is told of as well");
}

#[tokio::test]
async fn what_has_arrived_is_not_silent() {
    let world = World::new(&["fulfilment"]).await;
    let shipment = shipped(&world).await;
    heard(&world, shipment, Status::Delivered).await;
    world.clock().advance_seconds(SILENCE_S + 60);
    assert_eq!(handle(&ports(&world)).await.unwrap().fired, 1);
    assert_eq!(silences(&world).await, 0);
}

#[tokio::test]
async fn sweeps_at_once_flag_once() {
    let world = std::sync::Arc::new(World::new(&["fulfilment"]).await);
    shipped(&world).await;
    world.clock().advance_seconds(SILENCE_S + 60);
    let tasks: Vec<_> = (0..4)
        .map(|_| {
            let world = world.clone();
            tokio::spawn(async move { handle(&ports(&world)).await })
        })
        .collect();
    for task in tasks {
        task.await.unwrap().unwrap();
    }
    assert_eq!(silences(&world).await, 1);
}
