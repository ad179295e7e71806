//! `prereg-node import`: master data is replaced as a whole, or not at all.

use std::fs;
use std::path::Path;

use crate::folder::{Folder, country, succeeded};

/// Copies the made-up country to where a test may change it.
fn copied(folder: &Folder) -> String {
    let to = folder.path("country");
    for part in ["master", "spec", "config"] {
        fs::create_dir_all(to.join(part)).unwrap();
        for entry in fs::read_dir(country().join(part)).unwrap() {
            let entry = entry.unwrap();
            fs::copy(entry.path(), to.join(part).join(entry.file_name())).unwrap();
        }
    }
    to.to_str().unwrap().to_owned()
}

/// Keeps of a file only the lines that `keep` says.
fn filter(country: &str, file: &str, keep: impl Fn(&str) -> bool) {
    let path = Path::new(country).join(file);
    let text = fs::read_to_string(&path).unwrap();
    let kept: Vec<&str> = text.lines().filter(|line| keep(line)).collect();
    assert!(kept.len() < text.lines().count(), "nothing of {file} was left out");
    fs::write(path, kept.join("\n")).unwrap();
}

#[test]
fn a_folder_of_tables_and_specifications_is_loaded_again_and_again() {
    let folder = Folder::new();
    succeeded(&folder.run("init", &[]));
    for _ in 0..2 {
        let said = succeeded(&folder.run("import", &[country().to_str().unwrap()]));
        assert!(said.starts_with("loaded ") && said.contains("4 centers"), "{said}");
    }
}

#[test]
fn losing_a_center_needs_a_person_s_yes() {
    let folder = Folder::with_node();
    let country = copied(&folder);
    for file in ["registration_center", "reg_working_nonworking", "reg_exceptional_holiday"] {
        let path = format!("master/{file}.csv");
        let text = fs::read_to_string(Path::new(&country).join(&path)).unwrap();
        if text.contains("10004") {
            filter(&country, &path, |line| !line.contains("10004"));
        }
    }
    folder.refuses("import", &[&country], "it would lose center 10004; nothing was replaced");

    let said = succeeded(&folder.run("import", &[&country, "--yes"]));
    assert!(said.contains("3 centers"), "{said}");
}

#[test]
fn losing_more_than_a_tenth_of_the_rows_needs_a_person_s_yes() {
    let folder = Folder::with_node();
    let country = copied(&folder);
    filter(&country, "master/loc_holiday.csv", |line| !line.starts_with("fra"));
    filter(&country, "master/loc_holiday.csv", |line| !line.starts_with("ara"));
    filter(&country, "master/dynamic_field.csv", |line| !line.contains(",bloodType,"));
    folder.refuses("import", &[&country], "rows; nothing was replaced");
}

#[test]
fn a_country_that_does_not_add_up_is_refused_whole_even_with_a_yes() {
    let folder = Folder::with_node();
    let country = copied(&folder);
    filter(&country, "master/location.csv", |line| !line.contains(",40110,"));
    folder.refuses("import", &[&country, "--yes"], "master data is not consistent: ");
}

#[test]
fn a_folder_that_is_no_country_is_refused() {
    let folder = Folder::with_node();
    let nowhere = folder.path("nowhere");
    folder.refuses("import", &[nowhere.to_str().unwrap()], "");
    fs::create_dir(&nowhere).unwrap();
    folder.refuses("import", &[nowhere.to_str().unwrap()], "");

    let country = copied(&folder);
    let center = Path::new(&country).join("master/registration_center.csv");
    for content in
        [&b"\xff\xfe\x00"[..], b"id,id\n\"", b"lang_code,id,number_of_kiosks\neng,1,many\n"]
    {
        fs::write(&center, content).unwrap();
        folder.refuses("import", &[&country], "registration_center.csv");
    }
    fs::write(Path::new(&country).join("spec/id_schema_0.1.json"), "{").unwrap();
    folder.refuses("import", &[&country], "");
}

#[test]
fn a_node_that_was_never_made_takes_no_master_data() {
    let folder = Folder::new();
    folder.refuses("import", &[country().to_str().unwrap()], "is missing");
}
