//! What a notice says: the country's templates, filled in (`contract/rules.md` §13).

use jiff::Timestamp;
use jiff::civil::{Date, DateTime, Time};
use zeroize::Zeroizing;

use super::Notice;
use crate::domain::application::{Application, Kind as Purpose};
use crate::domain::master::Master;
use crate::domain::message::{Channel, filled};
use crate::domain::slot::{Appointment, Slot};
use crate::services::Rules;

/// Letters of a name that nobody checked, at most.
const LONGEST_NAME: usize = 80;

/// What a notice tells of, in one language.
pub(super) struct Occasion<'m> {
    /// When the appointment is, or was to be, if that is known.
    pub(super) at: Option<DateTime>,
    master: &'m Master,
    language: String,
    cancelled: bool,
    values: Vec<(&'static str, String)>,
}

impl<'m> Occasion<'m> {
    /// Tells what a caller wants told, as far as it may be.
    pub(super) fn told(
        notice: &Notice,
        application: &Application,
        master: &'m Master,
        rules: &Rules,
        now: Timestamp,
    ) -> Self {
        let language = notice.language.as_deref().unwrap_or(&application.language);
        let cancelled = notice.cancelled == Some(true);
        let given = notice.name.as_deref().unwrap_or("");
        let name = match name_in(application, master, language) {
            // It was checked to be one of the application's.
            Some(_) if !cancelled => given.trim().to_owned(),
            Some(name) => name,
            None => harmless(given),
        };
        let booked = application.appointment.as_ref().map(|appointment| &appointment.slot);
        let date = notice.date.as_deref().and_then(parsed_day);
        let time = notice.time.as_deref().and_then(parsed_time);
        let shown = |given: &Option<String>, fits: bool, own: fn(&Slot) -> String| match given {
            Some(given) if fits => given.trim().to_owned(),
            _ => booked.map(own).unwrap_or_default(),
        };
        let at = match (date, time) {
            (Some(date), Some(time)) => Some(date.to_datetime(time)),
            _ => booked.map(|slot| slot.day.to_datetime(slot.starts)),
        };
        let date = shown(&notice.date, date.is_some(), day);
        let time = shown(&notice.time, time.is_some(), self::time);
        let of = Of { application, master, language, cancelled };
        of.occasion(name, (date, time), at, booked, rules, now)
    }

    /// Tells that an appointment is cancelled.
    pub(super) fn cancelled(
        application: &Application,
        appointment: &Appointment,
        master: &'m Master,
        rules: &Rules,
        now: Timestamp,
    ) -> Self {
        let language = application.language.as_str();
        let name = name_in(application, master, language).unwrap_or_default();
        let slot = &appointment.slot;
        let of = Of { application, master, language, cancelled: true };
        let when = (day(slot), time(slot));
        of.occasion(name, when, Some(appointment.start()), Some(slot), rules, now)
    }

    fn filled(&self, property: &str, usual: &str) -> Option<Zeroizing<String>> {
        let code = self.master.property(property).unwrap_or(usual);
        let Some(template) = self.master.template(code, &self.language) else {
            tracing::warn!(code, "the country has no such template: nobody is told");
            return None;
        };
        let values: Vec<_> =
            self.values.iter().map(|(name, value)| (*name, value.as_str())).collect();
        Some(filled(template, &values))
    }

    fn text(&self, channel: Channel) -> Option<Zeroizing<String>> {
        match (channel, self.cancelled) {
            (_, true) => self.filled("cancel.appoinment.template", "cancel-appointment"),
            (Channel::Sms, false) => {
                self.filled("sms.acknowledgement.template", "SMS-Acknowledgement")
            }
            (Channel::Email, false) => {
                self.filled("email.acknowledgement.template", "Email-Acknowledgement")
            }
        }
    }

    fn subject(&self) -> Option<Zeroizing<String>> {
        if self.cancelled {
            let usual = "cancel-appointment-email-subject";
            self.filled("cancel.appointment.email.subject", usual)
        } else {
            let usual = "Acknowledgement-email-subject";
            self.filled("email.acknowledgement.subject.template", usual)
        }
    }
}

