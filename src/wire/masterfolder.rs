//! A folder of master data: the CSV tables, specifications and property files in which MOSIP ships
//! them, read into rows whose content has the members of the master data service.
//!
//! A file that is not there is a table without rows; what must be there, [`Master`] says.
//!
//! [`Master`]: crate::domain::master::Master

mod tables;

use std::borrow::Cow;
use std::collections::BTreeMap;
use std::io;
use std::path::Path;

use serde_json::{Map, Value, json};

use self::tables::{COLUMNS, FLAGS, NUMBERS, TABLES, Table};
use crate::domain::master::{Inconsistent, Kind, Row};

/// More than any file of master data needs.
const LARGEST: u64 = 64 << 20;

/// Why a folder cannot be read.
#[derive(Debug, thiserror::Error)]
pub enum Error {
    /// A file is there and cannot be read.
    #[error("{file}: {source}")]
    File {
        /// Its name below the folder.
        file: String,
        /// What the system says.
        source: io::Error,
    },
    /// A line of a table is not as it should be.
    #[error("{file}, line {line}: {fault}")]
    Line {
        /// Its name below the folder.
        file: String,
        /// The line the row begins in; the header is 1.
        line: u64,
        /// What is wrong.
        fault: String,
    },
    /// A JSON file is not as it should be.
    #[error("{file}: {fault}")]
    Content {
        /// Its name below the folder.
        file: String,
        /// What is wrong, with line and column where it is not JSON.
        fault: String,
    },
}

/// What a name below the folder holds; `None` if there is no such file.
pub type Reading<'a> = io::Result<Option<Cow<'a, [u8]>>>;

/// Reads the folder at `path`.
///
/// # Errors
/// The first file or line that cannot be read.
pub fn read_folder(path: &Path) -> Result<Vec<Row>, Error> {
    read(&|file| {
        let path = path.join(file);
        match std::fs::metadata(&path) {
            Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(None),
            Err(error) => Err(error),
            Ok(metadata) if metadata.len() > LARGEST => {
                Err(io::Error::new(io::ErrorKind::FileTooLarge, "is larger than 64 MiB"))
            }
            Ok(_) => std::fs::read(path).map(|content| Some(content.into())),
        }
    })
}

/// Reads the files that `file` gives by their names below the folder.
///
/// # Errors
/// The first file or line that cannot be read.
pub fn read<'a>(file: &dyn Fn(&str) -> Reading<'a>) -> Result<Vec<Row>, Error> {
    let folder = Folder(file);
    let mut rows = Vec::new();
    for table in TABLES {
        for name in table.files {
            folder.table(name, table, &mut rows)?;
        }
    }
    folder.dynamic_fields(&mut rows)?;
    folder.specifications(&mut rows)?;
    folder.configuration(&mut rows)?;
    Ok(rows)
}

/// The line of a file that a row begins in, and the row as an object.
type Line = (u64, Map<String, Value>);

struct Folder<'f, 'a>(&'f dyn Fn(&str) -> Reading<'a>);

