//! Sets what the tests of the services asserted beside what the wire contract has in it, endpoint by
//! endpoint: called well, and refused for each reason that a client can bring about.
//!
//! `scripts/test` runs it after the tests, with the folder of their notes (`tests/support/asserted.rs`)
//! in `PREREG_ASSERTED`. It fails if an endpoint was never called well, if such a reason was never
//! asserted, if a test brought about what the list says no client can, or if the node serves a path
//! below the services that the contract does not know; with `--show` it only tells.

mod lists;
mod noted;

use std::path::PathBuf;
use std::process::ExitCode;

use prereg_node::http::table::table;

use crate::lists::{Contract, Endpoint, Refusal};
use crate::noted::Noted;

/// Paths below the services that are the node's own.
const OWN: &[&str] = &["/openapi.json"];

fn main() -> ExitCode {
    let Some(folder) = std::env::var_os("PREREG_ASSERTED").map(PathBuf::from) else {
        eprintln!("contract: PREREG_ASSERTED must name the folder of the tests' notes");
        return ExitCode::FAILURE;
    };
    let contract = Contract::read();
    let noted = match noted::read(&folder, &contract) {
        Ok(noted) => noted,
        Err(error) => {
            eprintln!("contract: cannot read the notes of the tests: {error}");
            return ExitCode::FAILURE;
        }
    };
    let mut wants = unknown(&contract);
    println!("{:<5} {:<7} {:<52} {:>5} {:>9}", "", "", "endpoint", "happy", "refusals");
    let (mut well, mut asserted, mut of) = (0, 0, 0);
    for endpoint in &contract.endpoints {
        let refusals = contract.refusals_of(endpoint);
        let (met, missed): (Vec<&Refusal>, Vec<&Refusal>) =
            refusals.iter().partition(|refusal| is_met(refusal, endpoint, &noted));
        let is_well = noted.iter().any(|note| note.endpoint == endpoint.id && note.code.is_empty());
        println!(
            "{:<5} {:<7} {:<52} {:>5} {:>9}",
            endpoint.id,
            endpoint.method,
            endpoint.paths[0],
            if is_well { "yes" } else { "-" },
            format!("{}/{}", met.len(), refusals.len()),
        );
        if !is_well {
            wants.push(format!("{} was never called well", endpoint.id));
        }
        wants.extend(missed.iter().map(|refusal| format!("{} {refusal}", endpoint.id)));
        wants.extend(contract.others_of(endpoint).into_iter().filter_map(|other| {
            // Another row may have this one's code and a text that both fit.
            let is_other_s = |note: &&Noted| {
                note.endpoint == endpoint.id
                    && other.is_met_by(note)
                    && !refusals.iter().any(|refusal| refusal.is_met_by(note))
            };
            let told = || format!("{} {other}: brought about, so it is `outside`", endpoint.id);
            noted.iter().find(is_other_s).map(|_| told())
        }));
        well += usize::from(is_well);
        asserted += met.len();
        of += refusals.len();
    }
    println!("{well} of {} endpoints called well", contract.endpoints.len());
    println!("{asserted} of {of} refusals asserted that a client can bring about");
    println!("{} more take a failing part of the node or are never sent", contract.others());
    for want in &wants {
        println!("wanting: {want}");
    }
    let only_shows = std::env::args().any(|arg| arg == "--show");
    if wants.is_empty() || only_shows { ExitCode::SUCCESS } else { ExitCode::FAILURE }
}

fn is_met(refusal: &Refusal, endpoint: &Endpoint, noted: &[Noted]) -> bool {
    noted.iter().any(|note| note.endpoint == endpoint.id && refusal.is_met_by(note))
}

/// Returns a line for each path that is served below the services and is in no list.
fn unknown(contract: &Contract) -> Vec<String> {
    let mut unknown = Vec::new();
    for route in table() {
        for path in route.paths {
            let Some(below) = path.strip_prefix("/preregistration/v1") else { continue };
            if OWN.contains(&below) {
                continue;
            }
            let segments: Vec<&str> = below.split('/').collect();
            let is_known = contract.endpoints.iter().any(|endpoint| {
                endpoint.method == route.method.as_str()
                    && endpoint.paths.iter().any(|known| lists::is_same(known, &segments))
            });
            if !is_known {
                unknown.push(format!("{} {path} is served and in no list", route.method));
            }
        }
    }
    unknown
}
