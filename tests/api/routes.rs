//! Who may call what, and what is no call. The cases come from the route table itself.

use hyper::Method;
use prereg_node::domain::caller::{Role, Roles};
use prereg_node::http::route::{Route, Who};
use prereg_node::http::table::table;
use serde_json::json;

use crate::support::{Reply, TestNode};

/// Returns the paths of a row, their parameters filled.
pub(crate) fn paths(route: &Route) -> Vec<String> {
    let fill = |part: &str| match part {
        "{prid}" => "97465075291709".to_owned(),
        "{centerId}" => "10001".to_owned(),
        "{*masterData}" => "registrationcenters/10001/eng".to_owned(),
        "{documentId}" => "a-document".to_owned(),
        "{counterId}" => "1".to_owned(),
        part if part.starts_with('{') => panic!("what is {part}?"),
        part => part.to_owned(),
    };
    let filled = |path: &&str| path.split('/').map(fill).collect::<Vec<_>>().join("/");
    route.paths.iter().map(filled).collect()
}

async fn with_token(node: &TestNode, route: &Route, path: &str, token: &str) -> Reply {
    let cookie = format!("Authorization={token}");
    node.send(route.method.clone(), path, &[("cookie", &cookie)], "{}").await
}

/// I9
#[tokio::test]
async fn every_route_with_roles_refuses_who_has_no_token_of_this_node() {
    let node = TestNode::authority().await;
    let good = node.officer().token;
    let mut forged = good.clone();
    forged.truncate(good.len() - 8);
    for route in table().iter().filter(|route| matches!(route.who, Who::Roles(_))) {
        for path in paths(route) {
            let bare = node.send(route.method.clone(), &path, &[], "{}").await;
            bare.is_rejected(401, "KER-ATH-401", "Invalid Token");
            for wrong in ["x.y.z", &forged] {
                let reply = with_token(&node, route, &path, wrong).await;
                reply.is_rejected(401, "KER-ATH-401", "Invalid Token");
            }
        }
    }
}

/// I9
#[tokio::test]
async fn every_route_with_roles_refuses_a_token_that_has_expired() {
    let node = TestNode::authority().await;
    let token = node.session("somebody", &Role::ALL).token;
    node.wait(jiff::SignedDuration::from_hours(24));
    for route in table().iter().filter(|route| matches!(route.who, Who::Roles(_))) {
        for path in paths(route) {
            let reply = with_token(&node, route, &path, &token).await;
            reply.is_rejected(401, "KER-ATH-402", "Token expired");
        }
    }
}

/// I9
#[tokio::test]
async fn every_route_lets_in_the_roles_of_its_row_and_no_other() {
    let node = TestNode::authority().await;
    let nobody = node.session("somebody", &[]).token;
    for route in table().iter() {
        let Who::Roles(_) = route.who else { continue };
        for path in paths(route) {
            let reply = with_token(&node, route, &path, &nobody).await;
            reply.is_rejected(403, "KER-ATH-403", "Forbidden");
            for role in Role::ALL {
                let token = node.session("somebody", &[role]).token;
                let reply = with_token(&node, route, &path, &token).await;
                if route.who.admits(Roles::of(&[role])) {
                    assert!(![401, 403].contains(&reply.status), "{path} {role:?}: {reply:?}");
                } else {
                    reply.is_rejected(403, "KER-ATH-403", "Forbidden");
                }
            }
        }
    }
}

/// I9
#[tokio::test]
async fn the_rows_admit_whom_the_contract_names() {
    use Role::{
        Counter, Individual, PreRegistrationAdmin, RegistrationOfficer, RegistrationProcessor,
    };
    let pre = "/preregistration/v1";
    let prid = "97465075291709";
    let node = TestNode::authority().await;
    for (method, path, admitted, refused) in [
        (Method::POST, "/documents/{}", vec![Individual], vec![RegistrationOfficer, Counter]),
        (Method::POST, "/appointment/{}", vec![Individual], vec![RegistrationOfficer, Counter]),
        (Method::POST, "/sync", vec![RegistrationOfficer], vec![Individual, PreRegistrationAdmin]),
        (
            Method::GET,
            "/applications/{}",
            vec![Individual, RegistrationOfficer, PreRegistrationAdmin],
            vec![Counter, RegistrationProcessor],
        ),
        (
            Method::POST,
            "/applications/updatedTime",
            vec![RegistrationProcessor],
            vec![PreRegistrationAdmin, Counter],
        ),
    ] {
        let path = format!("{pre}{}", path.replace("{}", prid));
        let status = async |role: Role| {
            let cookie = format!("Authorization={}", node.session("somebody", &[role]).token);
            node.send(method.clone(), &path, &[("cookie", &cookie)], "{}").await.status
        };
        for role in admitted {
            assert_ne!(status(role).await, 403, "{path} {role:?}");
        }
        for role in refused {
            assert_eq!(status(role).await, 403, "{path} {role:?}");
        }
    }
    let resident = node.resident(0);
    let form = node.get(&resident, &format!("/prefill/v1/forms/{prid}")).await;
    form.is_rejected(403, "KER-ATH-403", "Forbidden");
}

