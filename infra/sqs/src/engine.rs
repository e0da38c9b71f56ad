//! All queues together: creating, finding, changing and deleting them. `delivery` and `move_task` hold the rest.

use std::collections::{BTreeMap, VecDeque};
use std::sync::Arc;

use ring::rand::{SecureRandom as _, SystemRandom};
use tokio::sync::Notify;

use crate::error::Error;
use crate::journal::{Journal, Write};
use crate::limits::{PAGE_MAX, QUEUES_MAX, QUIET_MS, TAG_KEY_CHARS_MAX, TAG_VALUE_CHARS_MAX, TAGS_MAX};
use crate::move_task::MoveTask;
use crate::queue::Queue;
use crate::settings::{AttributeTexts, Settings};

/// Where the queues seem to live; shows in ARNs and URLs only.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Place {
    /// The AWS region.
    pub region: String,
    /// The AWS account, 12 digits.
    pub account: String,
}

impl Default for Place {
    fn default() -> Self {
        Self {
            region: "us-east-1".into(),
            account: "000000000000".into(),
        }
    }
}

impl Place {
    /// The ARN of a queue here.
    pub fn arn(&self, queue: &str) -> String {
        format!("arn:aws:sqs:{}:{}:{queue}", self.region, self.account)
    }

    /// The queue that an ARN names, if it is one of this place.
    pub fn queue_of_arn<'a>(&self, arn: &'a str) -> Option<&'a str> {
        let mut parts = arn.splitn(6, ':');
        let head = (
            parts.next()?,
            parts.next()?,
            parts.next()?,
            parts.next()?,
            parts.next()?,
        );
        let (scheme, _partition, service, region, account) = head;
        let here = scheme == "arn" && service == "sqs" && region == self.region && account == self.account;
        parts.next().filter(|name| here && !name.is_empty())
    }
}

/// The state of the service. Every operation takes the present time and notes its changes in `journal`.
#[derive(Debug)]
pub(crate) struct Engine {
    pub(crate) place: Place,
    pub(crate) queues: BTreeMap<String, Queue>,
    pub(crate) journal: Journal,
    pub(crate) tasks: VecDeque<MoveTask>,
    pub(crate) last_message: i64,
    pub(crate) last_queue: i64,
    /// When queues were deleted, by name, for a minute.
    deleted: BTreeMap<String, i64>,
    random: SystemRandom,
}

impl Engine {
    #[expect(clippy::disallowed_methods, reason = "a stand-in for AWS makes its own message ids")]
    pub(crate) fn new(place: Place) -> Self {
        Self {
            place,
            queues: BTreeMap::new(),
            journal: Journal::new(),
            tasks: VecDeque::new(),
            last_message: 0,
            last_queue: 0,
            deleted: BTreeMap::new(),
            random: SystemRandom::new(),
        }
    }

    pub(crate) fn next_message_serial(&mut self) -> i64 {
        self.last_message = self.last_message.saturating_add(1);
        self.last_message
    }

    /// A random id for a message or task.
    pub(crate) fn fresh_id(&self) -> Result<String, Error> {
        let mut bytes = [0_u8; 16];
        self.random.fill(&mut bytes).map_err(|_| Error::Internal)?;
        Ok(uuid::Builder::from_random_bytes(bytes).into_uuid().to_string())
    }

    /// The queue of that name, brought up to the present, and the journal.
    pub(crate) fn at(&mut self, name: &str, now_ms: i64) -> Result<(&mut Queue, &mut Journal), Error> {
        let queue = self.queues.get_mut(name).ok_or(Error::QueueDoesNotExist)?;
        queue.advance(now_ms, &mut self.journal);
        Ok((queue, &mut self.journal))
    }

