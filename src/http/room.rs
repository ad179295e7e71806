//! Room for the bodies of all requests at once (I11). A request takes what it needs as its bytes come
//! and gives it back when it is answered; it never waits for room, so nobody can hold others up by
//! sending slowly. Without room the answer is to come again.

use std::sync::Arc;

use tokio::sync::{OwnedSemaphorePermit, Semaphore};

/// Bytes of all bodies together: those of fifty clients that each upload a document of a mebibyte.
const ALL: usize = 64 * 1024 * 1024;

/// Bytes that are counted as one.
const GRAIN: usize = 1024;

/// The room there is; clones share it.
#[derive(Clone, Debug)]
pub struct Room(Arc<Semaphore>);

impl Default for Room {
    fn default() -> Self {
        Self::of(ALL)
    }
}

impl Room {
    /// Makes room for so many bytes.
    #[must_use]
    pub fn of(bytes: usize) -> Self {
        Self(Arc::new(Semaphore::new((bytes / GRAIN).min(Semaphore::MAX_PERMITS))))
    }

    /// Returns a share of it, which is empty yet.
    #[must_use]
    pub fn share(&self) -> Share {
        Share { room: Arc::clone(&self.0), held: None }
    }
}

/// What a request holds; dropping it gives it back.
#[derive(Debug)]
pub struct Share {
    room: Arc<Semaphore>,
    held: Option<OwnedSemaphorePermit>,
}

/// There is no room now.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("there is no room for the request now")]
pub struct Full;

impl Share {
    /// Grows to `bytes`, unless it is that large already.
    ///
    /// # Errors
    /// [`Full`]; it holds what it held.
    pub fn hold(&mut self, bytes: usize) -> Result<(), Full> {
        let wanted = bytes.div_ceil(GRAIN);
        let held = self.held.as_ref().map_or(0, OwnedSemaphorePermit::num_permits);
        let Some(more) = wanted.checked_sub(held).filter(|more| *more > 0) else { return Ok(()) };
        let more = u32::try_from(more).map_err(|_| Full)?;
        let more = Arc::clone(&self.room).try_acquire_many_owned(more).map_err(|_| Full)?;
        match &mut self.held {
            Some(held) => held.merge(more),
            none => *none = Some(more),
        }
        Ok(())
    }

    /// Gives back what it holds beyond `bytes`.
    pub fn shrink(&mut self, bytes: usize) {
        let Some(held) = &mut self.held else { return };
        let beyond = held.num_permits().saturating_sub(bytes.div_ceil(GRAIN));
        drop(held.split(beyond));
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// I11
    #[test]
    fn what_one_holds_another_cannot_have_until_it_is_given_back() {
        let room = Room::of(10 * GRAIN);
        let (mut one, mut other) = (room.share(), room.share());
        one.hold(6 * GRAIN).unwrap();
        assert_eq!(other.hold(4 * GRAIN + 1), Err(Full));
        other.hold(4 * GRAIN).unwrap();
        assert_eq!(one.hold(6 * GRAIN + 1), Err(Full));
        one.hold(GRAIN).unwrap();
        drop(other);
        one.hold(10 * GRAIN).unwrap();
        assert_eq!(room.share().hold(1), Err(Full));
        drop(one);
        room.share().hold(10 * GRAIN).unwrap();
    }

    /// I11
    #[test]
    fn a_share_gives_back_what_it_no_longer_needs() {
        let room = Room::of(10 * GRAIN);
        let (mut one, mut other) = (room.share(), room.share());
        one.shrink(GRAIN);
        one.hold(10 * GRAIN).unwrap();
        one.shrink(2 * GRAIN - 1);
        assert_eq!(other.hold(9 * GRAIN), Err(Full));
        other.hold(8 * GRAIN).unwrap();
        one.shrink(5 * GRAIN);
        assert_eq!(room.share().hold(1), Err(Full));
    }

    #[test]
    fn a_share_beyond_all_reason_is_refused() {
        assert_eq!(Room::of(GRAIN).share().hold(usize::MAX), Err(Full));
    }
}
