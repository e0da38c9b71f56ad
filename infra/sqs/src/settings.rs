//! The attributes that a queue's owner sets, typed, with their ranges.

use std::collections::BTreeMap;

use crate::error::Error;
use crate::limits::{
    DELAY_SECONDS_MAX, MESSAGE_BYTES_LIMIT_MIN, MESSAGE_BYTES_MAX, QUEUE_NAME_CHARS_MAX, RETENTION_SECONDS_MAX,
    RETENTION_SECONDS_MIN, VISIBILITY_SECONDS_MAX, WAIT_SECONDS_MAX,
};
use crate::redrive::{RedriveAllowPolicy, RedrivePolicy};

/// Attribute names and texts, as requests and answers carry them.
pub type AttributeTexts = BTreeMap<String, String>;

/// A queue's settings. Durations are in seconds.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Settings {
    pub(crate) visibility_s: i64,
    pub(crate) delay_s: i64,
    pub(crate) retention_s: i64,
    pub(crate) wait_s: i64,
    pub(crate) message_bytes_max: usize,
    pub(crate) redrive: Option<RedrivePolicy>,
    pub(crate) redrive_allow: Option<RedriveAllowPolicy>,
    /// `None`: a standard queue.
    pub(crate) fifo: Option<FifoSettings>,
    /// Attributes that are kept and shown but change nothing here: access policy and encryption.
    inert: AttributeTexts,
}

/// What only FIFO queues have.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) struct FifoSettings {
    pub(crate) content_based: bool,
    /// Deduplication within each message group rather than in the whole queue.
    pub(crate) per_group: bool,
    /// High-throughput mode; changes nothing here but goes with `per_group`.
    pub(crate) throughput_per_group: bool,
}

impl Settings {
    /// The settings of a new queue: AWS's defaults, then what was given.
    pub(crate) fn create(name: &str, given: &AttributeTexts) -> Result<Self, Error> {
        let wants_fifo = given.get("FifoQueue").is_some_and(|value| value == "true");
        check_name(name, wants_fifo)?;
        let defaults = Self {
            visibility_s: 30,
            delay_s: 0,
            retention_s: 345_600,
            wait_s: 0,
            message_bytes_max: MESSAGE_BYTES_MAX,
            redrive: None,
            redrive_allow: None,
            fifo: wants_fifo.then(FifoSettings::default),
            inert: AttributeTexts::from([("SqsManagedSseEnabled".to_owned(), "true".to_owned())]),
        };
        defaults.with(given)
    }

    /// These settings, changed by what was given.
    pub(crate) fn with(mut self, given: &AttributeTexts) -> Result<Self, Error> {
        for (name, text) in given {
            self.set(name, text)?;
        }
        match self.fifo {
            Some(fifo) if fifo.throughput_per_group && !fifo.per_group => Err(Error::InvalidAttributeValue(
                "FifoThroughputLimit: perMessageGroupId needs DeduplicationScope messageGroup".into(),
            )),
            Some(_) | None => Ok(self),
        }
    }

    fn set(&mut self, name: &str, text: &str) -> Result<(), Error> {
        match name {
            "VisibilityTimeout" => self.visibility_s = seconds(name, text, 0, VISIBILITY_SECONDS_MAX)?,
            "DelaySeconds" => self.delay_s = seconds(name, text, 0, DELAY_SECONDS_MAX)?,
            "MessageRetentionPeriod" => {
                self.retention_s = seconds(name, text, RETENTION_SECONDS_MIN, RETENTION_SECONDS_MAX)?;
            }
            "ReceiveMessageWaitTimeSeconds" => self.wait_s = seconds(name, text, 0, WAIT_SECONDS_MAX)?,
            "MaximumMessageSize" => {
                let max = i64::try_from(MESSAGE_BYTES_MAX).unwrap_or(i64::MAX);
                let bytes = seconds(name, text, MESSAGE_BYTES_LIMIT_MIN, max)?;
                self.message_bytes_max = usize::try_from(bytes).unwrap_or(MESSAGE_BYTES_MAX);
            }
            "RedrivePolicy" if text.is_empty() => self.redrive = None,
            "RedrivePolicy" => self.redrive = Some(RedrivePolicy::parse(text)?),
            "RedriveAllowPolicy" if text.is_empty() => self.redrive_allow = None,
            "RedriveAllowPolicy" => self.redrive_allow = Some(RedriveAllowPolicy::parse(text)?),
            "Policy" | "KmsMasterKeyId" | "SqsManagedSseEnabled" | "KmsDataKeyReusePeriodSeconds" => {
                if name == "KmsDataKeyReusePeriodSeconds" {
                    seconds(name, text, 60, 86_400)?;
                }
                if name == "SqsManagedSseEnabled" {
                    flag(name, text)?;
                }
                if name == "KmsMasterKeyId" && !text.is_empty() {
                    self.inert.insert("SqsManagedSseEnabled".to_owned(), "false".to_owned());
                }
                if text.is_empty() {
                    self.inert.remove(name);
                } else {
                    self.inert.insert(name.to_owned(), text.to_owned());
                }
            }
            _ => return self.set_fifo(name, text),
        }
        Ok(())
    }