/// Writes subject and text of one message: a text for each occasion, one below the other. Nothing
/// where the country has no template for it.
pub(super) fn written(
    channel: Channel,
    occasions: &[Occasion<'_>],
) -> Option<(String, Zeroizing<String>)> {
    let texts: Vec<_> = occasions.iter().filter_map(|occasion| occasion.text(channel)).collect();
    if texts.is_empty() {
        return None;
    }
    let mut text = Zeroizing::new(String::new());
    for (n, next) in texts.iter().enumerate() {
        text.push_str(if n == 0 { "" } else { "\n" });
        text.push_str(next);
    }
    let subject = match channel {
        Channel::Sms => String::new(),
        Channel::Email => {
            let subjects = occasions.iter().filter_map(Occasion::subject);
            // A line break would begin another header.
            let one_line = |text: Zeroizing<String>| text.replace(char::is_control, " ");
            subjects.map(one_line).collect::<Vec<_>>().join(" / ")
        }
    };
    Some((subject, text))
}

/// What an occasion is about.
struct Of<'a, 'm> {
    application: &'a Application,
    master: &'m Master,
    language: &'a str,
    cancelled: bool,
}

impl<'m> Of<'_, 'm> {
    fn occasion(
        self,
        name: String,
        (date, time): (String, String),
        at: Option<DateTime>,
        slot: Option<&Slot>,
        rules: &Rules,
        now: Timestamp,
    ) -> Occasion<'m> {
        let center = slot.and_then(|slot| self.master.center(&slot.center));
        let named = |names: Option<&crate::domain::master::Names>| {
            names.map_or_else(String::new, |names| names.pick(self.language).to_owned())
        };
        let local = now.to_zoned(rules.zone_of_messages(self.master));
        let prid = self.application.prid.to_string();
        let values = vec![
            ("name", name),
            ("ApplicationId", prid.clone()),
            ("PRID", prid),
            ("Date", local.strftime("%d %b %Y").to_string()),
            ("Time", local.strftime("%-I:%M%p").to_string()),
            ("Appointmentdate", date),
            ("Appointmenttime", time),
            ("ApplicationDetails", self.details()),
            ("RegistrationCenterName", named(center.map(|center| &center.names))),
            ("RegistrationCenterAddress", named(center.map(|center| &center.address))),
        ];
        let language = self.language.to_owned();
        Occasion { at, master: self.master, language, cancelled: self.cancelled, values }
    }

    /// Returns what the application is for, in the country's words.
    fn details(&self) -> String {
        let kind = match self.application.kind {
            Purpose::New => "prereg",
            Purpose::LostUin => "lostuin",
            Purpose::Update => "updateregistration",
        };
        let word = |language: &str| {
            self.master.property(&format!("mosip.{kind}.applicationdetails.{language}"))
        };
        let word = word(self.language).or_else(|| word(self.master.languages().first()));
        word.unwrap_or_default().to_owned()
    }
}

/// Returns the names in an application by language; a name in several fields is joined by blanks.
pub(in crate::services) fn names<'a>(
    application: &'a Application,
    master: &'a Master,
) -> Vec<(&'a str, String)> {
    let fields = master
        .property("preregistration.notification.nameFormat")
        .or_else(|| master.property("preregistration.identity.name"))
        .unwrap_or_else(|| master.mapped("name"));
    let mut names: Vec<(&str, String)> = Vec::new();
    for field in fields.split(',').map(str::trim) {
        let plain = application.identity.get(field).and_then(|value| value.as_str());
        let values = application.identity.values(field).chain(plain.map(|plain| ("", plain)));
        for (language, value) in values {
            match names.iter_mut().find(|(known, _)| *known == language) {
                Some((_, name)) => *name = format!("{name} {}", value.trim()),
                None => names.push((language, value.trim().to_owned())),
            }
        }
    }
    names
}

fn name_in(application: &Application, master: &Master, language: &str) -> Option<String> {
    let mut names = names(application, master);
    let place = names.iter().position(|(known, _)| *known == language).unwrap_or(0);
    (place < names.len()).then(|| names.swap_remove(place).1)
}

/// Returns as much of a name that nobody checked as may be sent: letters, no numbers and no links.
fn harmless(name: &str) -> String {
    let letters = name.chars().map(|c| if c.is_control() { ' ' } else { c });
    let letters = letters.filter(|c| c.is_alphabetic() || " '-\u{2019}".contains(*c));
    letters.take(LONGEST_NAME).collect::<String>().trim().to_owned()
}

/// Spells the day of an appointment as notices do.
fn day(slot: &Slot) -> String {
    slot.day.strftime("%Y-%m-%d").to_string()
}

/// Spells its time.
fn time(slot: &Slot) -> String {
    slot.starts.strftime("%I:%M %p").to_string()
}

/// Reads the day of an appointment.
pub(super) fn parsed_day(text: &str) -> Option<Date> {
    Date::strptime("%Y-%m-%d", text.trim()).ok()
}

/// Reads `09:15 AM`, and `09:15` as today's portal has it where it tells of a cancellation.
pub(super) fn parsed_time(text: &str) -> Option<Time> {
    let text = text.trim();
    ["%I:%M %p", "%H:%M", "%H:%M:%S"].iter().find_map(|form| Time::strptime(form, text).ok())
}

#[cfg(test)]
mod tests {
    use jiff::civil::time as at;

    use super::*;

    #[test]
    fn a_name_that_nobody_checked_carries_neither_number_nor_link() {
        assert_eq!(harmless("Ana-María d'Été"), "Ana-María d'Été");
        assert_eq!(harmless("سَنُبير نُر"), "سَنُبير نُر");
        assert_eq!(
            harmless("call 900 at http://evil.example/\r\nBcc:"),
            "call  at httpevilexample  Bcc"
        );
        assert_eq!(harmless(&"x".repeat(500)).len(), LONGEST_NAME);
    }

    #[test]
    fn a_time_is_read_in_either_of_the_portals_forms() {
        assert_eq!(parsed_time("09:15 AM"), Some(at(9, 15, 0, 0)));
        assert_eq!(parsed_time(" 01:00 pm "), Some(at(13, 0, 0, 0)));
        assert_eq!(parsed_time("13:00"), Some(at(13, 0, 0, 0)));
        assert_eq!(parsed_time("tomorrow"), None);
        assert_eq!(parsed_day("2026-11-30"), Some(jiff::civil::date(2026, 11, 30)));
        assert_eq!(parsed_day("30.11.2026"), None);
    }
}
