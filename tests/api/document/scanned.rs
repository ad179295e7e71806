//! What is in a document: viruses, which a clamd of the test's own finds, and passwords, which the
//! process that decodes does.

use std::net::{Ipv4Addr, SocketAddr};
use std::time::Duration;

use prereg_node::domain::status::Lifecycle;
use prereg_node::node::Scanning;
use prereg_node::outside::clamd::{Address, Clamd};
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::TcpListener;

use super::{of, upload};
use crate::support::{Application, Plan, TestNode, file};

const INFECTED: (&str, &str) = ("PRG_PAM_DOC_010", "Document virus scan failed");
const LOCKED: (&str, &str) =
    ("PRG_PAM_DOC_025", "Password-protected file is not allowed for upload");

/// What this clamd calls a virus.
const VIRUS: &[u8] = b"X5O!P%@AP";

/// How a clamd behaves.
#[derive(Clone, Copy)]
enum Clam {
    /// It scans, and finds [`VIRUS`].
    Scans,
    /// It hangs up when it is asked.
    HangsUp,
    /// It never answers.
    Stalls,
}

/// Starts a clamd that ends with the test.
async fn clamd(clam: Clam) -> SocketAddr {
    let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).await.unwrap();
    let at = listener.local_addr().unwrap();
    tokio::spawn(async move {
        let mut held = Vec::new();
        while let Ok((mut stream, _)) = listener.accept().await {
            let mut command = [0; 10];
            stream.read_exact(&mut command).await.unwrap();
            assert_eq!(&command, b"zINSTREAM\0");
            match clam {
                Clam::HangsUp => {}
                Clam::Stalls => held.push(stream),
                Clam::Scans => {
                    let mut content = Vec::new();
                    while let length @ 1.. = stream.read_u32().await.unwrap() {
                        let mut chunk = (&mut stream).take(length.into());
                        chunk.read_to_end(&mut content).await.unwrap();
                    }
                    let found = content.windows(VIRUS.len()).any(|part| part == VIRUS);
                    let said = if found { "stream: Eicar FOUND\0" } else { "stream: OK\0" };
                    stream.write_all(said.as_bytes()).await.unwrap();
                }
            }
        }
    });
    at
}

fn asks(plan: &mut Plan, at: SocketAddr, patience: Duration) {
    plan.set("mosip.preregistration.document.scan", "true");
    plan.settings.virus_scan = Some(Clamd { address: Address::Tcp(at.to_string()), patience });
}

fn infected(size: usize) -> Vec<u8> {
    let mut content = file(size);
    content[20..20 + VIRUS.len()].copy_from_slice(VIRUS);
    content
}

#[tokio::test]
async fn an_infected_document_is_refused_and_a_clean_one_taken() {
    let at = clamd(Clam::Scans).await;
    let node = TestNode::with(|plan| asks(plan, at, Duration::from_secs(20))).await;
    let to = node.given_application().await;

    upload(&node, &to, "a.pdf", &infected(200_000)).await.is_refused(INFECTED.0, INFECTED.1);
    let path = format!("/documents/preregistration/{}", to.prid);
    assert_eq!(node.get(&to.by, &path).await.codes(), ["PRG_PAM_DOC_005"], "nothing was kept");

    upload(&node, &to, "a.pdf", &file(200_000)).await.response();
}

#[tokio::test]
async fn a_document_is_scanned_before_its_format_and_size_are_looked_at() {
    let at = clamd(Clam::Scans).await;
    let node = TestNode::with(|plan| asks(plan, at, Duration::from_secs(20))).await;
    let to = node.given_application().await;
    let limit = 2 * 1024 * 1024;
    upload(&node, &to, "a.exe", &infected(200)).await.is_refused(INFECTED.0, INFECTED.1);
    upload(&node, &to, "a.pdf", &infected(limit)).await.is_refused(INFECTED.0, INFECTED.1);
    let large = upload(&node, &to, "a.pdf", &file(limit)).await;
    large.is_refused("PRG_PAM_DOC_007", "Document exceeding permitted size");
}

