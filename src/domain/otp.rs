//! The life of a one-time password (`contract/rules.md` §11).

use jiff::{SignedDuration, Timestamp};

/// What is known of the last OTP that was sent to somebody.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Otp {
    /// A keyed hash of user id and OTP.
    pub hash: [u8; 32],
    /// When it was sent.
    pub sent_at: Timestamp,
    /// Wrong tries since the last right one. A new OTP does not undo them.
    pub tries: u32,
    /// Whether it served already, or is worthless for another reason.
    pub used: bool,
    /// When the present flooding window began.
    pub window_start: Timestamp,
    /// How many were sent in it.
    pub window_count: u32,
    /// Until when too many wrong tries have frozen the user.
    pub frozen_until: Option<Timestamp>,
}

/// How long an OTP lives and how much it bears.
#[derive(Clone, Debug)]
pub struct Limits {
    /// Digits; `mosip.kernel.otp.default-length`.
    pub digits: u8,
    /// How long it is good for; `mosip.kernel.otp.expiry-time`.
    pub life: SignedDuration,
    /// Wrong tries it bears; `mosip.kernel.otp.validation-attempt-threshold`.
    pub tries: u32,
    /// How long too many of them freeze the user; `mosip.kernel.otp.key-freeze-time`.
    pub freeze: SignedDuration,
    /// The flooding window; `otp.request.flooding.duration`, in minutes.
    pub window: SignedDuration,
    /// How many may be sent in one window; `otp.request.flooding.max-count`.
    pub window_count: u32,
}

impl Default for Limits {
    fn default() -> Self {
        Self {
            digits: 6,
            life: SignedDuration::from_secs(180),
            tries: 10,
            freeze: SignedDuration::from_secs(1800),
            window: SignedDuration::from_mins(1),
            window_count: 3,
        }
    }
}

impl Limits {
    /// Returns for how long after it was sent an OTP decides about the next one.
    #[must_use]
    pub fn remembered(&self) -> SignedDuration {
        (self.life + self.freeze).max(self.window)
    }
}

/// Why no OTP may be sent now.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum NotNow {
    /// Too many wrong tries.
    Frozen,
    /// Too many in a short time.
    Flooding,
}

/// What a try comes to.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Verdict {
    /// It is right; it is used up by this.
    Right,
    /// It is wrong.
    Wrong,
    /// It is wrong, as too many before it.
    TooMany,
    /// It is right, too late; it is used up by this.
    Expired,
    /// There is none to try: never sent, used, or frozen.
    None,
}

impl Otp {
    /// Returns the OTP that follows `last` with the hash `hash`. A new one replaces the last.
    ///
    /// # Errors
    /// [`NotNow`] if none may be sent.
    pub fn next(
        last: Option<&Self>,
        hash: [u8; 32],
        limits: &Limits,
        now: Timestamp,
    ) -> Result<Self, NotNow> {
        if last.and_then(|otp| otp.frozen_until).is_some_and(|until| now < until) {
            return Err(NotNow::Frozen);
        }
        let (window_start, window_count) = match last {
            Some(otp) if now >= otp.window_start && now < otp.window_start + limits.window => {
                (otp.window_start, otp.window_count + 1)
            }
            _ => (now, 1),
        };
        if window_count > limits.window_count {
            return Err(NotNow::Flooding);
        }
        Ok(Self {
            hash,
            sent_at: now,
            tries: last.map_or(0, |otp| otp.tries_at(limits, now)),
            used: false,
            window_start,
            window_count,
            frozen_until: None,
        })
    }

    /// Returns how many wrong tries a next one begins with. They are forgotten when a freeze is over, and
    /// when as long as one has passed since the last moment in which a try could have come to anything.
    fn tries_at(&self, limits: &Limits, now: Timestamp) -> u32 {
        let is_over = self.frozen_until.is_some() || now >= self.sent_at + limits.remembered();
        if is_over { 0 } else { self.tries }
    }

