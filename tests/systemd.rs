//! The units as systemd itself judges them, on a machine where none of them is installed.

#![expect(clippy::unwrap_used, reason = "a test that cannot read its files has failed")]

use std::fs;
use std::path::{Path, PathBuf};
use std::process::{Command, Output};

/// Tenths on the scale of `systemd-analyze security`, where 0 is locked in and 100 is wide open.
const EXPOSURE: &str = "--threshold=20";

/// Returns the units of this project.
fn units() -> Vec<PathBuf> {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("systemd");
    let units: Vec<PathBuf> = fs::read_dir(folder)
        .unwrap()
        .map(|entry| entry.unwrap().path())
        .filter(|path| path.extension().is_some_and(|kind| kind == "service"))
        .collect();
    assert!(!units.is_empty());
    units
}

/// Returns the unit of that name.
fn unit(name: &str) -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("systemd").join(name)
}

/// Runs `systemd-analyze`; returns nothing, loudly, where there is no systemd.
fn analyze(arguments: &[&str], unit: &Path) -> Option<Output> {
    let asked = Command::new("systemd-analyze").args(arguments).arg(unit).output();
    match asked {
        Ok(output) => Some(output),
        Err(error) if error.kind() == std::io::ErrorKind::NotFound => {
            eprintln!("SKIPPED: systemd-analyze is missing (Debian package systemd)");
            None
        }
        Err(error) => panic!("systemd-analyze does not run: {error}"),
    }
}

/// Writes `unit`, changed by `change`, where its program exists, and returns the copy.
fn copy(unit: &Path, folder: &Path, change: impl Fn(String) -> String) -> PathBuf {
    let text = fs::read_to_string(unit).unwrap();
    let installed = "ExecStart=/usr/bin/prereg-node ";
    assert!(text.contains(installed), "{} starts another program", unit.display());
    let built = format!("ExecStart={} ", env!("CARGO_BIN_EXE_prereg-node"));
    let copy = folder.join(unit.file_name().unwrap());
    fs::write(&copy, change(text.replace(installed, &built))).unwrap();
    fs::copy(self::unit(SOCKET), folder.join(SOCKET)).unwrap();
    copy
}

fn words(output: &Output) -> String {
    String::from_utf8_lossy(&[&output.stdout[..], &output.stderr].concat()).into_owned()
}

/// What one unit asks for of another.
const SOCKET: &str = "prereg-scan.socket";
const VERIFY: &[&str] = &["verify", "--man=no", "--recursive-errors=no"];
const SECURITY: &[&str] = &["security", "--offline=true", "--no-pager", EXPOSURE];

#[test]
fn systemd_finds_nothing_wrong_with_a_unit() {
    let folder = tempfile::tempdir().unwrap();
    for unit in units() {
        let copy = copy(&unit, folder.path(), |text| text);
        let Some(output) = analyze(VERIFY, &copy) else { return };
        // Of an unknown setting it only warns.
        let said = words(&output);
        let name = unit.file_name().unwrap().to_str().unwrap();
        let about = said.lines().any(|line| line.contains(name));
        assert!(output.status.success() && !about, "{said}");
    }
}

#[test]
fn a_misspelt_setting_of_a_unit_would_be_found() {
    let folder = tempfile::tempdir().unwrap();
    let copy = copy(&unit("prereg-node.service"), folder.path(), |text| {
        text.replace("LimitCORE=", "LimitCores=")
    });
    let Some(output) = analyze(VERIFY, &copy) else { return };
    let said = words(&output);
    assert!(said.contains("LimitCores"), "{said}");
}

#[test]
fn a_unit_gives_its_service_no_more_than_it_needs() {
    for unit in units() {
        let Some(output) = analyze(SECURITY, &unit) else { return };
        assert!(output.status.success(), "{}", words(&output));
    }
}

#[test]
fn a_unit_without_its_sandbox_would_be_found() {
    let folder = tempfile::tempdir().unwrap();
    let open = copy(&unit("prereg-node.service"), folder.path(), |text| {
        text.lines()
            .filter(|line| !line.starts_with("Protect") && !line.starts_with("SystemCallFilter"))
            .map(|line| format!("{line}\n"))
            .collect()
    });
    let Some(output) = analyze(SECURITY, &open) else { return };
    assert!(!output.status.success(), "{}", words(&output));
}

#[test]
fn a_service_starts_only_when_configured_and_never_retries_a_wrong_config() {
    let text = fs::read_to_string(unit("prereg-node.service")).unwrap();
    for line in [
        "ConditionPathExists=/etc/prereg-node/node.toml",
        "Type=notify",
        "RestartPreventExitStatus=78",
        "LimitCORE=0",
        "MemoryMax=512M",
    ] {
        assert!(text.lines().any(|found| found == line), "{line}");
    }
}

/// I9, and what parses hostile pictures has neither key, replica nor network.
#[test]
fn only_the_node_reaches_the_cameras_and_they_reach_nothing() {
    let socket = fs::read_to_string(unit(SOCKET)).unwrap();
    let service = fs::read_to_string(unit("prereg-scan.service")).unwrap();
    for (text, lines) in [
        (&socket, &["SocketGroup=prereg-node", "SocketMode=0660"][..]),
        (
            &service,
            &[
                "User=prereg-scan",
                "PrivateNetwork=yes",
                "RestrictAddressFamilies=AF_UNIX",
                "DevicePolicy=closed",
                "ProtectSystem=strict",
                "LimitCORE=0",
            ],
        ),
    ] {
        for line in lines {
            assert!(text.lines().any(|found| found == *line), "{line}");
        }
    }
    assert!(!service.contains("StateDirectory"), "it would have somewhere to keep pictures");
}
