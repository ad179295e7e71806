//! Numbers that repeat themselves, in the place of the program's `entropy`, which needs its cryptography.

use std::sync::atomic::{AtomicU64, Ordering};

pub trait Entropy {
    fn fill(&self, out: &mut [u8]);
}

impl dyn Entropy + '_ {
    pub fn below(&self, bound: u64) -> u64 {
        let mut number = [0; 8];
        self.fill(&mut number);
        u64::from_le_bytes(number) % bound
    }
}

pub struct Seeded(AtomicU64);

impl Seeded {
    pub fn new(seed: u64) -> Self {
        Self(AtomicU64::new(seed))
    }
}

impl Seeded {
    fn next(&self) -> u64 {
        // Splitmix.
        let state = self.0.fetch_add(0x9e37_79b9_7f4a_7c15, Ordering::Relaxed);
        let mixed = (state ^ (state >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        mixed ^ (mixed >> 27)
    }
}

impl Entropy for Seeded {
    fn fill(&self, out: &mut [u8]) {
        for chunk in out.chunks_mut(8) {
            chunk.copy_from_slice(&self.next().to_le_bytes()[..chunk.len()]);
        }
    }
}
