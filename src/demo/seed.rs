//! Prepares the demo's folder: two nodes with their configuration, and at central the residents with
//! documents and appointments around today.

use std::error::Error;
use std::io::Write as _;
use std::net::{Ipv4Addr, SocketAddr};
use std::os::unix::fs::OpenOptionsExt as _;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use jiff::{SignedDuration, Timestamp, ToSpan as _};
use serde_json::json;

use crate::clock::Clock;
use crate::demo::{ReadConfig, country, elsewhere, residents};
use crate::domain::caller::{Caller, Role, Roles};
use crate::domain::ids::{CenterId, Digest};
use crate::domain::master::{Master, Row};
use crate::domain::prid::Prid;
use crate::domain::slot::Slot;
use crate::domain::status::Status;
use crate::entropy::{self, Entropy, Seeded};
use crate::node;
use crate::services::batch;
use crate::services::booking::{self, Wish};
use crate::services::demographic::{self, New};
use crate::services::document::{self, Upload};
use crate::services::{self, Rules};
use crate::store::{self, Store, Tx};
use crate::wire::masterfolder;

/// How many residents there are.
const RESIDENTS: usize = 200;
/// The PRID on the slip that is shipped as a picture.
const ON_THE_SLIP: &str = "97465075291709";
/// How long ago the residents applied, so that there are appointments of yesterday too.
const AGO: SignedDuration = SignedDuration::from_hours(72);
/// What a demo leaves in its folder, and the next one throws away.
const OURS: [&str; 9] = [
    "center",
    "central",
    "spool",
    "center.toml",
    "central.toml",
    "reader.secret",
    "writer.secret",
    "residents.json",
    "slip.jpg",
];

/// Where the demo is.
pub(super) struct Place {
    pub(super) dir: PathBuf,
    pub(super) center: SocketAddr,
    pub(super) central: SocketAddr,
    read_config: ReadConfig,
}

impl Place {
    pub(super) fn new(
        dir: &Path,
        center_port: u16,
        central_port: u16,
        read_config: ReadConfig,
    ) -> Result<Self, Box<dyn Error>> {
        let ports = [center_port, center_port.saturating_add(1)];
        if center_port == 0
            || central_port == 0
            || center_port == u16::MAX
            || central_port == u16::MAX
        {
            return Err("the ports of the demo lie between 1 and 65534".into());
        }
        if ports.contains(&central_port) || ports.contains(&(central_port + 1)) {
            return Err(
                "each node takes its port and the one above: they are in each other's way".into()
            );
        }
        std::fs::create_dir_all(dir)
            .map_err(|error| format!("cannot use {}: {error}", dir.display()))?;
        let at = |port| SocketAddr::from((Ipv4Addr::LOCALHOST, port));
        let dir = dir.canonicalize()?;
        Ok(Self { dir, center: at(center_port), central: at(central_port), read_config })
    }

    /// Returns what the center is.
    pub(super) fn center_settings(&self) -> Result<node::Settings, Box<dyn Error>> {
        (self.read_config)(&self.center_config())
    }

    /// Returns what central is.
    pub(super) fn central_settings(&self) -> Result<node::Settings, Box<dyn Error>> {
        (self.read_config)(&self.central_config())
    }

    pub(super) fn center_config(&self) -> PathBuf {
        self.dir.join("center.toml")
    }

    pub(super) fn central_config(&self) -> PathBuf {
        self.dir.join("central.toml")
    }

    pub(super) fn spool(&self) -> PathBuf {
        self.dir.join("spool")
    }
}

