//! The archive of an application, as registration clients read it: a ZIP with `ID.json` and the
//! documents (`contract/rules.md` §9.2).
//!
//! Stock clients read the ZIP as a stream and refuse what packs better than 10:1, so each entry has its
//! sizes in front, and is stored as it is where packing would shrink it that far.

use std::io::{Cursor, Write as _};

use serde_json::{Map, Value, json};
use zip::result::ZipError;
use zip::write::SimpleFileOptions;
use zip::{CompressionMethod, ZipWriter};

use crate::domain::document::{Document, Format};
use crate::domain::identity::Identity;
use crate::domain::master::Master;

/// How far an entry may shrink: half of what clients still take.
const RATIO: u64 = 5;
/// The entry with the identity.
const IDENTITY: &str = "ID.json";

/// A document with its content.
pub type Paper<'a> = (&'a Document, Vec<u8>);

/// Packs the archive of an application with this identity and these documents.
///
/// # Errors
/// Two documents that would be one entry, or more than a ZIP holds.
pub fn pack(
    identity: &Identity,
    papers: &[Paper<'_>],
    master: &Master,
) -> Result<Vec<u8>, ZipError> {
    let room = papers.iter().map(|(_, content)| content.len() + 512).sum::<usize>() + 8192;
    let mut archive = ZipWriter::new(Cursor::new(Vec::with_capacity(room)));
    let mut identity = identity.members().clone();
    for (document, content) in papers {
        let name = EntryName::of(document, content);
        // Papers are pictures and PDFs, packed already.
        put(&mut archive, &name.whole(), content, CompressionMethod::Stored)?;
        if let Some(field) = field(&document.category, master) {
            identity.insert(field.to_owned(), described(document, &name, master));
        }
    }
    let text = text(identity);
    let method = if shrinks_too_far(&text)? {
        CompressionMethod::Stored
    } else {
        CompressionMethod::Deflated
    };
    put(&mut archive, IDENTITY, &text, method)?;
    Ok(archive.finish()?.into_inner())
}

fn put(
    archive: &mut ZipWriter<Cursor<Vec<u8>>>,
    name: &str,
    content: &[u8],
    method: CompressionMethod,
) -> Result<(), ZipError> {
    let options = SimpleFileOptions::default().compression_method(method);
    archive.start_file(name, options)?;
    archive.write_all(content)?;
    Ok(())
}

fn text(identity: Map<String, Value>) -> Vec<u8> {
    json!({"identity": Value::Object(identity)}).to_string().into_bytes()
}

fn shrinks_too_far(text: &[u8]) -> Result<bool, ZipError> {
    let mut trial = ZipWriter::new(Cursor::new(Vec::new()));
    put(&mut trial, IDENTITY, text, CompressionMethod::Deflated)?;
    let packed = trial.finish()?.into_inner().len() as u64;
    Ok(packed * RATIO < text.len() as u64)
}

/// Returns the field of the identity that describes the document of `category`; there is none for
/// categories that clients do not look for.
fn field<'a>(category: &str, master: &'a Master) -> Option<&'a str> {
    let (key, usual) = match category {
        "POA" => ("poa.url", "proofOfAddress"),
        "POI" => ("poi.url", "proofOfIdentity"),
        "POR" => ("por.url", "proofOfRelationship"),
        "POD" | "POB" => ("pod.url", "proofOfDateOfBirth"),
        _ => return None,
    };
    Some(master.property(key).map(str::trim).filter(|field| !field.is_empty()).unwrap_or(usual))
}

fn described(document: &Document, name: &EntryName, master: &Master) -> Value {
    let named = master.document_types().get(&document.kind);
    let kind = named.and_then(|kind| kind.names.exact(&document.language));
    json!({
        "format": name.extension,
        "type": kind.unwrap_or(&document.kind),
        "value": name.stem,
        "refNumber": document.ref_number,
    })
}

/// What a document is called in the archive: `stem.extension`, in one folder.
struct EntryName {
    stem: String,
    extension: String,
}

impl EntryName {
    /// Names an entry for its category and file name. Uploads here have fit names; what came from
    /// central may have any, and is made one that a client finds and that leaves no folder.
    fn of(document: &Document, content: &[u8]) -> Self {
        let fit = |text: &str| -> String {
            let odd = |letter: char| letter.is_control() || matches!(letter, '/' | '\\');
            text.replace(odd, "_").trim().to_owned()
        };
        let (stem, extension) = match document.name.rsplit_once('.') {
            Some((stem, extension)) if !extension.trim().is_empty() => (stem, fit(extension)),
            _ => (document.name.trim_end_matches('.'), extension_of(content).to_owned()),
        };
        Self { stem: fit(&format!("{}_{stem}", document.category)), extension }
    }

