//! What a row of the route table says: method, path, and who may call. The default is nobody (I9).
//!
//! An endpoint may have several paths: the user's own, and the alias of today's portal. Each method
//! has a router of its own, for one place has parameters of different names in different methods.
//! A static segment wins over a parameter.

use hyper::Method;

use super::says::Says;
use crate::domain::caller::{Role, Roles};

/// What is called, however it is spelled.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[expect(missing_docs, reason = "each is named for its row in the contract's list of endpoints")]
pub enum Endpoint {
    // Login
    SendOtp,
    SendOtpInLanguage,
    SendOtpWithCaptcha,
    ValidateOtp,
    InvalidateToken,
    PublishedConfig,
    RefreshConfig,
    ClientLogin,

    // Captcha
    ValidateCaptcha,

    // Demographic
    CreateApplication,
    UpdateApplication,
    ReadAnyApplication,
    ReadApplication,
    ApplicationStatus,
    SetApplicationStatus,
    ListBoth,
    ListApplications,
    DeleteApplication,
    UpdatedTimes,
    ApplicationConfig,
    ApplicationInfo,
    ApplicationsAtCenter,
    CreateLostUin,
    DeleteLostUin,
    CreateUpdateRegistration,
    DeleteUpdateRegistration,

    // Document
    UploadDocument,
    CopyDocument,
    ListDocuments,
    FetchDocument,
    DeleteDocuments,
    DeleteDocument,
    ReferDocument,

    // Booking and batch
    Availability,
    Book,
    FetchAppointment,
    BookMany,
    CancelAppointment,
    CancelByBatch,
    CancelByPortal,
    DeleteAppointment,
    BookedIds,
    BookedTimes,
    SyncAvailability,
    TellConsumed,
    ExpireAppointments,
    MoveConsumed,

    // Data-sync
    SyncList,
    SyncListOfAllKinds,
    Archive,

    // Master data and UI specifications
    MasterData,
    ApplicantType,
    UiSpec,
    UiSpecs,

    // Audit
    LogAudit,

    // QR code, notification, transliteration
    DrawCode,
    Notify,
    NotifyInEachLanguage,
    NotifyOfJob,
    Transliterate,

    // Pre-fill
    Form,
    FormDocument,
    Thumbnail,
    CurrentForm,
    CounterEvents,
    SendScan,
    NextPerson,
    Preview,
    Slips,

    // Health and description
    Live,
    Ready,
    Describe,
}

/// Who may call an endpoint.
#[derive(Clone, Copy, Debug)]
pub enum Who {
    /// Anybody who reaches the node: a login cannot ask for a token.
    Anybody,
    /// Programs on this machine, such as monitoring.
    ThisMachine,
    /// Callers in one of these roles.
    Roles(&'static [Role]),
}

impl Who {
    /// Tells whether a caller in `roles` may call.
    #[must_use]
    pub fn admits(&self, roles: Roles) -> bool {
        match self {
            Self::Anybody | Self::ThisMachine => true,
            Self::Roles(admitted) => roles.meets(Roles::of(admitted)),
        }
    }
}

/// A row of the table.
#[derive(Clone, Debug)]
pub struct Route {
    /// The method.
    pub method: Method,
    /// The paths, as matchit reads them.
    pub paths: &'static [&'static str],
    /// What is called.
    pub endpoint: Endpoint,
    /// Who may.
    pub who: Who,
    /// The id of request and answer; none outside the envelope of pre-registration.
    pub id: Option<&'static str>,
    /// What it takes and gives, for the description of the interface.
    pub says: Says,
}

/// Finds the row of a request.
pub struct Router {
    routes: Vec<Route>,
    methods: Vec<(Method, matchit::Router<usize>)>,
}

/// What a path leads to.
pub enum Found<'r> {
    /// A row, and the values of its path's parameters in their order.
    Row(&'r Route, Vec<String>),
    /// The path exists under these methods only.
    OtherMethods(Vec<Method>),
    /// There is no such path.
    Nothing,
}

impl Router {
    /// Builds the router of `routes`.
    ///
    /// # Panics
    /// If two rows claim one method and path.
    #[must_use]
    pub fn new(routes: Vec<Route>) -> Self {
        let mut methods: Vec<(Method, matchit::Router<usize>)> = Vec::new();
        for (index, route) in routes.iter().enumerate() {
            let place = match methods.iter().position(|(method, _)| *method == route.method) {
                Some(place) => place,
                None => {
                    methods.push((route.method.clone(), matchit::Router::new()));
                    methods.len() - 1
                }
            };
            for path in route.paths {
                methods[place].1.insert(*path, index).expect("each path is in the table once");
            }
        }
        Self { routes, methods }
    }

