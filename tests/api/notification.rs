//! The notification service: `contract/payloads.md` §10 (N1 to N3), `contract/rules.md` §13; and how
//! messages leave.

use std::net::SocketAddr;
use std::sync::{Arc, Mutex};
use std::time::Duration;

use hyper::Method;
use jiff::SignedDuration;
use prereg_node::demo::residents::{self, Resident};
use prereg_node::domain::application::Kind;
use prereg_node::domain::caller::Role;
use prereg_node::domain::identity::Identity;
use prereg_node::domain::status::{Lifecycle, Status};
use prereg_node::node::Sms;
use prereg_node::outside::sms;
use serde_json::{Value, json};
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::TcpListener;

use crate::support::{
    Application, Plan, Reply, Session, TestNode, central_s_application, envelope, form, logged,
    pause,
};

const ID: &str = "mosip.pre-registration.notification.notify";
const ONE: &str = "/notification/notify";
const ALL: &str = "/notification";
const JOB: &str = "/internal/notification";
const DAY: &str = "2026-11-30";

fn parts(node: &TestNode, language: Option<&str>, request: &Value) -> Vec<Vec<u8>> {
    let request = envelope(ID, node.now(), request.clone());
    let mut parts = vec![form("NotificationRequestDTO", None, request.to_string().as_bytes())];
    parts.extend(language.map(|language| form("langCode", None, language.as_bytes())));
    parts.push(form("attachment", Some("a.pdf"), b"%PDF-1.4"));
    parts
}

async fn notify(
    node: &TestNode,
    who: &Session,
    path: &str,
    language: Option<&str>,
    request: &Value,
) -> Reply {
    node.post_form(who, path, &parts(node, language, request)).await
}

fn resident(application: &Application) -> Resident {
    residents::resident(application.resident)
}

fn name(application: &Application) -> String {
    let identity = resident(application).identity;
    let names: Vec<_> = identity.values("fullName").map(|(_, name)| name.to_owned()).collect();
    names.into_iter().next().unwrap()
}

/// Returns what the portal sends after it booked nine o'clock.
fn booked(application: &Application) -> Value {
    json!({"name": name(application), "preRegistrationId": application.prid,
           "appointmentDate": DAY, "appointmentTime": "09:00 AM", "mobNum": "", "emailID": "",
           "additionalRecipient": false, "isBatch": false})
}

/// Returns `request` with some of its members changed.
fn with(mut request: Value, changes: Value) -> Value {
    let Value::Object(changes) = changes else { panic!("changes are members") };
    for (name, value) in changes {
        request[&name] = value;
    }
    request
}

#[tokio::test]
async fn a_booking_is_told_by_sms_and_by_e_mail() {
    let node = TestNode::authority().await;
    let application = node.given_appointment(DAY, "09:00").await;

    let reply = notify(&node, &application.by, ONE, Some("eng"), &booked(&application)).await;

    let done = json!({"message": "Email and sms request successfully submitted"});
    assert_eq!(reply.response(), done);
    let body = reply.json();
    assert_eq!(body["id"], ID);
    assert_eq!(body["responsetime"], "2026-11-23T08:00:11.204");
    let messages = node.messages(2).await;
    let resident = resident(&application);
    let (email, sms) = (&messages[0], &messages[1]);
    assert_eq!((&email["to"], &sms["to"]), (&json!(resident.email), &json!(resident.phone)));
    assert_eq!(email["subject"], format!("Appointment {} is booked", application.prid));
    let text = sms["text"].as_str().unwrap();
    assert!(text.starts_with("Booked: 2026-11-30 09:00 AM, "), "{text}");
    assert!(text.ends_with(&format!("Your number: {}", application.prid)), "{text}");
    let text = email["text"].as_str().unwrap();
    assert!(text.contains(&name(&application)) && !text.contains('$'), "{text}");
}