#[tokio::test]
async fn a_login_asks_for_no_token() {
    let node = TestNode::authority().await;
    for route in table().iter().filter(|route| matches!(route.who, Who::Anybody)) {
        for path in paths(route) {
            let reply = node.send(route.method.clone(), &path, &[], "{}").await;
            assert_eq!(reply.status, 200, "{path}: {reply:?}");
        }
    }
}

/// I9
#[tokio::test]
async fn a_path_that_is_not_in_the_table_leads_nowhere_whoever_asks() {
    let node = TestNode::authority().await;
    let officer = format!("Authorization={}", node.officer().token);
    for path in [
        "/",
        "/preregistration",
        "/preregistration/v1",
        "/preregistration/v1/",
        "/preregistration/v1/applications/",
        "/preregistration/v1/applications/1/2/3",
        "/preregistration/v2/applications",
        "/preregistration/v1/../v1/applications",
        "/PREREGISTRATION/v1/applications",
        "/preregistration/v1/documents/%ff",
        "/health",
        "/metrics",
    ] {
        for cookie in ["", officer.as_str()] {
            let reply = node.send(Method::GET, path, &[("cookie", cookie)], "").await;
            reply.is_rejected(404, "KER-404", "Not Found");
        }
    }
}

#[tokio::test]
async fn a_wrong_method_names_the_right_ones() {
    let node = TestNode::authority().await;
    for (method, path, allowed) in [
        (Method::GET, "/preregistration/v1/sync", "POST"),
        (Method::DELETE, "/preregistration/v1/applications", "POST, GET"),
        (Method::PUT, "/preregistration/v1/login/sendOtp", "POST"),
        (Method::OPTIONS, "/prefill/v1/forms/97465075291709", "GET"),
    ] {
        let reply = node.send(method, path, &[], "").await;
        reply.is_rejected(405, "KER-405", "Method Not Allowed");
        assert_eq!(reply.header("allow"), Some(allowed), "{path}");
    }
}

/// I9
#[tokio::test]
async fn a_request_under_another_name_is_not_for_this_node() {
    let node = TestNode::authority().await;
    let cookie = format!("Authorization={}", node.officer().token);
    for host in ["evil.example", "localhost.evil.example", "127.0.0.1.evil.example", "192.0.2.1"] {
        let headers = [("host", host), ("cookie", cookie.as_str())];
        let reply = node.send(Method::GET, "/preregistration/v1/applications", &headers, "").await;
        reply.is_rejected(421, "KER-ATH-403", "Forbidden");
        let reply = node.send(Method::GET, "/health/ready", &headers, "").await;
        assert_eq!(reply.status, 421);
    }
    for host in ["localhost", "127.0.0.1:80", "[::1]:8080", "node.center.example:8443"] {
        let reply = node.send(Method::GET, "/health/live", &[("host", host)], "").await;
        assert_eq!(reply.status, 200, "{host}");
    }
    let nameless = node.send(Method::GET, "/health/live", &[("host", "")], "").await;
    assert_eq!(nameless.status, 421);
}

/// I9
#[tokio::test]
async fn a_page_of_somebody_else_cannot_write_with_a_resident_s_cookie() {
    let node = TestNode::authority().await;
    let resident = node.resident(0);
    let cookie = format!("Authorization={}", resident.token);
    let path = "/preregistration/v1/applications";
    for (name, value) in [
        ("origin", "https://evil.example"),
        ("origin", "null"),
        ("origin", "http://localhost.evil.example"),
        ("sec-fetch-site", "cross-site"),
        ("sec-fetch-site", "same-site"),
    ] {
        let headers = [("cookie", cookie.as_str()), (name, value)];
        let reply = node.send(Method::POST, path, &headers, "{}").await;
        reply.is_rejected(403, "KER-ATH-403", "Forbidden");
    }
    for (name, value) in [
        ("origin", "https://node.center.example:8443"),
        ("sec-fetch-site", "same-origin"),
        ("sec-fetch-site", "none"),
    ] {
        let headers = [("cookie", cookie.as_str()), (name, value)];
        let reply = node.send(Method::POST, path, &headers, json!({}).to_string()).await;
        assert_eq!(reply.codes()[0], "PRG_PAM_CORE_003", "{name} {value}");
    }
}
