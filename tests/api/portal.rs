//! The national portal's way through a whole application, call by call and in its order, against a node
//! with no line to central: an authority, and a center that was cut off. What is asserted of each answer
//! is what the portal reads of it (`contract/portal-calls.md`).

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use hyper::Method;
use prereg_node::demo::country;
use prereg_node::demo::residents::{Resident, resident};
use prereg_node::domain::status::Lifecycle;
use serde_json::{Value, json};

use crate::support::{Reply, TestNode, envelope, file, form};

/// What the portal's script stops without.
const SETTINGS: &[&str] = &[
    "mosip.mandatory-languages",
    "mosip.optional-languages",
    "mosip.left_to_right_orientation",
    "mosip.min-languages.count",
    "mosip.max-languages.count",
    "mosip.login.mode",
    "mosip.id.validation.identity.email",
    "mosip.id.validation.identity.phone",
    "mosip.kernel.otp.default-length",
    "mosip.kernel.otp.expiry-time",
    "mosip.preregistration.auto.logout.idle",
    "mosip.preregistration.auto.logout.timeout",
    "mosip.preregistration.auto.logout.ping",
    "preregistration.identity.name",
    "mosip.country.code",
    "preregistration.recommended.centers.locCode",
    "preregistration.availability.noOfDays",
    "preregistration.documentupload.allowed.file.type",
    "preregistration.documentupload.allowed.file.size",
    "preregistration.documentupload.allowed.file.nameLength",
    "mosip.notificationtype",
    "mosip.adult.age",
    "mosip.default.dob.day",
    "mosip.default.dob.month",
];

/// The languages that the resident enters the application in.
const LANGUAGES: [&str; 2] = ["eng", "ara"];

/// A browser with the portal in it.
struct Portal<'n> {
    node: &'n TestNode,
    cookie: String,
    who: Resident,
}

