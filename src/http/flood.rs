//! How many OTPs leave in a minute: for one address, and for all of them, because whoever asks for
//! codes to thousands of numbers, each within its own limit, spends the country's money and keeps
//! residents' codes from leaving.

use std::collections::HashMap;
use std::net::{IpAddr, Ipv6Addr};
use std::sync::{Mutex, PoisonError};

use jiff::{SignedDuration, Timestamp};

/// Addresses that are remembered. When there are more, those that have their whole share again are
/// forgotten; if none has, a new address waits.
const REMEMBERED: usize = 4096;

/// How many OTPs may be sent in a minute; as many may come at once after a quiet minute.
#[derive(Clone, Copy, Debug, PartialEq, Eq, serde::Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct Limits {
    /// For all addresses.
    pub per_minute: u32,
    /// For one address, or for one network of IPv6. This machine is not limited by it: behind a
    /// proxy on it is the whole country.
    pub per_address: u32,
}

impl Default for Limits {
    fn default() -> Self {
        Self { per_minute: 300, per_address: 30 }
    }
}

/// What was sent lately.
#[derive(Debug)]
pub struct Flood {
    limits: Limits,
    sent: Mutex<Sent>,
}

#[derive(Debug, Default)]
struct Sent {
    whole: Option<Bucket>,
    /// When it was last said that something was refused.
    said: Option<Timestamp>,
    addresses: HashMap<IpAddr, Bucket>,
}

/// What is left of a minute's share, in thousandths.
#[derive(Clone, Copy, Debug)]
struct Bucket {
    left: u64,
    at: Timestamp,
}

impl Bucket {
    fn full(limit: u32, now: Timestamp) -> Self {
        Self { left: u64::from(limit) * 1000, at: now }
    }

    /// Adds what the time since has brought. A clock that was put back brings nothing and takes nothing.
    fn refilled(self, limit: u32, now: Timestamp) -> Self {
        let passed = now.as_millisecond().saturating_sub(self.at.as_millisecond());
        let passed = u64::try_from(passed).unwrap_or(0).min(60_000);
        let gained = passed * u64::from(limit) / 60;
        // Time that has brought nothing yet goes on counting, or many calls would starve all.
        let at = if gained > 0 { now } else { self.at.min(now) };
        Self { left: (self.left + gained).min(u64::from(limit) * 1000), at }
    }

    fn is_full(self, limit: u32) -> bool {
        self.left >= u64::from(limit) * 1000
    }
}

impl Flood {
    /// Starts with whole shares.
    #[must_use]
    pub fn new(limits: Limits) -> Self {
        Self { limits, sent: Mutex::default() }
    }

    /// Tells whether one more may be sent for somebody at `from`, and counts it if so.
    pub fn admits(&self, from: IpAddr, now: Timestamp) -> bool {
        let Limits { per_minute: whole, per_address: address } = self.limits;
        let from = network(from);
        let mut sent = self.sent.lock().unwrap_or_else(PoisonError::into_inner);
        let all = sent.whole.unwrap_or(Bucket::full(whole, now)).refilled(whole, now);
        sent.whole = Some(all);
        if all.left < 1000 {
            return false;
        }
        if !from.is_loopback() {
            if sent.addresses.len() >= REMEMBERED && !sent.addresses.contains_key(&from) {
                sent.addresses.retain(|_, one| !one.refilled(address, now).is_full(address));
                if sent.addresses.len() >= REMEMBERED {
                    return false;
                }
            }
            let one = sent.addresses.entry(from).or_insert(Bucket::full(address, now));
            *one = one.refilled(address, now);
            if one.left < 1000 {
                return false;
            }
            one.left -= 1000;
        }
        sent.whole = Some(Bucket { left: all.left - 1000, ..all });
        true
    }

    /// Tells whether it is time again to say in the log that something was refused, and notes that it
    /// is said: once a minute at most.
    pub fn is_to_be_said(&self, now: Timestamp) -> bool {
        let mut sent = self.sent.lock().unwrap_or_else(PoisonError::into_inner);
        let due = sent.said.is_none_or(|said| now.duration_since(said).abs() >= SAYING);
        if due {
            sent.said = Some(now);
        }
        due
    }
}

/// How often a refusal is worth a line in the log: whoever floods is not to fill the disk by it.
const SAYING: SignedDuration = SignedDuration::from_mins(1);

