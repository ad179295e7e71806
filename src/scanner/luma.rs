//! A picture in shades of grey, and the shapes of it that a decoder is shown when the picture itself
//! was no use.

use std::fmt;

/// A picture: one byte a pixel, 0 black and 255 white, row by row from the top left.
#[derive(Clone, PartialEq, Eq)]
pub struct Luma {
    width: usize,
    height: usize,
    pixels: Vec<u8>,
}

impl Luma {
    /// Returns the picture of `pixels`; `None` if it would be empty or they are not `width` times
    /// `height`.
    #[must_use]
    pub fn new(width: usize, height: usize, pixels: Vec<u8>) -> Option<Self> {
        let fits = width.checked_mul(height) == Some(pixels.len());
        (fits && !pixels.is_empty()).then_some(Self { width, height, pixels })
    }

    /// Returns the width in pixels, at least 1.
    #[must_use]
    pub fn width(&self) -> usize {
        self.width
    }

    /// Returns the height in pixels, at least 1.
    #[must_use]
    pub fn height(&self) -> usize {
        self.height
    }

    /// Returns the pixels, row by row.
    #[must_use]
    pub fn pixels(&self) -> &[u8] {
        &self.pixels
    }

    fn row(&self, y: usize) -> &[u8] {
        &self.pixels[y * self.width..][..self.width]
    }

    /// Returns the part of the picture that begins at `left` and `top`, not beyond its edges; `None`
    /// if that has no pixel.
    #[must_use]
    pub fn cut(&self, left: usize, top: usize, width: usize, height: usize) -> Option<Self> {
        let width = width.min(self.width.checked_sub(left)?);
        let height = height.min(self.height.checked_sub(top)?);
        let rows = top..top + height;
        let pixels = rows.flat_map(|y| self.row(y)[left..left + width].iter().copied()).collect();
        Self::new(width, height, pixels)
    }

    /// Returns the picture at `width` by `height`, each at least 1. It takes the two nearest pixels
    /// each way, so shrinking to less than half skips some.
    #[must_use]
    pub fn scaled(&self, width: usize, height: usize) -> Self {
        let columns = steps(self.width, width);
        let mut pixels = Vec::with_capacity(width * height);
        for (y, below, down) in steps(self.height, height) {
            let (upper, lower) = (self.row(y), self.row(below));
            pixels.extend(columns.iter().map(|&(x, next, right)| {
                let top = blend(u32::from(upper[x]), u32::from(upper[next]), right);
                let bottom = blend(u32::from(lower[x]), u32::from(lower[next]), right);
                narrow(blend(top, bottom, down) >> (2 * FRACTION))
            }));
        }
        Self { width, height, pixels }
    }

    /// Returns the picture with every square of `factor` by `factor` made one pixel, its mean. What
    /// is left over at the right and below is cut off; a side never gets shorter than 1.
    #[must_use]
    pub fn shrunk(&self, factor: usize) -> Self {
        let factor = factor.clamp(1, self.width.min(self.height));
        let (width, height) = (self.width / factor, self.height / factor);
        let area = u64::try_from(factor * factor).unwrap_or(u64::MAX);
        let mut pixels = Vec::with_capacity(width * height);
        let mut sums = vec![0_u64; width];
        for y in 0..height {
            sums.fill(0);
            for row in y * factor..(y + 1) * factor {
                for (sum, square) in sums.iter_mut().zip(self.row(row).chunks_exact(factor)) {
                    *sum += square.iter().copied().map(u64::from).sum::<u64>();
                }
            }
            pixels.extend(sums.iter().map(|sum| u8::try_from(sum / area).unwrap_or(u8::MAX)));
        }
        Self { width, height, pixels }
    }

    /// Returns the picture black for white.
    #[must_use]
    pub fn inverted(&self) -> Self {
        self.with(self.pixels.iter().map(|pixel| 255 - pixel).collect())
    }

    /// Returns the picture in pure black and white: each pixel against the mean of the square that
    /// reaches `radius` pixels from it, so that neither a shadow nor a lamp decides.
    #[must_use]
    pub fn thresholded(&self, radius: usize) -> Self {
        self.against_mean(radius, |pixel, sum, area| {
            // A twentieth below the mean, so that paper with noise on it stays white.
            if u64::from(pixel) * u64::from(area) * 20 < u64::from(sum) * 19 { 0 } else { 255 }
        })
    }

    /// Returns the picture with each pixel three times as far from the mean of the square that
    /// reaches `radius` pixels from it: edges that a lens or a movement has softened stand up again.
    #[must_use]
    pub fn sharpened(&self, radius: usize) -> Self {
        self.against_mean(radius, |pixel, sum, area| {
            narrow((u32::from(pixel) * 3).saturating_sub(sum * 2 / area))
        })
    }

    /// Returns the picture with each pixel the mean of the 3 by 3 around it, against noise.
    #[must_use]
    pub fn smoothed(&self) -> Self {
        self.against_mean(1, |_, sum, area| narrow(sum / area))
    }

