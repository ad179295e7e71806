//! From the keys that a hand scanner presses to the text it read. Decides only: it is told keys and
//! how much time has passed.
//!
//! A scanner presses the keys of a US keyboard, which is how all of them leave the factory, and ends a
//! text with Enter or Tab; one that was set to end it with nothing is told by its silence. A key that got
//! lost spoils its text: half a number is another number.

use std::time::Duration;

use evdev::KeyCode;

/// The silence that ends a text of at least [`ENOUGH`] characters.
const SILENCE: Duration = Duration::from_millis(250);
/// The length of a PRID.
const ENOUGH: usize = 14;
/// The longest text; what is longer is dropped as a whole.
const LONGEST: usize = 256;
/// The silence after which what was begun is forgotten: somebody leant on the device.
const FORGOTTEN: Duration = Duration::from_secs(10);

/// What a device tells of its keys.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Key {
    /// This key goes down.
    Down(KeyCode),
    /// It comes up.
    Up(KeyCode),
    /// Keys were lost, for they came faster than they were taken.
    Lost,
}

/// A text that is being typed. Has no `Debug`, for it would print the text (I8).
#[derive(Default)]
pub(super) struct Typed {
    text: String,
    spoilt: bool,
    held: Vec<KeyCode>,
    last: Option<Duration>,
}

/// The keys whose being held matters; repeated presses of others are not even counted.
const SHIFTS: [KeyCode; 2] = [KeyCode::KEY_LEFTSHIFT, KeyCode::KEY_RIGHTSHIFT];
const COMMANDS: [KeyCode; 6] = [
    KeyCode::KEY_LEFTCTRL,
    KeyCode::KEY_RIGHTCTRL,
    KeyCode::KEY_LEFTALT,
    KeyCode::KEY_RIGHTALT,
    KeyCode::KEY_LEFTMETA,
    KeyCode::KEY_RIGHTMETA,
];

impl Typed {
    /// Takes in `key`; returns the text that it ends. `passed` is the time since any fixed instant.
    pub(super) fn key(&mut self, key: Key, passed: Duration) -> Option<String> {
        let ended = self.silent(passed);
        self.last = Some(passed);
        let key = match key {
            Key::Down(key) => key,
            Key::Up(key) => {
                self.held.retain(|held| *held != key);
                return ended;
            }
            Key::Lost => {
                // A key that came up may be among them.
                self.held.clear();
                self.spoilt = true;
                return ended;
            }
        };
        if SHIFTS.contains(&key) || COMMANDS.contains(&key) {
            if !self.held.contains(&key) {
                self.held.push(key);
            }
            return ended;
        }
        if matches!(key, KeyCode::KEY_ENTER | KeyCode::KEY_KPENTER | KeyCode::KEY_TAB) {
            return ended.or_else(|| self.end());
        }
        let holds = |any: &[KeyCode]| self.held.iter().any(|held| any.contains(held));
        if !holds(&COMMANDS)
            && let Some(character) = character(key, holds(&SHIFTS))
        {
            if self.text.len() < LONGEST {
                self.text.push(character);
            } else {
                self.spoilt = true;
            }
        }
        ended
    }

    /// Takes in that no key came until now; returns the text that the silence ends.
    pub(super) fn silent(&mut self, passed: Duration) -> Option<String> {
        let silence = passed.saturating_sub(self.last?);
        if silence >= FORGOTTEN {
            self.held.clear();
        }
        let ends = silence >= SILENCE && (self.spoilt || self.text.len() >= ENOUGH);
        if ends {
            return self.end();
        }
        if silence >= FORGOTTEN {
            self.end();
        }
        None
    }

    /// Returns how long to wait for a key at most before [`Self::silent`] is worth calling; `None` if
    /// nothing was begun.
    #[must_use]
    pub(super) fn patience(&self) -> Option<Duration> {
        (self.spoilt || !self.text.is_empty()).then_some(SILENCE)
    }

    fn end(&mut self) -> Option<String> {
        let text = std::mem::take(&mut self.text);
        let whole = !std::mem::take(&mut self.spoilt);
        (whole && !text.trim().is_empty()).then_some(text)
    }
}