impl Portal<'_> {
    async fn send(&self, method: Method, path: &str, kind: &str, body: Vec<u8>) -> Reply {
        let path = format!("/preregistration/v1/{path}");
        let headers = [("cookie", self.cookie.as_str()), ("content-type", kind)];
        self.node.send(method, &path, &headers, body).await
    }

    async fn get(&self, path: &str) -> Value {
        self.send(Method::GET, path, "", Vec::new()).await.response()
    }

    async fn post(&self, path: &str, id: &str, request: Value) -> Value {
        let body = envelope(id, self.node.now(), request).to_string();
        self.send(Method::POST, path, "application/json", body.into()).await.response()
    }

    async fn put(&self, path: &str, body: &Value) -> Value {
        let body = body.to_string().into();
        self.send(Method::PUT, path, "application/json", body).await.response()
    }

    /// Sends a form of these parts.
    async fn form(&self, path: &str, parts: &[Vec<u8>]) -> Value {
        let mut body = parts.concat();
        body.extend_from_slice(b"--a-boundary--\r\n");
        let kind = "multipart/form-data; boundary=a-boundary";
        self.send(Method::POST, path, kind, body).await.response()
    }

    fn envelope(&self, id: &str, request: Value) -> Value {
        envelope(id, self.node.now(), request)
    }

    // 1. Login

    /// Asks for the settings, and logs in with a code.
    async fn log_in(&mut self) -> Value {
        let settings = self.get("login/config").await;
        for key in SETTINGS {
            assert!(settings[*key].is_string(), "{key}: {}", settings[*key]);
        }
        assert!(["email,mobile", "email", "mobile"].contains(&text(&settings["mosip.login.mode"])));
        let captcha = &settings["mosip.preregistration.captcha.enable"];
        assert!(captcha.is_null() || captcha == "false", "{captcha}");

        let user = self.who.phone.clone();
        let request = json!({"userId": user, "langCode": "eng", "captchaToken": null});
        self.post("login/sendOtpWithCaptcha", "mosip.pre-registration.login.sendotp", request)
            .await;
        let message = self.node.message_to(&user);
        let otp = text(&message["text"]).split(|c: char| !c.is_ascii_digit());
        let otp = otp.into_iter().find(|part| part.len() == 6).unwrap().to_owned();

        let id = "mosip.pre-registration.login.useridotp";
        let body = self.envelope(id, json!({"userId": user, "otp": otp})).to_string();
        let reply =
            self.send(Method::POST, "login/validateOtp", "application/json", body.into()).await;
        reply.response();
        let cookie = reply.header("set-cookie").unwrap();
        assert!(cookie.contains("; Path=/"), "{cookie}");
        assert!(!cookie.contains("Secure"), "a browser keeps it over plain HTTP: {cookie}");
        self.cookie = cookie.split(';').next().unwrap().to_owned();
        settings
    }

    // 2. Dashboard

    async fn sees_an_empty_dashboard(&self) {
        self.ui_spec().await;
        let reply = self.send(Method::GET, "applications", "", Vec::new()).await;
        reply.is_refused("PRG_PAM_APP_005", "No record found for the requested user id");
    }

    async fn sees(&self, prid: &str, status: &str) -> Value {
        let listed = self.get("applications").await;
        let all = listed["allApplications"].as_array().unwrap();
        let row = all.iter().find(|row| row["applicationId"] == prid).unwrap();
        assert_eq!(row["bookingType"], "NEW_PREREGISTRATION");
        assert_eq!(row["bookingStatusCode"], status);
        let read = self.get(&format!("applications/prereg/{prid}")).await;
        assert!(read["demographicDetails"]["identity"].is_object());
        assert_eq!(read["statusCode"], status);
        row.clone()
    }

    async fn ui_spec(&self) -> Value {
        let spec = self.get("uispec/latest").await;
        assert!(spec["idSchemaVersion"].is_number());
        assert!(spec["jsonSpec"]["identity"]["locationHierarchy"].is_array());
        let fields = spec["jsonSpec"]["identity"]["identity"].clone();
        assert!(fields.as_array().unwrap().iter().all(|field| field["id"].is_string()));
        fields
    }

    // 3. Demographic form

    async fn fills_in_the_form(&self, settings: &Value) -> String {
        let fields = self.ui_spec().await;
        let root = text(&settings["mosip.country.code"]);
        self.walks_down_the_places(root).await;
        self.choices().await;
        let consent = self.get("proxy/masterdata/templates/templatetypecodes/consent").await;
        for template in consent["templates"].as_array().unwrap() {
            assert!(template["langCode"].is_string() && template["fileText"].is_string());
        }
        let description = json!({"url": "http://localhost/#/eng/consent",
            "description": "User gave consent", "template": consent["templates"][0]["fileText"]});
        let logged = json!({"actionTimeStamp": "2026-11-23T08:00:05.000",
            "moduleName": "Pre-Registration", "moduleId": "PRE", "actionUserId": self.who.phone,
            "eventName": "CONSENT", "description": description.to_string()});
        self.post("logAudit", "", logged).await;

        let asked = json!({"from_field_lang": "eng", "from_field_value": "Kishan",
            "to_field_lang": "ara"});
        let id = "mosip.pre-registration.transliteration.transliterate";
        let written = self.post("transliteration/transliterate", id, asked).await;
        assert!(!text(&written["to_field_value"]).is_empty());

        let made = self.create(&fields).await;
        // Somebody comes back to correct something.
        let read = self.get(&format!("applications/prereg/{made}")).await;
        for member in ["statusCode", "langCode", "createdBy", "createdDateTime"] {
            assert!(read[member].is_string(), "{member}");
        }
        assert_eq!(read["demographicDetails"]["identity"], json!(self.who.identity));
        let request =
            self.envelope("mosip.pre-registration.demographic.update", self.answers(&fields));
        self.put(&format!("applications/prereg/{made}"), &request).await;
        made
    }

    fn answers(&self, fields: &Value) -> Value {
        let is_required =
            |field: &&Value| field["required"] == true && field["controlType"] != "fileupload";
        let required: Vec<_> =
            fields.as_array().unwrap().iter().filter(is_required).map(|one| &one["id"]).collect();
        json!({"langCode": "eng", "requiredFields": required,
            "demographicDetails": {"identity": self.who.identity}})
    }

    async fn create(&self, fields: &Value) -> String {
        let id = "mosip.pre-registration.demographic.create";
        let made = self.post("applications/prereg", id, self.answers(fields)).await;
        text(&made["preRegistrationId"]).to_owned()
    }

    /// Opens the lists of places one after another and picks the resident's own.
    async fn walks_down_the_places(&self, root: &str) {
        let mut around = root.to_owned();
        for field in ["region", "province", "city", "zone"] {
            let own = self.who.identity.text(field).unwrap().to_owned();
            for language in LANGUAGES {
                let path =
                    format!("proxy/masterdata/locations/immediatechildren/{around}/{language}");
                let below = self.get(&path).await;
                let below = below["locations"].as_array().unwrap();
                assert!(below.iter().all(|place| place["langCode"] == language));
                assert!(
                    below.iter().any(|place| place["code"] == *own && place["name"].is_string())
                );
            }
            around = own;
        }
    }

    /// Reads all pages of drop-downs.
    async fn choices(&self) {
        let (mut number, mut pages) = (0, 1);
        while number < pages {
            let path = format!("proxy/masterdata/dynamicfields?pageNumber={number}&pageSize=10");
            let page = self.get(&path).await;
            for field in page["data"].as_array().unwrap() {
                assert!(field["name"].is_string() && field["langCode"].is_string());
                assert!(field["fieldVal"][0]["code"].is_string());
                assert!(field["fieldVal"][0]["value"].is_string());
            }
            pages = page["totalPages"].as_u64().unwrap();
            number += 1;
        }
    }

    // 4. Documents

    async fn uploads_documents(&self, prid: &str) {
        let fields = self.ui_spec().await;
        self.get(&format!("applications/prereg/{prid}")).await;
        let none = self.documents(prid).await;
        assert!(none.error_code().is_some() || none.json()["errors"].is_null());
        let offered = self.offered().await;
        for category in &offered {
            let code = &category["code"];
            let is_its = |field: &&Value| field["subType"] == *code && field["required"] == true;
            if fields.as_array().unwrap().iter().any(|field| is_its(&field)) {
                let uploaded = self.upload(prid, category).await;
                self.tells_the_status(prid, &fields, &offered).await;
                self.looks_at(prid, &uploaded).await;
            }
        }
        // One is taken back, and given again.
        let first = &self.documents(prid).await.response()["documentsMetaData"][0];
        let path = format!("documents/{}?preRegistrationId={prid}", text(&first["documentId"]));
        let gone = self.send(Method::DELETE, &path, "", Vec::new()).await.response();
        assert!(!gone.is_null());
        self.tells_the_status(prid, &fields, &offered).await;
        let category = offered.iter().find(|one| one["code"] == first["docCatCode"]).unwrap();
        self.upload(prid, category).await;
        self.tells_the_status(prid, &fields, &offered).await;
    }

    async fn documents(&self, prid: &str) -> Reply {
        let path = format!("documents/preregistration/{prid}");
        self.send(Method::GET, &path, "", Vec::new()).await
    }

    async fn offered(&self) -> Vec<Value> {
        let mut attributes: Vec<Value> = self
            .who
            .identity
            .members()
            .iter()
            .map(|(name, value)| json!({"attribute": name, "value": value}))
            .collect();
        attributes.push(json!({"attribute": "biometricAvailable", "value": false}));
        let request = json!({ "attributes": attributes });
        let path = "proxy/masterdata/getApplicantType";
        let found = self.post(path, "mosip.applicanttype.fetch", request).await;
        let code = text(&found["applicantType"]["applicantTypeCode"]);
        let path = format!("proxy/masterdata/applicanttype/{code}/languages?languages=eng");
        let offered = self.get(&path).await["documentCategories"].as_array().unwrap().clone();
        for category in &offered {
            assert!(category["code"].is_string() && category["description"].is_string());
            assert!(category["documentTypes"][0]["code"].is_string());
            assert!(category["documentTypes"][0]["name"].is_string());
        }
        offered
    }

    async fn upload(&self, prid: &str, category: &Value) -> Value {
        let request = json!({"docCatCode": category["code"],
            "docTypCode": category["documentTypes"][0]["code"], "langCode": "eng", "refNumber": ""});
        let request = self.envelope("mosip.pre-registration.document.upload", request).to_string();
        let parts = [
            form("Document request", None, request.as_bytes()),
            form("file", Some("paper.pdf"), &file(4000)),
        ];
        let uploaded = self.form(&format!("documents/{prid}"), &parts).await;
        for member in ["docCatCode", "docTypCode", "docName", "docId", "docFileFormat"] {
            assert!(uploaded[member].is_string(), "{member}: {uploaded}");
        }
        assert!(uploaded.get("refNumber").is_some());
        uploaded
    }

    async fn looks_at(&self, prid: &str, uploaded: &Value) {
        let id = text(&uploaded["docId"]);
        let shown = self.get(&format!("documents/{id}?preRegistrationId={prid}")).await;
        assert_eq!(STANDARD.decode(text(&shown["document"])).unwrap(), file(4000));
        let path = format!("documents/document/{id}?preRegistrationId={prid}&refNumber=A1234567");
        self.put(&path, &json!({})).await;
        let listed = self.documents(prid).await.response()["documentsMetaData"].clone();
        let row = listed.as_array().unwrap().iter().find(|row| row["documentId"] == id).unwrap();
        for member in ["docCatCode", "docTypCode", "docName"] {
            assert_eq!(row[member], uploaded[member]);
        }
        assert_eq!(row["refNumber"], "A1234567");
    }

    /// Does what the portal does after each upload and deletion: it says itself whether the
    /// application is complete.
    async fn tells_the_status(&self, prid: &str, fields: &Value, offered: &[Value]) {
        let path = format!("applications/prereg/status/{prid}");
        let status = text(&self.get(&path).await["statusCode"]).to_owned();
        let listed = self.documents(prid).await.json();
        let listed =
            listed["response"]["documentsMetaData"].as_array().cloned().unwrap_or_default();
        let is_there = |code: &Value| listed.iter().any(|row| row["docCatCode"] == *code);
        let is_offered = |code: &Value| offered.iter().any(|one| one["code"] == *code);
        let complete = fields.as_array().unwrap().iter().all(|field| {
            let asked = field["controlType"] == "fileupload" && field["required"] == true;
            !asked || !is_offered(&field["subType"]) || is_there(&field["subType"])
        });
        let next = match (status.as_str(), complete) {
            ("Application_Incomplete", true) => "Pending_Appointment",
            ("Pending_Appointment", false) => "Application_Incomplete",
            _ => return,
        };
        // Its answer is not read, and a failure is swallowed.
        let path = format!("{path}?statusCode={next}");
        self.send(Method::PUT, &path, "application/json", b"{}".to_vec()).await;
    }

    /// Takes the proof of address of another application of the same resident.
    async fn copies_a_proof_of_address(&self, from: &str) {
        let fields = self.ui_spec().await;
        let second = self.create(&fields).await;
        let basic = self.get("applications/prereg").await;
        let rows = basic["basicDetails"].as_array().unwrap();
        let row = rows.iter().find(|row| row["preRegistrationId"] == from).unwrap();
        assert!(!row["demographicMetadata"]["proofOfAddress"].is_null(), "{row}");
        assert!(!row["demographicMetadata"]["fullName"].is_null(), "{row}");
        let path = format!("documents/{second}?catCode=POA&sourcePreId={from}");
        let copied = self.put(&path, &json!({})).await;
        assert!(copied["docTypCode"].is_string() && copied["docId"].is_string(), "{copied}");
        let path = format!("applications/prereg/{second}");
        self.send(Method::DELETE, &path, "", Vec::new()).await.response();
    }

    // 5. Preview

    async fn previews(&self, prid: &str) {
        self.ui_spec().await;
        self.choices().await;
        let read = self.get(&format!("applications/prereg/{prid}")).await;
        assert!(read["demographicDetails"]["identity"]["dateOfBirth"].is_string());
        self.documents(prid).await.response();
        for field in ["region", "province", "city", "zone", "postalCode"] {
            let code = self.who.identity.text(field).unwrap();
            for language in LANGUAGES {
                let path = format!("proxy/masterdata/locations/info/{code}/{language}");
                assert!(!text(&self.get(&path).await["name"]).is_empty());
            }
        }
    }

    // 6. Center

    async fn chooses_a_center(&self, prid: &str) -> String {
        let read = self.get(&format!("applications/prereg/{prid}")).await;
        assert_eq!(read["preRegistrationId"], prid);
        let levels = self.get("proxy/masterdata/locationHierarchyLevels/eng").await;
        let levels = levels["locationHierarchyLevels"].as_array().unwrap();
        assert!(levels.iter().all(|level| level["hierarchyLevel"].is_number()));
        assert!(levels.iter().all(|level| level["hierarchyLevelName"].is_string()));

        let code =
            self.get("proxy/masterdata/registrationcenters/10001/eng").await["registrationCenters"]
                [0]["locationCode"]
                .clone();
        let place = self.get(&format!("proxy/masterdata/locations/info/{}/eng", text(&code))).await;
        let name = encoded(text(&place["name"]));
        let path = format!("proxy/masterdata/registrationcenters/eng/5/names?name={name}");
        let recommended = self.get(&path).await["registrationCenters"].clone();
        self.shows(&recommended).await;

        let path = "proxy/masterdata/registrationcenters/page/eng/0/velmara?pageNumber=0&pageSize=10\
                    &orderBy=desc&sortBy=createdDateTime";
        let found = self.get(path).await;
        assert!(found["totalItems"].as_u64().unwrap() > 0);
        self.shows(&found["data"]).await;
        let path = "proxy/masterdata/getcoordinatespecificregistrationcenters/eng/4.2/36.1/2000";
        self.shows(&self.get(path).await["registrationCenters"]).await;
        text(&recommended[0]["id"]).to_owned()
    }

    async fn shows(&self, centers: &Value) {
        assert!(!centers.as_array().unwrap().is_empty());
        for center in centers.as_array().unwrap() {
            for member in [
                "id",
                "name",
                "addressLine1",
                "addressLine2",
                "addressLine3",
                "contactPerson",
                "contactPhone",
                "latitude",
                "longitude",
                "centerStartTime",
                "centerEndTime",
                "lunchStartTime",
                "lunchEndTime",
            ] {
                assert!(center[member].is_string(), "{member} of {center}");
            }
            let path = format!("proxy/masterdata/workingdays/{}/eng", text(&center["id"]));
            let days = self.get(&path).await;
            assert!(days["workingdays"].as_array().unwrap().iter().all(|d| d["name"].is_string()));
        }
    }

    // 7. Slot and booking

    async fn books(&self, prid: &str, center: &str) -> (String, String) {
        let path = format!("proxy/masterdata/registrationcenters/{center}/eng");
        self.shows(&self.get(&path).await["registrationCenters"]).await;
        let path = format!("applications/appointment/slots/availability/{center}");
        let days = self.get(&path).await["centerDetails"].as_array().unwrap().clone();
        assert!(days.iter().all(|day| day["holiday"].is_boolean() && day["timeSlots"].is_array()));
        let day = days.last().unwrap();
        let slot = &day["timeSlots"][0];
        assert!(slot["availability"].as_u64().unwrap() > 0);
        for time in ["fromTime", "toTime"] {
            assert_eq!(text(&slot[time]).split(':').next().unwrap().len(), 2, "{slot}");
        }
        let request = json!({"bookingRequest": [{"preRegistrationId": prid,
            "registration_center_id": center, "appointment_date": day["date"],
            "time_slot_from": slot["fromTime"], "time_slot_to": slot["toTime"]}]});
        let id = "mosip.pre-registration.booking.book";
        let booked = self.post("applications/appointment", id, request).await;
        assert!(!booked.is_null());
        (text(&day["date"]).to_owned(), text(&slot["fromTime"]).to_owned())
    }

    // 8. Acknowledgement

    async fn reads_the_acknowledgement(&self, prid: &str, center: &str, day: &str, from: &str) {
        let read = self.get(&format!("applications/prereg/{prid}")).await;
        let identity = &read["demographicDetails"]["identity"];
        for field in ["phone", "email", "postalCode"] {
            assert!(identity[field].is_string());
        }
        assert_eq!(read["statusCode"], "Booked");
        let appointment = self.get(&format!("applications/appointment/{prid}")).await;
        assert_eq!(appointment["registration_center_id"], center);
        assert_eq!(appointment["appointment_date"], day);
        let starts = text(&appointment["time_slot_from"]);
        assert!(from.starts_with(starts), "{starts} {from}");
        for language in LANGUAGES {
            let path = format!("proxy/masterdata/registrationcenters/{center}/{language}");
            let shown = self.get(&path).await["registrationCenters"][0].clone();
            assert!(shown["name"].is_string() && shown["contactPhone"].is_string());
        }
        let code = self
            .post("qrCode/generate", "mosip.pre-registration.qrcode.generate", json!(prid))
            .await;
        let picture = STANDARD.decode(text(&code["qrcode"])).unwrap();
        assert!(picture.starts_with(b"\x89PNG"));
        let path = "proxy/masterdata/templates/templatetypecodes/Onscreen-Acknowledgement";
        for template in self.get(path).await["templates"].as_array().unwrap() {
            assert!(template["langCode"].is_string() && template["fileText"].is_string());
        }
        let notices: Value = self
            .names()
            .map(|(language, name)| (language.to_owned(), self.notice(prid, name, day, starts)))
            .collect::<serde_json::Map<_, _>>()
            .into();
        let languages: Vec<_> = self.names().map(|(language, _)| language).collect();
        let languages = languages.join(",");
        self.notifies("notification", notices, &languages).await;
    }

    fn names(&self) -> impl Iterator<Item = (&str, &str)> {
        self.who.identity.values("fullName")
    }

    fn notice(&self, prid: &str, name: &str, day: &str, starts: &str) -> Value {
        json!({"name": name, "preRegistrationId": prid, "appointmentDate": day,
            "appointmentTime": half_day(starts), "mobNum": self.who.phone,
            "emailID": self.who.email, "additionalRecipient": false, "isBatch": false})
    }

    async fn notifies(&self, path: &str, request: Value, languages: &str) {
        let id = "mosip.pre-registration.notification.notify";
        let request = self.envelope(id, request).to_string();
        let parts = [
            form("NotificationRequestDTO", None, request.as_bytes()),
            form("langCode", None, languages.as_bytes()),
        ];
        self.form(path, &parts).await;
    }

    async fn cancels(&self, prid: &str, row: &Value) {
        let request = json!({"registration_center_id": row["registrationCenterId"],
            "appointment_date": row["appointmentDate"], "time_slot_from": row["slotFromTime"],
            "time_slot_to": row["slotToTime"], "pre_registration_id": prid});
        let body = self.envelope("mosip.pre-registration.booking.book", request);
        self.put(&format!("applications/appointment/{prid}"), &body).await;
        let (language, name) = self.names().next().unwrap();
        let starts = &text(&row["slotFromTime"])[..5];
        let notice = json!({"name": name, "preRegistrationId": prid,
            "appointmentDate": row["appointmentDate"], "appointmentTime": starts,
            "mobNum": null, "emailID": null, "additionalRecipient": null, "isBatch": true});
        self.notifies("notification/notify", notice, language).await;
    }

    // 9. Logout

    async fn logs_out(&self) {
        let reply =
            self.send(Method::POST, "login/invalidateToken", "text/plain", Vec::new()).await;
        assert_eq!(reply.status, 200, "{reply:?}");
        let after = self.send(Method::GET, "applications", "", Vec::new()).await;
        assert_eq!(after.error_code().as_deref(), Some("KER-ATH-401"));
    }
}

