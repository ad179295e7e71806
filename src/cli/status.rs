//! `prereg-node status` and `prereg-node sync`: how a running node stands, as one looks at it.

use std::error::Error;

use serde_json::Value;

use crate::admin::{self, Question};
use crate::node;

/// Asks the running node and prints its answer.
///
/// # Errors
/// A sentence for the operator; also when the node said that it could not.
pub fn run(settings: &node::Settings, question: Question) -> Result<(), Box<dyn Error>> {
    let answer = admin::ask(&settings.folder, question)?;
    if let Some(error) = answer["error"].as_str() {
        return Err(error.into());
    }
    print(&answer);
    if question == Question::Sync && answer["line"]["state"] == "down" {
        return Err("upstream was not reached".into());
    }
    Ok(())
}

fn print(answer: &Value) {
    let text = |value: &Value| value.as_str().unwrap_or("never").to_owned();
    let line = &answer["line"];
    println!("line             {}", text(&line["state"]));
    if let Some(failure) = line["failure"].as_str() {
        println!("                 {failure}");
    }
    println!("complete as of   {}", text(&line["completeAt"]));
    println!("applications     {}", answer["applications"]);
    println!("documents coming {}", answer["documentsComing"]);
    let operations = &answer["operations"];
    println!("pending          {}", operations["pending"]);
    println!("kept here        {}", operations["keptHere"]);
    println!("refused          {}", operations["refused"]);
    let messages = &answer["messages"];
    println!("messages waiting {}", messages["waiting"]);
    for (name, key) in [("sent", "sent"), ("dropped", "dropped"), ("refused", "refused")] {
        println!("         {name:<7} {}", messages[key]);
    }
    println!("scan process     {}", text(&answer["scanner"]["state"]));
    for camera in answer["scanner"]["cameras"].as_array().into_iter().flatten() {
        let [name, path, state] = ["name", "path", "state"].map(|key| text(&camera[key]));
        println!("  camera: {name} ({path}) is {state} since {}", text(&camera["since"]));
    }
    for waiting in answer["waiting"].as_array().into_iter().flatten() {
        println!(
            "  waits: {} tried {} times, again at {}: {}",
            text(&waiting["subject"]),
            waiting["attempts"],
            text(&waiting["tryAt"]),
            text(&waiting["sentence"])
        );
    }
    for refused in answer["refused"].as_array().into_iter().flatten() {
        println!(
            "  {} {}: {} {}",
            text(&refused["prid"]),
            text(&refused["operation"]),
            text(&refused["code"]),
            text(&refused["sentence"])
        );
    }
}