/// Returns what a US keyboard types with `key`, digits of the keypad whatever its lock says.
fn character(key: KeyCode, shift: bool) -> Option<char> {
    let letters = [
        (KeyCode::KEY_Q, "qwertyuiop[]", "QWERTYUIOP{}"),
        (KeyCode::KEY_A, "asdfghjkl;'`", "ASDFGHJKL:\"~"),
        (KeyCode::KEY_BACKSLASH, "\\zxcvbnm,./", "|ZXCVBNM<>?"),
        (KeyCode::KEY_1, "1234567890-=", "!@#$%^&*()_+"),
        (KeyCode::KEY_SPACE, " ", " "),
        (KeyCode::KEY_KP7, "789-456+1230.", "789-456+1230."),
        (KeyCode::KEY_KPASTERISK, "*", "*"),
        (KeyCode::KEY_KPSLASH, "/", "/"),
    ];
    // Codes stand in the order of the keys of a row.
    letters.into_iter().find_map(|(first, plain, shifted)| {
        let place = usize::from(key.0.checked_sub(first.0)?);
        let row = if shift { shifted } else { plain };
        row.chars().nth(place)
    })
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    const PRID: &str = "97465075291709";

    /// Returns the key of `character`, and whether it takes shift.
    fn key_of(character: char) -> (KeyCode, bool) {
        for shift in [false, true] {
            for code in 0..128 {
                if super::character(KeyCode(code), shift) == Some(character) {
                    return (KeyCode(code), shift);
                }
            }
        }
        panic!("no key types {character:?}")
    }

    fn strokes(text: &str) -> Vec<Key> {
        let mut keys = Vec::new();
        for (key, shift) in text.chars().map(key_of) {
            if shift {
                keys.push(Key::Down(KeyCode::KEY_LEFTSHIFT));
            }
            keys.extend([Key::Down(key), Key::Up(key)]);
            if shift {
                keys.push(Key::Up(KeyCode::KEY_LEFTSHIFT));
            }
        }
        keys
    }

    fn stroke(key: KeyCode) -> [Key; 2] {
        [Key::Down(key), Key::Up(key)]
    }

    /// A scanner that presses a key each millisecond.
    #[derive(Default)]
    struct Scanner {
        typed: Typed,
        passed: Duration,
        told: Vec<String>,
    }

    impl Scanner {
        fn presses(&mut self, keys: impl IntoIterator<Item = Key>) -> &mut Self {
            for key in keys {
                self.passed += Duration::from_millis(1);
                self.told.extend(self.typed.key(key, self.passed));
            }
            self
        }

        fn rests(&mut self, rest: Duration) -> &mut Self {
            self.passed += rest;
            self.told.extend(self.typed.silent(self.passed));
            self
        }

        fn told(&mut self) -> Vec<String> {
            std::mem::take(&mut self.told)
        }
    }

    #[test]
    fn every_printable_character_has_its_key_on_a_us_keyboard() {
        use KeyCode as K;
        let keys = [
            (K::KEY_1, false, '1'),
            (K::KEY_0, false, '0'),
            (K::KEY_2, true, '@'),
            (K::KEY_MINUS, true, '_'),
            (K::KEY_EQUAL, false, '='),
            (K::KEY_P, false, 'p'),
            (K::KEY_LEFTBRACE, true, '{'),
            (K::KEY_A, true, 'A'),
            (K::KEY_SEMICOLON, true, ':'),
            (K::KEY_APOSTROPHE, false, '\''),
            (K::KEY_GRAVE, true, '~'),
            (K::KEY_BACKSLASH, true, '|'),
            (K::KEY_Z, false, 'z'),
            (K::KEY_M, true, 'M'),
            (K::KEY_SLASH, true, '?'),
            (K::KEY_DOT, false, '.'),
            (K::KEY_SPACE, false, ' '),
            (K::KEY_KP0, false, '0'),
            (K::KEY_KP3, true, '3'),
            (K::KEY_KP7, false, '7'),
            (K::KEY_KPMINUS, false, '-'),
            (K::KEY_KPPLUS, false, '+'),
            (K::KEY_KPDOT, false, '.'),
            (K::KEY_KPASTERISK, false, '*'),
            (K::KEY_KPSLASH, false, '/'),
        ];
        for (key, shift, expected) in keys {
            assert_eq!(character(key, shift), Some(expected), "{key:?}");
        }
        for character in ' '..='~' {
            key_of(character);
        }
        for key in [K::KEY_ESC, K::KEY_BACKSPACE, K::KEY_F1, K::KEY_NUMLOCK, K::KEY_CAPSLOCK] {
            assert_eq!(character(key, false), None, "{key:?}");
        }
    }

    #[test]
    fn enter_tab_and_the_enter_of_the_keypad_end_a_text() {
        for end in [KeyCode::KEY_ENTER, KeyCode::KEY_TAB, KeyCode::KEY_KPENTER] {
            let mut scanner = Scanner::default();
            scanner.presses(strokes(PRID)).presses(stroke(end)).presses(stroke(end));
            assert_eq!(scanner.told(), [PRID]);
            scanner.presses(strokes("short")).presses(stroke(end));
            assert_eq!(scanner.told(), ["short"]);
        }
    }

    #[test]
    fn silence_ends_a_text_of_fourteen_characters_and_forgets_a_shorter_one() {
        let mut scanner = Scanner::default();
        scanner.presses(strokes(PRID)).rests(SILENCE - Duration::from_millis(1));
        assert_eq!(scanner.told(), [""; 0]);
        scanner.rests(Duration::from_millis(1)).rests(SILENCE);
        assert_eq!(scanner.told(), [PRID]);

        scanner.presses(strokes("1234")).rests(SILENCE).presses(strokes("5"));
        scanner.presses(stroke(KeyCode::KEY_ENTER));
        assert_eq!(scanner.told(), ["12345"], "typed by hand");
        scanner.presses(strokes("7")).rests(FORGOTTEN).presses(strokes(PRID));
        scanner.presses(stroke(KeyCode::KEY_ENTER));
        assert_eq!(scanner.told(), [PRID], "without the key that was leant on");
        scanner.presses(strokes(PRID));
        scanner.passed += SILENCE;
        scanner.presses(strokes(PRID)).rests(SILENCE);
        assert_eq!(scanner.told(), [PRID, PRID], "nobody looked in between");
    }

    #[test]
    fn half_a_text_is_never_told() {
        let mut scanner = Scanner::default();
        scanner.presses(strokes("97465")).presses([Key::Lost]).presses(strokes(PRID));
        scanner.presses(stroke(KeyCode::KEY_ENTER));
        assert_eq!(scanner.told(), [""; 0]);
        scanner.presses([Key::Lost]).presses(strokes(PRID)).rests(SILENCE);
        assert_eq!(scanner.told(), [""; 0]);
        scanner.presses(strokes(PRID)).rests(SILENCE);
        assert_eq!(scanner.told(), [PRID]);
    }

    /// I11
    #[test]
    fn a_text_without_end_is_dropped_as_a_whole_and_takes_no_more_room() {
        let mut scanner = Scanner::default();
        for _ in 0..10_000 {
            scanner.presses(strokes("1")).presses([Key::Down(KeyCode::KEY_LEFTSHIFT)]);
            scanner.presses([Key::Up(KeyCode::KEY_LEFTSHIFT)]);
        }
        assert!(scanner.typed.text.len() <= LONGEST && scanner.typed.held.len() <= 8);
        scanner.presses(stroke(KeyCode::KEY_ENTER)).presses(strokes(PRID));
        scanner.presses(stroke(KeyCode::KEY_ENTER));
        assert_eq!(scanner.told(), [PRID]);
    }

    #[test]
    fn a_command_types_nothing() {
        let mut scanner = Scanner::default();
        scanner.presses([Key::Down(KeyCode::KEY_LEFTCTRL)]).presses(strokes("j"));
        scanner.presses([Key::Up(KeyCode::KEY_LEFTCTRL)]).presses(strokes(PRID));
        scanner.presses(stroke(KeyCode::KEY_ENTER));
        assert_eq!(scanner.told(), [PRID]);
    }

    proptest! {
        #[test]
        fn what_is_typed_is_told(text in "[!-~]([ -~]{0,200}[!-~])?") {
            let mut scanner = Scanner::default();
            scanner.presses(strokes(&text)).presses(stroke(KeyCode::KEY_ENTER));
            prop_assert_eq!(scanner.told(), [text]);
        }

        /// I11
        #[test]
        fn whatever_keys_come_a_text_is_short_and_printable(
            keys in proptest::collection::vec((0_u16..300, 0_u8..8, 0_u64..400), 0..600),
        ) {
            let mut scanner = Scanner::default();
            for (code, kind, millis) in keys {
                let key = match kind {
                    0 => Key::Lost,
                    1..3 => Key::Up(KeyCode(code)),
                    _ => Key::Down(KeyCode(code)),
                };
                scanner.rests(Duration::from_millis(millis / 8)).presses([key]);
            }
            scanner.rests(FORGOTTEN);
            for text in scanner.told() {
                prop_assert!(text.len() <= LONGEST && text.chars().all(|c| (' '..='~').contains(&c)));
            }
            prop_assert!(scanner.typed.patience().is_none());
        }
    }
}
