//! Staff accounts.

use dynamo::{Consistency, Cursor, CursorError, Dynamo, Page, Part, Query, Record, StoreError, to_item};
use kernel::{Id, StaffId, Timestamp};
use serde::{Deserialize, Serialize};

use super::keys;
use crate::Staff;

/// The kind of staff's e-mail addresses in the blind index: an address may be a customer's as well.
pub const STAFF_EMAIL_KIND: &str = "staff-email";

/// Keeps staff accounts. Access patterns: `staff.create`, `staff.get`, `staff.find`, `staff.list`, `staff.change`,
/// `staff.bootstrap`.
#[derive(Debug, Clone)]
pub struct StaffAccounts {
    dynamo: Dynamo,
    table: String,
}

/// Why a change of staff accounts was refused.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum StaffRefusal {
    /// The first account exists already.
    Bootstrapped,
    /// Another account has the e-mail address.
    EmailTaken,
    /// The account was changed meanwhile.
    Stale,
    /// Whoever asks is no active admin any more.
    ActorNotAdmin,
}

impl Record for Staff {
    const ENTITY: &'static str = "staff";
    const SHAPE: u16 = 1;
}

#[derive(Serialize, Deserialize)]
struct EmailOwner {
    staff: StaffId,
}

impl Record for EmailOwner {
    const ENTITY: &'static str = "staff-email";
    const SHAPE: u16 = 1;
}

#[derive(Serialize, Deserialize)]
struct Bootstrap {
    staff: StaffId,
    at: Timestamp,
}

impl Record for Bootstrap {
    const ENTITY: &'static str = "bootstrap";
    const SHAPE: u16 = 1;
}

impl StaffAccounts {
    /// On the identity table.
    pub fn new(dynamo: Dynamo, table: &str) -> Self {
        Self {
            dynamo,
            table: table.to_owned(),
        }
    }

    /// The account, with a strong read.
    pub async fn get(&self, id: StaffId) -> Result<Option<Staff>, StoreError> {
        self.dynamo
            .get(&self.table, &keys::staff(id), Consistency::Strong)
            .await
    }

    /// The account of an e-mail address by its blind index, with strong reads.
    pub async fn find(&self, email_index: &str) -> Result<Option<Staff>, StoreError> {
        let key = keys::identifier(STAFF_EMAIL_KIND, email_index);
        let owner: Option<EmailOwner> = self.dynamo.get(&self.table, &key, Consistency::Strong).await?;
        // Where there is no account, nobody's is read: the same work, so that time does not tell.
        let nobody = StaffId::from_parts(Timestamp::default(), [0; 10]);
        self.get(owner.map_or(nobody, |owner| owner.staff)).await
    }

    /// A page of accounts, oldest first.
    pub async fn list(&self, limit: u16, after: Option<Cursor>) -> Result<Page<Staff>, StoreError> {
        let query = Query::new(&self.table, "pk = :pk", limit).text(":pk", keys::STAFF_PARTITION);
        self.dynamo.query(query.after(after)).await?.records()
    }

    /// Reads a cursor of [`StaffAccounts::list`].
    pub fn cursor(&self, text: &str) -> Result<Cursor, CursorError> {
        Cursor::decode(text, "pk", keys::STAFF_PARTITION)
    }

    /// The parts that create an account: one account for one address.
    pub fn create(&self, staff: &Staff) -> Result<Vec<Part<StaffRefusal>>, StoreError> {
        let owner = EmailOwner { staff: staff.id };
        let email = to_item(&keys::identifier(STAFF_EMAIL_KIND, &staff.email_index), &owner)?;
        Ok(vec![
            Part::insert(&self.table, email).refused(StaffRefusal::EmailTaken),
            Part::insert(&self.table, to_item(&keys::staff(staff.id), staff)?),
        ])
    }

    /// The part that lets the first account be created once.
    pub fn bootstrap(&self, staff: &Staff) -> Result<Part<StaffRefusal>, StoreError> {
        let marker = Bootstrap {
            staff: staff.id,
            at: staff.created_at,
        };
        Ok(Part::insert(&self.table, to_item(&keys::bootstrap(), &marker)?).refused(StaffRefusal::Bootstrapped))
    }

    /// Whether the first account exists.
    pub async fn is_bootstrapped(&self) -> Result<bool, StoreError> {
        let found = self
            .dynamo
            .get_item(&self.table, &keys::bootstrap(), Consistency::Strong)
            .await?;
        Ok(found.is_some())
    }

    /// The part that changes an account from `before` to `after`.
    pub fn change(&self, before: &Staff, after: &Staff) -> Result<Part<StaffRefusal>, StoreError> {
        let item = to_item(&keys::staff(after.id), after)?;
        Ok(Part::replace(&self.table, item, before.version).refused(StaffRefusal::Stale))
    }

    /// The part that checks that whoever asks is an active admin at this moment: their token may be minutes old.
    pub fn check_admin(&self, actor: StaffId) -> Part<StaffRefusal> {
        Part::check(
            &self.table,
            keys::staff(actor),
            "#state = :active AND contains(#roles, :admin)",
        )
        .name("#state", "state")
        .name("#roles", "roles")
        .text(":active", "active")
        .text(":admin", "admin")
        .refused(StaffRefusal::ActorNotAdmin)
    }
}