    fn whole(&self) -> String {
        format!("{}.{}", self.stem, self.extension)
    }
}

fn extension_of(content: &[u8]) -> &'static str {
    match Format::of(content) {
        Some(Format::Pdf) => "pdf",
        Some(Format::Jpeg) => "jpg",
        Some(Format::Png) => "png",
        Some(Format::Gif) => "gif",
        None => "bin",
    }
}

#[cfg(test)]
mod tests {
    use std::io::Read as _;

    use serde_json::json;
    use zip::ZipArchive;

    use super::*;
    use crate::domain::ids::DocumentId;
    use crate::domain::master::sample;

    fn document(category: &str, name: &str) -> Document {
        Document {
            id: DocumentId::new(category),
            category: category.into(),
            kind: "a-kind-nobody-knows".into(),
            name: name.into(),
            language: "eng".into(),
            ref_number: None,
            extra: Map::new(),
            digest: None,
            size: None,
        }
    }

    /// Returns the entries' names in an archive of these papers, and the identity in it.
    fn packed(papers: &[(&str, &str)], identity: Value) -> (Vec<String>, Value) {
        let papers: Vec<_> =
            papers.iter().map(|(category, name)| document(category, name)).collect();
        let papers: Vec<Paper<'_>> = papers.iter().map(|d| (d, b"%PDF-1.4".to_vec())).collect();
        let Value::Object(members) = identity else { panic!("an object") };
        let zip = pack(&Identity::new(members), &papers, &sample::master()).unwrap();
        let mut archive = ZipArchive::new(Cursor::new(zip)).unwrap();
        let names = archive.file_names().map(|name| name.unwrap().into_owned()).collect();
        let mut text = String::new();
        archive.by_name(IDENTITY).unwrap().read_to_string(&mut text).unwrap();
        (names, serde_json::from_str(&text).unwrap())
    }

    #[test]
    fn each_document_stands_under_its_field_and_its_entry_is_what_the_field_says() {
        let (names, text) = packed(
            &[("POA", "rent.contract.pdf"), ("POB", "b.PDF"), ("POE", "other.pdf")],
            json!({"dateOfBirth": "1996/01/01"}),
        );
        assert_eq!(names, ["POA_rent.contract.pdf", "POB_b.PDF", "POE_other.pdf", "ID.json"]);
        let described = |value: &str, format: &str| {
            json!({"format": format, "type": "a-kind-nobody-knows", "value": value,
                   "refNumber": null})
        };
        assert_eq!(
            text,
            json!({"identity": {
                "dateOfBirth": "1996/01/01",
                "proofOfAddress": described("POA_rent.contract", "pdf"),
                "proofOfDateOfBirth": described("POB_b", "PDF"),
            }})
        );
    }

    #[test]
    fn a_name_from_elsewhere_leaves_no_folder_and_is_found_again() {
        for (name, entry) in [
            ("../../etc/x.pdf", "POI_.._.._etc_x.pdf"),
            ("a\\b\n.pdf", "POI_a_b_.pdf"),
            ("scan .pdf ", "POI_scan.pdf"),
            ("scan", "POI_scan.pdf"),
            ("scan.", "POI_scan.pdf"),
            ("", "POI_.pdf"),
        ] {
            let (names, text) = packed(&[("POI", name)], json!({}));
            assert_eq!(names[0], entry);
            let field = &text["identity"]["proofOfIdentity"];
            let value = field["value"].as_str().unwrap();
            assert_eq!(value.trim(), value, "clients trim it");
            assert_eq!(format!("{value}.{}", field["format"].as_str().unwrap()), entry);
        }
    }

    #[test]
    fn nothing_packs_better_than_clients_take() {
        for length in [10, 1_000, 100_000] {
            let Value::Object(members) = json!({"note": "x".repeat(length)}) else { panic!() };
            let (paper, content) = (document("POI", "a.pdf"), vec![b' '; length]);
            let zip = pack(&Identity::new(members), &[(&paper, content)], &sample::master());
            let mut archive = ZipArchive::new(Cursor::new(zip.unwrap())).unwrap();
            for at in 0..archive.len() {
                let entry = archive.by_index(at).unwrap();
                assert!(entry.size() <= 10 * entry.compressed_size(), "entry {at}");
            }
        }
    }
}
