//! Residents of the made-up country. The one of a number is always the same, so that a test and a
//! second start of the demo find the people they left.

mod names;
mod papers;

use std::sync::LazyLock;

use serde_json::{Map, Value, json};

use self::names::{FAMILY, GIVEN};
use crate::demo::country;
use crate::domain::identity::Identity;
use crate::domain::master::{Kind, Row};
use crate::entropy::{Entropy, Seeded};

/// How many there are whose names differ.
pub const DISTINCT: usize = GIVEN.len() * FAMILY.len();

/// A resident.
#[derive(Clone, Debug)]
pub struct Resident {
    /// What they type on the portal.
    pub identity: Identity,
    /// The language they type it in.
    pub language: &'static str,
    /// Their given name and family name in English spelling.
    pub name: String,
    /// Their phone, as the user id they sign in with.
    pub phone: String,
    /// Their e-mail address.
    pub email: String,
    /// What they upload: a proof of identity always comes first.
    pub documents: Vec<Paper>,
}

/// A document that a resident uploads.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Paper {
    /// Its category.
    pub category: &'static str,
    /// Its type.
    pub document_type: &'static str,
    /// What the file is called, with the ending of what it is.
    pub file_name: String,
    /// Its media type.
    pub media_type: &'static str,
    /// The number on it, if it has one.
    pub ref_number: Option<String>,
    drawing: Drawing,
}

/// How the file of a paper is drawn; a number makes it unlike all others.
#[derive(Clone, Debug, PartialEq, Eq)]
enum Drawing {
    Pdf(Vec<String>, u64),
    Png(u64),
    Jpeg(u64),
}

impl Paper {
    /// Draws the file, the same each time.
    #[must_use]
    pub fn content(&self) -> Vec<u8> {
        match &self.drawing {
            Drawing::Pdf(lines, seed) => papers::pdf(lines, *seed),
            Drawing::Png(seed) => papers::png(*seed),
            Drawing::Jpeg(seed) => papers::jpeg(*seed),
        }
    }
}

const LANGUAGES: [&str; 3] = ["eng", "fra", "ara"];

/// House numbers go before the street, in each language.
const STREETS: [[&str; 3]; 6] = [
    ["Heron Lane", "allée du Héron", "ممر البلشون"],
    ["Copper Street", "rue du Cuivre", "شارع النحاس"],
    ["Windmill Road", "route du Moulin-à-Vent", "طريق طاحونة الهواء"],
    ["Saffron Steps", "escalier du Safran", "درج الزعفران"],
    ["Cistern Square", "place de la Citerne", "ساحة الصهريج"],
    ["Juniper Walk", "promenade du Genévrier", "ممشى العرعر"],
];

