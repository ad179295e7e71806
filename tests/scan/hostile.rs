//! A short go, in every run of the tests, at what `scripts/fuzz` goes at for ten minutes: good inputs
//! with something wrong in them. No one input may take the program's own code to a panic.

#![expect(unreachable_pub, reason = "the fuzzer's crate hands out what is in its files")]

#[path = "../fuzz/parsers/src/frame.rs"]
mod frame;
#[path = "../fuzz/parsers/src/panics.rs"]
mod panics;
#[path = "../fuzz/parsers/src/picture.rs"]
mod picture;
#[path = "../fuzz/parsers/src/socket.rs"]
mod socket;

use std::cell::RefCell;
use std::sync::Once;

use prereg_node::entropy::{Entropy, Seeded};

thread_local! {
    /// A panic of the program's own code that somebody caught.
    static CAUGHT: RefCell<Option<String>> = const { RefCell::new(None) };
}

/// Gives `check` all of `seeds` and `count` damaged ones.
fn go(seeds: &[Vec<u8>], count: usize, check: fn(&[u8])) {
    static HOOK: Once = Once::new();
    HOOK.call_once(|| {
        panics::on_ours(|what| CAUGHT.with_borrow_mut(|caught| *caught = Some(what.to_owned())));
    });
    let seeded = Seeded::new(seeds.len() as u64);
    let entropy: &dyn Entropy = &seeded;
    let damaged = (0..count).map(|i| damaged(&seeds[i % seeds.len()], seeds, entropy));
    for input in seeds.iter().cloned().chain(damaged) {
        check(&input);
        let caught = CAUGHT.take();
        assert_eq!(caught, None, "at {}", input.escape_ascii());
    }
}

/// Returns `seed` with up to four things done to it.
fn damaged(seed: &[u8], seeds: &[Vec<u8>], entropy: &dyn Entropy) -> Vec<u8> {
    let below = |bound: usize| {
        usize::try_from(entropy.below(bound.max(1) as u64)).expect("it is below a usize")
    };
    let mut input = seed.to_vec();
    for _ in 0..=below(4) {
        let at = below(input.len() + 1);
        match below(6) {
            0 => input.truncate(at),
            1 => input.insert(at, entropy.bytes::<1>()[0]),
            2 if at < input.len() => input[at] ^= 1 << below(8),
            3 if at < input.len() => input[at] = [0, 1, 0x7f, 0x80, 0xff, b'9'][below(6)],
            4 => {
                let from = below(input.len());
                let part = input[from..(from + below(64)).min(input.len())].to_vec();
                input.splice(at..at, part);
            }
            5 => {
                let other = &seeds[below(seeds.len())];
                input.truncate(at);
                input.extend(&other[below(other.len())..]);
            }
            _ => {}
        }
    }
    input
}

/// I11
#[test]
fn a_damaged_frame_of_a_camera_is_no_code_or_one_and_never_a_panic() {
    go(&frame::seeds(), 3000, frame::check);
}

/// I11
#[test]
fn a_damaged_picture_is_an_answer_and_never_a_panic_of_ours() {
    go(&picture::seeds(), 2000, picture::check);
}

/// I11
#[test]
fn what_is_malformed_on_the_socket_is_an_error_to_both_ends_alike() {
    go(&socket::seeds(), 20_000, socket::check);
}

#[test]
#[should_panic(expected = "at spoilt")]
fn a_panic_that_the_program_catches_in_its_own_code_fails_all_the_same() {
    go(&[b"spoilt".to_vec()], 0, |_| {
        let _ = std::panic::catch_unwind(|| panic!("as one of src/scanner would be"));
    });
}
