//! What the two replicas say afterwards.

use std::collections::BTreeMap;

use jiff::ToSpan as _;
use prereg_node::clock::Clock;
use prereg_node::demo::country;
use prereg_node::domain::application::Application;
use prereg_node::domain::ids::{CenterId, Digest};
use prereg_node::domain::prid::Prid;
use prereg_node::node::{self, Settings};
use prereg_node::store::{self, View};

use crate::nodes::Fault;
use crate::people::WalkIn;

/// Looks at both nodes, which do not run any more; returns what there was, in a line, and all that is
/// wrong: pages and contents of both replicas (I1), everything that central lists at the center with
/// its documents, and every acknowledged walk-in at central exactly once (I1, I2).
pub(crate) async fn of(
    center: &Settings,
    central: &Settings,
    walk_ins: &[WalkIn],
) -> Result<(String, Vec<String>), Fault> {
    let pace = &center.upstream.as_ref().ok_or("the center has no upstream")?.pace;
    let today = center.rules.today(Clock::system().now());
    let first = today.saturating_sub(i64::from(pace.days_back).days());
    let last = today.saturating_add(i64::from(pace.days_ahead).days());
    let writer = center.upstream.as_ref().map_or("", |up| &up.writer.client_id).to_owned();

    let at_central = node::open_inline(central)?;
    let (listed, made, mut faults) = at_central
        .read::<_, store::Error, _>(move |view| {
            let booked = store::application::appointments(
                view,
                &CenterId::new(country::CENTER),
                first,
                last,
                None,
            )?;
            let listed = booked
                .iter()
                .filter_map(|booked| store::application::find(view, &booked.prid).transpose())
                .collect::<Result<Vec<_>, _>>()?;
            let made = store::application::made_by(view, &writer, 0, usize::MAX)?;
            Ok((listed, made, store::check::faults(view)?))
        })
        .await?;
    let at_center = node::open_inline(center)?;
    let walk_ins = walk_ins.to_vec();
    let text = format!(
        "central lists {} applications with {} documents; {} walk-ins reached it",
        listed.len(),
        listed.iter().map(|application| application.documents.len()).sum::<usize>(),
        made.len()
    );
    let more = at_center
        .read::<_, store::Error, _>(move |view| {
            let mut faults = store::check::faults(view)?;
            pulled(view, &listed, &mut faults)?;
            pushed(view, &walk_ins, &made, &mut faults)?;
            Ok(faults)
        })
        .await?;
    faults.extend(more);
    Ok((text, faults))
}

/// Everything that central lists is at the center as it is there, with every document's bytes.
fn pulled(
    center: &View<'_>,
    listed: &[Application],
    faults: &mut Vec<String>,
) -> Result<(), store::Error> {
    if listed.is_empty() {
        faults.push("central lists nothing: there was nothing to pull".into());
    }
    for there in listed {
        let prid = &there.prid;
        let Some(here) = store::application::find(center, prid)? else {
            faults.push(format!("{prid} is not at the center"));
            continue;
        };
        let slot = |application: &Application| {
            application.appointment.as_ref().map(|appointment| appointment.slot.clone())
        };
        if here.identity != there.identity || slot(&here) != slot(there) {
            faults.push(format!("{prid} differs at the center"));
        }
        let documents = |application: &Application| {
            let documents = application.documents.iter();
            documents.map(|d| (d.id.clone(), d.digest)).collect::<BTreeMap<_, _>>()
        };
        if documents(&here) != documents(there) {
            faults.push(format!("{prid} has other documents at the center"));
        }
        for digest in here.documents.iter().filter_map(|document| document.digest) {
            if store::blob::content(center, &digest)?.is_none() {
                faults.push(format!("{prid} lacks a document's bytes at the center"));
            }
        }
    }
    Ok(())
}

/// Each walk-in is at central once, with its paper if that was acknowledged; nobody is there twice.
fn pushed(
    center: &View<'_>,
    walk_ins: &[WalkIn],
    made: &[Application],
    faults: &mut Vec<String>,
) -> Result<(), store::Error> {
    let mut by_phone: BTreeMap<&str, Vec<&Application>> = BTreeMap::new();
    for application in made {
        let phone = application.identity.text("phone").unwrap_or_default();
        by_phone.entry(phone).or_default().push(application);
    }
    for applications in by_phone.values().filter(|applications| applications.len() > 1) {
        faults.push(format!("{} is at central {} times", applications[0].prid, applications.len()));
    }
    for walk_in in walk_ins {
        let prid = Prid::parse(&walk_in.prid).map_err(|_| store::Error::Row("a PRID"))?;
        if store::application::find(center, &prid)?.is_none() {
            faults.push(format!("the walk-in {prid} was acknowledged and is not at the center"));
        }
        let Some([there]) = by_phone.get(walk_in.resident.phone.as_str()).map(Vec::as_slice) else {
            faults.push(format!("the walk-in {prid} is not at central once"));
            continue;
        };
        if there.identity != walk_in.resident.identity {
            faults.push(format!("the walk-in {prid} differs at central"));
        }
        if store::application::upstream_prid(center, &prid)?.as_ref() != Some(&there.prid) {
            faults.push(format!("the center does not know the walk-in {prid} by central's PRID"));
        }
        let papers: Vec<_> = there.documents.iter().map(|document| document.digest).collect();
        let paper = Some(Digest::of(&walk_in.resident.documents[0].content()));
        if papers != [paper] && (walk_in.has_paper || !papers.is_empty()) {
            faults.push(format!("the walk-in {prid} does not have its paper at central once"));
        }
    }
    Ok(())
}