impl Folder<'_, '_> {
    fn bytes(&self, file: &str) -> Result<Option<Cow<'_, [u8]>>, Error> {
        (self.0)(file).map_err(|source| Error::File { file: file.to_owned(), source })
    }

    /// Returns the rows of a table as line and object; an empty cell is no member.
    fn lines(&self, file: &str, columns: &[(&str, &str)]) -> Result<Vec<Line>, Error> {
        let Some(content) = self.bytes(file)? else { return Ok(Vec::new()) };
        let at = |line: u64, fault: String| Error::Line { file: file.to_owned(), line, fault };
        let broken = |error: csv::Error| {
            at(error.position().map_or(1, csv::Position::line), error.to_string())
        };
        let mut reader = csv::Reader::from_reader(&*content);
        let header = reader.headers().map_err(broken)?.clone();
        let member = |column: &str| {
            let mut names = columns.iter().chain(COLUMNS);
            names.find(|(name, _)| *name == column).map_or(column, |(_, member)| member).to_owned()
        };
        let header: Vec<_> =
            header.iter().map(|name| member(name.trim_start_matches('\u{feff}'))).collect();
        let mut lines = Vec::new();
        for record in reader.records() {
            let record = record.map_err(broken)?;
            let line = record.position().map_or(0, csv::Position::line);
            let mut object = Map::new();
            for (member, cell) in header.iter().zip(&record).filter(|(_, cell)| !cell.is_empty()) {
                let value = if NUMBERS.contains(&member.as_str()) {
                    let number: i64 = cell
                        .parse()
                        .map_err(|_| at(line, format!("{member} is not a number: {cell}")))?;
                    number.into()
                } else if FLAGS.contains(&member.as_str()) {
                    let flag = flag(cell);
                    flag.ok_or_else(|| at(line, format!("{member} is not true or false: {cell}")))?
                        .into()
                } else {
                    cell.into()
                };
                object.insert(member.clone(), value);
            }
            lines.push((line, object));
        }
        Ok(lines)
    }

    fn table(&self, file: &str, table: &Table, rows: &mut Vec<Row>) -> Result<(), Error> {
        for (line, object) in self.lines(file, table.columns)? {
            let row = Row::new(table.kind, Value::Object(object));
            let fault = |error: Inconsistent| Error::Line {
                file: file.to_owned(),
                line,
                fault: error.to_string(),
            };
            rows.push(row.map_err(fault)?);
        }
        Ok(())
    }

    /// Groups the choices of dynamic fields as the master data service shows them: one object for
    /// each field and language.
    fn dynamic_fields(&self, rows: &mut Vec<Row>) -> Result<(), Error> {
        const FILE: &str = "master/dynamic_field.csv";
        let mut fields = BTreeMap::<(String, String), Map<String, Value>>::new();
        for (line, mut object) in self.lines(FILE, &[("data_type", "dataType")])? {
            let mut take = |name: &str| match object.remove(name) {
                Some(Value::String(text)) => Ok(text),
                _ => Err(Error::Line {
                    file: FILE.to_owned(),
                    line,
                    fault: format!("has no {name}"),
                }),
            };
            let (name, language) = (take("name")?, take("langCode")?);
            let choice = json!({"code": take("code")?, "value": take("value")?});
            if object.get("isActive") == Some(&Value::Bool(false)) {
                continue;
            }
            let field = fields.entry((name.clone(), language.clone())).or_insert_with(|| {
                object.insert("name".to_owned(), name.into());
                object.insert("langCode".to_owned(), language.into());
                object.insert("fieldVal".to_owned(), json!([]));
                object
            });
            if let Some(Value::Array(choices)) = field.get_mut("fieldVal") {
                choices.push(choice);
            }
        }
        for field in fields.into_values() {
            rows.push(content(FILE, Row::new(Kind::DynamicField, Value::Object(field)))?);
        }
        Ok(())
    }

    fn specifications(&self, rows: &mut Vec<Row>) -> Result<(), Error> {
        let (meta, version) = self.meta("spec/id_schema_meta.json", "id_version")?;
        let file = format!("spec/id_schema_{version}.json");
        if let Some(bytes) = self.bytes(&file)? {
            let text = String::from_utf8(bytes.into_owned())
                .map_err(|_| Error::Content { file: file.clone(), fault: "is not UTF-8".into() })?;
            let object = json!({
                "id": meta.get("id"),
                "idVersion": number(&version),
                "title": meta.get("title"),
                "description": meta.get("description"),
                "schemaJson": text,
                "status": meta.get("status_code"),
                "effectiveFrom": effective_from(&meta),
            });
            rows.push(content(&file, Row::new(Kind::IdSchema, object))?);
        }
        let (meta, version) = self.meta("spec/ui_spec_prereg_meta.json", "version")?;
        let file = format!("spec/ui_spec_prereg_{version}.json");
        if let Some(spec) = self.json(&file)? {
            let object = json!({
                "id": meta.get("id"),
                "version": number(&version),
                "domain": meta.get("domain"),
                "title": meta.get("title"),
                "description": meta.get("description"),
                "identitySchemaId": meta.get("identity_schema_id"),
                "idSchemaVersion": meta.get("identity_schema_version").and_then(Value::as_str).map(number),
                "jsonSpec": spec,
                "status": meta.get("status_code"),
                "effectiveFrom": effective_from(&meta),
            });
            rows.push(content(&file, Row::new(Kind::UiSpec, object))?);
        }
        Ok(())
    }

    /// Returns the row a specification has in its table, and its version.
    fn meta(&self, file: &str, version: &str) -> Result<(Value, String), Error> {
        let meta = self.json(file)?.unwrap_or(Value::Null);
        let version = match meta.get(version) {
            Some(Value::String(version)) => version.clone(),
            Some(Value::Number(version)) => version.to_string(),
            _ => "0.1".to_owned(),
        };
        let plain = version.bytes().all(|byte| byte.is_ascii_digit() || byte == b'.');
        if !plain || version.contains("..") {
            let fault = "its version is not a number".to_owned();
            return Err(Error::Content { file: file.to_owned(), fault });
        }
        Ok((meta, version))
    }

    fn configuration(&self, rows: &mut Vec<Row>) -> Result<(), Error> {
        for (kind, file) in [
            (Kind::IdentityMapping, "config/identity-mapping.json"),
            (Kind::ApplicantType, "config/applicant_type_table.json"),
        ] {
            if let Some(object) = self.json(file)? {
                rows.push(content(file, Row::new(kind, object))?);
            }
        }
        let mut properties = BTreeMap::new();
        for file in PROPERTIES {
            match self.json(file)? {
                None => {}
                Some(Value::Object(members)) => {
                    let text = |(key, value)| match value {
                        Value::String(text) => Some((key, text)),
                        _ => None,
                    };
                    properties.extend(members.into_iter().filter_map(text));
                }
                Some(_) => {
                    let fault = "is not an object".to_owned();
                    return Err(Error::Content { file: (*file).to_owned(), fault });
                }
            }
        }
        for key in properties.keys().filter(|key| !is_secret(key)) {
            if let Some(value) = resolve(&properties, &properties[key], PLACEHOLDER_DEPTH) {
                let object = json!({"key": key, "value": value});
                rows.push(content("config", Row::new(Kind::Property, object))?);
            }
        }
        Ok(())
    }

    fn json(&self, file: &str) -> Result<Option<Value>, Error> {
        let Some(bytes) = self.bytes(file)? else { return Ok(None) };
        let json = serde_json::from_slice(&bytes);
        json.map(Some)
            .map_err(|error| Error::Content { file: file.to_owned(), fault: error.to_string() })
    }
}