#[tokio::test]
async fn several_languages_make_one_message_of_several_texts() {
    for lifecycle in [Lifecycle::V1_1, Lifecycle::V1_2] {
        let node = TestNode::with(|plan| plan.settings.rules.lifecycle = lifecycle).await;
        let application = node.given_application().await;
        if lifecycle == Lifecycle::V1_2 {
            // Nothing is booked there before the documents are in; a cancellation is told all the same.
            let gone = with(booked(&application), json!({"isBatch": true}));
            let request = json!({"fra": gone});
            notify(&node, &application.by, ALL, None, &request).await.response();
            let messages = node.messages(2).await;
            assert_eq!(
                messages[0]["subject"],
                format!("Le rendez-vous {} est annulé", application.prid)
            );
            continue;
        }
        node.book(&application, DAY, "09:00").await.response();
        let request = json!({"eng": booked(&application), "ara": booked(&application)});

        let reply = notify(&node, &application.by, ALL, Some("ara,eng"), &request).await;

        reply.response();
        let messages = node.messages(2).await;
        let prid = &application.prid;
        assert_eq!(
            messages[0]["subject"],
            format!("تم حجز الموعد {prid} / Appointment {prid} is booked")
        );
        let text = messages[1]["text"].as_str().unwrap();
        let (arabic, english) = text.split_once('\n').unwrap();
        assert!(arabic.starts_with("تم الحجز: 2026-11-30 09:00 AM"), "{text}");
        assert!(english.starts_with("Booked: 2026-11-30 09:00 AM"), "{text}");
    }
}

#[tokio::test]
async fn a_job_may_leave_the_language_to_the_application() {
    let node = TestNode::authority().await;
    let application = node.given_appointment(DAY, "09:00").await;
    let admin = node.session("job", &[Role::PreRegistrationAdmin]);
    let request = with(booked(&application), json!({"isBatch": true, "name": null}));

    notify(&node, &admin, JOB, None, &request).await.response();

    let messages = node.messages(2).await;
    let subject = match resident(&application).language {
        "eng" => "Appointment {} is cancelled",
        "fra" => "Le rendez-vous {} est annulé",
        _ => "ألغي الموعد {}",
    };
    assert_eq!(messages[0]["subject"], subject.replace("{}", &application.prid));
    // It is not known how the resident is called but from the application itself.
    let resident = resident(&application);
    let mut names = resident.identity.values("fullName");
    let (_, name) = names.find(|(language, _)| *language == resident.language).unwrap();
    assert!(messages[0]["text"].as_str().unwrap().contains(name));
}

#[tokio::test]
async fn the_portal_tells_of_a_cancellation_in_its_own_form() {
    let node = TestNode::authority().await;
    let application = node.given_application().await;
    let request = json!({"name": "whoever", "preRegistrationId": application.prid,
        "appointmentDate": DAY, "appointmentTime": "09:00", "mobNum": null, "emailID": null,
        "additionalRecipient": null, "isBatch": true});

    notify(&node, &application.by, ONE, Some("eng"), &request).await.response();

    let messages = node.messages(2).await;
    let text = messages[1]["text"].as_str().unwrap();
    assert!(text.contains("2026-11-30") && text.contains("09:00"), "{text}");
    assert!(text.contains(&name(&application)) && !text.contains("whoever"), "{text}");
}

#[tokio::test]
async fn another_recipient_is_told_in_the_place_of_the_resident() {
    let node = TestNode::authority().await;
    let application = node.given_appointment(DAY, "09:00").await;
    let request = with(
        booked(&application),
        json!({"mobNum": "9748107386", "emailID": "sanober@example.org",
               "additionalRecipient": "true", "isBatch": "false"}),
    );

    notify(&node, &application.by, ONE, Some("eng"), &request).await.response();

    let messages = node.messages(2).await;
    assert_eq!(messages[0]["to"], "sanober@example.org");
    assert_eq!(messages[1]["to"], "9748107386");
}

#[tokio::test]
async fn who_has_neither_phone_nor_address_is_told_nothing_and_that_is_no_error() {
    let node = TestNode::with(|plan| {
        let mut silent = central_s_application(0, Status::Booked);
        let members = silent.identity.members().clone().into_iter();
        silent.identity =
            Identity::new(members.filter(|(name, _)| name != "phone" && name != "email").collect());
        plan.holds(silent);
    })
    .await;
    let silent = node.central_s(0);
    let request = with(booked(&silent), json!({"isBatch": true}));
    notify(&node, &silent.by, ONE, Some("eng"), &request).await.response();

    let other = node.given_application_of(1).await;
    let request = with(booked(&other), json!({"isBatch": true}));
    notify(&node, &other.by, ONE, Some("eng"), &request).await.response();

    assert_eq!(node.messages(2).await[1]["to"], resident(&other).phone);
}

