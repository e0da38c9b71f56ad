//! What people sign in with: an e-mail address or a phone number, in one normal form each.

use serde::{Deserialize, Serialize};

/// The longest e-mail address, in bytes (RFC 5321, 4.5.3.1.3).
const EMAIL_BYTES_MAX: usize = 254;
/// The longest part before the `@`, in bytes.
const LOCAL_BYTES_MAX: usize = 64;
/// Digits of an E.164 number after the plus.
const PHONE_DIGITS: std::ops::RangeInclusive<usize> = 8..=15;
/// The longest text that is read as a phone number, in bytes.
const PHONE_BYTES_MAX: usize = 32;

/// How a person is reached.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Channel {
    /// By e-mail.
    Email,
    /// By text message.
    Sms,
}

/// An e-mail address or a phone number in normal form.
#[derive(Clone, PartialEq, Eq, Hash)]
pub struct Identifier {
    channel: Channel,
    normal: String,
}

/// A text that is neither an e-mail address nor a phone number.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum IdentifierError {
    /// Not an e-mail address.
    #[error("not an e-mail address")]
    Email,
    /// Not a phone number.
    #[error("not a phone number with its country, such as +8613800138000")]
    Phone,
}

impl Identifier {
    /// An e-mail address, in lower case. International domains come in their ASCII form.
    ///
    /// # Errors
    ///
    /// `Email`.
    pub fn email(text: &str) -> Result<Self, IdentifierError> {
        let normal = text.trim().to_ascii_lowercase();
        let fits = normal.len() <= EMAIL_BYTES_MAX
            && normal
                .rsplit_once('@')
                .is_some_and(|(local, domain)| is_local(local) && is_domain(domain));
        fits.then_some(Self {
            channel: Channel::Email,
            normal,
        })
        .ok_or(IdentifierError::Email)
    }

    /// A phone number in E.164. Spaces, dots, dashes and brackets are dropped, `00` is read as `+`, and a bare Chinese
    /// mobile number gets its `+86`.
    ///
    /// # Errors
    ///
    /// `Phone`.
    pub fn phone(text: &str) -> Result<Self, IdentifierError> {
        if text.len() > PHONE_BYTES_MAX {
            return Err(IdentifierError::Phone);
        }
        let bare: String = text
            .chars()
            .filter(|c| !matches!(c, ' ' | '-' | '.' | '(' | ')'))
            .collect();
        let digits = if let Some(digits) = bare.strip_prefix('+') {
            digits.to_owned()
        } else if let Some(digits) = bare.strip_prefix("00") {
            digits.to_owned()
        } else if is_chinese_mobile(&bare) {
            format!("86{bare}")
        } else {
            return Err(IdentifierError::Phone);
        };
        let fits = PHONE_DIGITS.contains(&digits.len())
            && digits.bytes().all(|byte| byte.is_ascii_digit())
            && !digits.starts_with('0');
        fits.then(|| Self {
            channel: Channel::Sms,
            normal: format!("+{digits}"),
        })
        .ok_or(IdentifierError::Phone)
    }

    /// How it is reached.
    pub const fn channel(&self) -> Channel {
        self.channel
    }

    /// The normal form. Personal data: seal it or hash it, never log it.
    pub fn normal(&self) -> &str {
        &self.normal
    }

    /// The kind for the blind index: `email` or `phone`.
    pub const fn kind(&self) -> &'static str {
        match self.channel {
            Channel::Email => "email",
            Channel::Sms => "phone",
        }
    }

    /// Whether codes may be sent there: an e-mail address, or a number of one of these country codes (`86`). Numbers
    /// elsewhere are what toll fraud uses.
    pub fn is_within(&self, countries: &[String]) -> bool {
        match self.channel {
            Channel::Email => true,
            Channel::Sms => {
                let digits = self.normal.trim_start_matches('+');
                countries.iter().any(|country| digits.starts_with(country.as_str()))
            }
        }
    }
}

impl std::fmt::Debug for Identifier {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Identifier")
            .field("channel", &self.channel)
            .finish_non_exhaustive()
    }
}

fn is_local(local: &str) -> bool {
    (1..=LOCAL_BYTES_MAX).contains(&local.len())
        && local
            .bytes()
            .all(|b| b.is_ascii_alphanumeric() || b"!#$%&'*+/=?^_`{|}~.-".contains(&b))
        && !local.starts_with('.')
        && !local.ends_with('.')
        && !local.contains("..")
}

fn is_domain(domain: &str) -> bool {
    let label = |label: &str| {
        (1..=63).contains(&label.len())
            && label.bytes().all(|b| b.is_ascii_alphanumeric() || b == b'-')
            && !label.starts_with('-')
            && !label.ends_with('-')
    };
    domain.contains('.') && domain.split('.').all(label)
}

fn is_chinese_mobile(bare: &str) -> bool {
    bare.len() == 11
        && bare.starts_with('1')
        && bare.bytes().all(|byte| byte.is_ascii_digit())
        && bare
            .as_bytes()
            .get(1)
            .is_some_and(|second| (b'3'..=b'9').contains(second))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn spellings_of_one_address_are_one_identifier() {
        let normal = |text| Identifier::email(text).map(|id| id.normal().to_owned());
        assert_eq!(normal(" Ada@Example.COM "), Ok("ada@example.com".to_owned()));
        let normal = |text| Identifier::phone(text).map(|id| id.normal().to_owned());
        for text in ["13800138000", "+86 138-0013-8000", "0086 (138) 0013.8000"] {
            assert_eq!(normal(text), Ok("+8613800138000".to_owned()), "{text}");
        }
    }

    #[test]
    fn what_is_no_address_is_refused() {
        for text in [
            "",
            "ada",
            "ada@",
            "@x.example",
            "a b@x.example",
            "ada@localhost",
            "a@-x.example",
            "a..b@x.example",
        ] {
            assert_eq!(Identifier::email(text), Err(IdentifierError::Email), "{text}");
        }
        for text in [
            "",
            "12345678",
            "+",
            "+0123456789",
            "+1234567",
            "+12345678901234567",
            "+86abc12345678",
            "12800138000",
        ] {
            assert_eq!(Identifier::phone(text), Err(IdentifierError::Phone), "{text}");
        }
    }

    #[test]
    fn numbers_outside_the_allowed_countries_get_no_codes() {
        let countries = ["86".to_owned()];
        assert!(Identifier::phone("+8613800138000").unwrap().is_within(&countries));
        assert!(!Identifier::phone("+4915112345678").unwrap().is_within(&countries));
        assert!(Identifier::email("a@x.example").unwrap().is_within(&countries));
    }

    #[test]
    fn an_identifier_does_not_show_itself() {
        assert!(!format!("{:?}", Identifier::email("ada@x.example").unwrap()).contains("ada"));
    }
}
