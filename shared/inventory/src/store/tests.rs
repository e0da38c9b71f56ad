//! The store over an embedded DynamoDB.

mod conservation;
mod reserving;

use dynamo::CommitError;
use kernel::{Actor, Id, LocationId, MovementId, OrderId, Text, VariantId};
use serde_json::Value;
use testkit::World;

use super::{BookRefusal, Inventory, PlanError, StockRefusal};
use crate::{Location, LocationKind, Movement, Reason, Reservation};

/// How often a refused commit is planned again.
const TRIES_MAX: usize = 200;

struct Shop {
    world: World,
    inventory: Inventory,
    place: LocationId,
    variant: VariantId,
}

impl Shop {
    async fn new() -> Self {
        let world = World::new(&["inventory"]).await;
        let inventory = Inventory::new(world.dynamo(), world.outbox(), world.table("InventoryTable"));
        let place = create_place(&inventory).await;
        let variant = VariantId::generate(&world.ambient());
        Self {
            world,
            inventory,
            place,
            variant,
        }
    }

    async fn with_stock(quantity: i64) -> Self {
        let shop = Self::new().await;
        shop.receive(quantity).await;
        shop
    }

    fn order(&self) -> OrderId {
        OrderId::generate(&self.world.ambient())
    }

    fn movement(&self, quantity: i64, place: LocationId) -> Movement {
        Movement {
            id: MovementId::generate(&self.world.ambient()),
            variant: self.variant,
            location: place,
            quantity,
            reason: Reason::Receipt,
            note: None,
            actor: Actor::system("test"),
            booked_at: self.world.now(),
        }
    }

    async fn receive(&self, quantity: i64) {
        book(&self.inventory, &self.movement(quantity, self.place))
            .await
            .unwrap();
    }

    async fn free(&self) -> u64 {
        self.inventory.availability(&[self.variant]).await.unwrap()[&self.variant]
    }

    /// Checks the invariants over every level in the table; gives free, reserved, sold and booked in all.
    async fn totals(&self) -> [i64; 4] {
        let mut sums = [0; 4];
        for item in self
            .world
            .items("InventoryTable")
            .await
            .iter()
            .filter(|item| item["entity"]["S"] == "level")
        {
            let count = |name: &str| number(&item[name]);
            let counts = [count("free"), count("reserved"), count("sold"), count("booked")];
            assert!(counts.iter().all(|count| *count >= 0), "{item}");
            assert_eq!(counts[0] + counts[1] + counts[2], counts[3], "{item}");
            sums.iter_mut().zip(counts).for_each(|(sum, count)| *sum += count);
        }
        sums
    }
}

fn number(value: &Value) -> i64 {
    value["N"].as_str().unwrap().parse().unwrap()
}

async fn create_place(inventory: &Inventory) -> LocationId {
    let ambient = inventory.dynamo().ambient();
    let location = Location {
        id: LocationId::generate(ambient),
        name: Text::parse("Warehouse").unwrap(),
        kind: LocationKind::Warehouse,
        country: Text::parse("CN").unwrap(),
        region: None,
        created_at: ambient.now(),
    };
    inventory
        .dynamo()
        .commit(vec![inventory.create_location(&location).unwrap()])
        .await
        .unwrap();
    location.id
}

async fn book(inventory: &Inventory, movement: &Movement) -> Result<(), BookRefusal> {
    for _ in 0..TRIES_MAX {
        let parts = inventory.book(movement).await.unwrap()?;
        match inventory.dynamo().commit(parts).await.map_err(CommitError::first) {
            Ok(()) => return Ok(()),
            Err(Ok(BookRefusal::Raced)) => {}
            Err(refusal) => return Err(refusal.unwrap()),
        }
    }
    panic!("never booked");
}

#[derive(Debug, PartialEq)]
enum Outcome {
    Held,
    Short,
    Refused(StockRefusal),
}

async fn reserve(inventory: &Inventory, order: OrderId, wanted: &[(VariantId, u32)]) -> Outcome {
    for _ in 0..TRIES_MAX {
        let plan = match inventory.plan(order, wanted).await {
            Ok(plan) => plan,
            Err(PlanError::Short(_)) => return Outcome::Short,
            Err(error) => panic!("{error}"),
        };
        match commit(inventory, &plan).await {
            Ok(()) => return Outcome::Held,
            Err(refusal) if refusal.replan() => {}
            Err(refusal) => return Outcome::Refused(refusal),
        }
    }
    panic!("never planned");
}

async fn commit(inventory: &Inventory, plan: &Reservation) -> Result<(), StockRefusal> {
    let parts = inventory.reserve(plan).unwrap();
    inventory
        .dynamo()
        .commit(parts)
        .await
        .map_err(|error| error.first().unwrap())
}
