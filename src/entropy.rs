//! The only place that draws random bytes.

use std::sync::Mutex;

use aws_lc_rs::digest;

/// A source of random bytes.
pub trait Entropy: Send + Sync {
    /// Fills `out` with bytes that nobody can foretell.
    fn fill(&self, out: &mut [u8]);
}

impl dyn Entropy + '_ {
    /// Returns `N` random bytes.
    #[must_use]
    pub fn bytes<const N: usize>(&self) -> [u8; N] {
        let mut out = [0; N];
        self.fill(&mut out);
        out
    }

    /// Returns a number below `bound`, each as likely as the next; `bound` is at least 1.
    #[must_use]
    pub fn below(&self, bound: u64) -> u64 {
        let zone = u64::MAX - u64::MAX % bound;
        loop {
            let drawn = u64::from_le_bytes(self.bytes());
            if drawn < zone {
                return drawn % bound;
            }
        }
    }
}

/// The operating system's generator.
#[derive(Clone, Copy, Debug, Default)]
pub struct System;

impl Entropy for System {
    #[expect(clippy::disallowed_methods, reason = "this is the place that draws")]
    fn fill(&self, out: &mut [u8]) {
        getrandom::fill(out).expect("Linux answers getrandom once it has booted");
    }
}

/// The same bytes for the same seed: for tests, and for the demo's made-up residents.
#[derive(Debug)]
pub struct Seeded {
    seed: u64,
    drawn: Mutex<u64>,
}

impl Seeded {
    /// Returns a generator that repeats itself for an equal `seed`.
    #[must_use]
    pub fn new(seed: u64) -> Self {
        Self { seed, drawn: Mutex::new(0) }
    }
}

impl Entropy for Seeded {
    fn fill(&self, out: &mut [u8]) {
        let mut drawn = self.drawn.lock().expect("nothing panics while it holds this lock");
        for chunk in out.chunks_mut(32) {
            let mut block = [0; 16];
            block[..8].copy_from_slice(&self.seed.to_le_bytes());
            block[8..].copy_from_slice(&drawn.to_le_bytes());
            *drawn += 1;
            let hash = digest::digest(&digest::SHA256, &block);
            chunk.copy_from_slice(&hash.as_ref()[..chunk.len()]);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_equal_seed_repeats_itself_and_another_does_not() {
        let draw = |seed| {
            let seeded = Seeded::new(seed);
            let entropy: &dyn Entropy = &seeded;
            entropy.bytes::<40>()
        };
        assert_eq!(draw(7), draw(7));
        assert_ne!(draw(7), draw(8));
    }
}
