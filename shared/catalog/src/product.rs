//! A product's working copy and its way to the shop.

use kernel::{ProductId, StaffId, Text, Timestamp, VariantId};
use serde::{Deserialize, Serialize};

use crate::{
    Content, Listing, Tree,
    events::latest::{ProductPublished, ProductUnpublished},
};

/// Where the working copy stands.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "name", rename_all = "snake_case")]
pub enum State {
    /// Being written.
    Draft,
    /// Waits for another member of staff.
    Submitted {
        /// Who submitted it.
        by: StaffId,
        /// When.
        at: Timestamp,
    },
    /// Is what the shop shows.
    Published {
        /// Who approved it.
        by: StaffId,
        /// When.
        at: Timestamp,
    },
    /// Was turned down.
    Rejected {
        /// Who turned it down.
        by: StaffId,
        /// When.
        at: Timestamp,
        /// Why.
        reason: Text<500>,
    },
    /// Was taken off sale.
    Unpublished {
        /// Who took it off.
        by: StaffId,
        /// When.
        at: Timestamp,
    },
}

impl State {
    /// The state's name, as kept and as filters name it.
    pub const fn name(&self) -> &'static str {
        match self {
            Self::Draft => "draft",
            Self::Submitted { .. } => "submitted",
            Self::Published { .. } => "published",
            Self::Rejected { .. } => "rejected",
            Self::Unpublished { .. } => "unpublished",
        }
    }

    /// Every name.
    pub const NAMES: &'static [&'static str] = &["draft", "submitted", "published", "rejected", "unpublished"];
}

/// A product's working copy.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Product {
    /// Its id.
    pub id: ProductId,
    /// Grows with each change.
    pub version: u64,
    /// Where the working copy stands.
    pub state: State,
    /// Whether the shop shows a copy of it, this or an earlier one.
    pub live: bool,
    /// What staff wrote.
    pub content: Content,
    /// Variants that were ever published: none may leave the content again.
    #[serde(default)]
    pub known_variants: Vec<VariantId>,
    /// Who wrote it last.
    pub edited_by: StaffId,
    /// When it was created.
    pub created_at: Timestamp,
    /// When it last changed.
    pub updated_at: Timestamp,
}

/// What staff do with a product.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Move {
    /// Write other content. What was submitted becomes a draft again; what the shop shows stays.
    Edit(Box<Content>),
    /// Ask another member of staff to approve.
    Submit,
    /// Show it in the shop.
    Approve,
    /// Turn it down.
    Reject(Text<500>),
    /// Take it off sale.
    Unpublish,
}

impl Move {
    const fn name(&self) -> &'static str {
        match self {
            Self::Edit(_) => "edit",
            Self::Submit => "submit",
            Self::Approve => "approve",
            Self::Reject(_) => "reject",
            Self::Unpublish => "unpublish",
        }
    }
}

/// Who moves, and with what right.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Reviewer {
    /// Who.
    pub id: StaffId,
    /// May approve what others submitted.
    pub approves: bool,
    /// May do everything, also alone.
    pub admin: bool,
}

/// Why a move was refused.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum InvalidMove {
    /// The state does not allow it.
    #[error("cannot {wanted} a product that is {state}")]
    State {
        /// Where it stands.
        state: &'static str,
        /// What was asked.
        wanted: &'static str,
    },
    /// The shop does not show it.
    #[error("the product is not on sale")]
    NotLive,
    /// The caller has no right to approve.
    #[error("only staff with the role catalog.approve may do this")]
    NotApprover,
    /// The caller wrote or submitted it.
    #[error("another member of staff than the one who wrote or submitted it must approve")]
    SamePerson,
    /// A variant that was ever published is missing from the new content.
    #[error("variant {0} was published before and can only be discontinued")]
    VariantLost(VariantId),
}

/// What a move comes to.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Decision {
    /// The product afterwards.
    pub product: Product,
    /// What the shop is to show from now on, when that changes.
    pub shop: ShopChange,
}

/// What changes in the shop.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum ShopChange {
    /// Nothing.
    None,
    /// This is shown.
    Show(Box<Listing>, ProductPublished),
    /// It is shown no more.
    Hide(ProductUnpublished),
}

