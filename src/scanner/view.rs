//! How a flat code looks to a camera: the homography between its modules and the picture.

#![expect(clippy::cast_possible_truncation, reason = "places need no more than a single's bits")]

/// The corners of a code in modules, from the upper left the way a clock goes.
pub(crate) const CORNERS: [(f32, f32); 4] = [(0.0, 0.0), (21.0, 0.0), (21.0, 21.0), (0.0, 21.0)];

/// A homography.
pub(crate) struct View([f32; 9]);

impl View {
    /// Returns the view that takes each of four places to its other place.
    pub(crate) fn between(from: &[(f32, f32); 4], to: &[(f32, f32); 4]) -> Option<Self> {
        let mut rows = [[0.0; 9]; 8];
        for (i, (&(u, v), &(x, y))) in from.iter().zip(to).enumerate() {
            let (u, v, x, y) = (f64::from(u), f64::from(v), f64::from(x), f64::from(y));
            rows[2 * i] = [u, v, 1.0, 0.0, 0.0, 0.0, -u * x, -v * x, x];
            rows[2 * i + 1] = [0.0, 0.0, 0.0, u, v, 1.0, -u * y, -v * y, y];
        }
        let h = solved(rows)?;
        Some(Self(std::array::from_fn(|i| if i == 8 { 1.0 } else { h[i] as f32 })))
    }

    /// Returns the view that takes the code's corners, in the order of [`CORNERS`], to four places;
    /// the same as [`View::between`], at once.
    pub(crate) fn of_square([p, q, r, s]: [(f32, f32); 4]) -> Option<Self> {
        let (ax, ay) = (q.0 - r.0, q.1 - r.1);
        let (bx, by) = (s.0 - r.0, s.1 - r.1);
        let (cx, cy) = (p.0 - q.0 + r.0 - s.0, p.1 - q.1 + r.1 - s.1);
        let whole = ax * by - ay * bx;
        if whole.abs() < 1e-3 {
            return None;
        }
        let (g, h) = ((cx * by - cy * bx) / whole, (ax * cy - ay * cx) / whole);
        let side = 1.0 / CORNERS[2].0;
        Some(Self([
            (q.0 - p.0 + g * q.0) * side,
            (s.0 - p.0 + h * s.0) * side,
            p.0,
            (q.1 - p.1 + g * q.1) * side,
            (s.1 - p.1 + h * s.1) * side,
            p.1,
            g * side,
            h * side,
            1.0,
        ]))
    }

    /// Returns where the view takes a place.
    pub(crate) fn map(&self, u: f32, v: f32) -> (f32, f32) {
        let h = &self.0;
        let w = 1.0 / (h[6] * u + h[7] * v + h[8]);
        ((h[0] * u + h[1] * v + h[2]) * w, (h[3] * u + h[4] * v + h[5]) * w)
    }
}

/// Solves linear equations, the last column being the right side.
pub(crate) fn solved<const N: usize, const M: usize>(mut rows: [[f64; M]; N]) -> Option<[f64; N]> {
    for i in 0..N {
        let pivot = (i..N).max_by(|&a, &b| rows[a][i].abs().total_cmp(&rows[b][i].abs()))?;
        rows.swap(i, pivot);
        if rows[i][i].abs() < 1e-9 {
            return None;
        }
        let row = rows[i];
        for (j, other) in rows.iter_mut().enumerate() {
            if j != i {
                let factor = other[i] / row[i];
                for (value, from) in other.iter_mut().zip(&row) {
                    *value -= factor * from;
                }
            }
        }
    }
    Some(std::array::from_fn(|i| rows[i][N] / rows[i][i]))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_square_is_seen_as_its_four_corners_say() {
        let to = [(10.0, 12.0), (90.0, 20.0), (110.0, 105.0), (4.0, 80.0)];
        let (one, other) = (View::between(&CORNERS, &to).unwrap(), View::of_square(to).unwrap());
        for (u, v) in [(0.0, 0.0), (21.0, 21.0), (3.5, 17.5), (10.0, 1.0)] {
            let ((x, y), (a, b)) = (one.map(u, v), other.map(u, v));
            assert!((x - a).abs() + (y - b).abs() < 0.01, "{u} {v}");
        }
    }
}