    pub(crate) fn create(
        &mut self,
        name: &str,
        given: &AttributeTexts,
        tags: BTreeMap<String, String>,
        now_ms: i64,
    ) -> Result<(), Error> {
        if let Some(queue) = self.queues.get(name) {
            let same = queue.settings.clone().with(given)? == queue.settings;
            return if same { Ok(()) } else { Err(Error::QueueNameExists) };
        }
        let settings = Settings::create(name, given)?;
        check_tags(&tags)?;
        self.check_redrive(name, &settings)?;
        self.deleted.retain(|_, at_ms| now_ms.saturating_sub(*at_ms) < QUIET_MS);
        if self.deleted.contains_key(name) {
            return Err(Error::QueueDeletedRecently);
        }
        if self.queues.len() >= QUEUES_MAX {
            return Err(Error::OverLimit(format!("There are {QUEUES_MAX} queues already.")));
        }
        self.last_queue = self.last_queue.saturating_add(1);
        let mut queue = Queue::new(self.last_queue, name, settings, now_ms);
        queue.tags = tags;
        self.journal.push(Write::queue(&queue));
        self.queues.insert(name.to_owned(), queue);
        Ok(())
    }

    pub(crate) fn delete(&mut self, name: &str, now_ms: i64) -> Result<(), Error> {
        let queue = self.queues.remove(name).ok_or(Error::QueueDoesNotExist)?;
        self.journal.push(Write::DropQueue { serial: queue.serial });
        self.deleted.insert(name.to_owned(), now_ms);
        queue.bell.notify_waiters();
        Ok(())
    }

    pub(crate) fn set_attributes(&mut self, name: &str, given: &AttributeTexts, now_ms: i64) -> Result<(), Error> {
        let settings = self.at(name, now_ms)?.0.settings.clone().with(given)?;
        self.replace_settings(name, settings, now_ms)
    }

    /// Creates a queue, or gives an existing one exactly these attributes; what is not given goes to its default.
    pub(crate) fn declare(&mut self, name: &str, given: &AttributeTexts, now_ms: i64) -> Result<(), Error> {
        if !self.queues.contains_key(name) {
            self.deleted.remove(name);
            return self.create(name, given, BTreeMap::new(), now_ms);
        }
        let settings = Settings::create(name, given)?;
        self.replace_settings(name, settings, now_ms)
    }

    fn replace_settings(&mut self, name: &str, settings: Settings, now_ms: i64) -> Result<(), Error> {
        self.check_redrive(name, &settings)?;
        let (queue, journal) = self.at(name, now_ms)?;
        if queue.settings != settings {
            queue.settings = settings;
            queue.modified_ms = now_ms;
            journal.push(Write::queue(queue));
            queue.bell.notify_waiters();
        }
        Ok(())
    }

    /// A dead-letter queue must exist, be of the same type, and allow this source.
    fn check_redrive(&self, name: &str, settings: &Settings) -> Result<(), Error> {
        let Some(policy) = &settings.redrive else { return Ok(()) };
        let invalid = |reason: &str| Err(Error::value(policy.format(), "RedrivePolicy", reason));
        let target = self
            .place
            .queue_of_arn(&policy.target_arn)
            .and_then(|target| self.queues.get(target));
        let Some(target) = target else {
            return invalid("Dead letter target does not exist.");
        };
        if target.is_fifo() != settings.fifo.is_some() {
            return invalid("Dead-letter queue must be same type of queue as the source.");
        }
        let allowed = target
            .settings
            .redrive_allow
            .as_ref()
            .is_none_or(|allow| allow.allows(&self.place.arn(name)));
        if allowed {
            Ok(())
        } else {
            invalid("The dead-letter queue does not allow this source queue.")
        }
    }

    pub(crate) fn tag(&mut self, name: &str, tags: BTreeMap<String, String>) -> Result<(), Error> {
        let queue = self.queues.get_mut(name).ok_or(Error::QueueDoesNotExist)?;
        let mut merged = queue.tags.clone();
        merged.extend(tags);
        check_tags(&merged)?;
        queue.tags = merged;
        self.journal.push(Write::queue(queue));
        Ok(())
    }

    pub(crate) fn untag(&mut self, name: &str, keys: &[String]) -> Result<(), Error> {
        let queue = self.queues.get_mut(name).ok_or(Error::QueueDoesNotExist)?;
        queue.tags.retain(|key, _| !keys.contains(key));
        self.journal.push(Write::queue(queue));
        Ok(())
    }