/// Returns the resident number `i`.
#[must_use]
pub fn resident(i: usize) -> Resident {
    let seeded = Seeded::new(i as u64);
    let entropy: &dyn Entropy = &seeded;
    let pick = |bound: usize| usize::try_from(entropy.below(bound as u64)).unwrap_or(0);

    // Every given name meets every family name before a pair comes again.
    let given = &GIVEN[i % GIVEN.len()];
    let family = &FAMILY[(7 * i + i / GIVEN.len()) % FAMILY.len()];
    let name = format!("{} {}", given.eng, family.eng);
    let language = LANGUAGES[[0, 0, 1, 2, 2][pick(5)]];
    let languages: Vec<_> = match (language, pick(2)) {
        ("eng", 0) => vec!["eng", "ara"],
        ("eng", _) => vec!["eng", "fra", "ara"],
        (other, 0) => vec!["eng", other],
        (other, _) => {
            let mut all = LANGUAGES.to_vec();
            all.retain(|code| *code == "eng" || *code == other || pick(2) == 0);
            all
        }
    };
    let given_by = |texts: [String; 3]| -> Value {
        let text = |code: &&str| &texts[LANGUAGES.iter().position(|l| l == code).unwrap_or(0)];
        languages.iter().map(|code| json!({"language": code, "value": text(code)})).collect()
    };
    let same = |code: &str| given_by([code.to_owned(), code.to_owned(), code.to_owned()]);

    let child = pick(6) == 0;
    let year = if child { 2012 + pick(12) } else { 1940 + pick(66) };
    let [region, province, city, zone, postal_code] = &PLACES[pick(PLACES.len())];
    let house = 1 + pick(180);
    let street = STREETS[pick(STREETS.len())];
    let phone = format!("{}{:09}", 6 + i % 4, (i * 7_919 + 104_729) % 1_000_000_000);
    let email =
        format!("{}.{}{i}@example.org", given.eng.to_lowercase(), family.eng.to_lowercase());
    let citizen = pick(10) != 0;

    let mut identity = Map::new();
    let mut set = |field: &str, value: Value| identity.insert(field.to_owned(), value);
    set("IDSchemaVersion", json!(0.1));
    set(
        "fullName",
        given_by([
            name.clone(),
            format!("{} {}", given.fra, family.fra),
            format!("{} {}", given.ara, family.ara),
        ]),
    );
    set("dateOfBirth", json!(format!("{year}/{:02}/{:02}", 1 + pick(12), 1 + pick(28))));
    set("gender", same(if i.is_multiple_of(2) { "WMN" } else { "MAN" }));
    set("residenceStatus", same(if citizen { "CTZ" } else { "GST" }));
    set("addressLine1", given_by(street.map(|street| format!("{house} {street}"))));
    for (field, code) in
        [("region", region), ("province", province), ("city", city), ("zone", zone)]
    {
        set(field, same(code));
    }
    set("postalCode", json!(postal_code));
    set("phone", json!(phone));
    set("email", json!(email));
    if i.is_multiple_of(3) {
        set(
            "referenceIdentityNumber",
            json!(format!("48{:012}", (i * 6_700_417) % 1_000_000_000_000)),
        );
    }

    let number = format!("V{:08}", (i * 48_271 + 12_345_678) % 100_000_000);
    let mut documents = vec![identity_paper(i, citizen, &name, &number)];
    if i % 5 != 4 {
        documents.push(address_paper(i, &name, &format!("{house} {}", street[0])));
    }
    if child {
        documents.push(Paper {
            category: "POR",
            document_type: if citizen { "FMB" } else { "BTC" },
            file_name: format!("guardian-{i}.png"),
            media_type: "image/png",
            ref_number: None,
            drawing: Drawing::Png(3 * i as u64 + 2),
        });
    }
    Resident { identity: Identity::new(identity), language, name, phone, email, documents }
}

fn identity_paper(i: usize, citizen: bool, name: &str, number: &str) -> Paper {
    let seed = 3 * i as u64;
    let (file_name, media_type, drawing) = match i % 3 {
        0 => (format!("identity-{i}.jpg"), "image/jpeg", Drawing::Jpeg(seed)),
        1 => {
            let lines = ["Velmaran identity paper", name, number].map(str::to_owned);
            (format!("identity-{i}.pdf"), "application/pdf", Drawing::Pdf(lines.to_vec(), seed))
        }
        _ => (format!("identity-{i}.png"), "image/png", Drawing::Png(seed)),
    };
    Paper {
        category: "POI",
        document_type: match (citizen, i % 2) {
            (true, 0) => "VIC",
            (true, _) => "VPP",
            (false, _) => "FTD",
        },
        file_name,
        media_type,
        ref_number: Some(number.to_owned()),
        drawing,
    }
}

fn address_paper(i: usize, name: &str, address: &str) -> Paper {
    Paper {
        category: "POA",
        document_type: if i.is_multiple_of(2) { "WTB" } else { "TNC" },
        file_name: format!("address-{i}.pdf"),
        media_type: "application/pdf",
        ref_number: None,
        drawing: Drawing::Pdf(
            ["Proof of address", name, address].map(str::to_owned).to_vec(),
            3 * i as u64 + 1,
        ),
    }
}