#[tokio::test]
async fn who_lost_a_uin_is_told_where_they_signed_in() {
    for (given, told) in [("", residents::resident(0).phone), ("9748107386", "9748107386".into())] {
        let node = TestNode::with(|plan| {
            let mut lost = central_s_application(0, Status::Booked);
            lost.kind = Kind::LostUin;
            lost.identity = Identity::default();
            plan.holds(lost);
        })
        .await;
        let lost = node.central_s(0);
        let request = json!({"preRegistrationId": lost.prid, "appointmentDate": DAY,
            "appointmentTime": "09:00 AM", "name": "Asha 900 http://evil.example", "mobNum": given,
            "additionalRecipient": false, "isBatch": true});

        notify(&node, &lost.by, ONE, Some("eng"), &request).await.response();

        let message = node.messages(1).await.remove(0);
        assert_eq!(message["to"], told);
        let text = message["text"].as_str().unwrap();
        assert!(text.contains("Asha") && !text.contains("900") && !text.contains("://"), "{text}");
    }
}

#[tokio::test]
async fn nobody_can_send_words_of_their_own_to_a_stranger() {
    let node = TestNode::authority().await;
    let application = node.given_application().await;
    let request = json!({"name": "Buy now", "preRegistrationId": application.prid,
        "appointmentDate": "http://evil.example", "appointmentTime": "call 900",
        "mobNum": "9748107386", "additionalRecipient": true, "isBatch": true});

    notify(&node, &application.by, ONE, Some("eng"), &request).await.response();

    let text = node.messages(1).await[0]["text"].as_str().unwrap().to_owned();
    for word in ["Buy now", "evil", "900"] {
        assert!(!text.contains(word), "{text}");
    }
}

/// I8
#[tokio::test]
async fn a_notice_is_in_the_audit_trail_with_its_application_under_a_pseudonym() {
    let mut node = TestNode::authority().await;
    let application = node.given_application().await;
    let request = with(booked(&application), json!({"isBatch": true}));
    notify(&node, &application.by, ONE, Some("eng"), &request).await.response();
    node.messages(2).await;
    let reply = notify(&node, &node.resident(7), ONE, Some("eng"), &request).await;
    assert_eq!(reply.codes(), ["PRG_PAM_APP_017"]);

    let records = node.stopped_and_audited();

    let events: Vec<_> =
        records.iter().map(|one| (one.event.as_str(), one.module.as_str())).collect();
    assert_eq!(events, [("PRE_407", "DEM"), ("PRE_411", "NOTIFY"), ("PRE_405", "NOTIFY")]);
    assert!(records.iter().all(|record| record.subject == records[0].subject));
    assert!(!format!("{records:?}").contains(&application.prid));
}

#[tokio::test]
async fn what_is_said_of_a_booking_has_to_be_so() {
    let node = TestNode::authority().await;
    let application = node.given_appointment(DAY, "09:00").await;
    let unbooked = node.given_application().await;
    let good = booked(&application);
    let missing = ("PRG_PAM_ACK_002", "Mandatory fields are missing");
    let name = ("PRG_PAM_ACK_008", "Full name is not valid");
    let date = ("PRG_PAM_ACK_009", "Appointment date is not valid");
    let time = ("PRG_PAM_ACK_010", "Appointment time is not valid");
    let unknown = ("PRG_PAM_APP_005", "No data found for the requested pre-registration id");
    for (change, (code, text)) in [
        (json!({"isBatch": null}), missing),
        (json!({"name": null}), missing),
        (json!({"appointmentDate": null}), missing),
        (json!({"appointmentTime": null}), missing),
        (json!({"preRegistrationId": null}), missing),
        (json!({"preRegistrationId": " "}), missing),
        (json!({"preRegistrationId": "97465075291709"}), unknown),
        (json!({"preRegistrationId": "no prid"}), unknown),
        (json!({"name": "Somebody Else"}), name),
        (json!({"name": ""}), name),
        (json!({"appointmentDate": "2026-12-01"}), date),
        (json!({"appointmentDate": ""}), missing),
        (json!({"appointmentDate": " "}), missing),
        (json!({"appointmentDate": "30/11/2026"}), date),
        (json!({"appointmentTime": "09:15 AM"}), time),
        (json!({"appointmentTime": "09:00 PM"}), time),
        (json!({"appointmentTime": ""}), missing),
        (json!({"appointmentTime": " "}), missing),
    ] {
        let request = with(good.clone(), change);
        let reply = notify(&node, &application.by, ONE, Some("eng"), &request).await;
        reply.is_refused(code, text);
        let admin = node.session("job", &[Role::PreRegistrationAdmin]);
        notify(&node, &admin, JOB, None, &request).await.is_refused(code, text);
        let several = json!({"eng": request});
        notify(&node, &application.by, ALL, Some("eng"), &several).await.is_refused(code, text);
    }
    for path in [ONE, JOB] {
        let request = booked(&unbooked);
        let reply = notify(&node, &unbooked.by, path, Some("eng"), &request).await;
        reply.is_refused("PRG_BOOK_RCI_013", "Booking data not found");
        let reply = notify(&node, &unbooked.by, path, Some("eng"), &good).await;
        reply.is_refused(
            "PRG_PAM_APP_017",
            "Requested preregistration id does not belong to the user",
        );
    }
    let lower = with(
        good,
        json!({"name": format!(" {} ", self::name(&application)),
                                  "appointmentTime": "09:00 am"}),
    );
    notify(&node, &application.by, ONE, Some("eng"), &lower).await.response();
    node.messages(2).await;
}

