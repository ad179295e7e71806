//! Velmara, a country that does not exist: master data in the formats of a real one, embedded.

use std::borrow::Cow;

use crate::domain::master::Row;
use crate::wire::masterfolder;

/// The center that the demo's node stands in. It is open every day of the year.
pub const CENTER: &str = "10001";

macro_rules! files {
    ($($name:literal)*) => {
        &[$(($name, include_bytes!(concat!("country/", $name))),)*]
    };
}

const FILES: &[(&str, &[u8])] = files! {
    "master/applicant_valid_document.csv"
    "master/blocklisted_words.csv"
    "master/daysofweek_list.csv"
    "master/doc_category.csv"
    "master/doc_type.csv"
    "master/dynamic_field.csv"
    "master/language.csv"
    "master/loc_hierarchy_list.csv"
    "master/loc_holiday.csv"
    "master/location.csv"
    "master/reg_center_type.csv"
    "master/reg_exceptional_holiday.csv"
    "master/reg_working_nonworking.csv"
    "master/registration_center.csv"
    "master/template_prereg.csv"
    "master/title.csv"
    "master/valid_document.csv"
    "master/zone.csv"
    "spec/id_schema_0.1.json"
    "spec/id_schema_meta.json"
    "spec/ui_spec_prereg_0.1.json"
    "spec/ui_spec_prereg_meta.json"
    "config/applicant_type_table.json"
    "config/identity-mapping.json"
    "config/pre-registration.json"
};

/// Returns the file `name` of the country.
#[must_use]
pub fn file(name: &str) -> Option<&'static [u8]> {
    FILES.iter().find(|(known, _)| *known == name).map(|(_, content)| *content)
}

/// Returns the country's master data.
///
/// # Panics
/// Never: the tests read the same files.
#[must_use]
pub fn rows() -> Vec<Row> {
    masterfolder::read(&|name| Ok(file(name).map(Cow::Borrowed)))
        .expect("the embedded files are read by a test")
}

#[cfg(test)]
mod tests {
    use jiff::ToSpan as _;
    use jiff::civil::date;

    use super::*;
    use crate::domain::ids::CenterId;
    use crate::domain::master::Master;

    #[test]
    fn the_country_is_whole() {
        let master = Master::from_rows(rows()).unwrap();
        assert_eq!(master.languages().offered().collect::<Vec<_>>(), ["eng", "ara", "fra"]);
        assert!(master.languages().is_right_to_left("ara"));
        assert_eq!(master.centers().count(), 4);
        assert_eq!(master.number("preregistration.booking.offset"), Some(1));
        let mut places = [0; 6];
        let mut below = vec![None];
        while let Some(parent) = below.pop() {
            for place in master.places_below(parent) {
                places[usize::from(place.level)] += 1;
                below.push(Some(&place.code));
            }
        }
        assert_eq!(places, [1, 3, 6, 9, 12, 12]);
    }

    #[test]
    fn everything_has_a_name_in_all_three_languages() {
        let master = Master::from_rows(rows()).unwrap();
        let places =
            rows().into_iter().filter_map(|row| Some(master.place(&row.code)?.named.names.clone()));
        let names = master
            .centers()
            .flat_map(|center| [center.names.clone(), center.address.clone()])
            .chain(master.categories().values().map(|named| named.names.clone()))
            .chain(master.document_types().values().map(|named| named.names.clone()))
            .chain(master.ui_spec().fields().iter().skip(1).map(|field| field.labels.clone()))
            .chain(places);
        for names in names {
            for language in ["eng", "fra", "ara"] {
                assert!(names.exact(language).is_some_and(|name| !name.is_empty()), "{names:?}");
            }
        }
        for code in [
            "otp-sms-template",
            "OTP-email-subject-template",
            "OTP-email-content-template",
            "Email-Acknowledgement",
            "SMS-Acknowledgement",
            "cancel-appointment",
        ] {
            let texts =
                ["eng", "fra", "ara"].map(|language| master.template(code, language).unwrap());
            assert!(texts[0] != texts[1] && texts[1] != texts[2], "{code}");
        }
    }

    #[test]
    fn the_demos_center_is_open_on_every_day_and_others_are_not() {
        let master = Master::from_rows(rows()).unwrap();
        let is_open = |id: &str, day| {
            let center = master.center(&CenterId::new(id)).unwrap();
            master.is_working_day(center, day) && !master.is_holiday(center, day)
        };
        for day in date(2026, 1, 1).series(1.day()).take(3 * 365) {
            assert!(is_open(CENTER, day), "{day}");
        }
        assert!(!is_open("10002", date(2026, 12, 4)));
        assert!(!is_open("10002", date(2026, 10, 9)));
        assert!(!is_open("10002", date(2026, 11, 22)));
        assert!(is_open("10002", date(2026, 11, 23)));
    }
}