impl Product {
    /// A new draft.
    pub const fn new(id: ProductId, content: Content, by: StaffId, at: Timestamp) -> Self {
        Self {
            id,
            version: 1,
            state: State::Draft,
            live: false,
            content,
            known_variants: Vec::new(),
            edited_by: by,
            created_at: at,
            updated_at: at,
        }
    }

    /// Moves the product. `tree` tells the categories above its own, for what the shop shows.
    pub fn make(self, step: Move, who: Reviewer, at: Timestamp, tree: &Tree) -> Result<Decision, InvalidMove> {
        let by = who.id;
        let refused = InvalidMove::State {
            state: self.state.name(),
            wanted: step.name(),
        };
        let next = Self {
            version: self.version + 1,
            updated_at: at,
            ..self.clone()
        };
        match (&self.state, step) {
            (
                State::Draft
                | State::Submitted { .. }
                | State::Published { .. }
                | State::Rejected { .. }
                | State::Unpublished { .. },
                Move::Edit(content),
            ) => {
                self.keeps_variants(&content)?;
                Ok(quiet(Self {
                    state: State::Draft,
                    content: *content,
                    edited_by: by,
                    ..next
                }))
            }
            (State::Draft | State::Rejected { .. } | State::Unpublished { .. }, Move::Submit) => Ok(quiet(Self {
                state: State::Submitted { by, at },
                ..next
            })),
            (State::Submitted { by: submitter, .. }, Move::Approve) => {
                self.reviewed_by(*submitter, who)?;
                Ok(next.shown(by, at, tree))
            }
            (State::Submitted { .. }, Move::Reject(reason)) => {
                if !who.approves && !who.admin {
                    return Err(InvalidMove::NotApprover);
                }
                Ok(quiet(Self {
                    state: State::Rejected { by, at, reason },
                    ..next
                }))
            }
            (
                State::Draft
                | State::Submitted { .. }
                | State::Published { .. }
                | State::Rejected { .. }
                | State::Unpublished { .. },
                Move::Unpublish,
            ) => next.hidden(by, at),
            (State::Submitted { .. } | State::Published { .. }, Move::Submit)
            | (
                State::Draft | State::Published { .. } | State::Rejected { .. } | State::Unpublished { .. },
                Move::Approve | Move::Reject(_),
            ) => Err(refused),
        }
    }

    fn keeps_variants(&self, content: &Content) -> Result<(), InvalidMove> {
        let kept = |id: &&VariantId| content.variants.iter().any(|variant| variant.id == **id);
        self.known_variants
            .iter()
            .find(|id| !kept(id))
            .map_or(Ok(()), |lost| Err(InvalidMove::VariantLost(*lost)))
    }

    /// Four eyes, unless the caller may do everything.
    fn reviewed_by(&self, submitter: StaffId, who: Reviewer) -> Result<(), InvalidMove> {
        if who.admin {
            return Ok(());
        }
        if !who.approves {
            return Err(InvalidMove::NotApprover);
        }
        if who.id == submitter || who.id == self.edited_by {
            return Err(InvalidMove::SamePerson);
        }
        Ok(())
    }

    fn shown(self, by: StaffId, at: Timestamp, tree: &Tree) -> Decision {
        let variant_ids: Vec<VariantId> = self.content.variants.iter().map(|variant| variant.id).collect();
        let listing = Listing::of(self.id, self.version, &self.content, tree, at);
        let event = ProductPublished {
            product_id: self.id,
            version: self.version,
            variant_ids: variant_ids.clone(),
        };
        let product = Self {
            state: State::Published { by, at },
            live: true,
            known_variants: variant_ids,
            ..self
        };
        Decision {
            product,
            shop: ShopChange::Show(Box::new(listing), event),
        }
    }

    /// A working copy that is ahead of the shop keeps its state: only the shop's copy goes.
    fn hidden(self, by: StaffId, at: Timestamp) -> Result<Decision, InvalidMove> {
        if !self.live {
            return Err(InvalidMove::NotLive);
        }
        let state = match self.state {
            State::Published { .. } => State::Unpublished { by, at },
            ahead @ (State::Draft | State::Submitted { .. } | State::Rejected { .. } | State::Unpublished { .. }) => {
                ahead
            }
        };
        let event = ProductUnpublished {
            product_id: self.id,
            version: self.version,
            variant_ids: self.known_variants.clone(),
        };
        Ok(Decision {
            product: Self {
                state,
                live: false,
                ..self
            },
            shop: ShopChange::Hide(event),
        })
    }
}