/// Prepares everything; returns the id of the demo's center.
pub(super) async fn prepare(
    place: &Place,
    data: Option<&Path>,
    lifecycle: &str,
) -> Result<CenterId, Box<dyn Error>> {
    for name in OURS {
        let path = place.dir.join(name);
        let gone = if path.is_dir() {
            std::fs::remove_dir_all(&path)
        } else if path.exists() {
            std::fs::remove_file(&path)
        } else {
            Ok(())
        };
        gone.map_err(|error| format!("cannot clear {}: {error}", path.display()))?;
    }
    std::fs::create_dir(place.spool())?;
    let rows = match data {
        Some(folder) => masterfolder::read_folder(folder)?,
        None => country::rows(),
    };
    let master = Arc::new(Master::from_rows(rows.iter().cloned())?);
    let center = match data {
        None => CenterId::new(country::CENTER),
        Some(_) => master
            .centers()
            .find(|center| center.active && center.kiosks > 0)
            .map(|center| center.id.clone())
            .ok_or("the master data has no center that serves anybody")?,
    };
    write_configs(place, &center, lifecycle)?;
    for settings in [place.central_settings()?, place.center_settings()?] {
        node::init(&settings, &Clock::system(), &entropy::System)?;
        let store = node::open_inline(&settings)?;
        let (rows, now): (Vec<Row>, _) = (rows.clone(), Clock::system().now());
        store.write(move |tx| services::master::replace(tx, &rows, true, now).map(drop)).await?;
        if settings.rules.authority {
            seed(place, &store, &settings.rules, &master, &center).await?;
        }
    }
    Ok(center)
}

