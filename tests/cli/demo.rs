//! `prereg-node demo`: the whole job. What it does in lifecycle 1.1 is looked at in `tests/secrecy.rs`.

use std::process::{Command, Stdio};

use crate::ports;

#[test]
fn the_whole_job_is_done_in_lifecycle_1_2_too() {
    let dir = tempfile::tempdir().unwrap();
    let [center_port, central_port] = ports::for_two_nodes().unwrap();
    let demo = Command::new(env!("CARGO_BIN_EXE_prereg-node"))
        .args(["demo", "--once", "--lifecycle", "1.2", "--dir"])
        .arg(dir.path().join("demo"))
        .args(["--center-port", &center_port.to_string()])
        .args(["--central-port", &central_port.to_string()])
        .stdin(Stdio::null())
        .output()
        .unwrap();

    let printed = String::from_utf8_lossy(&demo.stdout);
    assert!(demo.status.success(), "{printed}\n{}", String::from_utf8_lossy(&demo.stderr));
    assert!(printed.contains("Booked ready: true"), "{printed}");
    assert!(printed.contains("central has it exactly once"), "{printed}");
    for node in ["center.toml", "central.toml"] {
        let config = std::fs::read_to_string(dir.path().join("demo").join(node)).unwrap();
        assert!(config.contains("lifecycle = \"1.2\""), "{config}");
    }
}
