//! Customer accounts.

use dynamo::{Consistency, Dynamo, Part, Record, StoreError, to_item};
use kernel::{CustomerId, Id, Timestamp};
use serde::{Deserialize, Serialize};

use super::keys;
use crate::{AddressIndex, Channel, Customer};

/// Keeps customer accounts. Access patterns: `customer.create`, `customer.get`, `customer.find`, `customer.rehash`.
#[derive(Debug, Clone)]
pub struct Customers {
    dynamo: Dynamo,
    table: String,
}

impl Record for Customer {
    const ENTITY: &'static str = "customer";
    const SHAPE: u16 = 1;
}

#[derive(Serialize, Deserialize)]
struct AddressOwner {
    customer: CustomerId,
}

impl Record for AddressOwner {
    const ENTITY: &'static str = "customer-address";
    const SHAPE: u16 = 1;
}

const fn kind(channel: Channel) -> &'static str {
    match channel {
        Channel::Email => "email",
        Channel::Sms => "phone",
    }
}

impl Customers {
    /// On the identity table.
    pub fn new(dynamo: Dynamo, table: &str) -> Self {
        Self {
            dynamo,
            table: table.to_owned(),
        }
    }

    /// The account, with a strong read.
    pub async fn get(&self, id: CustomerId) -> Result<Option<Customer>, StoreError> {
        self.dynamo
            .get(&self.table, &keys::customer(id), Consistency::Strong)
            .await
    }

    /// The account of an address, with strong reads.
    pub async fn find(&self, address: &AddressIndex) -> Result<Option<Customer>, StoreError> {
        let key = keys::identifier(kind(address.channel), &address.index);
        let owner: Option<AddressOwner> = self.dynamo.get(&self.table, &key, Consistency::Strong).await?;
        // Where there is no account, nobody's is read: the same work, so that time does not tell.
        let nobody = CustomerId::from_parts(Timestamp::default(), [0; 10]);
        self.get(owner.map_or(nobody, |owner| owner.customer)).await
    }

    /// The parts that create an account, refused with `taken` when another account has the address: of many at once, one
    /// wins.
    pub fn create<R>(&self, customer: &Customer, taken: R) -> Result<Vec<Part<R>>, StoreError> {
        let owner = AddressOwner { customer: customer.id };
        let key = keys::identifier(kind(customer.channel), &customer.address_index);
        Ok(vec![
            Part::insert(&self.table, to_item(&key, &owner)?).refused(taken),
            Part::insert(&self.table, to_item(&keys::customer(customer.id), customer)?),
        ])
    }

    /// The part that changes an account from `before` to `after`, whose version is one more.
    pub fn change<R>(&self, before: &Customer, after: &Customer, stale: R) -> Result<Part<R>, StoreError> {
        let item = to_item(&keys::customer(after.id), after)?;
        Ok(Part::replace(&self.table, item, before.version).refused(stale))
    }
}