fn write_configs(place: &Place, center: &CenterId, lifecycle: &str) -> Result<(), Box<dyn Error>> {
    let mut clients = String::new();
    for (name, roles) in [
        ("reader", r#"["REGISTRATION_OFFICER", "PRE_REGISTRATION_ADMIN"]"#),
        ("writer", r#"["INDIVIDUAL"]"#),
    ] {
        let entropy: &dyn Entropy = &entropy::System;
        let secret = Digest::from_bytes(entropy.bytes()).to_string();
        let mut file = std::fs::OpenOptions::new()
            .write(true)
            .create_new(true)
            .mode(0o600)
            .open(place.dir.join(format!("{name}.secret")))?;
        writeln!(file, "{secret}")?;
        let hash = Digest::of(secret.as_bytes());
        clients.push_str(&format!(
            "\n[[client]]\nid = \"center-{center}-{name}\"\nsecret_sha256 = \"{hash}\"\nroles = {roles}\n"
        ));
    }
    let listen = |at: SocketAddr| {
        let https = SocketAddr::new(at.ip(), at.port() + 1);
        format!("[listen]\nhttp = \"{at}\"\nhttps = \"{https}\"\n")
    };
    let common =
        "\n[country]\nzone = \"UTC\"\n\n[log]\nfilter = \"warn\"\n\n[demo]\nspool = \"spool\"\n";
    let head = |folder: &str| format!("folder = \"{folder}\"\nlifecycle = \"{lifecycle}\"\n\n");
    let central = format!("{}{}{common}{clients}", head("central"), listen(place.central));
    let upstream = format!(
        "\n[center]\nid = \"{center}\"\nlocal_kiosks = 1\n\n[upstream]\nurl = \"http://{}\"\n\
         reader = {{ client = \"center-{center}-reader\", secret_file = \"reader.secret\" }}\n\
         writer = {{ client = \"center-{center}-writer\", secret_file = \"writer.secret\" }}\n\
         every_seconds = 10\nunsure_seconds = 2\n",
        place.central
    );
    let center = format!("{}{}{common}{upstream}", head("center"), listen(place.center));
    std::fs::write(place.central_config(), central)?;
    std::fs::write(place.center_config(), center)?;
    Ok(())
}

async fn seed(
    place: &Place,
    store: &Store,
    rules: &Rules,
    master: &Arc<Master>,
    center: &CenterId,
) -> Result<(), Box<dyn Error>> {
    let now = Clock::system().now();
    let applied = now - AGO;
    let (days, of) = (rules.clone(), Arc::clone(master));
    store
        .write(move |tx| {
            booking::open_days(tx, &batch::system(), &of, &days, &entropy::System, applied)
        })
        .await?;
    let mut list = Vec::new();
    for i in 0..RESIDENTS {
        let (rules, master, center) = (rules.clone(), Arc::clone(master), center.clone());
        let line = store
            .write(move |tx| apply(tx, i, &rules, &master, &center, applied, now))
            .await
            .map_err(|error| -> Box<dyn Error> { error })?;
        list.push(line);
    }
    let text = serde_json::to_string_pretty(&list)?;
    std::fs::write(place.dir.join("residents.json"), text)?;
    Ok(())
}

/// Lets the resident number `i` apply, upload and book, as on the portal; returns their line in
/// `residents.json`.
fn apply(
    tx: &Tx<'_>,
    i: usize,
    rules: &Rules,
    master: &Master,
    center: &CenterId,
    applied: Timestamp,
    now: Timestamp,
) -> Result<serde_json::Value, Box<dyn Error + Send + Sync>> {
    let resident = residents::resident(i);
    let entropy: &dyn Entropy = &Seeded::new(1_000_000 + i as u64);
    let prid = if i == 0 { Prid::parse(ON_THE_SLIP)? } else { Prid::draw(entropy) };
    // Most sign in by phone, the others by e-mail.
    let user = if i % 4 == 3 { &resident.email } else { &resident.phone };
    let caller = Caller { user: user.clone(), roles: Roles::of(&[Role::Individual]) };
    let new = New {
        language: resident.language.to_owned(),
        identity: elsewhere::fitted(&resident, i, master),
        required: None,
    };
    demographic::check(&new, master, applied).map_err(|error| {
        format!(
            "resident {i} does not fit this country: {error}: {:?}",
            crate::services::Coded::findings(&error)
        )
    })?;
    demographic::create_as(tx, &prid, &new, &caller, rules, entropy, applied)?;
    for paper in &resident.documents {
        let Some(kind) = elsewhere::document_type(master, paper.category, paper.document_type)
        else {
            continue;
        };
        let upload = Upload {
            category: paper.category.to_owned(),
            kind: kind.to_owned(),
            language: resident.language.to_owned(),
            ref_number: paper.ref_number.clone(),
            name: paper.file_name.clone(),
            content: paper.content().into(),
        };
        document::check_request(&upload, master)?;
        document::check_file(&upload, master)?;
        document::attach(tx, &prid, &upload, &caller, rules, entropy, applied)?;
    }
    // Where papers count, the portal makes an application pending once all of them are there; those
    // who lack one cannot book yet.
    if rules.lifecycle.demands_documents() {
        let pending = Status::PendingAppointment.as_str();
        match demographic::set_status(tx, &prid, pending, &caller, master, rules, entropy, applied)
        {
            Ok(()) | Err(demographic::Error::NoDocuments) => {}
            Err(error) => return Err(error.into()),
        }
    }
    let made = store::application::find(tx, &prid)?;
    let may_book = made.is_some_and(|made| rules.lifecycle.allows_booking(made.status));
    let slot = if i % 20 == 19 || !may_book { None } else { free_slot(tx, i, rules, center, now)? };
    if let Some(slot) = &slot {
        let wish = Wish {
            prid: prid.to_string(),
            center: slot.center.to_string(),
            date: (slot.day.to_string(), Some(slot.day)),
            from: Some(slot.starts),
            to: Some(slot.ends),
        };
        booking::book(tx, &wish, &caller, master, rules, entropy, applied)?;
    }
    Ok(json!({
        "prid": prid,
        "user": user,
        "name": resident.name,
        "phone": resident.phone,
        "email": resident.email,
        "documents": resident.documents.len(),
        "center": slot.as_ref().map(|slot| slot.center.to_string()),
        "date": slot.as_ref().map(|slot| slot.day.to_string()),
        "from": slot.as_ref().map(|slot| slot.starts.to_string()),
    }))
}

/// Picks a slot at the demo's center: the holder of the slip and every third resident today, the
/// others from yesterday to six days ahead, where the center is open.
fn free_slot(
    tx: &Tx<'_>,
    i: usize,
    rules: &Rules,
    center: &CenterId,
    now: Timestamp,
) -> Result<Option<Slot>, store::Error> {
    let today = rules.today(now);
    let wanted = if i.is_multiple_of(3) { 0 } else { (i % 8) as i64 - 1 };
    for ahead in [wanted, wanted + 1, wanted + 2] {
        let day = today.saturating_add(ahead.days());
        let free = store::slot::free(tx, center, day, day)?;
        let free: Vec<_> = free.into_iter().filter(|slot| slot.seats > 0).collect();
        if !free.is_empty() {
            return Ok(Some(free[(i * 7) % free.len()].slot.clone()));
        }
    }
    Ok(None)
}