#[tokio::test]
async fn another_recipient_must_be_reachable() {
    let node = TestNode::authority().await;
    let application = node.given_appointment(DAY, "09:00").await;
    let good = with(booked(&application), json!({"additionalRecipient": true}));
    for (phone, email, code, text) in [
        (json!(""), json!(null), "PRG_PAM_ACK_001", "Mobile number or Email Id is missing"),
        (json!("12"), json!("a@b.example"), "PRG_PAM_ACK_007", "Phone number is not valid"),
        (json!("9748107386"), json!("a@b"), "PRG_PAM_ACK_006", "Email is not valid"),
        (json!(null), json!("a b@c.example"), "PRG_PAM_ACK_006", "Email is not valid"),
    ] {
        let request = with(good.clone(), json!({"mobNum": phone, "emailID": email}));
        for path in [ONE, JOB] {
            let reply = notify(&node, &application.by, path, Some("eng"), &request).await;
            reply.is_refused(code, text);
        }
        let several = json!({"eng": request});
        notify(&node, &application.by, ALL, None, &several).await.is_refused(code, text);
    }
}

#[tokio::test]
async fn the_first_fault_of_the_envelope_ends_the_call() {
    let node = TestNode::authority().await;
    let application = node.given_application().await;
    let sound = || envelope(ID, node.now(), json!({"isBatch": true}));
    for path in [ONE, ALL, JOB] {
        let sent = async |request: &str| {
            let part = form("NotificationRequestDTO", None, request.as_bytes());
            node.post_form(&application.by, path, &[part]).await
        };
        let unread = ("PRG_PAM_ACK_004", "Json is not able to parse");
        for text in ["", "{", "[]", "\u{0}"] {
            sent(text).await.is_refused(unread.0, unread.1);
        }
        let wrong = with(
            sound(),
            json!({"request": {"eng": {"isBatch": "perhaps"}, "isBatch": "perhaps"}}),
        );
        sent(&wrong.to_string()).await.is_refused(unread.0, unread.1);
        node.post_form(&application.by, path, &[]).await.is_refused(unread.0, unread.1);
        for (changes, code, text) in [
            (json!({"requesttime": null, "id": null}), "PRG_PAM_CORE_003", "Invalid request time"),
            (
                json!({"requesttime": "2026-11-22T23:59:59.999Z"}),
                "PRG_CORE_REQ_013",
                "Request date should be current date",
            ),
            (json!({"version": "2", "id": null}), "PRG_PAM_CORE_002", "Request version is invalid"),
            (json!({"request": null, "id": null}), "PRG_PAM_CORE_004", "Request body is invalid"),
            (json!({"id": "another"}), "PRG_PAM_CORE_001", "Request id is invalid"),
        ] {
            sent(&with(sound(), changes).to_string()).await.is_refused(code, text);
        }
        let headers = [("content-type", "application/json")];
        let cookie = format!("Authorization={}", application.by.token);
        let path = format!("/preregistration/v1{path}");
        let headers = [headers[0], ("cookie", cookie.as_str())];
        let reply = node.send(Method::POST, &path, &headers, "{}").await;
        assert_eq!(reply.status, 415, "{reply:?}");
    }
}