/// The files of properties; a later one outdoes an earlier one.
const PROPERTIES: &[&str] = &[
    "config/application-shared.json",
    "config/pre-registration-default.json",
    "config/pre-registration.json",
    "config/ui_config_offline.json",
];

/// How deep placeholders may stand in the values of placeholders.
const PLACEHOLDER_DEPTH: u8 = 8;

/// Tells whether a property is a secret of central's services, which a node has no use for.
fn is_secret(key: &str) -> bool {
    let key = key.to_lowercase();
    key.contains("password") || key.contains("secret")
}

/// Puts the values of `${key}` and `${key:default}` into `value`; `None` if one has neither.
fn resolve(properties: &BTreeMap<String, String>, value: &str, depth: u8) -> Option<String> {
    let Some((before, rest)) = value.split_once("${") else { return Some(value.to_owned()) };
    let (placeholder, after) = rest.split_once('}')?;
    let (key, default) = match placeholder.split_once(':') {
        Some((key, default)) => (key, Some(default)),
        None => (placeholder, None),
    };
    let depth = depth.checked_sub(1)?;
    let found = match properties.get(key) {
        Some(value) => resolve(properties, value, depth)?,
        None => default?.to_owned(),
    };
    Some(format!("{before}{found}{}", resolve(properties, after, depth)?))
}

/// Spells a version as the number it is on the wire.
fn number(version: &str) -> Value {
    serde_json::from_str(version).unwrap_or_else(|_| version.into())
}

/// Returns the instant in a specification's row; some hold the SQL that would have set it.
fn effective_from(meta: &Value) -> Option<&str> {
    let text = meta.get("effective_from")?.as_str()?;
    text.starts_with(|first: char| first.is_ascii_digit()).then_some(text)
}

fn flag(cell: &str) -> Option<bool> {
    match cell.to_ascii_lowercase().as_str() {
        "true" | "t" => Some(true),
        "false" | "f" => Some(false),
        _ => None,
    }
}

fn content(file: &str, row: Result<Row, Inconsistent>) -> Result<Row, Error> {
    row.map_err(|error| Error::Content { file: file.to_owned(), fault: error.to_string() })
}

#[cfg(test)]
mod tests;
