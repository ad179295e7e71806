//! Patterns as MOSIP publishes them: Java regular expressions, matched against the whole text.
//!
//! Look-ahead is common in them (`^(?=.{3,50}$).*`), so fancy-regex runs them, under a limit on
//! backtracking: a pattern comes from central and the text from anybody. What the two dialects spell
//! differently is rewritten first: Java's `\w`, `\d` and `\s` are ASCII, and `[\w-\+]` holds a plain
//! hyphen.

use std::fmt;

/// Steps back after which a match is given up. The patterns in use need a few hundred.
const BACKTRACK_LIMIT: usize = 50_000;

/// A compiled Java pattern.
#[derive(Clone)]
pub struct Pattern {
    java: String,
    regex: fancy_regex::Regex,
}

/// The text is not a pattern that can be run here.
#[derive(Debug, thiserror::Error)]
#[error("the pattern {java} cannot be used")]
pub struct BadPattern {
    java: String,
    source: Box<fancy_regex::Error>,
}

impl Pattern {
    /// Compiles the Java pattern `java`.
    ///
    /// # Errors
    /// [`BadPattern`] when it is broken, or uses what only Java knows.
    pub fn java(java: &str) -> Result<Self, BadPattern> {
        fancy_regex::RegexBuilder::new(&format!(r"\A(?:{})\z", rewrite(java)))
            .backtrack_limit(BACKTRACK_LIMIT)
            .build()
            .map(|regex| Self { java: java.to_owned(), regex })
            .map_err(|source| BadPattern { java: java.to_owned(), source: Box::new(source) })
    }

    /// Tells whether all of `text` matches. A text that makes the pattern backtrack without end does
    /// not.
    #[must_use]
    pub fn matches(&self, text: &str) -> bool {
        self.regex.is_match(text).unwrap_or(false)
    }
}

impl fmt::Debug for Pattern {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Pattern({})", self.java)
    }
}

/// Spells `java` for fancy-regex.
fn rewrite(java: &str) -> String {
    let mut out = String::with_capacity(java.len() + 32);
    let mut chars = java.chars().peekable();
    let mut depth = 0_u32;
    // Whether what stands before, in a character class, is itself a set, after which a hyphen cannot
    // open a range and Java takes it for itself.
    let mut after_set = false;
    while let Some(c) = chars.next() {
        let was_set = std::mem::take(&mut after_set);
        match c {
            '\\' => {
                let Some(escaped) = chars.next() else {
                    out.push('\\');
                    break;
                };
                after_set = true;
                match escaped {
                    'w' => out.push_str("[A-Za-z0-9_]"),
                    'W' => out.push_str("[^A-Za-z0-9_]"),
                    'd' => out.push_str("[0-9]"),
                    'D' => out.push_str("[^0-9]"),
                    's' => out.push_str(r"[ \t\n\x0B\f\r]"),
                    'S' => out.push_str(r"[^ \t\n\x0B\f\r]"),
                    '-' if depth > 0 => out.push_str("[-]"),
                    other => {
                        out.extend(['\\', other]);
                        after_set = matches!(other, 'p' | 'P');
                        if after_set && chars.peek() == Some(&'{') {
                            out.extend(chars.by_ref().take_while(|&c| c != '}'));
                            out.push('}');
                        }
                    }
                }
            }
            '[' => {
                depth += 1;
                out.push('[');
                if chars.next_if_eq(&'^').is_some() {
                    out.push('^');
                }
            }
            ']' if depth > 0 => {
                depth -= 1;
                out.push(']');
                after_set = depth > 0;
            }
            '-' if depth > 0 && was_set => out.push_str("[-]"),
            other => out.push(other),
        }
    }
    out
}

#[cfg(test)]
mod tests {
    use super::*;

    fn matches(java: &str, text: &str) -> bool {
        Pattern::java(java).unwrap().matches(text)
    }

    #[test]
    fn the_patterns_of_the_contract_compile_and_mean_what_java_means() {
        let email = r"^[\w-\+]+(\.[\w]+)*@[\w-]+(\.[\w]+)*(\.[a-zA-Z]{2,})$";
        assert!(matches(email, "first-last+tag@example.org"));
        assert!(!matches(email, "first last@example.org"));
        assert!(!matches(email, "first@example"));

        let post = "^[(?i)A-Z0-9]{5}$|^NA$";
        for good in ["14022", "NA", "(?iA)"] {
            assert!(matches(post, good), "{good}");
        }
        assert!(!matches(post, "1402"));
        assert!(!matches(post, "14022 NA"));

        let length = "^(?=.{3,50}$).*";
        assert!(matches(length, "abc"));
        assert!(!matches(length, "ab"));
        assert!(!matches(length, &"x".repeat(51)));
    }

    #[test]
    fn digits_and_letters_are_ascii_as_in_java() {
        assert!(matches(r"^\d{4}$", "2026"));
        assert!(!matches(r"^\d{4}$", "٢٠٢٦"));
        assert!(!matches(r"\w+", "اسم"));
        assert!(matches(r"[^\w]+", "اسم"));
        assert!(matches(r"\p{L}+", "اسم"));
        assert!(matches(r"[\p{L}-]+", "اسم-x"));
    }

    #[test]
    fn the_whole_text_must_match() {
        assert!(!matches("[0-9]{3}", "1234"));
        assert!(!matches("^abc$", "abc\n"));
        assert!(!matches("a|b", "ab"));
    }

    #[test]
    fn a_text_made_to_backtrack_for_ever_is_refused_soon() {
        let evil = Pattern::java(r"^(?=(a+)+$)(a+)+$").unwrap();
        // Without the limit this runs for longer than anybody waits.
        assert!(!evil.matches(&format!("{}!", "a".repeat(5_000))));
    }

    #[test]
    fn a_broken_pattern_is_refused_by_name() {
        let error = Pattern::java("^(abc$").unwrap_err();
        assert_eq!(error.to_string(), "the pattern ^(abc$ cannot be used");
    }
}
