//! What the wire says of an identity that is not what id-schema and master data ask for, case by case.

use prereg_node::domain::status::Lifecycle;
use serde_json::{Value, json};

use crate::demographic::identity;
use crate::support::{Reply, TestNode};

const CREATE: &str = "mosip.pre-registration.demographic.create";
const MANDATORY: &str =
    "mosip.kernel.idobjectvalidator.mandatory-attributes.pre-registration.new-registration";
/// The list of the older releases; `UIN` is no field of the form and not asked for.
const LIST: &str = "IDSchemaVersion,UIN,fullName,dateOfBirth|age,gender,addressLine1,region,province,\
                    city,zone,postalCode,residenceStatus,referenceIdentityNumber";
/// What today's portal sends as the fields that must be filled.
const REQUIRED: [&str; 13] = [
    "IDSchemaVersion",
    "fullName",
    "dateOfBirth",
    "gender",
    "residenceStatus",
    "addressLine1",
    "region",
    "province",
    "city",
    "zone",
    "postalCode",
    "phone",
    "email",
];

async fn node(lifecycle: Lifecycle) -> TestNode {
    TestNode::with(|plan| {
        plan.settings.rules.lifecycle = lifecycle;
        plan.set(MANDATORY, LIST);
    })
    .await
}

/// Sends what `change` makes of a sound identity: as the older portal does, or as today's.
async fn sent(
    node: &TestNode,
    required: Option<&[&str]>,
    change: impl FnOnce(&mut Value),
) -> Reply {
    let mut identity = identity();
    identity["referenceIdentityNumber"] = json!("12312312312312");
    change(&mut identity);
    let mut request = json!({"langCode": "eng", "demographicDetails": {"identity": identity}});
    if let Some(required) = required {
        request["requiredFields"] = json!(required);
    }
    node.call(&node.resident(0), "/applications", CREATE, request).await
}

fn without(field: &str) -> impl FnOnce(&mut Value) {
    move |identity: &mut Value| {
        identity.as_object_mut().unwrap().shift_remove(field);
    }
}

#[tokio::test]
async fn a_field_that_must_be_there_is_missed_by_its_name() {
    for (lifecycle, required) in [(Lifecycle::V1_1, None), (Lifecycle::V1_2, Some(&REQUIRED[..]))] {
        let node = node(lifecycle).await;
        sent(&node, required, |_| ()).await.response();
        for field in [
            "fullName",
            "gender",
            "residenceStatus",
            "addressLine1",
            "region",
            "zone",
            "province",
            "city",
            "postalCode",
        ] {
            let text = format!("Missing input parameter - identity/{field}");
            sent(&node, required, without(field)).await.is_refused("KER-IOV-005", &text);
        }
        let either = match required {
            None => "Missing input parameter - identity/dateOfBirth|identity/age",
            Some(_) => "Missing input parameter - identity/dateOfBirth",
        };
        sent(&node, required, without("dateOfBirth")).await.is_refused("KER-IOV-005", either);
        // What nobody asks for may be missing.
        sent(&node, required, without("addressLine2")).await.response();
    }
}

#[tokio::test]
async fn who_asks_for_a_reference_number_gets_it_or_says_that_it_is_missing() {
    for (lifecycle, required) in
        [(Lifecycle::V1_1, None), (Lifecycle::V1_2, Some(&["referenceIdentityNumber"][..]))]
    {
        let node = node(lifecycle).await;
        let reply = sent(&node, required, without("referenceIdentityNumber")).await;
        let text = "Missing input parameter - identity/referenceIdentityNumber";
        reply.is_refused("KER-IOV-005", text);
    }
}

#[tokio::test]
async fn an_age_stands_in_for_a_birth_where_the_country_says_so() {
    let node = node(Lifecycle::V1_1).await;
    let reply = sent(&node, None, |identity| {
        without("dateOfBirth")(identity);
        identity["age"] = json!(36);
    })
    .await;
    reply.response();
}