const fn quiet(product: Product) -> Decision {
    Decision {
        product,
        shop: ShopChange::None,
    }
}

#[cfg(test)]
mod tests {
    use kernel::Id;

    use super::*;
    use crate::rules::tests::content;

    fn staff(n: u8) -> StaffId {
        StaffId::from_parts(Timestamp::from_millis(1), [n; 10])
    }

    fn reviewer(n: u8) -> Reviewer {
        Reviewer {
            id: staff(n),
            approves: true,
            admin: false,
        }
    }

    fn product() -> Product {
        let id = ProductId::from_parts(Timestamp::from_millis(1), [1; 10]);
        Product::new(id, content(), staff(1), Timestamp::from_millis(1))
    }

    fn step(product: Product, step: Move, who: u8) -> Result<Decision, InvalidMove> {
        product.make(step, reviewer(who), Timestamp::from_millis(2), &Tree::default())
    }

    fn published() -> Product {
        let submitted = step(product(), Move::Submit, 1).unwrap().product;
        step(submitted, Move::Approve, 2).unwrap().product
    }

    #[test]
    fn a_product_goes_on_sale_by_two_pairs_of_eyes() {
        let submitted = step(product(), Move::Submit, 1).unwrap().product;
        assert_eq!(step(submitted.clone(), Move::Approve, 1), Err(InvalidMove::SamePerson));
        let decision = step(submitted, Move::Approve, 2).unwrap();
        assert_eq!(decision.product.state.name(), "published");
        assert!(matches!(decision.shop, ShopChange::Show(..)) && decision.product.live);
    }

    #[test]
    fn whoever_wrote_it_last_cannot_approve_what_another_submitted() {
        let submitted = step(product(), Move::Submit, 2).unwrap().product;
        assert_eq!(step(submitted.clone(), Move::Approve, 1), Err(InvalidMove::SamePerson));
        assert!(step(submitted, Move::Approve, 3).is_ok());
    }

    #[test]
    fn the_role_is_needed_and_an_admin_needs_nobody() {
        let submitted = step(product(), Move::Submit, 1).unwrap().product;
        let plain = Reviewer {
            id: staff(2),
            approves: false,
            admin: false,
        };
        let at = Timestamp::from_millis(2);
        assert_eq!(
            submitted.clone().make(Move::Approve, plain, at, &Tree::default()),
            Err(InvalidMove::NotApprover)
        );
        let admin = Reviewer {
            id: staff(1),
            approves: false,
            admin: true,
        };
        assert!(submitted.make(Move::Approve, admin, at, &Tree::default()).is_ok());
    }

    #[test]
    fn editing_leaves_the_shop_as_it_is() {
        let decision = step(published(), Move::Edit(Box::new(content())), 1).unwrap();
        assert_eq!(decision.shop, ShopChange::None);
        assert!(decision.product.live);
        assert_eq!(decision.product.state, State::Draft);
        let hidden = step(decision.product, Move::Unpublish, 1).unwrap();
        assert!(matches!(hidden.shop, ShopChange::Hide(_)));
        assert_eq!(hidden.product.state, State::Draft);
        assert_eq!(step(hidden.product, Move::Unpublish, 1), Err(InvalidMove::NotLive));
    }

    #[test]
    fn a_published_variant_cannot_be_dropped() {
        let mut without = content();
        let lost = without.variants.remove(0).id;
        assert_eq!(
            step(published(), Move::Edit(Box::new(without)), 1),
            Err(InvalidMove::VariantLost(lost))
        );
    }

    #[test]
    fn only_what_was_submitted_is_approved_or_rejected() {
        let reason = Text::parse("blurred picture").unwrap();
        assert!(matches!(
            step(product(), Move::Approve, 2),
            Err(InvalidMove::State { state: "draft", .. })
        ));
        assert!(step(published(), Move::Reject(reason.clone()), 2).is_err());
        let rejected = step(
            step(product(), Move::Submit, 1).unwrap().product,
            Move::Reject(reason),
            2,
        )
        .unwrap()
        .product;
        assert_eq!(rejected.state.name(), "rejected");
        assert!(step(rejected, Move::Submit, 1).is_ok());
    }
}
