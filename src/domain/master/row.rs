//! A row of master data as it is kept and exchanged: its content is the object the master data
//! service shows (`contract/masterdata.md` §3), members we do not know included.

use serde::Deserialize;
use serde_json::Value;

use super::Inconsistent;

macro_rules! kinds {
    ($($(#[$doc:meta])* $name:ident = $text:literal, $language:literal, $code:expr;)*) => {
        /// What a row tells of.
        #[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
        pub enum Kind {
            $($(#[$doc])* $name,)*
        }

        impl Kind {
            /// Every kind, in the order of the enum.
            pub const ALL: &[Self] = &[$(Self::$name,)*];

            /// Returns the word the replica keeps for this kind.
            #[must_use]
            pub fn as_str(self) -> &'static str {
                match self {
                    $(Self::$name => $text,)*
                }
            }

            /// Returns the member that holds the language; empty where a row has none.
            fn language(self) -> &'static str {
                match self {
                    $(Self::$name => $language,)*
                }
            }

            /// Returns the members whose values, parted by a slash, are the code.
            fn code(self) -> &'static [&'static str] {
                match self {
                    $(Self::$name => &$code,)*
                }
            }
        }
    };
}

kinds! {
    /// A language; its name is in one language only.
    Language = "language", "", ["code"];
    /// A place: country, region, … postal code.
    Location = "location", "langCode", ["code"];
    /// What a level of places is called.
    LocationLevel = "location_level", "langCode", ["hierarchyLevel"];
    /// An administrative zone.
    Zone = "zone", "langCode", ["code"];
    /// A kind of center.
    CenterType = "center_type", "langCode", ["code"];
    /// A registration center.
    Center = "center", "langCode", ["id"];
    /// A day of the week, 101 is Sunday.
    WeekDay = "week_day", "langCode", ["code"];
    /// Whether a center works on a day of the week.
    WorkingDay = "working_day", "langCode", ["registrationCenterId", "dayCode"];
    /// A holiday of the centers that name its place as theirs.
    Holiday = "holiday", "langCode", ["locationCode", "holidayDate"];
    /// A day on which one center is closed.
    ExceptionalHoliday = "exceptional_holiday", "langCode", ["registrationCenterID", "holidayDate"];
    /// A category of documents, such as `POI`.
    DocumentCategory = "document_category", "langCode", ["code"];
    /// A type of document.
    DocumentType = "document_type", "langCode", ["code"];
    /// A type that is accepted in a category, whatever the language of the row.
    ValidDocument = "valid_document", "langCode", ["docCategoryCode", "docTypeCode"];
    /// A type that an applicant type may show in a category. Its language means nothing: upstream's
    /// query ignores it too.
    ApplicantDocument = "applicant_document", "langCode",
        ["appTypeCode", "docCategoryCode", "docTypeCode"];
    /// The choices of one drop-down in one language.
    DynamicField = "dynamic_field", "langCode", ["name"];
    /// A form of address.
    Title = "title", "langCode", ["code"];
    /// The text of a message; codes differ in case.
    Template = "template", "langCode", ["templateTypeCode"];
    /// A word that no name may hold.
    BlocklistedWord = "blocklisted_word", "langCode", ["word"];
    /// A pre-registration UI specification.
    UiSpec = "ui_spec", "", ["version"];
    /// A schema of the identity.
    IdSchema = "id_schema", "", ["idVersion"];
    /// Which field of the identity is the name, the birth date and so on.
    IdentityMapping = "identity_mapping", "", [];
    /// Residence, gender and age group to applicant type.
    ApplicantType = "applicant_type", "", [];
    /// A configuration property: `key` and `value`.
    Property = "property", "", ["key"];
}

impl Kind {
    /// Tells whether its rows join codes and name nothing, so that their language is of no account.
    fn is_a_relation(self) -> bool {
        matches!(self, Self::WorkingDay | Self::ValidDocument | Self::ApplicantDocument)
    }

    /// Returns the kind that `word` spells, if any.
    #[must_use]
    pub fn parse(word: &str) -> Option<Self> {
        Self::ALL.iter().copied().find(|kind| kind.as_str() == word)
    }
}

/// A row of master data.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Row {
    /// What it tells of.
    pub kind: Kind,
    /// Which one of its kind, such as `10001` or `POI/VIC`; empty where there is only one.
    pub code: String,
    /// The language of its texts; empty where a row has none.
    pub language: String,
    /// The object as the master data service shows it.
    pub content: Value,
}

impl Row {
    /// Returns the row of `content`, whose code and language stand in `content` itself.
    ///
    /// # Errors
    /// [`Inconsistent`] when a member of the code or the language is absent or blank.
    pub fn new(kind: Kind, content: Value) -> Result<Self, Inconsistent> {
        let member = |name: &str| match content.get(name) {
            Some(Value::String(text)) if !text.trim().is_empty() => Ok(text.trim().to_owned()),
            Some(Value::Number(number)) => Ok(number.to_string()),
            _ => Err(Inconsistent::new(kind.as_str(), format!("has no {name}"))),
        };
        let code = kind.code().iter().map(|name| member(name)).collect::<Result<Vec<_>, _>>()?;
        let language = match kind.language() {
            "" => String::new(),
            name if kind.is_a_relation() => member(name).unwrap_or_default(),
            name => member(name)?,
        };
        Ok(Self { kind, code: code.join("/"), language, content })
    }

    /// Reads what this program wants of the content.
    pub(super) fn read<T: for<'a> Deserialize<'a>>(&self) -> Result<T, Inconsistent> {
        T::deserialize(&self.content).map_err(|error| self.fault(error.to_string()))
    }

    /// Says what is wrong with this row.
    pub(super) fn fault(&self, fault: impl Into<String>) -> Inconsistent {
        Inconsistent::new(self.place(), fault)
    }

    /// Names the row in an error: its kind, code and language.
    fn place(&self) -> String {
        let mut place = self.kind.as_str().replace('_', " ");
        if !self.code.is_empty() {
            place = format!("{place} {}", self.code);
        }
        if !self.language.is_empty() {
            place = format!("{place} ({})", self.language);
        }
        place
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn a_row_knows_its_code_and_language_by_its_content() {
        let row = Row::new(
            Kind::WorkingDay,
            json!({"registrationCenterId": "10001", "dayCode": 102, "langCode": "eng", "x": [1]}),
        )
        .unwrap();
        assert_eq!((row.code.as_str(), row.language.as_str()), ("10001/102", "eng"));
        assert_eq!(row.content["x"], json!([1]));
        assert_eq!(row.place(), "working day 10001/102 (eng)");
    }

    #[test]
    fn a_row_without_its_code_is_refused() {
        let error = Row::new(Kind::Center, json!({"id": " ", "langCode": "eng"})).unwrap_err();
        assert_eq!(error.to_string(), "center: has no id");
    }

    #[test]
    fn every_kind_is_read_back_from_its_word() {
        for kind in Kind::ALL {
            assert_eq!(Kind::parse(kind.as_str()), Some(*kind));
        }
        assert_eq!(Kind::parse("nothing"), None);
    }
}