#[tokio::test]
async fn a_value_that_does_not_fit_is_told_by_its_place() {
    let fit = |text: &str| json!([{"language": "eng", "value": text}]);
    // What stands in a field, and the place of what is wrong with it.
    let cases: Vec<(&str, Value, &str)> = vec![
        ("phone", json!("12"), "phone"),
        ("phone", json!(""), "phone"),
        ("phone", json!(9_000_000_000_u64), "phone"),
        ("email", json!("nobody"), "email"),
        ("email", json!(""), "email"),
        ("dateOfBirth", json!("01/01/1990"), "dateOfBirth"),
        ("dateOfBirth", json!("2001/02/29"), "dateOfBirth"),
        ("dateOfBirth", json!("2026/11/24"), "dateOfBirth"),
        ("dateOfBirth", json!(null), "dateOfBirth"),
        ("postalCode", json!("1"), "postalCode"),
        ("postalCode", json!("99999"), "postalCode"),
        ("referenceIdentityNumber", json!("123"), "referenceIdentityNumber"),
        ("referenceIdentityNumber", json!("1231231231231a"), "referenceIdentityNumber"),
        ("IDSchemaVersion", json!("x"), "IDSchemaVersion"),
        ("fullName", json!("Ada"), "fullName"),
        ("fullName", json!([{"language": "eng", "value": 5}]), "fullName/0/value"),
        ("invented", json!("x"), "invented"),
        ("gender", fit("no such"), "gender/0/value"),
        ("region", fit("no such"), "region/0/value"),
        ("province", fit("no such"), "province/0/value"),
        ("city", fit("no such"), "city/0/value"),
        ("zone", fit("no such"), "zone/0/value"),
        ("gender", fit(""), "gender/0/value"),
    ];
    let node = node(Lifecycle::V1_1).await;
    for (field, value, place) in cases {
        let text = format!("Invalid input parameter - identity/{place}");
        let reply = sent(&node, None, |identity| identity[field] = value).await;
        reply.is_refused("KER-IOV-004", &text);
    }
}

#[tokio::test]
async fn an_element_names_a_language_of_the_country_and_a_value() {
    let node = node(Lifecycle::V1_1).await;
    for field in [
        "fullName",
        "gender",
        "residenceStatus",
        "addressLine1",
        "addressLine2",
        "addressLine3",
        "region",
        "province",
        "city",
        "zone",
    ] {
        let place = format!("identity/{field}/0/language");
        let set = |value: Value| move |identity: &mut Value| identity[field] = value;
        let some = identity()[field][0]["value"].clone();
        let some = if some.is_null() { json!("Some text") } else { some };

        let unknown = json!([{"language": "xxx", "value": some}]);
        let text = format!("Invalid input parameter - {place}");
        sent(&node, None, set(unknown)).await.is_refused("KER-IOV-004", &text);

        let without_language = json!([{"value": some}]);
        let text = format!("Missing input parameter - {place}");
        sent(&node, None, set(without_language)).await.is_refused("KER-IOV-005", &text);

        let without_value = json!([{"language": "eng"}]);
        let text = format!("Missing input parameter - identity/{field}/0/value");
        sent(&node, None, set(without_value)).await.is_refused("KER-IOV-005", &text);
    }
}

#[tokio::test]
async fn values_are_taken_by_code_and_by_name_and_na_for_a_place_that_is_not_listed() {
    let node = node(Lifecycle::V1_1).await;
    sent(&node, None, |identity| {
        identity["addressLine3"] = json!([{"language": "eng", "value": ""}])
    })
    .await
    .response();
    for field in ["region", "province", "city", "zone"] {
        sent(&node, None, |identity| identity[field][0]["value"] = json!("NA")).await.response();
    }
    let master = prereg_node::domain::master::Master::from_rows(prereg_node::demo::country::rows());
    let master = master.unwrap();
    let code = identity()["gender"][0]["value"].as_str().unwrap().to_owned();
    let language = identity()["gender"][0]["language"].as_str().unwrap().to_owned();
    let list = master.choice_list("gender").unwrap();
    let name = master.choices(list).unwrap()[&code].names.pick(&language).to_owned();
    sent(&node, None, |identity| identity["gender"][0]["value"] = json!(name)).await.response();
}

#[tokio::test]
async fn a_key_the_schema_does_not_know_is_kept_where_the_portal_names_what_it_requires() {
    let node = node(Lifecycle::V1_2).await;
    let mut required = REQUIRED.to_vec();
    required.push("nothing the schema knows");
    let made =
        sent(&node, Some(&required), |identity| identity["invented"] = json!([1, {"a": null}]))
            .await
            .response();
    assert_eq!(made["demographicDetails"]["identity"]["invented"], json!([1, {"a": null}]));
    let prid = made["preRegistrationId"].as_str().unwrap();
    let read =
        node.get(&node.resident(0), &format!("/applications/prereg/{prid}")).await.response();
    assert_eq!(read["demographicDetails"], made["demographicDetails"]);
    // An empty list requires nothing.
    sent(&node, Some(&[]), without("fullName")).await.response();
    // What is sent is checked all the same.
    let reply = sent(&node, Some(&[]), |identity| identity["phone"] = json!("12")).await;
    reply.is_refused("KER-IOV-004", "Invalid input parameter - identity/phone");
}