/// The way from region to postal code of each postal code of the country.
static PLACES: LazyLock<Vec<[String; 5]>> = LazyLock::new(places);

fn places() -> Vec<[String; 5]> {
    let rows = country::rows();
    let places: Vec<&Row> =
        rows.iter().filter(|row| row.kind == Kind::Location && row.language == "eng").collect();
    let parent = |code: &str| {
        let row = places.iter().find(|row| row.code == code);
        row.and_then(|row| row.content["parentLocCode"].as_str()).unwrap_or("").to_owned()
    };
    let leaves = places.iter().filter(|row| row.content["hierarchyLevel"] == 5);
    leaves
        .map(|leaf| {
            let zone = parent(&leaf.code);
            let city = parent(&zone);
            let province = parent(&city);
            [parent(&province), province, city, zone, leaf.code.clone()]
        })
        .collect()
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use jiff::civil::date;

    use super::*;
    use crate::domain::identity::validate;
    use crate::domain::master::Master;

    #[test]
    fn a_resident_is_valid_in_the_country_by_either_list_of_required_fields() {
        let master = Master::from_rows(country::rows()).unwrap();
        let required: Vec<_> = master.ui_spec().required().map(str::to_owned).collect();
        for i in 0..200 {
            let identity = resident(i).identity;
            for required in [None, Some(required.as_slice())] {
                let findings = validate(&identity, &master, required, date(2026, 11, 22));
                assert!(findings.is_empty(), "{i}: {findings:?}");
            }
        }
    }

    #[test]
    fn the_resident_of_a_number_is_always_the_same() {
        let (one, again) = (resident(17), resident(17));
        assert_eq!(one.identity, again.identity);
        assert_eq!(one.documents, again.documents);
        assert_eq!(one.documents[0].content(), again.documents[0].content());
        assert_ne!(one.documents[0].content(), resident(20).documents[0].content());
    }

    #[test]
    fn residents_share_no_name_phone_or_address_for_mail() {
        let residents: Vec<_> = (0..400).map(resident).collect();
        for member in [
            |resident: &Resident| resident.name.clone(),
            |resident: &Resident| resident.phone.clone(),
            |resident: &Resident| resident.email.clone(),
        ] {
            assert_eq!(residents.iter().map(member).collect::<BTreeSet<_>>().len(), 400);
        }
    }

    #[test]
    fn each_document_may_be_shown_by_who_shows_it() {
        let master = Master::from_rows(country::rows()).unwrap();
        let mut categories = BTreeSet::new();
        for resident in (0..100).map(resident) {
            let applicant = master.applicant_type(&resident.identity, date(2026, 11, 22)).unwrap();
            let allowed = master.applicant_documents(applicant).unwrap();
            assert!((1..=3).contains(&resident.documents.len()));
            assert_eq!(resident.documents[0].category, "POI");
            for paper in resident.documents {
                let pair = (paper.category.to_owned(), paper.document_type.to_owned());
                assert!(allowed.contains(&pair), "{applicant} {pair:?}");
                assert!(master.is_valid_document(paper.category, paper.document_type));
                categories.insert(paper.category);
            }
        }
        assert_eq!(categories, BTreeSet::from(["POA", "POI", "POR"]));
    }

    #[test]
    fn a_file_name_ends_as_its_content_is() {
        for paper in (0..3).flat_map(|i| resident(i).documents) {
            let content = paper.content();
            let ending = match content[..4] {
                [0x89, b'P', b'N', b'G'] => ".png",
                [0xff, 0xd8, 0xff, _] => ".jpg",
                _ => ".pdf",
            };
            assert!(paper.file_name.ends_with(ending), "{}", paper.file_name);
        }
    }

    #[test]
    fn all_three_languages_are_spoken() {
        let spoken: BTreeSet<_> = (0..50).map(|i| resident(i).language).collect();
        assert_eq!(spoken, BTreeSet::from(LANGUAGES));
    }
}