    /// Finds the row of `method` and `path`. A segment that is not UTF-8 once decoded leads nowhere.
    #[must_use]
    pub fn find(&self, method: &Method, path: &str) -> Found<'_> {
        let router = self.methods.iter().find(|(known, _)| known == method);
        if let Some(Ok(found)) = router.map(|(_, router)| router.at(path)) {
            // What a catch-all caught is a parameter for each of its segments.
            let parameters = found.params.iter().flat_map(|(_, value)| value.split('/'));
            let parameters = parameters.map(decoded).collect();
            return match parameters {
                Some(parameters) => Found::Row(&self.routes[*found.value], parameters),
                None => Found::Nothing,
            };
        }
        let others: Vec<Method> = self
            .methods
            .iter()
            .filter(|(_, router)| router.at(path).is_ok())
            .map(|(method, _)| method.clone())
            .collect();
        if others.is_empty() { Found::Nothing } else { Found::OtherMethods(others) }
    }
}

/// Returns the value of `name` in a query, decoded; a blank one is one.
#[must_use]
pub fn query_value(query: Option<&str>, name: &str) -> Option<String> {
    query_values(query, name).into_iter().next()
}

/// Returns all values of `name` in a query, decoded.
#[must_use]
pub fn query_values(query: Option<&str>, name: &str) -> Vec<String> {
    let pairs = query.into_iter().flat_map(|query| query.split('&'));
    let value = |pair: &str| {
        let (key, value) = pair.split_once('=').unwrap_or((pair, ""));
        (decoded(key)? == name).then(|| decoded(&value.replace('+', " "))).flatten()
    };
    pairs.filter_map(value).collect()
}

fn decoded(text: &str) -> Option<String> {
    let mut bytes = Vec::with_capacity(text.len());
    let mut rest = text.bytes();
    while let Some(byte) = rest.next() {
        if byte == b'%' {
            let digit = |b: u8| char::from(b).to_digit(16).and_then(|d| u8::try_from(d).ok());
            let (high, low) = (digit(rest.next()?)?, digit(rest.next()?)?);
            bytes.push(high << 4 | low);
        } else {
            bytes.push(byte);
        }
    }
    String::from_utf8(bytes).ok()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::http::table::table;

    fn endpoint(method: &Method, path: &str) -> Option<(Endpoint, Vec<String>)> {
        match Router::new(table()).find(method, path) {
            Found::Row(route, parameters) => Some((route.endpoint, parameters)),
            Found::OtherMethods(_) | Found::Nothing => None,
        }
    }

    #[test]
    fn a_static_segment_wins_over_a_parameter() {
        let at = |path: &str| endpoint(&Method::GET, &format!("/preregistration/v1{path}"));
        assert_eq!(at("/applications/prereg"), Some((Endpoint::ListApplications, vec![])));
        assert_eq!(
            at("/applications/status/1"),
            Some((Endpoint::ApplicationStatus, vec!["1".into()]))
        );
        assert_eq!(
            at("/documents/preregistration/1"),
            Some((Endpoint::ListDocuments, vec!["1".into()]))
        );
        assert_eq!(at("/documents/x%20y"), Some((Endpoint::FetchDocument, vec!["x y".into()])));
        assert_eq!(at("/documents/%ff"), None);
        assert_eq!(
            at("/proxy/masterdata/a%2Fb/c"),
            Some((Endpoint::MasterData, vec!["a/b".into(), "c".into()]))
        );
    }

    #[test]
    fn a_wrong_method_names_the_right_ones() {
        let router = Router::new(table());
        let Found::OtherMethods(methods) = router.find(&Method::DELETE, "/preregistration/v1/sync")
        else {
            panic!("found");
        };
        assert_eq!(methods, [Method::POST]);
        assert!(matches!(router.find(&Method::GET, "/nothing"), Found::Nothing));
    }

    /// I9
    #[test]
    fn only_logins_and_this_machines_monitoring_need_no_role() {
        for route in table() {
            match route.who {
                Who::Anybody => assert!(matches!(
                    route.endpoint,
                    Endpoint::SendOtp
                        | Endpoint::SendOtpInLanguage
                        | Endpoint::SendOtpWithCaptcha
                        | Endpoint::ValidateOtp
                        | Endpoint::InvalidateToken
                        | Endpoint::PublishedConfig
                        | Endpoint::RefreshConfig
                        | Endpoint::ClientLogin
                        | Endpoint::ValidateCaptcha
                        | Endpoint::Describe
                )),
                Who::ThisMachine => {
                    assert!(matches!(route.endpoint, Endpoint::Live | Endpoint::Ready));
                }
                Who::Roles(roles) => assert!(!roles.is_empty()),
            }
        }
    }

    #[test]
    fn a_query_is_decoded() {
        let query = Some("a=1&preRegistrationId=12%334+5&b");
        assert_eq!(query_value(query, "preRegistrationId").as_deref(), Some("1234 5"));
        assert_eq!(query_value(query, "b").as_deref(), Some(""));
        assert_eq!(query_value(query, "c"), None);
        assert_eq!(query_values(Some("a=1&b=2&a=%C3%A9"), "a"), ["1", "é"]);
    }
}