/// I11: nobody puts scanner and decoder to work with documents that are not taken anyway.
#[tokio::test]
async fn a_document_for_somebody_else_s_application_is_not_scanned() {
    let at = clamd(Clam::Scans).await;
    let node = TestNode::with(|plan| asks(plan, at, Duration::from_secs(20))).await;
    let to = node.given_application().await;
    let stranger = Application { by: node.resident(7), ..to.clone() };
    let refused = upload(&node, &stranger, "a.pdf", &infected(200)).await;
    refused
        .is_refused("PRG_PAM_APP_017", "Requested preregistration id does not belong to the user");
    let nobody_s = Application { prid: "46537143845798".into(), ..to };
    let refused = upload(&node, &nobody_s, "a.pdf", &infected(200)).await;
    refused.is_refused("PRG_PAM_APP_005", "No data found for the requested pre-registration id");
}

#[tokio::test]
async fn a_scanner_that_does_not_say_clean_refuses_every_document() {
    for clam in [Clam::HangsUp, Clam::Stalls] {
        let at = clamd(clam).await;
        let node = TestNode::with(|plan| asks(plan, at, Duration::from_millis(200))).await;
        let to = node.given_application().await;
        upload(&node, &to, "a.pdf", &file(100)).await.is_refused(INFECTED.0, INFECTED.1);
    }
    let gone = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).await.unwrap().local_addr().unwrap();
    for address in [Some(gone), None] {
        let node = TestNode::with(|plan| {
            asks(plan, gone, Duration::from_secs(20));
            if address.is_none() {
                plan.settings.virus_scan = None;
            }
        })
        .await;
        let to = node.given_application().await;
        upload(&node, &to, "a.pdf", &file(100)).await.is_refused(INFECTED.0, INFECTED.1);
    }
}

#[tokio::test]
async fn a_country_that_wants_no_scan_gets_none() {
    let at = clamd(Clam::Scans).await;
    let node = TestNode::with(|plan| {
        asks(plan, at, Duration::from_secs(20));
        plan.set("mosip.preregistration.document.scan", "false");
    })
    .await;
    let to = node.given_application().await;
    upload(&node, &to, "a.pdf", &infected(200)).await.response();
}

/// `EICAR` in three parts: a scanner on this machine is not to find it here.
const EICAR: [&str; 3] =
    [r"X5O!P%@AP[4\PZX54(P^)7CC)7}", "$EICAR-STANDARD-ANTIVIRUS", "-TEST-FILE!$H+H*"];

#[tokio::test]
#[ignore = "needs a clamd: PREREG_CLAMD=host:port or its socket"]
async fn a_real_clamd_finds_the_test_virus_and_takes_a_document() {
    let address: Address = std::env::var("PREREG_CLAMD").unwrap().parse().unwrap();
    let node = TestNode::with(|plan| {
        plan.set("mosip.preregistration.document.scan", "true");
        let patience = Duration::from_secs(20);
        plan.settings.virus_scan = Some(Clamd { address, patience });
    })
    .await;
    let to = node.given_application().await;
    let virus = EICAR.concat();
    upload(&node, &to, "a.pdf", virus.as_bytes()).await.is_refused(INFECTED.0, INFECTED.1);
    upload(&node, &to, "a.pdf", &file(1_500_000)).await.response();
}

/// Returns a PDF without pages, encrypted as `encrypt` says. Each of these dictionaries was computed
/// from its password by the rules of the format.
fn encrypted(encrypt: &str) -> Vec<u8> {
    let objects = [
        "<< /Type /Catalog /Pages 2 0 R >>",
        "<< /Type /Pages /Kids [3 0 R] /Count 1 >>",
        "<< /Type /Page /Parent 2 0 R /MediaBox [0 0 100 100] >>",
        encrypt,
    ];
    let mut pdf = "%PDF-1.7\n".to_owned();
    let mut table = "0000000000 65535 f \n".to_owned();
    for (i, object) in objects.iter().enumerate() {
        table += &format!("{:010} 00000 n \n", pdf.len());
        pdf += &format!("{} 0 obj\n{object}\nendobj\n", i + 1);
    }
    let (start, id) = (pdf.len(), "00".repeat(16));
    pdf += &format!(
        "xref\n0 5\n{table}trailer\n<< /Size 5 /Root 1 0 R /Encrypt 4 0 R /ID [<{id}> <{id}>] >>\n\
         startxref\n{start}\n%%EOF\n"
    );
    pdf.into_bytes()
}