fn text(value: &Value) -> &str {
    value.as_str().unwrap_or_else(|| panic!("{value} is no text"))
}

/// Spells `13:15` as `01:15 PM`.
fn half_day(time: &str) -> String {
    let (hour, minute) = time.split_once(':').unwrap();
    let hour: u32 = hour.parse().unwrap();
    let half = if hour < 12 { "AM" } else { "PM" };
    format!("{:02}:{} {half}", (hour + 11) % 12 + 1, &minute[..2])
}

fn encoded(text: &str) -> String {
    text.bytes().map(|byte| format!("%{byte:02X}")).collect()
}

/// Walks through the portal as the first resident who is to show a proof of address.
async fn walk(node: &TestNode) {
    let session = node.resident(0);
    let mut portal = Portal { node, cookie: String::new(), who: resident(0) };
    assert_eq!(session.user, portal.who.phone);
    let settings = portal.log_in().await;
    portal.sees_an_empty_dashboard().await;
    let prid = portal.fills_in_the_form(&settings).await;
    portal.uploads_documents(&prid).await;
    portal.sees(&prid, "Pending_Appointment").await;
    portal.copies_a_proof_of_address(&prid).await;
    portal.previews(&prid).await;
    let center = portal.chooses_a_center(&prid).await;
    assert_eq!(center, country::CENTER);
    let (day, from) = portal.books(&prid, &center).await;
    portal.reads_the_acknowledgement(&prid, &center, &day, &from).await;
    let row = portal.sees(&prid, "Booked").await;
    assert_eq!(
        (&row["appointmentDate"], &row["registrationCenterId"]),
        (&json!(day), &json!(center))
    );
    assert!(text(&row["slotFromTime"]).starts_with(&from[..5]), "{row}");
    portal.cancels(&prid, &row).await;
    let status = match node.lifecycle() {
        Lifecycle::V1_1 => "Pending_Appointment",
        Lifecycle::V1_2 => "Cancelled",
    };
    portal.sees(&prid, status).await;
    let path = format!("applications/prereg/{prid}");
    portal.send(Method::DELETE, &path, "", Vec::new()).await.response();
    portal.sees_an_empty_dashboard().await;
    portal.logs_out().await;
}

#[tokio::test]
async fn the_portal_goes_all_the_way_at_an_authority() {
    walk(&TestNode::authority().await).await;
}

#[tokio::test]
async fn the_portal_goes_all_the_way_at_a_center_that_is_cut_off() {
    walk(&TestNode::cut_off_center(2).await).await;
}

#[tokio::test]
async fn the_portal_goes_all_the_way_in_today_s_lifecycle() {
    let plan = |plan: &mut crate::support::Plan| plan.settings.rules.lifecycle = Lifecycle::V1_2;
    walk(&TestNode::with(plan).await).await;
    let plan = |plan: &mut crate::support::Plan| {
        plan.cut_off_center(2);
        plan.settings.rules.lifecycle = Lifecycle::V1_2;
    };
    walk(&TestNode::with(plan).await).await;
}
