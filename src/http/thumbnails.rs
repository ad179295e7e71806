//! Small pictures of documents, kept for a while: a counter shows the same few again and again. They
//! are in memory only, and bounded (I11).

use std::collections::VecDeque;
use std::sync::{Mutex, MutexGuard};

use bytes::Bytes;

use crate::domain::ids::Digest;

/// Bytes of all that are kept.
const ALL: usize = 4 * 1024 * 1024;

/// The small pictures, the last used at the end.
#[derive(Default)]
pub struct Thumbnails(Mutex<VecDeque<Kept>>);

struct Kept {
    of: (Digest, u16),
    jpeg: Bytes,
}

impl Thumbnails {
    /// Returns the picture of the content `digest` whose longest side is `side`.
    pub(super) fn find(&self, digest: Digest, side: u16) -> Option<Bytes> {
        let mut kept = self.kept();
        let place = kept.iter().position(|kept| kept.of == (digest, side))?;
        let used = kept.remove(place)?;
        let jpeg = used.jpeg.clone();
        kept.push_back(used);
        Some(jpeg)
    }

    /// Keeps a picture; those that were not used for longest go for it.
    pub(super) fn keep(&self, digest: Digest, side: u16, jpeg: &Bytes) {
        let mut kept = self.kept();
        kept.retain(|kept| kept.of != (digest, side));
        if jpeg.len() > ALL {
            return;
        }
        kept.push_back(Kept { of: (digest, side), jpeg: jpeg.clone() });
        let mut size: usize = kept.iter().map(|kept| kept.jpeg.len()).sum();
        while size > ALL {
            let Some(oldest) = kept.pop_front() else { return };
            size -= oldest.jpeg.len();
        }
    }

    fn kept(&self) -> MutexGuard<'_, VecDeque<Kept>> {
        self.0.lock().expect("nothing panics while it holds this lock")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// I11
    #[test]
    fn those_not_used_for_longest_go_when_there_are_too_many() {
        let thumbnails = Thumbnails::default();
        let jpeg = Bytes::from(vec![0; ALL / 4]);
        let digest = |n: u8| Digest::of(&[n]);
        for n in 0..4 {
            thumbnails.keep(digest(n), 256, &jpeg);
        }
        assert!(thumbnails.find(digest(0), 256).is_some());
        assert!(thumbnails.find(digest(0), 128).is_none(), "of another size");
        thumbnails.keep(digest(4), 256, &jpeg);
        assert!(thumbnails.find(digest(0), 256).is_some(), "it was used");
        assert!(thumbnails.find(digest(1), 256).is_none());
        thumbnails.keep(digest(5), 256, &Bytes::from(vec![0; ALL + 1]));
        assert!(thumbnails.find(digest(5), 256).is_none());
    }
}
