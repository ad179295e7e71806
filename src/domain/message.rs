//! A message to somebody, and how the text that a country set for it is filled in.

use jiff::Timestamp;
use zeroize::Zeroizing;

use super::ids::Digest;

/// How somebody is reached.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Channel {
    /// By SMS.
    Sms,
    /// By e-mail.
    Email,
}

impl Channel {
    /// Both.
    pub const ALL: [Self; 2] = [Self::Sms, Self::Email];

    /// Returns its name.
    #[must_use]
    pub fn name(self) -> &'static str {
        match self {
            Self::Sms => "sms",
            Self::Email => "email",
        }
    }
}

/// A message to somebody. It may have an OTP in it: it is not printed.
#[derive(Clone, PartialEq, Eq)]
pub struct Message {
    /// The phone number or e-mail address.
    pub to: String,
    /// By which way it goes.
    pub channel: Channel,
    /// Its subject; empty for an SMS.
    pub subject: String,
    /// Its text.
    pub text: Zeroizing<String>,
}

impl Message {
    /// Returns a name for it, the same whenever it is sent again and telling nobody what is in it:
    /// mail servers leave out what they have under a name already.
    #[must_use]
    pub fn name(&self, made_at: Timestamp) -> String {
        let parts = [&made_at.as_millisecond().to_string(), &self.to, &self.subject, &*self.text];
        let text = Zeroizing::new(parts.map(|part| format!("{}:{part}", part.len())).concat());
        Digest::of(text.as_bytes()).to_string()[..32].to_owned()
    }
}

/// Fills a Velocity text's variables, `$name`, `${name}` or `$!name`. An unknown one stays as it is,
/// or is left out where the text says so by `$!`.
#[must_use]
pub fn filled(template: &str, values: &[(&str, &str)]) -> Zeroizing<String> {
    let mut text = Zeroizing::new(String::with_capacity(template.len() + 64));
    let mut rest = template;
    while let Some(at) = rest.find('$') {
        text.push_str(&rest[..at]);
        let from = &rest[at..];
        let (name, quiet, length) = reference(from);
        match values.iter().find(|(known, _)| *known == name) {
            Some((_, value)) => text.push_str(value),
            None if quiet && !name.is_empty() => {}
            None => text.push_str(&from[..length]),
        }
        rest = &from[length..];
    }
    text.push_str(rest);
    text
}

/// Returns the name that the reference at the beginning of `from` names, whether it is a quiet one,
/// and its length. A dollar sign that begins none has the length of itself.
fn reference(from: &str) -> (&str, bool, usize) {
    let after = &from[1..];
    let (quiet, after) = after.strip_prefix('!').map_or((false, after), |after| (true, after));
    let (braced, after) = after.strip_prefix('{').map_or((false, after), |after| (true, after));
    let end = after.find(|c: char| !c.is_ascii_alphanumeric() && c != '_').unwrap_or(after.len());
    let (name, after) = after.split_at(end);
    let after = if braced { after.strip_prefix('}') } else { Some(after) };
    match after {
        Some(after) if !name.is_empty() => (name, quiet, from.len() - after.len()),
        _ => ("", false, 1),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_text_is_filled_in_each_of_velocitys_spellings() {
        let values = [("otp", "123456"), ("name", "N")];
        let filled = |text| filled(text, &values).to_string();
        assert_eq!(filled("OTP $otp for ${name}."), "OTP 123456 for N.");
        assert_eq!(filled("$!otp$name costs 5$"), "123456N costs 5$");
        assert_eq!(filled("#$otpக்கான $!{name}"), "#$otpக்கான N".replace("$otp", "123456"));
    }

    #[test]
    fn what_is_unknown_stays_unless_the_text_wants_it_quiet() {
        let values = [("name", "$name")];
        let filled = |text| filled(text, &values).to_string();
        assert_eq!(
            filled("$unknown ${other} $ ${name $ name"),
            "$unknown ${other} $ ${name $ name"
        );
        assert_eq!(filled("a$!{unknown}b$!unknown.$!"), "ab.$!");
        assert_eq!(filled("$name$name"), "$name$name", "a value is no template");
    }

    #[test]
    fn a_message_keeps_its_name_and_shares_it_with_no_other() {
        let at = |second| Timestamp::from_second(second).unwrap();
        let message = |to: &str, text: &str| Message {
            to: to.to_owned(),
            channel: Channel::Email,
            subject: String::new(),
            text: Zeroizing::new(text.to_owned()),
        };
        let name = message("a@b.example", "text").name(at(1));
        assert_eq!(name, message("a@b.example", "text").name(at(1)));
        assert_ne!(name, message("a@b.example", "text").name(at(2)));
        assert_ne!(name, message("a@b.exampl", "etext").name(at(1)));
        assert!(!name.contains("example"));
    }
}
