//! The two integers of an `RSAPublicKey` (RFC 8017 A.1.1): all the DER that is needed to publish a key.

const SEQUENCE: u8 = 0x30;
const INTEGER: u8 = 0x02;

/// Modulus and exponent, big endian, without leading zeros.
pub(super) fn rsa_public_key(der: &[u8]) -> Option<(&[u8], &[u8])> {
    let (body, rest) = value(der, SEQUENCE)?;
    let (modulus, after) = value(body, INTEGER)?;
    let (exponent, end) = value(after, INTEGER)?;
    (rest.is_empty() && end.is_empty()).then_some((trimmed(modulus), trimmed(exponent)))
}

/// The content of the first value, which must have the tag, and what follows it.
fn value(der: &[u8], tag: u8) -> Option<(&[u8], &[u8])> {
    let (&found, rest) = der.split_first()?;
    let (&first, rest) = rest.split_first()?;
    let (length, rest) = if first < 0x80 {
        (usize::from(first), rest)
    } else {
        let (bytes, rest) = rest.split_at_checked(usize::from(first & 0x7f))?;
        // Two bytes of length hold keys of up to half a million bits.
        let length = bytes.iter().try_fold(0_usize, |sum, &byte| {
            let next = sum.checked_mul(256)?.checked_add(usize::from(byte))?;
            (next <= 0xffff).then_some(next)
        })?;
        (length, rest)
    };
    (found == tag).then(|| rest.split_at_checked(length)).flatten()
}

fn trimmed(integer: &[u8]) -> &[u8] {
    let zeros = integer.iter().take_while(|&&byte| byte == 0).count();
    integer.get(zeros..).unwrap_or_default()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn short_and_long_lengths_are_read() {
        assert_eq!(
            rsa_public_key(&[0x30, 8, 2, 3, 0, 0x81, 5, 2, 1, 3]),
            Some((&[0x81, 5][..], &[3][..]))
        );
        assert_eq!(
            rsa_public_key(&[0x30, 0x81, 7, 2, 2, 0x71, 5, 2, 1, 3]),
            Some((&[0x71, 5][..], &[3][..]))
        );
    }

    #[test]
    fn anything_else_is_no_key() {
        for broken in [
            &[][..],
            &[0x30],
            &[0x31, 7, 2, 2, 0x71, 5, 2, 1, 3],
            &[0x30, 7, 2, 2, 0x71, 5, 2, 1],
            &[0x30, 7, 2, 2, 0x71, 5, 2, 1, 3, 0],
            &[0x30, 0x88, 255, 255, 255, 255, 255, 255, 255, 255],
        ] {
            assert_eq!(rsa_public_key(broken), None, "{broken:?}");
        }
    }
}