    fn set_fifo(&mut self, name: &str, text: &str) -> Result<(), Error> {
        let Some(fifo) = &mut self.fifo else {
            return Err(Error::InvalidAttributeName(name.to_owned()));
        };
        match (name, text) {
            ("FifoQueue", "true") => {}
            ("ContentBasedDeduplication", _) => fifo.content_based = flag(name, text)?,
            ("DeduplicationScope", "queue") => fifo.per_group = false,
            ("DeduplicationScope", "messageGroup") => fifo.per_group = true,
            ("FifoThroughputLimit", "perQueue") => fifo.throughput_per_group = false,
            ("FifoThroughputLimit", "perMessageGroupId") => fifo.throughput_per_group = true,
            ("FifoQueue" | "DeduplicationScope" | "FifoThroughputLimit", _) => {
                return Err(Error::InvalidAttributeValue(name.to_owned()));
            }
            _ => return Err(Error::InvalidAttributeName(name.to_owned())),
        }
        Ok(())
    }

    /// The settings as texts, complete enough to read them back.
    pub(crate) fn texts(&self) -> AttributeTexts {
        let mut texts = self.inert.clone();
        let mut put = |name: &str, text: String| texts.insert(name.to_owned(), text);
        put("VisibilityTimeout", self.visibility_s.to_string());
        put("DelaySeconds", self.delay_s.to_string());
        put("MessageRetentionPeriod", self.retention_s.to_string());
        put("ReceiveMessageWaitTimeSeconds", self.wait_s.to_string());
        put("MaximumMessageSize", self.message_bytes_max.to_string());
        if let Some(policy) = &self.redrive {
            put("RedrivePolicy", policy.format());
        }
        if let Some(policy) = &self.redrive_allow {
            put("RedriveAllowPolicy", policy.format());
        }
        if let Some(fifo) = self.fifo {
            let choose = |yes: bool, this: &str, that: &str| if yes { this.to_owned() } else { that.to_owned() };
            put("FifoQueue", "true".to_owned());
            put("ContentBasedDeduplication", fifo.content_based.to_string());
            put("DeduplicationScope", choose(fifo.per_group, "messageGroup", "queue"));
            put(
                "FifoThroughputLimit",
                choose(fifo.throughput_per_group, "perMessageGroupId", "perQueue"),
            );
        }
        texts
    }
}

fn check_name(name: &str, fifo: bool) -> Result<(), Error> {
    let stem = if fifo {
        name.strip_suffix(".fifo").unwrap_or_default()
    } else {
        name
    };
    let legal = |b: u8| b.is_ascii_alphanumeric() || matches!(b, b'-' | b'_');
    if !stem.is_empty() && name.len() <= QUEUE_NAME_CHARS_MAX && stem.bytes().all(legal) {
        return Ok(());
    }
    Err(Error::InvalidParameterValue(if fifo {
        "The name of a FIFO queue can only include alphanumeric characters, hyphens, or underscores, must end with .fifo suffix and be 1 to 80 in length.".into()
    } else {
        "The name of a standard queue can only include alphanumeric characters, hyphens, or underscores. 1 to 80 in length".into()
    }))
}

fn seconds(name: &str, text: &str, min: i64, max: i64) -> Result<i64, Error> {
    let parsed = text.parse().ok().filter(|value| (min..=max).contains(value));
    parsed.ok_or_else(|| Error::InvalidAttributeValue(name.to_owned()))
}

fn flag(name: &str, text: &str) -> Result<bool, Error> {
    text.to_ascii_lowercase()
        .parse()
        .map_err(|_| Error::InvalidAttributeValue(name.to_owned()))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn texts(pairs: &[(&str, &str)]) -> AttributeTexts {
        pairs
            .iter()
            .map(|(name, text)| ((*name).to_owned(), (*text).to_owned()))
            .collect()
    }

    #[test]
    fn values_outside_their_ranges_are_refused() {
        for (name, bad) in [
            ("VisibilityTimeout", "43201"),
            ("DelaySeconds", "901"),
            ("MessageRetentionPeriod", "59"),
            ("ReceiveMessageWaitTimeSeconds", "21"),
            ("MaximumMessageSize", "1048577"),
            ("MaximumMessageSize", "x"),
        ] {
            let error = Settings::create("q", &texts(&[(name, bad)])).unwrap_err();
            assert_eq!(error, Error::InvalidAttributeValue(name.into()));
        }
    }

    #[test]
    fn fifo_attributes_need_a_fifo_queue_and_its_name() {
        assert!(Settings::create("q", &texts(&[("ContentBasedDeduplication", "true")])).is_err());
        assert!(Settings::create("q", &texts(&[("FifoQueue", "true")])).is_err());
        assert!(Settings::create("q.fifo", &texts(&[])).is_err());
        assert!(Settings::create("q.fifo", &texts(&[("FifoQueue", "true")])).is_ok());
        let unscoped = texts(&[("FifoQueue", "true"), ("FifoThroughputLimit", "perMessageGroupId")]);
        assert!(Settings::create("q.fifo", &unscoped).is_err());
    }

    #[test]
    fn settings_read_back_from_their_texts() {
        let settings = Settings::create(
            "q.fifo",
            &texts(&[
                ("FifoQueue", "true"),
                ("DeduplicationScope", "messageGroup"),
                ("FifoThroughputLimit", "perMessageGroupId"),
                (
                    "RedrivePolicy",
                    r#"{"deadLetterTargetArn":"arn:d","maxReceiveCount":"4"}"#,
                ),
                ("SqsManagedSseEnabled", "true"),
            ]),
        )
        .unwrap();
        assert_eq!(Settings::create("q.fifo", &settings.texts()), Ok(settings));
    }
}