#[tokio::test]
async fn a_language_must_be_one_of_the_country_s() {
    let node = TestNode::authority().await;
    let application = node.given_application().await;
    let request = with(booked(&application), json!({"isBatch": true}));
    let (code, text) = ("PRG_CORE_REQ_014", "Lang code is invalid");
    for language in [None, Some(""), Some("hin"), Some("eng,fra")] {
        let reply = notify(&node, &application.by, ONE, language, &request).await;
        reply.is_refused(code, text);
    }
    let reply = notify(&node, &application.by, JOB, Some("hin"), &request).await;
    reply.is_refused(code, text);
    let several = json!({"eng": request, "hin": request});
    notify(&node, &application.by, ALL, Some("eng"), &several).await.is_refused(code, text);
    let reply = notify(&node, &application.by, ALL, Some("eng"), &json!({})).await;
    reply.is_refused("PRG_PAM_ACK_002", "Mandatory fields are missing");
}

/// I11
#[tokio::test]
async fn of_one_application_thirty_messages_leave_in_a_day() {
    let node = TestNode::authority().await;
    let application = node.given_application().await;
    let request = with(booked(&application), json!({"isBatch": true}));
    for _ in 0..15 {
        notify(&node, &application.by, ONE, Some("eng"), &request).await.response();
        node.messages(2).await;
    }
    for path in [ONE, JOB] {
        let reply = notify(&node, &application.by, path, Some("eng"), &request).await;
        reply.is_refused("PRG_PAM_ACK_005", "INPUT_OUTPUT_EXCEPTION");
    }
    let all = json!({"eng": request});
    let reply = notify(&node, &application.by, ALL, Some("eng"), &all).await;
    reply.is_refused("PRG_PAM_ACK_005", "INPUT_OUTPUT_EXCEPTION");
    node.wait(SignedDuration::from_hours(23) - SignedDuration::from_secs(1));
    let session =
        Session { token: node.resident(application.resident).token, ..application.by.clone() };
    node.wait(SignedDuration::from_hours(1) + SignedDuration::from_secs(2));
    let request = with(request, json!({"appointmentDate": "2026-12-01"}));
    notify(&node, &session, ONE, Some("eng"), &request).await.response();
    node.messages(2).await;
}

/// A gateway of a test's own: it answers with a status that can be set, and keeps what it was sent.
struct Gateway {
    at: SocketAddr,
    status: Arc<Mutex<u16>>,
    heard: Arc<Mutex<Vec<String>>>,
}

impl Gateway {
    async fn start(status: u16) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let at = listener.local_addr().unwrap();
        let (status, heard) = (Arc::new(Mutex::new(status)), Arc::new(Mutex::new(Vec::new())));
        let (answers, hears) = (Arc::clone(&status), Arc::clone(&heard));
        tokio::spawn(async move {
            while let Ok((mut stream, _)) = listener.accept().await {
                let mut call = [0; 4096];
                let read = stream.read(&mut call).await.unwrap_or(0);
                hears.lock().unwrap().push(String::from_utf8_lossy(&call[..read]).into_owned());
                let status = *answers.lock().unwrap();
                let answer = format!("HTTP/1.1 {status} -\r\ncontent-length: 0\r\n\r\n");
                let _ = stream.write_all(answer.as_bytes()).await;
            }
        });
        Self { at, status, heard }
    }

    /// Lets the SMS of a node leave by it.
    fn of(&self, plan: &mut Plan) {
        let pair = |name: &str, value: &str| (name.to_owned(), value.to_owned());
        plan.settings.sms = Some(Sms {
            gateway: sms::Settings {
                url: format!("http://{}/send", self.at),
                form: sms::Form::Query,
                parameters: vec![pair("to", "{to}"), pair("text", "{text}"), pair("id", "{id}")],
                headers: Vec::new(),
                secret: Default::default(),
                success: String::new(),
            },
            ca: None,
        });
    }

    fn answers(&self, status: u16) {
        *self.status.lock().unwrap() = status;
    }

    /// Waits until it has been called so often.
    async fn heard(&self, count: usize) -> Vec<String> {
        for _ in 0..100 {
            if self.heard.lock().unwrap().len() >= count {
                break;
            }
            pause(Duration::from_millis(50)).await;
        }
        pause(Duration::from_millis(100)).await;
        let heard = self.heard.lock().unwrap().clone();
        assert_eq!(heard.len(), count, "{heard:?}");
        heard
    }
}

