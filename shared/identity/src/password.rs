//! Passwords: what is accepted, and how they are kept.

use argon2::{Algorithm, Argon2, Params, Version};
use base64::{Engine, engine::general_purpose::STANDARD_NO_PAD};
use kernel::Ambient;
use secrecy::{ExposeSecret, SecretString};
use serde::{Deserialize, Serialize};
use subtle::ConstantTimeEq;
use unicode_normalization::UnicodeNormalization;

use crate::{Peppers, peppers::Purpose};

/// The fewest characters of a password (NIST SP 800-63B, ASVS 6.2.1).
pub const PASSWORD_CHARS_MIN: usize = 8;
/// The fewest characters of a member of staff's password.
pub const STAFF_PASSWORD_CHARS_MIN: usize = 12;
/// The most characters of a password.
pub const PASSWORD_CHARS_MAX: usize = 128;

/// Memory of one hash, in KiB; with [`PASSES`] and [`LANES`] the least that OWASP's password storage sheet allows.
const MEMORY_KIB: u32 = 19_456;
const PASSES: u32 = 2;
const LANES: u32 = 1;
/// The most memory that a kept hash may ask for, in KiB: a changed item must not take the function down.
const MEMORY_KIB_MAX: u32 = 65_536;
const PASSES_MAX: u32 = 8;
const LANES_MAX: u32 = 4;
const SALT_BYTES: usize = 16;
const HASH_BYTES: usize = 32;

/// Passwords of eight or more characters that every list of leaked passwords begins with.
const COMMON: &[&str] = &[
    "00000000",
    "11111111",
    "12121212",
    "12341234",
    "12344321",
    "12345678",
    "123456789",
    "1234567890",
    "123123123",
    "11223344",
    "87654321",
    "88888888",
    "66666666",
    "987654321",
    "1q2w3e4r",
    "1q2w3e4r5t",
    "1qaz2wsx",
    "a1234567",
    "a12345678",
    "a123456789",
    "aa123456",
    "abc12345",
    "abcd1234",
    "abcdefgh",
    "admin123",
    "administrator",
    "baseball",
    "changeme",
    "computer",
    "football",
    "iloveyou",
    "iloveyou1",
    "letmein1",
    "microsoft",
    "passw0rd",
    "password",
    "password1",
    "password12",
    "password123",
    "password1234",
    "princess",
    "q1w2e3r4",
    "qazwsxedc",
    "qwer1234",
    "qwerty12",
    "qwerty123",
    "qwerty1234",
    "qwertyui",
    "qwertyuiop",
    "starwars",
    "sunshine",
    "superman",
    "trustno1",
    "tradepost",
    "tradepost1",
    "tradepost123",
    "welcome1",
    "welcome123",
    "woaini1314",
    "woaini520",
    "zxcvbnm1",
    "zxcvbnm123",
    "5201314520",
    "asdfghjkl",
    "asdf1234",
];

/// A password that follows the rules, in Unicode's NFKC, so that every keyboard gives the same.
#[derive(Debug, Clone)]
pub struct Password(SecretString);

/// Why a password was refused.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum PasswordError {
    /// Too short.
    #[error("a password has at least {min} characters")]
    Short {
        /// The limit.
        min: usize,
    },
    /// Too long.
    #[error("a password has at most {PASSWORD_CHARS_MAX} characters")]
    Long,
    /// Known to everybody.
    #[error("this password is one of the first that an attacker tries")]
    Common,
}

impl Password {
    /// A new password for an account: all rules apply.
    ///
    /// # Errors
    ///
    /// See [`PasswordError`].
    pub fn chosen(text: &str, chars_min: usize) -> Result<Self, PasswordError> {
        let normal: String = text.nfkc().collect();
        let chars = normal.chars().count();
        if chars < chars_min {
            return Err(PasswordError::Short { min: chars_min });
        }
        if chars > PASSWORD_CHARS_MAX {
            return Err(PasswordError::Long);
        }
        let first = normal.chars().next();
        if COMMON.contains(&normal.to_lowercase().as_str()) || normal.chars().all(|c| Some(c) == first) {
            return Err(PasswordError::Common);
        }
        Ok(Self(SecretString::from(normal)))
    }

    /// A password that somebody signs in with: any, but not of a length that costs.
    ///
    /// # Errors
    ///
    /// `Long`.
    pub fn offered(text: &str) -> Result<Self, PasswordError> {
        if text.chars().count() > PASSWORD_CHARS_MAX {
            return Err(PasswordError::Long);
        }
        Ok(Self(SecretString::from(text.nfkc().collect::<String>())))
    }
}

/// A password as it is kept: argon2id over its keyed hash.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct PasswordHash {
    /// Version of the pepper.
    pepper: String,
    memory_kib: u32,
    passes: u32,
    lanes: u32,
    salt: String,
    hash: String,
}

