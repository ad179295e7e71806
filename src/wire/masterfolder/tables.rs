//! The tables of a folder and how the master data service calls their columns.

use crate::domain::master::Kind;

/// A CSV table and how its columns are called by the master data service. A column not named here
/// keeps its name.
pub(super) struct Table {
    pub(super) kind: Kind,
    pub(super) files: &'static [&'static str],
    pub(super) columns: &'static [(&'static str, &'static str)],
}

pub(super) const TABLES: &[Table] = &[
    Table {
        kind: Kind::Language,
        files: &["master/language.csv"],
        columns: &[("native_name", "nativeName")],
    },
    Table {
        kind: Kind::Location,
        files: &["master/location.csv"],
        columns: &[("hierarchy_level_name", "hierarchyName"), ("parent_loc_code", "parentLocCode")],
    },
    Table {
        kind: Kind::LocationLevel,
        files: &["master/loc_hierarchy_list.csv"],
        columns: &[("hierarchy_level_name", "hierarchyLevelName")],
    },
    Table {
        kind: Kind::Zone,
        files: &["master/zone.csv"],
        columns: &[
            ("hierarchy_level_name", "hierarchyName"),
            ("hierarchy_path", "hierarchyPath"),
            ("parent_zone_code", "parentZoneCode"),
        ],
    },
    Table { kind: Kind::CenterType, files: &["master/reg_center_type.csv"], columns: &[] },
    Table {
        kind: Kind::Center,
        files: &["master/registration_center.csv", "derived/registration_center_ara.csv"],
        columns: &[
            ("cntrtyp_code", "centerTypeCode"),
            ("addr_line1", "addressLine1"),
            ("addr_line2", "addressLine2"),
            ("addr_line3", "addressLine3"),
            ("location_code", "locationCode"),
            ("contact_phone", "contactPhone"),
            ("contact_person", "contactPerson"),
            ("number_of_kiosks", "numberOfKiosks"),
            ("working_hours", "workingHours"),
            ("per_kiosk_process_time", "perKioskProcessTime"),
            ("center_start_time", "centerStartTime"),
            ("center_end_time", "centerEndTime"),
            ("lunch_start_time", "lunchStartTime"),
            ("lunch_end_time", "lunchEndTime"),
            ("time_zone", "timeZone"),
            ("holiday_loc_code", "holidayLocationCode"),
            ("zone_code", "zoneCode"),
        ],
    },
    Table {
        kind: Kind::WeekDay,
        files: &["master/daysofweek_list.csv"],
        columns: &[("day_seq", "order"), ("is_global_working", "isGlobalWorking")],
    },
    Table {
        kind: Kind::WorkingDay,
        files: &["master/reg_working_nonworking.csv"],
        columns: &[
            ("regcntr_id", "registrationCenterId"),
            ("day_code", "dayCode"),
            ("is_working", "isWorking"),
        ],
    },
    Table {
        kind: Kind::Holiday,
        files: &["master/loc_holiday.csv", "derived/loc_holiday_2026_2027.csv"],
        columns: &[
            ("id", "holidayId"),
            ("location_code", "locationCode"),
            ("holiday_date", "holidayDate"),
            ("holiday_name", "holidayName"),
            ("holiday_desc", "holidayDesc"),
        ],
    },
    Table {
        kind: Kind::ExceptionalHoliday,
        files: &["master/reg_exceptional_holiday.csv"],
        columns: &[
            ("regcntr_id", "registrationCenterID"),
            ("hol_date", "holidayDate"),
            ("hol_name", "holidayName"),
            ("hol_reason", "holidayReason"),
        ],
    },
    Table { kind: Kind::DocumentCategory, files: &["master/doc_category.csv"], columns: &[] },
    Table { kind: Kind::DocumentType, files: &["master/doc_type.csv"], columns: &[] },
    Table {
        kind: Kind::ValidDocument,
        files: &["master/valid_document.csv"],
        columns: &[("doctyp_code", "docTypeCode"), ("doccat_code", "docCategoryCode")],
    },
    Table {
        kind: Kind::ApplicantDocument,
        files: &["master/applicant_valid_document.csv"],
        columns: &[
            ("apptyp_code", "appTypeCode"),
            ("doctyp_code", "docTypeCode"),
            ("doccat_code", "docCategoryCode"),
        ],
    },
    Table { kind: Kind::Title, files: &["master/title.csv"], columns: &[] },
    Table {
        kind: Kind::Template,
        files: &["master/template_prereg.csv"],
        columns: &[
            ("file_format_code", "fileFormatCode"),
            ("file_txt", "fileText"),
            ("module_id", "moduleId"),
            ("module_name", "moduleName"),
            ("template_typ_code", "templateTypeCode"),
        ],
    },
    Table { kind: Kind::BlocklistedWord, files: &["master/blocklisted_words.csv"], columns: &[] },
];

/// What every table may have.
pub(super) const COLUMNS: &[(&str, &str)] = &[
    ("lang_code", "langCode"),
    ("is_active", "isActive"),
    ("descr", "description"),
    ("hierarchy_level", "hierarchyLevel"),
];

/// Members that are numbers.
pub(super) const NUMBERS: &[&str] = &["hierarchyLevel", "numberOfKiosks", "order", "holidayId"];
/// Members that are true or false.
pub(super) const FLAGS: &[&str] = &["isActive", "isWorking", "isGlobalWorking"];