/// I3
#[tokio::test]
async fn a_notice_waits_for_the_gateway_and_leaves_once_under_one_name() {
    let gateway = Gateway::start(503).await;
    let node = TestNode::with(|plan| gateway.of(plan)).await;
    let application = node.given_application().await;
    let request = with(booked(&application), json!({"isBatch": true}));

    notify(&node, &application.by, ONE, Some("eng"), &request).await.response();
    // Whoever presses the button again makes no second message of one that waits.
    gateway.heard(1).await;
    notify(&node, &application.by, ONE, Some("eng"), &request).await.response();
    // E-mail has a way of its own, and does not wait for it.
    node.messages(2).await;
    gateway.answers(200);
    node.wait(SignedDuration::from_secs(20));

    let heard = gateway.heard(2).await;
    let id = |call: &str| call.split("id=").nth(1).unwrap()[..32].to_owned();
    assert_eq!(id(&heard[0]), id(&heard[1]));
    assert!(heard[1].contains(&format!("to={}", resident(&application).phone)), "{heard:?}");
    node.wait(SignedDuration::from_mins(30));
    gateway.heard(2).await;
}

#[tokio::test]
async fn a_notice_whose_appointment_is_past_is_not_sent_any_more() {
    let gateway = Gateway::start(503).await;
    let node = TestNode::with(|plan| gateway.of(plan)).await;
    let application = node.given_application().await;
    let request = with(
        booked(&application),
        json!({"isBatch": true, "appointmentDate": "2026-11-23", "appointmentTime": "09:00"}),
    );
    notify(&node, &application.by, ONE, Some("eng"), &request).await.response();
    gateway.heard(1).await;

    gateway.answers(200);
    node.wait(SignedDuration::from_hours(1));

    gateway.heard(1).await;
    let late = with(request, json!({"appointmentTime": "08:30"}));
    notify(&node, &application.by, ONE, Some("eng"), &late).await.response();
    gateway.heard(1).await;
}

#[tokio::test]
async fn a_notice_that_the_gateway_refuses_is_given_up_and_stops_no_other() {
    let gateway = Gateway::start(400).await;
    let node = TestNode::with(|plan| gateway.of(plan)).await;
    let refused = node.given_application().await;
    let request = with(booked(&refused), json!({"isBatch": true}));
    notify(&node, &refused.by, ONE, Some("eng"), &request).await.response();
    for count in 1..=3 {
        gateway.heard(count).await;
        node.wait(SignedDuration::from_mins(1));
    }
    gateway.answers(200);

    let other = node.given_application().await;
    let request = with(booked(&other), json!({"isBatch": true}));
    notify(&node, &other.by, ONE, Some("eng"), &request).await.response();

    let heard = gateway.heard(4).await;
    assert!(heard[3].contains(&format!("to={}", resident(&other).phone)), "{heard:?}");
}

#[tokio::test]
async fn a_center_node_answers_and_sends_by_its_own_ways() {
    let node = TestNode::with(|plan| {
        plan.cut_off_center(0);
        plan.holds(central_s_application(0, Status::Booked));
    })
    .await;
    let application = node.central_s(0);
    let request = with(booked(&application), json!({"isBatch": true}));
    notify(&node, &application.by, ONE, Some("eng"), &request).await.response();
    node.messages(2).await;
}

/// I8
#[tokio::test]
async fn an_otp_leaves_at_once_or_the_resident_is_told_that_it_did_not() {
    let gateway = Gateway::start(200).await;
    let node = TestNode::with(|plan| gateway.of(plan)).await;
    let nobody = Session { user: String::new(), token: String::new() };
    let phone = residents::resident(0).phone;
    let send = async |number: usize| {
        let request = json!({"userId": residents::resident(number).phone});
        let id = "mosip.pre-registration.login.sendotp";
        node.call(&nobody, "/login/sendOtp", id, request).await
    };
    send(0).await.response();
    assert!(gateway.heard(1).await[0].contains(&format!("to={phone}")));

    gateway.answers(500);
    let reply = send(1).await;

    reply.is_refused("PRG_AUTH_001", "OTP failed to send through a specified channel");
    gateway.heard(2).await;
    assert!(logged().contains("an OTP was not sent"));
    node.wait(SignedDuration::from_hours(1));
    gateway.heard(2).await;
}
