//! The main job, from end to end: pull, scan, fill, cut, fill again, walk-in, line back, once.

use std::error::Error;
use std::process::Stdio;
use std::time::Duration;

use serde_json::{Value, json};
use tokio::io::AsyncWriteExt as _;

use crate::admin::{self, Question};
use crate::clock::Clock;
use crate::demo::processes::Nodes;
use crate::demo::seed::Place;
use crate::demo::{elsewhere, residents, talk};
use crate::domain::caller::{Role, Roles};
use crate::entropy;
use crate::node;
use crate::services;
use crate::wire::date;
use crate::wire::{demographic, document};

/// A photographed acknowledgement: turned, in perspective, unevenly lit.
const SLIP: &[u8] = include_bytes!("slip.jpg");
/// Which resident walks in: one that central has never heard of.
const WALK_IN: usize = 4711 % residents::DISTINCT;

pub(super) async fn main_job(place: &Place, nodes: &mut Nodes<'_>) -> Result<(), Box<dyn Error>> {
    println!("\n1. the center has pulled what central holds for it");
    status(place, Question::Sync).await?;

    println!("\n2. a photographed slip is read");
    let prid = read_slip(place).await?;
    println!("   {prid}");

    println!("\n3. the form comes up filled");
    let counter = token(&place.center_settings()?, "counter-1", Role::Counter)?;
    let form = form(place, &prid, &counter).await?;
    print_form(&form);
    first_document(place, &form, &counter).await?;

    println!("\n4. central is cut off; the form comes up all the same, from the replica");
    nodes.cut_central().await?;
    status(place, Question::Sync).await?;
    let again = self::form(place, &prid, &counter).await?;
    print_form(&again);

    println!("\n5. somebody walks in, with a document");
    let walk_in = walk_in(place).await?;
    println!("   made here as {walk_in}; central does not know it yet");
    if status(place, Question::Sync).await?["operations"]["pending"] == 0 {
        return Err("the walk-in does not wait for central".into());
    }

    println!("\n6. central is back");
    nodes.start_central().await?;
    settled(place).await?;
    let central = only_at_central(place).await?;
    println!("   central has it exactly once, as {central}");
    let form = self::form(place, &central, &counter).await?;
    if form["prid"] != walk_in.as_str() || form["centralPrid"] != central.as_str() {
        return Err("the walk-in is not found by central's number".into());
    }
    println!("   and the center finds it by either number");
    Ok(())
}

/// Asks the center how it stands, after a round if so asked, and prints it in a line.
async fn status(place: &Place, question: Question) -> Result<Value, Box<dyn Error>> {
    let folder = place.center_settings()?.folder;
    let answer = tokio::task::spawn_blocking(move || admin::ask(&folder, question)).await??;
    println!(
        "   line {}, {} applications, {} documents coming, {} pending, complete as of {}",
        answer["line"]["state"].as_str().unwrap_or("?"),
        answer["applications"],
        answer["documentsComing"],
        answer["operations"]["pending"],
        answer["line"]["completeAt"].as_str().unwrap_or("never"),
    );
    Ok(answer)
}

/// Reads the slip in a process of its own, which has no key.
async fn read_slip(place: &Place) -> Result<String, Box<dyn Error>> {
    let picture = place.dir.join("slip.jpg");
    std::fs::write(&picture, SLIP)?;
    let mut scan = tokio::process::Command::new(std::env::current_exe()?)
        .args(["scan", "--lines"])
        .env_clear()
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .kill_on_drop(true)
        .spawn()?;
    let mut input = scan.stdin.take().ok_or("the scanner has no input")?;
    input.write_all(format!("{}\n", picture.display()).as_bytes()).await?;
    drop(input);
    let output = tokio::time::timeout(Duration::from_secs(20), scan.wait_with_output()).await??;
    std::fs::remove_file(picture)?;
    let line = String::from_utf8(output.stdout)?;
    let mut parts = line.trim_end_matches('\n').split('\t').skip(1);
    let (ms, text) = (parts.next().unwrap_or("?"), parts.next().unwrap_or(""));
    if text.is_empty() {
        return Err("the slip was not read".into());
    }
    println!("   decoded in {ms} ms");
    Ok(text.to_owned())
}

fn token(settings: &node::Settings, user: &str, role: Role) -> Result<String, Box<dyn Error>> {
    let key = node::token_key(settings)?;
    let now = Clock::system().now();
    Ok(key.issue(user, Roles::of(&[role]), now, Duration::from_secs(600), &entropy::System))
}

async fn form(place: &Place, prid: &str, token: &str) -> Result<Value, Box<dyn Error>> {
    let path = format!("/prefill/v1/forms/{prid}");
    let answer = talk::get(place.center, &path, Some(token)).await?;
    let body: Value = serde_json::from_slice(&answer.body)?;
    if answer.status != 200 {
        return Err(format!("no form: {}", body["message"]).into());
    }
    Ok(body)
}