/// Hashing failed: a pepper's version is gone or a kept hash is broken.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("password hash: {0}")]
pub struct HashError(pub(crate) &'static str);

impl PasswordHash {
    /// Hashes with current parameters. Takes tens of milliseconds of a processor and 19 MiB: call it on a thread that may
    /// block.
    ///
    /// # Errors
    ///
    /// Only for parameters that argon2 refuses.
    pub fn of(password: &Password, peppers: &Peppers, ambient: &Ambient) -> Result<Self, HashError> {
        let mut empty = Self {
            pepper: peppers.current().to_owned(),
            memory_kib: MEMORY_KIB,
            passes: PASSES,
            lanes: LANES,
            salt: STANDARD_NO_PAD.encode(ambient.random_bytes::<SALT_BYTES>()),
            hash: String::new(),
        };
        empty.hash = STANDARD_NO_PAD.encode(empty.compute(password, peppers)?);
        Ok(empty)
    }

    /// A hash that no password has: verifying against it takes as long as against a real one, so that time does not tell
    /// which accounts exist.
    pub fn dummy(peppers: &Peppers) -> Self {
        Self {
            pepper: peppers.current().to_owned(),
            memory_kib: MEMORY_KIB,
            passes: PASSES,
            lanes: LANES,
            salt: STANDARD_NO_PAD.encode([0; SALT_BYTES]),
            hash: String::new(),
        }
    }

    /// Whether this is the password. As slow as hashing.
    ///
    /// # Errors
    ///
    /// When the pepper's version is gone or the kept parameters are out of bounds.
    pub fn verify(&self, password: &Password, peppers: &Peppers) -> Result<bool, HashError> {
        let computed = self.compute(password, peppers)?;
        let kept = STANDARD_NO_PAD
            .decode(&self.hash)
            .map_err(|_| HashError("not base64"))?;
        Ok(kept.ct_eq(computed.as_slice()).into())
    }

    /// Whether it was made with an old pepper or weaker parameters than today's.
    pub fn is_outdated(&self, peppers: &Peppers) -> bool {
        self.pepper != peppers.current() || self.memory_kib < MEMORY_KIB || self.passes < PASSES
    }

    fn compute(&self, password: &Password, peppers: &Peppers) -> Result<[u8; HASH_BYTES], HashError> {
        if self.memory_kib > MEMORY_KIB_MAX || self.passes > PASSES_MAX || self.lanes > LANES_MAX {
            return Err(HashError("parameters out of bounds"));
        }
        let params = Params::new(self.memory_kib, self.passes, self.lanes, Some(HASH_BYTES))
            .map_err(|_| HashError("parameters refused"))?;
        let peppered = peppers
            .mac(&self.pepper, Purpose::Password, password.0.expose_secret().as_bytes())
            .ok_or(HashError("its pepper is gone"))?;
        let salt = STANDARD_NO_PAD
            .decode(&self.salt)
            .map_err(|_| HashError("not base64"))?;
        let mut hash = [0; HASH_BYTES];
        Argon2::new(Algorithm::Argon2id, Version::V0x13, params)
            .hash_password_into(peppered.as_ref(), &salt, &mut hash)
            .map_err(|_| HashError("argon2 refused"))?;
        Ok(hash)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::testing::{ambient, peppers};

    fn chosen(text: &str) -> Result<Password, PasswordError> {
        Password::chosen(text, PASSWORD_CHARS_MIN)
    }

    #[test]
    fn only_the_password_verifies_whatever_the_keyboard() {
        let hash = PasswordHash::of(&chosen("caf\u{e9} au lait").unwrap(), &peppers(), &ambient()).unwrap();
        let verify = |text| hash.verify(&Password::offered(text).unwrap(), &peppers());
        assert_eq!(verify("cafe\u{301} au lait"), Ok(true));
        assert_eq!(verify("cafe au lait"), Ok(false));
        assert_eq!(verify(""), Ok(false));
        assert!(!hash.is_outdated(&peppers()));
    }

    #[test]
    fn the_same_password_is_kept_in_two_ways() {
        let password = chosen("correct horse").unwrap();
        let ambient = ambient();
        let hash = || PasswordHash::of(&password, &peppers(), &ambient).unwrap();
        assert_ne!(hash(), hash());
    }

    #[test]
    fn no_password_has_the_dummy_hash() {
        let dummy = PasswordHash::dummy(&peppers());
        assert_eq!(dummy.verify(&Password::offered("").unwrap(), &peppers()), Ok(false));
    }

    #[test]
    fn a_hash_whose_pepper_is_gone_or_whose_cost_is_absurd_is_an_error() {
        let password = chosen("correct horse").unwrap();
        let hash = PasswordHash::of(&password, &peppers(), &ambient()).unwrap();
        let other = Peppers::parse(&SecretString::from(format!(
            r#"{{"current":"9","keys":{{"9":"{}"}}}}"#,
            "z".repeat(32)
        )));
        assert!(hash.verify(&password, &other.unwrap()).is_err());
        let absurd = PasswordHash {
            memory_kib: u32::MAX,
            ..hash
        };
        assert!(absurd.verify(&password, &peppers()).is_err());
    }

    #[test]
    fn weak_passwords_are_refused() {
        assert_eq!(chosen("seven77").unwrap_err(), PasswordError::Short { min: 8 });
        assert_eq!(chosen("Password123").unwrap_err(), PasswordError::Common);
        assert_eq!(chosen("zzzzzzzzzz").unwrap_err(), PasswordError::Common);
        assert_eq!(chosen(&"ab".repeat(65)).unwrap_err(), PasswordError::Long);
        assert!(COMMON.iter().all(|common| common.chars().count() >= PASSWORD_CHARS_MIN));
    }
}
