//! The message groups of a FIFO source that are in hand.

use std::collections::BTreeSet;
use std::sync::{Mutex, MutexGuard, PoisonError};

use crate::sources::ports::Received;

/// Groups in hand. Shared by all batches of one source.
#[derive(Debug, Default)]
pub(super) struct Groups(Mutex<BTreeSet<String>>);

/// Groups claimed for one batch; given up when dropped.
#[derive(Debug)]
pub(super) struct Claim<'a> {
    groups: &'a Groups,
    claimed: BTreeSet<String>,
}

impl Groups {
    fn lock(&self) -> MutexGuard<'_, BTreeSet<String>> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Keeps the messages whose group is free, in order, and claims those groups; the rest is returned second. Messages
    /// without a group are always kept.
    pub(super) fn claim(&self, messages: Vec<Received>) -> (Claim<'_>, Vec<Received>, Vec<Received>) {
        let mut busy = self.lock();
        let mut claimed = BTreeSet::new();
        let (kept, refused) = messages
            .into_iter()
            .partition(|message| match message.system.get("MessageGroupId") {
                None => true,
                Some(group) => {
                    let ours = claimed.contains(group) || busy.insert(group.clone());
                    if ours {
                        claimed.insert(group.clone());
                    }
                    ours
                }
            });
        (Claim { groups: self, claimed }, kept, refused)
    }
}

impl Drop for Claim<'_> {
    fn drop(&mut self) {
        let mut busy = self.groups.lock();
        for group in &self.claimed {
            busy.remove(group);
        }
    }
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeMap;

    use super::*;

    fn message(id: &str, group: &str) -> Received {
        let system = BTreeMap::from([("MessageGroupId".to_owned(), group.to_owned())]);
        Received {
            id: id.to_owned(),
            system,
            ..Received::default()
        }
    }

    fn ids(messages: &[Received]) -> Vec<&str> {
        messages.iter().map(|message| message.id.as_str()).collect()
    }

    #[test]
    fn a_group_in_hand_is_refused_until_its_claim_is_dropped() {
        let groups = Groups::default();
        let (first, kept, _) = groups.claim(vec![message("1", "a"), message("2", "a")]);
        assert_eq!(ids(&kept), ["1", "2"]);
        let (second, kept, refused) = groups.claim(vec![message("3", "a"), message("4", "b")]);
        assert_eq!((ids(&kept), ids(&refused)), (vec!["4"], vec!["3"]));
        drop(first);
        let (_third, kept, refused) = groups.claim(vec![message("3", "a"), message("5", "b")]);
        assert_eq!((ids(&kept), ids(&refused)), (vec!["3"], vec!["5"]));
        drop(second);
    }
}