    /// Tells whether it would still be taken.
    #[must_use]
    pub fn is_good(&self, limits: &Limits, now: Timestamp) -> bool {
        !self.used && now >= self.sent_at && now <= self.sent_at + limits.life
    }

    /// Tries an OTP, `matches` telling whether its hash is this one's, and notes the try.
    pub fn try_with(&mut self, matches: bool, limits: &Limits, now: Timestamp) -> Verdict {
        if self.used || self.frozen_until.is_some_and(|until| now < until) {
            return Verdict::None;
        }
        if !matches {
            self.tries += 1;
            if self.tries >= limits.tries {
                self.used = true;
                self.frozen_until = Some(now + limits.freeze);
                return Verdict::TooMany;
            }
            return Verdict::Wrong;
        }
        self.used = true;
        // Before it was sent is no time to use it either: the clock was turned back.
        if now < self.sent_at || now > self.sent_at + limits.life {
            return Verdict::Expired;
        }
        self.tries = 0;
        Verdict::Right
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn at(second: i64) -> Timestamp {
        Timestamp::from_second(1_800_000_000 + second).unwrap()
    }

    fn sent(second: i64) -> Otp {
        Otp::next(None, [1; 32], &Limits::default(), at(second)).unwrap()
    }

    #[test]
    fn an_otp_serves_once() {
        let mut otp = sent(0);
        assert_eq!(otp.try_with(true, &Limits::default(), at(10)), Verdict::Right);
        assert_eq!(otp.try_with(true, &Limits::default(), at(11)), Verdict::None);
    }

    #[test]
    fn an_otp_expires_after_three_minutes() {
        let mut otp = sent(0);
        assert_eq!(otp.try_with(true, &Limits::default(), at(181)), Verdict::Expired);
        assert_eq!(otp.try_with(true, &Limits::default(), at(1)), Verdict::None);
    }

    #[test]
    fn the_tenth_wrong_try_freezes_the_user_for_half_an_hour() {
        let limits = Limits::default();
        let mut otp = sent(0);
        for second in 1..10 {
            assert_eq!(otp.try_with(false, &limits, at(second)), Verdict::Wrong);
        }
        assert_eq!(otp.try_with(false, &limits, at(10)), Verdict::TooMany);
        assert_eq!(otp.try_with(true, &limits, at(11)), Verdict::None);
        assert_eq!(Otp::next(Some(&otp), [2; 32], &limits, at(1000)), Err(NotNow::Frozen));
        assert!(Otp::next(Some(&otp), [2; 32], &limits, at(1811)).is_ok());
    }

    /// I9
    #[test]
    fn a_new_otp_brings_no_new_tries_until_as_long_as_a_freeze_has_passed() {
        let limits = Limits::default();
        let mut otp = sent(0);
        for second in 1..10 {
            assert_eq!(otp.try_with(false, &limits, at(second)), Verdict::Wrong);
        }
        let mut next = Otp::next(Some(&otp), [2; 32], &limits, at(180 + 1799)).unwrap();
        assert_eq!(next.try_with(false, &limits, at(1980)), Verdict::TooMany);
        let late = Otp::next(Some(&otp), [2; 32], &limits, at(180 + 1800)).unwrap();
        assert_eq!(late.tries, 0);
        let thawed = Otp::next(Some(&next), [3; 32], &limits, at(1980 + 1800)).unwrap();
        assert_eq!(thawed.tries, 0);
        assert_eq!(otp.try_with(true, &limits, at(11)), Verdict::Right);
        assert_eq!(Otp::next(Some(&otp), [2; 32], &limits, at(70)).unwrap().tries, 0);
    }

    #[test]
    fn a_fourth_otp_within_a_minute_is_flooding() {
        let limits = Limits::default();
        let mut otp = sent(0);
        for second in [5, 10] {
            otp = Otp::next(Some(&otp), [2; 32], &limits, at(second)).unwrap();
        }
        assert_eq!(Otp::next(Some(&otp), [3; 32], &limits, at(20)), Err(NotNow::Flooding));
        assert!(Otp::next(Some(&otp), [3; 32], &limits, at(61)).is_ok());
    }
}