/// The oldest encryption there is, for the password that `user` was computed from.
fn rc4(user: &str) -> Vec<u8> {
    let owner = "5a".repeat(32);
    encrypted(&format!("<< /Filter /Standard /V 1 /R 2 /P -4 /O <{owner}> /U <{user}> >>"))
}

/// Encryption by AES with 256 bits.
fn aes(user: &str, key: &str) -> Vec<u8> {
    encrypted(&format!(
        "<< /Filter /Standard /V 5 /R 5 /Length 256 /P -4 /O <{}> /OE <{}> /U <{user}> /UE <{key}> \
         /Perms <d2a0df12b8867984f6c2c84166646a7e> /StmF /StdCF /StrF /StdCF \
         /CF << /StdCF << /CFM /AESV3 /AuthEvent /DocOpen /Length 32 >> >> >>",
        "5a".repeat(48),
        "5a".repeat(32),
    ))
}

/// By the password "secret", and by the empty one, with which every reader opens a document unasked.
fn secret_and_open() -> [(Vec<u8>, Vec<u8>); 2] {
    let salts = "76616c69646174656b657973616c7473";
    let secret = "b7f3379edffe6558c971714af9f5184b71a3d079058c56aa3dcd04f0eac57569";
    let open = "133c8eb86cf813474ade739d5d133087e2026f56aaf366284dd1a25d98d44690";
    [
        (
            rc4("9ccf0639dde9153cee1bcb06908d4c3821aae2c064930289ae37e04706ba7184"),
            rc4("da3a4003c389df3cdc8f3e634a22f2f612a437f0eb753551f18102872204b5aa"),
        ),
        (
            aes(
                &format!("{secret}{salts}"),
                "2a47e6994027eaf1033cac9ecdde0d155e0c514ba1f8485fb9b5cad86bfbe3f3",
            ),
            aes(
                &format!("{open}{salts}"),
                "bd1b01dcea346e3da78a6fcd99f89d044e5e2505281feae4c7866373fd9ac3cb",
            ),
        ),
    ]
}

#[tokio::test]
async fn today_s_release_refuses_a_pdf_that_needs_a_password() {
    let node = TestNode::with(|plan| plan.settings.rules.lifecycle = Lifecycle::V1_2).await;
    let to = node.given_application().await;
    for (secret, open) in secret_and_open() {
        let reply = upload(&node, &to, "a.pdf", &secret).await;
        reply.is_refused(LOCKED.0, LOCKED.1);
        upload(&node, &to, "a.pdf", &open).await.response();
    }
    // One that is none but in its first letters is locked by nobody.
    upload(&node, &to, "a.pdf", &file(100)).await.response();
    let png = [&b"\x89PNG\r\n\x1a\n"[..], &[0; 60]].concat();
    upload(&node, &to, "a.png", &png).await.response();
}

#[tokio::test]
async fn many_pdfs_at_once_are_each_told_apart() {
    let node = TestNode::with(|plan| plan.settings.rules.lifecycle = Lifecycle::V1_2).await;
    let to = node.given_application().await;
    let [(secret, open), _] = secret_and_open();
    let uploads = (0..12).map(|i| {
        let content = if i % 2 == 0 { &secret } else { &open };
        node.upload(&to.by, &to.prid, of("POI", "VIC"), "a.pdf", content)
    });
    for (i, reply) in futures_util::future::join_all(uploads).await.iter().enumerate() {
        if i % 2 == 0 {
            reply.is_refused(LOCKED.0, LOCKED.1);
        } else {
            reply.response();
        }
    }
}

#[tokio::test]
async fn a_process_that_cannot_be_started_keeps_no_document_out() {
    let node = TestNode::with(|plan| {
        plan.settings.rules.lifecycle = Lifecycle::V1_2;
        plan.settings.scanning = Scanning::by_child("/bin/false");
    })
    .await;
    let to = node.given_application().await;
    upload(&node, &to, "a.pdf", &file(100)).await.response();
}

#[tokio::test]
async fn the_first_lifecycle_takes_a_pdf_that_needs_a_password() {
    let node = TestNode::authority().await;
    let to = node.given_application().await;
    let [(secret, _), _] = secret_and_open();
    upload(&node, &to, "a.pdf", &secret).await.response();
}
