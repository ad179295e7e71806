//! All migrations together are the schema that people read.

#![expect(clippy::unwrap_used, reason = "a test that cannot read its files has failed")]

use std::collections::BTreeMap;
use std::fs;
use std::path::Path;

use rusqlite::Connection;

/// Returns what a database consists of, by name, as it was written.
fn parts(connection: &Connection) -> BTreeMap<String, String> {
    let sql = "SELECT name, sql FROM sqlite_schema WHERE sql IS NOT NULL";
    let mut query = connection.prepare(sql).unwrap();
    let rows = query.query_map([], |row| Ok((row.get(0)?, row.get(1)?))).unwrap();
    rows.map(Result::unwrap).collect()
}

fn folder() -> std::path::PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("schema")
}

fn migrated() -> Connection {
    let connection = Connection::open_in_memory().unwrap();
    let mut migrations: Vec<_> = fs::read_dir(folder())
        .unwrap()
        .map(|entry| entry.unwrap().path())
        .filter(|path| path.file_name().unwrap().to_str().unwrap().starts_with('V'))
        .collect();
    migrations.sort();
    assert!(!migrations.is_empty());
    for migration in migrations {
        connection.execute_batch(&fs::read_to_string(migration).unwrap()).unwrap();
    }
    connection
}

#[test]
fn all_migrations_add_up_to_the_current_schema() {
    let current = Connection::open_in_memory().unwrap();
    current.execute_batch(&fs::read_to_string(folder().join("current.sql")).unwrap()).unwrap();

    assert_eq!(parts(&migrated()), parts(&current));
}

#[test]
fn every_table_is_strict() {
    let connection = migrated();
    let sql = "SELECT name FROM pragma_table_list WHERE type = 'table' AND NOT strict
               AND name NOT LIKE 'sqlite_%'";
    let mut query = connection.prepare(sql).unwrap();
    let lax: Vec<String> =
        query.query_map([], |row| row.get(0)).unwrap().map(Result::unwrap).collect();
    assert_eq!(lax, Vec::<String>::new());
}
