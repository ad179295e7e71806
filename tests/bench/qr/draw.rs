//! Draws numbers from a seed: quick enough for the noise of some thousand pictures.

#![expect(clippy::cast_precision_loss, reason = "a draw has fewer bits than a fraction")]

/// A generator (SplitMix64) that repeats itself for an equal seed.
pub(crate) struct Draw(u64);

impl Draw {
    pub(crate) fn new(seed: u64) -> Self {
        let mut draw = Self(seed);
        draw.bits();
        draw
    }

    pub(crate) fn bits(&mut self) -> u64 {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mut z = self.0;
        z = (z ^ (z >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        z = (z ^ (z >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        z ^ (z >> 31)
    }

    /// A whole number below `bound`.
    pub(crate) fn below(&mut self, bound: usize) -> usize {
        let drawn = self.bits() % (bound.max(1) as u64);
        usize::try_from(drawn).unwrap_or(0)
    }

    /// From 0 to 1.
    pub(crate) fn unit(&mut self) -> f32 {
        (self.bits() >> 40) as f32 / (1_u64 << 24) as f32
    }

    /// From the first to the second.
    pub(crate) fn range(&mut self, (from, to): (f32, f32)) -> f32 {
        from + (to - from) * self.unit()
    }

    /// The same, with either sign.
    pub(crate) fn either(&mut self, range: (f32, f32)) -> f32 {
        let drawn = self.range(range);
        if self.chance(0.5) { drawn } else { -drawn }
    }

    pub(crate) fn chance(&mut self, likely: f32) -> bool {
        self.unit() < likely
    }

    /// From a bell around 0 of deviation 1, cut off at 3.5: eight even draws added up.
    pub(crate) fn bell(&mut self) -> f32 {
        let sum: u32 = self.bits().to_le_bytes().iter().map(|byte| u32::from(*byte)).sum();
        (sum as f32 - 1020.0) / 209.0
    }

    /// A PRID as the contract's generator would draw it, near enough: 14 digits, the last of them
    /// the check digit.
    pub(crate) fn prid(&mut self) -> String {
        loop {
            let digits: String = (0..14)
                .map(|i| char::from(b'0' + if i == 0 { 2 + self.digit(8) } else { self.digit(10) }))
                .collect();
            let prid = prereg_node::domain::prid::Prid::parse(&digits);
            if prid.is_ok_and(|prid| prid.is_plausible()) {
                return digits;
            }
        }
    }

    fn digit(&mut self, bound: usize) -> u8 {
        u8::try_from(self.below(bound)).unwrap_or(0)
    }
}
