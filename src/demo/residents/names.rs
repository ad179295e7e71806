//! Names of people who do not exist: Latin, French and Arabic spelling. All are long and odd enough
//! that one of them found in a file can only have leaked there.

/// A name in the three languages of the country.
pub(super) struct Name {
    pub(super) eng: &'static str,
    pub(super) fra: &'static str,
    pub(super) ara: &'static str,
}

macro_rules! names {
    ($($eng:literal $fra:literal $ara:literal)*) => {
        [$(Name { eng: $eng, fra: $fra, ara: $ara },)*]
    };
}

/// Given names: those of women at even places, those of men at odd ones.
pub(super) const GIVEN: [Name; 40] = names! {
    "Aldenna" "Aldenne" "ألدينا"            "Bravonel" "Bravonel" "برافونيل"
    "Celorine" "Célorine" "سيلورين"         "Dorvelan" "Dorvélan" "دورفيلان"
    "Elvashti" "Elvachti" "إلفاشتي"         "Farouzen" "Farouzène" "فاروزين"
    "Ghalisra" "Ghalisra" "غاليسرا"         "Hedravik" "Hédravik" "هدرافيك"
    "Ilmareth" "Ilmarette" "إلماريث"        "Jorvandil" "Jorvandil" "جورفانديل"
    "Kalimelle" "Kalimelle" "كاليميل"       "Lutherin" "Luthérin" "لوثيرين"
    "Marsouna" "Marsouna" "مرسونا"          "Nadirvan" "Nadirvan" "ناديرفان"
    "Ophalyne" "Ophaline" "أوفالين"         "Perrandol" "Perrandol" "بيراندول"
    "Quillisa" "Quillisa" "كيليسا"          "Rashveen" "Rachvine" "راشفين"
    "Salomira" "Salomira" "سالوميرا"        "Tamerlok" "Tamerloc" "تاميرلوك"
    "Umaisha" "Oumaïcha" "أميشا"            "Vandrigal" "Vandrigal" "فاندريغال"
    "Wislenna" "Vislenne" "ويسلينا"         "Xanderik" "Xandéric" "زانديريك"
    "Yasmelia" "Yasmélie" "ياسميليا"        "Zoubarek" "Zoubarec" "زوبارك"
    "Anouvita" "Anouvite" "أنوفيتا"         "Berthavan" "Berthavan" "برثافان"
    "Corindala" "Corindale" "كوريندالا"     "Davrimel" "Davrimel" "دافريميل"
    "Estrabelle" "Estrabelle" "إسترابيل"    "Fenwadir" "Fénouadir" "فنوادير"
    "Gwenatra" "Guénatra" "غويناترا"        "Halvarim" "Halvarim" "هالفاريم"
    "Isoldrine" "Isoldrine" "إيزولدرين"     "Kheiroun" "Kheïroun" "خيرون"
    "Loumeyra" "Louméïra" "لوميرا"          "Mordechan" "Mordéchan" "مورديشان"
    "Nourvana" "Nourvane" "نورفانا"         "Oskarvel" "Oscarvel" "أوسكارفيل"
};

/// Family names.
pub(super) const FAMILY: [Name; 40] = names! {
    "Abendrath" "Abendrath" "أبندراث"       "Balzourian" "Balzourian" "بلزوريان"
    "Castelvorn" "Castelvorne" "كاستلفورن"  "Drachmond" "Drachmond" "دراخموند"
    "Elkhadrin" "Elkhadrine" "الخضرين"      "Fontaverre" "Fontaverre" "فونتافير"
    "Garamzadi" "Garamzadi" "غرمزادي"       "Hollenbrae" "Hollenbré" "هولنبري"
    "Ismirouane" "Ismirouane" "إسميروان"    "Jakovleen" "Jacovline" "جاكوفلين"
    "Kervanoud" "Kervanoud" "كرفانود"       "Larkovitz" "Larcovitz" "لاركوفيتز"
    "Mzabouren" "Mzabouren" "مزابورن"       "Nettleworn" "Nettlevorne" "نتلوورن"
    "Oubahrani" "Oubahrani" "أوبحراني"      "Pellestrand" "Pellestrand" "بلسترند"
    "Quarrelin" "Quarrelin" "كواريلين"      "Rochembart" "Rochembart" "روشمبار"
    "Sandervaal" "Sandervale" "ساندرفال"    "Tchaourel" "Tchaourel" "تشاوريل"
    "Ullmestad" "Oulmestad" "أولمستاد"      "Vermandoul" "Vermandoule" "فرماندول"
    "Wolframet" "Volframet" "وولفرامت"      "Yazidarian" "Yazidarian" "يزيداريان"
    "Zellweken" "Zelvéken" "زلويكن"         "Amzilghani" "Amzilghani" "أمزيلغاني"
    "Borgenwatt" "Borguenvatt" "بورغنوات"   "Corvisande" "Corvisande" "كورفيساند"
    "Djebellan" "Djébellan" "جبلان"         "Ettahiroun" "Ettahiroun" "التاهيرون"
    "Falkenrood" "Falquenrode" "فالكنرود"   "Grimaldeau" "Grimaldeau" "غريمالدو"
    "Hassanoyl" "Hassanoïl" "حسانويل"       "Inglevardt" "Inglevard" "إنغلفاردت"
    "Jourdavel" "Jourdavel" "جوردافيل"      "Kashmirov" "Cachmirov" "كشميروف"
    "Lemnarski" "Lemnarski" "لمنارسكي"      "Merzouqan" "Merzouqane" "مرزوقان"
    "Norvaldis" "Norvaldis" "نورفالديس"     "Ortegaloun" "Ortégaloun" "أورتيغالون"
};

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use super::*;

    #[test]
    fn no_name_is_short_or_there_twice() {
        let names: Vec<_> = GIVEN.iter().chain(&FAMILY).collect();
        for name in &names {
            assert!(name.eng.is_ascii() && name.eng.len() >= 7, "{}", name.eng);
            assert!(name.fra.chars().count() >= 6, "{}", name.fra);
            assert!(name.ara.chars().count() >= 5, "{}", name.ara);
            assert!(
                name.ara.chars().all(|c| ('\u{0621}'..='\u{064a}').contains(&c)),
                "{}",
                name.ara
            );
        }
        let distinct: BTreeSet<_> = names.iter().map(|name| name.eng).collect();
        assert_eq!(distinct.len(), 80);
    }

    #[test]
    fn no_name_is_a_word_of_the_country() {
        let rows = crate::demo::country::rows();
        let words: String = rows.iter().map(|row| row.content.to_string()).collect();
        for name in GIVEN.iter().chain(&FAMILY) {
            for spelling in [name.eng, name.fra, name.ara] {
                assert!(!words.contains(spelling), "{spelling}");
            }
        }
    }
}