fn print_form(form: &Value) {
    println!(
        "   {} {} ready: {} line: {}",
        form["prid"].as_str().unwrap_or(""),
        form["status"].as_str().unwrap_or(""),
        form["ready"],
        form["line"].as_str().unwrap_or("")
    );
    for field in form["fields"].as_array().into_iter().flatten() {
        let label = field["labels"]["eng"].as_str().or(field["id"].as_str()).unwrap_or("");
        let values: Vec<String> = match &field["value"] {
            Value::Null => field["values"]
                .as_array()
                .into_iter()
                .flatten()
                .map(|value| {
                    let name = value["name"].as_str().unwrap_or("");
                    format!("{} [{}]", name, value["language"].as_str().unwrap_or(""))
                })
                .collect(),
            Value::String(text) => vec![text.clone()],
            other => vec![other.to_string()],
        };
        if !values.is_empty() {
            println!(
                "   {label:<28} {}   ({} as of {})",
                values.join("  "),
                field["from"].as_str().unwrap_or(""),
                field["asOf"].as_str().unwrap_or("")
            );
        }
    }
    for document in form["documents"].as_array().into_iter().flatten() {
        println!(
            "   {:<28} {} {} bytes {}",
            document["category"]["names"]["eng"].as_str().unwrap_or(""),
            document["fileName"].as_str().unwrap_or(""),
            document["size"],
            if document["present"] == true { "" } else { "(still coming)" }
        );
    }
    let appointment = &form["appointment"];
    if appointment.is_object() {
        println!(
            "   {:<28} {} {}-{} {}",
            "Appointment",
            appointment["date"].as_str().unwrap_or(""),
            appointment["from"].as_str().unwrap_or(""),
            appointment["to"].as_str().unwrap_or(""),
            appointment["center"]["eng"].as_str().unwrap_or("")
        );
    }
}

async fn first_document(place: &Place, form: &Value, token: &str) -> Result<(), Box<dyn Error>> {
    let Some(document) = form["documents"].get(0) else { return Ok(()) };
    let href = document["href"].as_str().ok_or("a document without a link")?;
    let answer = talk::get(place.center, href, Some(token)).await?;
    if answer.status != 200 || Some(answer.body.len() as u64) != document["size"].as_u64() {
        return Err("a document of the form cannot be fetched".into());
    }
    println!("   {} fetched: {} bytes", href, answer.body.len());
    Ok(())
}

/// Makes an application and uploads a document at the center, as the resident; returns its PRID.
async fn walk_in(place: &Place) -> Result<String, Box<dyn Error>> {
    let resident = residents::resident(WALK_IN);
    // The master data is the center's own; it runs, so it is read from central's replica, which
    // does not.
    let store = node::open_inline(&place.central_settings()?)?;
    let master = store.read(services::master::load).await?;
    drop(store);
    let identity = elsewhere::fitted(&resident, WALK_IN, &master);
    let token = token(&place.center_settings()?, &resident.phone, Role::Individual)?;
    let now = Clock::system().now();
    let envelope = |id: &str, request: Value| json!({"id": id, "version": "1.0", "requesttime": date::instant(now), "request": request});
    let request = json!({
        "langCode": resident.language,
        "demographicDetails": {"identity": identity},
    });
    let body = envelope(demographic::CREATE, request).to_string().into_bytes();
    let path = "/preregistration/v1/applications";
    let answer = talk::post(place.center, path, Some(&token), "application/json", body).await?;
    let made = answer.response()?;
    let prid = made["preRegistrationId"].as_str().ok_or("no number was drawn")?.to_owned();

    let paper = resident.documents.first().ok_or("the resident brought no document")?;
    let kind = elsewhere::document_type(&master, paper.category, paper.document_type)
        .ok_or("the country accepts no such document")?;
    let request = json!({
        "docCatCode": paper.category, "docTypCode": kind, "langCode": resident.language,
        "refNumber": paper.ref_number,
    });
    let request = envelope(document::UPLOAD, request).to_string();
    let boundary = "demo-boundary-4cf1c0";
    let mut body = format!(
        "--{boundary}\r\nContent-Disposition: form-data; name=\"{}\"\r\n\r\n{request}\r\n\
         --{boundary}\r\nContent-Disposition: form-data; name=\"{}\"; filename=\"{}\"\r\n\
         Content-Type: {}\r\n\r\n",
        document::REQUEST_PART,
        document::FILE_PART,
        paper.file_name,
        paper.media_type
    )
    .into_bytes();
    body.extend(paper.content());
    body.extend(format!("\r\n--{boundary}--\r\n").into_bytes());
    let path = format!("/preregistration/v1/documents/{prid}");
    let content_type = format!("multipart/form-data; boundary={boundary}");
    let answer = talk::post(place.center, &path, Some(&token), &content_type, body).await?;
    answer.response()?;
    Ok(prid)
}

/// Waits until nothing is pending any more.
async fn settled(place: &Place) -> Result<(), Box<dyn Error>> {
    for _ in 0..20 {
        let status = status(place, Question::Sync).await?;
        let operations = &status["operations"];
        if operations["refused"] != 0 {
            return Err(format!("central refused: {}", status["refused"]).into());
        }
        if operations["pending"] == 0 && status["line"]["state"] == "up" {
            return Ok(());
        }
        let clock = Clock::system();
        clock.sleep_until(clock.now() + jiff::SignedDuration::from_millis(250)).await;
    }
    Err("the walk-in did not reach central".into())
}

/// Returns the one application that the center's account made at central, with its document there.
async fn only_at_central(place: &Place) -> Result<String, Box<dyn Error>> {
    let upstream = place.center_settings()?.upstream.ok_or("no upstream")?;
    let token = token(&place.central_settings()?, &upstream.writer.client_id, Role::Individual)?;
    let path = "/preregistration/v1/applications";
    let made = talk::get(place.central, path, Some(&token)).await?.response()?;
    let [only] = made["basicDetails"].as_array().ok_or("no list")?.as_slice() else {
        return Err(format!("central has it {} times", made["totalRecords"]).into());
    };
    let prid = only["preRegistrationId"].as_str().ok_or("no number")?.to_owned();
    let path = format!("/preregistration/v1/documents/preregistration/{prid}");
    let documents = talk::get(place.central, &path, Some(&token)).await?.response()?;
    match documents["documentsMetaData"].as_array().map(Vec::len) {
        Some(1) => Ok(prid),
        _ => Err("central does not have its document once".into()),
    }
}