    /// The names of the queues that have `target` as their dead-letter queue.
    pub(crate) fn sources_of(&self, target: &str) -> Vec<String> {
        let arn = self.place.arn(target);
        let feeds = |queue: &&Queue| {
            queue
                .settings
                .redrive
                .as_ref()
                .is_some_and(|policy| policy.target_arn == arn)
        };
        self.queues
            .values()
            .filter(feeds)
            .map(|queue| queue.name.to_string())
            .collect()
    }

    /// All attributes of a queue: settings, counters and times.
    pub(crate) fn attributes(&mut self, name: &str, now_ms: i64) -> Result<AttributeTexts, Error> {
        let arn = self.place.arn(name);
        let (queue, _) = self.at(name, now_ms)?;
        let counts = queue.statistics(now_ms);
        let seconds = |ms: i64| ms.div_euclid(1_000).to_string();
        let mut texts = queue.settings.texts();
        texts.extend([
            ("QueueArn".to_owned(), arn),
            ("ApproximateNumberOfMessages".to_owned(), counts.visible.to_string()),
            (
                "ApproximateNumberOfMessagesNotVisible".to_owned(),
                counts.in_flight.to_string(),
            ),
            (
                "ApproximateNumberOfMessagesDelayed".to_owned(),
                counts.delayed.to_string(),
            ),
            ("CreatedTimestamp".to_owned(), seconds(queue.created_ms)),
            ("LastModifiedTimestamp".to_owned(), seconds(queue.modified_ms)),
        ]);
        Ok(texts)
    }

    pub(crate) fn bell(&self, name: &str) -> Result<Arc<Notify>, Error> {
        self.queues
            .get(name)
            .map(|queue| Arc::clone(&queue.bell))
            .ok_or(Error::QueueDoesNotExist)
    }
}

fn check_tags(tags: &BTreeMap<String, String>) -> Result<(), Error> {
    let fits = |(key, value): (&String, &String)| {
        (1..=TAG_KEY_CHARS_MAX).contains(&key.chars().count()) && value.chars().count() <= TAG_VALUE_CHARS_MAX
    };
    if tags.len() <= TAGS_MAX && tags.iter().all(fits) {
        return Ok(());
    }
    Err(Error::InvalidParameterValue(format!(
        "A queue has at most {TAGS_MAX} tags, with keys of 1 to {TAG_KEY_CHARS_MAX} and values of at most {TAG_VALUE_CHARS_MAX} characters."
    )))
}

/// One page of names after `token`, and the token of the next page if there is one.
pub(crate) fn page(
    names: impl Iterator<Item = String>,
    after: Option<&str>,
    max: Option<usize>,
) -> (Vec<String>, Option<String>) {
    let mut rest = names.filter(|name| after.is_none_or(|after| name.as_str() > after));
    let page: Vec<String> = rest.by_ref().take(max.unwrap_or(PAGE_MAX).min(PAGE_MAX)).collect();
    let next = rest.next().and_then(|_| page.last().cloned());
    (page, next)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_arn_names_a_queue_of_this_place_only() {
        let place = Place::default();
        assert_eq!(place.queue_of_arn(&place.arn("orders.fifo")), Some("orders.fifo"));
        assert_eq!(place.queue_of_arn("arn:aws:sqs:eu-west-1:000000000000:orders"), None);
        assert_eq!(place.queue_of_arn("arn:aws:sqs:us-east-1:000000000000:"), None);
        assert_eq!(place.queue_of_arn("orders"), None);
    }

    #[test]
    fn pages_follow_one_another_without_gap_or_repeat() {
        let names = || ["a", "b", "c"].into_iter().map(str::to_owned);
        let (first, next) = page(names(), None, Some(2));
        assert_eq!(
            (first, next.as_deref()),
            (vec!["a".to_owned(), "b".to_owned()], Some("b"))
        );
        assert_eq!(page(names(), next.as_deref(), Some(2)), (vec!["c".to_owned()], None));
    }
}