    /// Maps each pixel, the sum of the square that reaches `radius` from it, and the square's area.
    fn against_mean(&self, radius: usize, map: impl Fn(u8, u32, u32) -> u8) -> Self {
        // A square is at most 129 by 129, so that its sum fits with room to spare.
        let radius = radius.min(64);
        let mut columns = vec![0_u32; self.width];
        for y in 0..radius.min(self.height) {
            add(&mut columns, self.row(y));
        }
        let mut pixels = Vec::with_capacity(self.pixels.len());
        for y in 0..self.height {
            if y + radius < self.height {
                add(&mut columns, self.row(y + radius));
            }
            if y > radius {
                subtract(&mut columns, self.row(y - radius - 1));
            }
            let rows = (y + radius).min(self.height - 1) - y.saturating_sub(radius) + 1;
            let mut sum: u32 = columns.iter().take(radius).sum();
            for (x, &pixel) in self.row(y).iter().enumerate() {
                sum += columns.get(x + radius).copied().unwrap_or(0);
                if x > radius {
                    sum -= columns[x - radius - 1];
                }
                let across = (x + radius).min(self.width - 1) - x.saturating_sub(radius) + 1;
                let area = u32::try_from(rows * across).unwrap_or(u32::MAX);
                pixels.push(map(pixel, sum, area));
            }
        }
        self.with(pixels)
    }

    fn with(&self, pixels: Vec<u8>) -> Self {
        Self { width: self.width, height: self.height, pixels }
    }
}

impl fmt::Debug for Luma {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Luma({} by {})", self.width, self.height)
    }
}

/// Bits after the point of a position between two pixels.
const FRACTION: u32 = 8;

/// Returns for each of `to` places the two pixels of `from` around it, and how far it is from the
/// first.
fn steps(from: usize, to: usize) -> Vec<(usize, usize, u32)> {
    let one = 1_usize << FRACTION;
    (0..to)
        .map(|i| {
            let at = ((2 * i + 1) * from * one / (2 * to)).saturating_sub(one / 2);
            let pixel = (at >> FRACTION).min(from - 1);
            let past = u32::try_from(at & (one - 1)).unwrap_or(0);
            (pixel, (pixel + 1).min(from - 1), past)
        })
        .collect()
}

fn blend(near: u32, far: u32, past: u32) -> u32 {
    near * ((1 << FRACTION) - past) + far * past
}

fn narrow(value: u32) -> u8 {
    u8::try_from(value).unwrap_or(u8::MAX)
}

fn add(sums: &mut [u32], row: &[u8]) {
    for (sum, pixel) in sums.iter_mut().zip(row) {
        *sum += u32::from(*pixel);
    }
}

fn subtract(sums: &mut [u32], row: &[u8]) {
    for (sum, pixel) in sums.iter_mut().zip(row) {
        *sum -= u32::from(*pixel);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn picture(width: usize, pixels: &[u8]) -> Luma {
        Luma::new(width, pixels.len() / width, pixels.to_vec()).unwrap()
    }

    /// The slow way, from the definition.
    fn mean(picture: &Luma, x: usize, y: usize, radius: usize) -> u32 {
        let (mut sum, mut area) = (0, 0);
        for v in y.saturating_sub(radius)..=(y + radius).min(picture.height - 1) {
            for u in x.saturating_sub(radius)..=(x + radius).min(picture.width - 1) {
                sum += u32::from(picture.pixels[v * picture.width + u]);
                area += 1;
            }
        }
        sum / area
    }

    #[test]
    fn a_picture_has_as_many_pixels_as_its_sides_say_and_at_least_one() {
        assert!(Luma::new(2, 2, vec![0; 4]).is_some());
        assert!(Luma::new(2, 2, vec![0; 5]).is_none());
        assert!(Luma::new(0, 7, vec![]).is_none());
        assert!(Luma::new(usize::MAX, 2, vec![0; 2]).is_none());
    }

    #[test]
    fn a_smoothed_pixel_is_the_mean_of_its_neighbourhood_at_every_edge() {
        let pixels: Vec<u8> = (0..35).map(|i| (i * 37 % 251) as u8).collect();
        for width in [1, 5, 7, 35] {
            let rough = picture(width, &pixels);
            let smooth = rough.smoothed();
            for (i, &pixel) in smooth.pixels.iter().enumerate() {
                assert_eq!(u32::from(pixel), mean(&rough, i % width, i / width, 1));
            }
        }
    }

    #[test]
    fn a_threshold_finds_ink_in_the_shadow_and_paper_in_the_light() {
        let lit = [200, 120, 200, 200, 60, 36, 60, 60];
        assert_eq!(picture(8, &lit).thresholded(1).pixels[1], 0);
        assert_eq!(picture(8, &lit).thresholded(1).pixels[5], 0);
        assert_eq!(picture(4, &[77; 16]).thresholded(3).pixels, [255; 16]);
    }

    #[test]
    fn shrinking_takes_the_mean_and_leaves_at_least_a_pixel() {
        let rough = picture(5, &[0, 10, 20, 30, 9, 2, 12, 22, 32, 9]);
        assert_eq!(rough.shrunk(2), picture(2, &[6, 26]));
        assert_eq!(rough.shrunk(100), rough.shrunk(2));
        assert_eq!(picture(1, &[5, 6]).shrunk(4), picture(1, &[5, 6]));
    }

    #[test]
    fn scaling_keeps_an_even_picture_even_and_a_slope_a_slope() {
        assert_eq!(picture(3, &[93; 9]).scaled(7, 5), picture(7, &[93; 35]));
        let slope = picture(4, &[0, 64, 128, 192]).scaled(8, 1);
        assert!(slope.pixels.is_sorted(), "{:?}", slope.pixels);
        assert_eq!(slope.pixels[2], 48);
    }
}