/// Returns the address, or of IPv6 the network that one subscriber has.
fn network(address: IpAddr) -> IpAddr {
    match address.to_canonical() {
        IpAddr::V6(v6) if !v6.is_loopback() => {
            let [a, b, c, d, ..] = v6.segments();
            IpAddr::V6(Ipv6Addr::new(a, b, c, d, 0, 0, 0, 0))
        }
        other => other,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const LIMITS: Limits = Limits { per_minute: 6, per_address: 3 };

    fn at(seconds: i64) -> Timestamp {
        Timestamp::from_second(1_790_000_000 + seconds).unwrap()
    }

    fn ip(text: &str) -> IpAddr {
        text.parse().unwrap()
    }

    /// I11
    #[test]
    fn an_address_has_its_share_of_a_minute_and_leaves_the_others_theirs() {
        let flood = Flood::new(LIMITS);
        let sent = |from: &str, second| flood.admits(ip(from), at(second));
        assert!((0..3).all(|_| sent("10.0.0.1", 0)) && !sent("10.0.0.1", 0));
        assert!(sent("10.0.0.2", 0));
        assert!(!sent("10.0.0.1", 19), "a third of a minute brings one");
        assert!(sent("10.0.0.1", 20) && !sent("10.0.0.1", 20));
    }

    /// I11
    #[test]
    fn all_addresses_together_have_a_share_as_well() {
        let flood = Flood::new(LIMITS);
        let sent = |host: u8, second| flood.admits(IpAddr::from([10, 0, 0, host]), at(second));
        assert!((1..=6).all(|host| sent(host, 0)) && !sent(7, 0));
        assert!(sent(7, 10) && !sent(8, 10));
    }

    #[test]
    fn this_machine_may_be_a_proxy_and_has_the_share_of_all() {
        let flood = Flood::new(LIMITS);
        for from in ["127.0.0.1", "::1", "::ffff:127.0.0.1"].repeat(2) {
            assert!(flood.admits(ip(from), at(0)), "{from}");
        }
        assert!(!flood.admits(ip("::1"), at(0)));
    }

    #[test]
    fn a_subscriber_of_ipv6_is_one_address() {
        let flood = Flood::new(LIMITS);
        let sent = |host: &str| flood.admits(ip(&format!("2001:db8:0:1::{host}")), at(0));
        assert!(sent("1") && sent("2") && sent("3") && !sent("4"));
        assert!(flood.admits(ip("2001:db8:0:2::1"), at(0)));
    }

    /// I7
    #[test]
    fn a_clock_that_is_put_brings_one_share_at_most() {
        let flood = Flood::new(LIMITS);
        let from = ip("10.0.0.1");
        assert!((0..3).all(|_| flood.admits(from, at(0))));
        assert!(!flood.admits(from, at(-3600)), "back");
        let ahead = at(86_400 * 400);
        assert!((0..3).all(|_| flood.admits(from, ahead)) && !flood.admits(from, ahead));
    }

    /// I11
    #[test]
    fn who_hammers_without_end_keeps_no_share_from_coming_back() {
        let flood = Flood::new(Limits { per_minute: 6, per_address: 3 });
        let from = ip("10.0.0.1");
        let start = at(0).as_millisecond();
        let admitted = (0..60_000)
            .filter(|ms| flood.admits(from, Timestamp::from_millisecond(start + ms).unwrap()))
            .count();
        assert_eq!(admitted, 3 + 2, "three at once, and one each twenty seconds");
        let other = flood.admits(ip("10.0.0.2"), at(60));
        assert!(other, "and others have theirs");
    }

    /// I11
    #[test]
    fn a_flood_is_a_line_a_minute_in_the_log() {
        let flood = Flood::new(LIMITS);
        let said = (0..600).filter(|tenth| flood.is_to_be_said(at(tenth / 10))).count();
        assert_eq!(said, 1);
        assert!(flood.is_to_be_said(at(60)));
        assert!(flood.is_to_be_said(at(-3600)), "a clock that is put back silences nothing");
    }

    /// I11
    #[test]
    fn addresses_without_number_take_bounded_memory() {
        let limits = Limits { per_minute: 1_000_000, per_address: 1 };
        let flood = Flood::new(limits);
        let many = |second| {
            (0..20_000_u32)
                .filter(|n| flood.admits(IpAddr::from(n.to_be_bytes()), at(second)))
                .count()
        };
        assert_eq!(many(0), REMEMBERED);
        assert_eq!(flood.sent.lock().unwrap().addresses.len(), REMEMBERED);
        assert!(
            flood.admits(ip("10.9.9.9"), at(60)),
            "whoever was quiet for a minute is forgotten"
        );
    }
}
