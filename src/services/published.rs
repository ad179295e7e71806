//! What every client may know of the country's configuration (`contract/rules.md` §12). It is a list
//! of names: what is not on it stays here, secrets first of all.

use serde_json::{Map, Value};

use crate::domain::master::Master;
use crate::services::Coded;

/// Why nothing is published. Texts and codes: `contract/errors.md` §4.
#[derive(Debug, thiserror::Error)]
pub enum Error {
    /// There is no configuration.
    #[error("Config file not found in the config server")]
    NoConfig,
    /// It does not say which languages there are.
    #[error("mosip language properties not defined")]
    NoLanguages,
}

impl Coded for Error {
    fn code(&self) -> &'static str {
        match self {
            Self::NoConfig => "PRG_AUTH_012",
            Self::NoLanguages => "PRG_PAM_LGN_015",
        }
    }
}

/// Properties that are published as they are, where they have a value.
const NAMES: &[&str] = &[
    "preregistration.availability.sync",
    "preregistration.availability.noOfDays",
    "mosip.id.validation.identity.email",
    "mosip.id.validation.identity.email.length",
    "mosip.id.validation.identity.postalCode",
    "mosip.id.validation.identity.postalCode.length",
    "mosip.id.validation.identity.phone",
    "mosip.id.validation.identity.phone.length",
    "mosip.id.validation.identity.dateOfBirth",
    "mosip.id.validation.identity.referenceIdentityNumber",
    "mosip.id.validation.identity.referenceIdentityNumber.length",
    "mosip.id.validation.identity.age",
    "mosip.id.validation.identity.fullName.[*].value",
    "mosip.id.validation.identity.addressLine1.[*].value",
    "mosip.default.dob.month",
    "mosip.default.dob.day",
    "mosip.kernel.otp.expiry-time",
    "mosip.kernel.otp.validation-attempt-threshold",
    "mosip.kernel.otp.default-length",
    "mosip.kernel.sms.number.length",
    "mosip.kernel.pin.length",
    "preregistration.max.file.size",
    "preregistration.recommended.centers.locCode",
    "preregistration.nearby.centers",
    "mosip.login.mode",
    "preregistration.workflow.demographic",
    "preregistration.workflow.documentupload",
    "preregistration.workflow.booking",
    "preregistration.auto.logout",
    "preregistration.timespan.cancel",
    "preregistration.timespan.rebook",
    "preregistration.booking.offset",
    "mosip.right_to_left_orientation",
    "mosip.left_to_right_orientation",
    "preregistration.documentupload.allowed.file.type",
    "preregistration.documentupload.allowed.file.nameLength",
    "preregistration.documentupload.allowed.file.size",
    "mosip.preregistration.auto.logout.idle",
    "mosip.preregistration.auto.logout.timeout",
    "mosip.preregistration.auto.logout.ping",
    "mosip.country.code",
    "mosip.notificationtype",
    "mosip.kernel.idobjectvalidator.masterdata.locations.locationNotAvailable",
    "mosip.preregistration.captcha.sitekey",
    "mosip.adult.age",
    "mosip.idschema.version",
    "preregistration.identity.name",
    "preregistration.ui.version",
    "preregistration.contact.email",
    "preregistration.contact.phone",
    "mosip.primary-language",
    "mosip.secondary-language",
    "mosip.supported-languages",
];

/// Returns what is published, all of it text; `captcha` tells whether one is asked for here.
///
/// # Errors
/// [`Error::NoConfig`], [`Error::NoLanguages`].
pub fn config(master: &Master, captcha: bool) -> Result<Map<String, Value>, Error> {
    if master.properties().next().is_none() {
        return Err(Error::NoConfig);
    }
    let told =
        ["mosip.mandatory-languages", "mosip.optional-languages", "mosip.supported-languages"];
    if told.iter().all(|key| master.property(key).is_none()) {
        return Err(Error::NoLanguages);
    }
    let mut published = Map::new();
    for name in NAMES {
        // A place that the country's tools should have filled is no value.
        if let Some(value) = master.property(name).filter(|value| !value.contains("${")) {
            published.insert((*name).to_owned(), value.into());
        }
    }
    published.insert("mosip.preregistration.captcha.enable".to_owned(), captcha.to_string().into());
    published.extend(languages(master).map(|(key, value)| (key.to_owned(), value.into())));
    Ok(published)
}

/// Returns the languages and how many of them an application has at least and at most
/// (`contract/rules.md` §2).
fn languages(master: &Master) -> impl Iterator<Item = (&'static str, String)> {
    let mut mandatory: Vec<&str> = Vec::new();
    let mut optional: Vec<&str> = Vec::new();
    for code in master.languages().mandatory() {
        if !mandatory.contains(&code.as_str()) {
            mandatory.push(code);
        }
    }
    for code in master.languages().optional() {
        if !mandatory.contains(&code.as_str()) && !optional.contains(&code.as_str()) {
            optional.push(code);
        }
    }
    let number = |key| master.number(key).and_then(|number| usize::try_from(number).ok());
    let least = mandatory.len().max(1);
    let most = (mandatory.len() + optional.len()).max(1);
    let min = number("mosip.min-languages.count").unwrap_or(0).clamp(least, most);
    let max = number("mosip.max-languages.count").unwrap_or(min).clamp(min, most);
    [
        ("mosip.mandatory-languages", mandatory.join(",")),
        ("mosip.optional-languages", optional.join(",")),
        ("mosip.min-languages.count", min.to_string()),
        ("mosip.max-languages.count", max.to_string()),
    ]
    .into_iter()
}
