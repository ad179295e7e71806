//! Keyed hashes: of OTPs, and of user ids where they only have to be found again.

use aws_lc_rs::constant_time::verify_slices_are_equal;
use aws_lc_rs::hmac;

/// Returns HMAC-SHA-256 of `parts` under `key`. Each part is preceded by its length, so that no two
/// lists of parts are the same message.
#[must_use]
pub fn keyed(key: &[u8; 32], parts: &[&[u8]]) -> [u8; 32] {
    let mut context = hmac::Context::with_key(&hmac::Key::new(hmac::HMAC_SHA256, key));
    for part in parts {
        context.update(&(part.len() as u64).to_be_bytes());
        context.update(part);
    }
    let mut hash = [0; 32];
    hash.copy_from_slice(context.sign().as_ref());
    hash
}

/// Compares two hashes in a time that does not tell where they differ.
#[must_use]
pub fn equal(one: &[u8; 32], other: &[u8; 32]) -> bool {
    verify_slices_are_equal(one, other).is_ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn parts_that_join_to_one_text_have_different_hashes() {
        let key = [7; 32];
        assert_ne!(keyed(&key, &[b"ab", b"c"]), keyed(&key, &[b"a", b"bc"]));
        assert_ne!(keyed(&key, &[b"abc"]), keyed(&[8; 32], &[b"abc"]));
        assert!(equal(&keyed(&key, &[b"abc"]), &keyed(&key, &[b"abc"])));
    }
}
