//! The description of the interface in OpenAPI 3.1. It is made from the route table and from the
//! types that bodies are read into, so it says what is served and nothing else.

use schemars::SchemaGenerator;
use schemars::generate::SchemaSettings;
use serde_json::{Map, Value, json};

use super::auth::COOKIE_NAME;
use super::route::{Route, Who};
use super::says::{Content, Gives, Part, SchemaOf, Takes};
use crate::wire::envelope::VERSION;

/// Where it is served.
pub const PATH: &str = "/preregistration/v1/openapi.json";

/// What the node says besides 200 of requests to any path, or to one that takes a body, asks for a
/// role or has a parameter.
const ALWAYS: &[u16] = &[414, 421];
const WRITES: &[u16] = &[403];
const BODY: &[u16] = &[400, 408, 413, 503];
const FORM: &[u16] = &[415];
const ROLES: &[u16] = &[401, 403];
/// A login that fails, and a token that is sent where none is asked for and does not count.
const ANYBODY: &[u16] = &[401];
const PARAMETER: &[u16] = &[404];

/// Describes `routes`.
#[must_use]
pub fn describe(routes: &[Route]) -> Value {
    let settings = SchemaSettings::draft2020_12()
        .with(|settings| settings.definitions_path = "/components/schemas".into());
    let mut types = settings.into_generator();
    let mut paths = Map::new();
    for route in routes {
        for (number, path) in route.paths.iter().enumerate() {
            let path = described(path, &mut paths);
            let operation = operation(route, number, &path, &mut types);
            paths[&path][route.method.as_str().to_ascii_lowercase()] = operation;
        }
    }
    let mut schemas = types.take_definitions(true);
    schemas.insert("Error".into(), error());
    schemas.insert("Answer".into(), answer());
    schemas.insert("Refusal".into(), refusal());
    schemas.insert("PlainRefusal".into(), plain_refusal());
    let mut description = json!({
        "openapi": "3.1.0",
        "info": {
            "title": "Pre-registration node",
            "version": env!("CARGO_PKG_VERSION"),
            "description": "The pre-registration services of a registration center. A refusal of a \
                            service is an answer with status 200 whose `errors` say why.",
        },
        "servers": [{"url": "/"}],
        "paths": paths,
        "components": {
            "schemas": schemas,
            "securitySchemes": {
                "cookie": {"type": "apiKey", "in": "cookie", "name": COOKIE_NAME},
                "bearer": {"type": "http", "scheme": "bearer"},
            },
        },
    });
    forget_null_defaults(&mut description);
    description
}

/// Takes out defaults of `null`: schemars gives them to what may be missing, of whatever type it is.
fn forget_null_defaults(value: &mut Value) {
    match value {
        Value::Array(parts) => parts.iter_mut().for_each(forget_null_defaults),
        Value::Object(members) => {
            if members.get("default").is_some_and(Value::is_null) {
                members.shift_remove("default");
            }
            members.values_mut().for_each(forget_null_defaults);
        }
        _ => {}
    }
}

/// Returns `path` as the description spells it, and sees to it that it is in `paths`: two that
/// differ in the names of their parameters only are one, under the names of the first.
fn described(path: &str, paths: &mut Map<String, Value>) -> String {
    // OpenAPI knows no parameter of several segments.
    let path = path.replace("{*", "{");
    let is_same = |known: &&String| {
        known.split('/').count() == path.split('/').count()
            && known.split('/').zip(path.split('/')).all(|(one, other)| {
                one == other || (one.starts_with('{') && other.starts_with('{'))
            })
    };
    if let Some(known) = paths.keys().find(is_same) {
        return known.clone();
    }
    let parameters: Vec<Value> = parameters(&path)
        .map(|name| {
            json!({"name": name, "in": "path", "required": true,
                   "schema": {"type": "string", "minLength": 1}})
        })
        .collect();
    paths.insert(path.clone(), json!({"parameters": parameters}));
    path
}

fn parameters(path: &str) -> impl Iterator<Item = &str> {
    path.split('/').filter_map(|part| part.strip_prefix('{')?.strip_suffix('}'))
}

fn operation(route: &Route, number: usize, path: &str, types: &mut SchemaGenerator) -> Value {
    let name = format!("{:?}", route.endpoint);
    let id = if number == 0 { name.clone() } else { format!("{name}{}", number + 1) };
    let query: Vec<Value> = route
        .says
        .query
        .iter()
        .map(|name| json!({"name": name, "in": "query", "schema": {"type": "string"}}))
        .collect();
    let mut operation = json!({
        "operationId": id,
        "summary": words(&name),
        "responses": responses(route, path, types),
    });
    if !query.is_empty() {
        operation["parameters"] = query.into();
    }
    match &route.says.takes {
        Takes::Nothing => {}
        Takes::Enveloped(body) => {
            let schema = enveloped(route.id, *body, types);
            operation["requestBody"] =
                json!({"required": true, "content": {"application/json": {"schema": schema}}});
        }
        Takes::Scan => operation["requestBody"] = json!({"required": true, "content": scan()}),
        Takes::Form(parts) => {
            let schema = form(route.id, parts, types);
            operation["requestBody"] =
                json!({"required": true, "content": {"multipart/form-data": {"schema": schema}}});
        }
    }
    match route.who {
        Who::Anybody => {}
        Who::ThisMachine => operation["description"] = "For programs on this machine.".into(),
        Who::Roles(roles) => {
            let names: Vec<&str> = roles.iter().map(|role| role.name()).collect();
            operation["description"] = format!("Roles: {}.", names.join(", ")).into();
            operation["security"] = json!([{"cookie": []}, {"bearer": []}]);
        }
    }
    operation
}

/// Returns the words of a name such as `SendOtp`: "Send otp".
fn words(name: &str) -> String {
    let mut words = String::new();
    for letter in name.chars() {
        if letter.is_uppercase() && !words.is_empty() {
            words.push(' ');
            words.extend(letter.to_lowercase());
        } else {
            words.push(letter);
        }
    }
    words
}

fn enveloped(id: Option<&'static str>, body: SchemaOf, types: &mut SchemaGenerator) -> Value {
    let id = id.map_or(json!({"type": "string"}), |id| json!({"const": id}));
    json!({
        "type": "object",
        "required": ["id", "version", "requesttime", "request"],
        "properties": {
            "id": id,
            "version": {"const": VERSION},
            "requesttime": {
                "type": "string",
                "description": "Of today in UTC, such as 2026-11-30T08:00:00.000Z.",
            },
            "request": body.0(types),
        },
    })
}

/// Returns what may be sent to a counter.
fn scan() -> Value {
    let binary = json!({"schema": {"type": "string", "format": "binary"}});
    let text = json!({"type": "object", "required": ["text"],
                      "properties": {"text": {"type": "string"}}});
    json!({"application/json": {"schema": text}, "image/jpeg": binary, "image/png": binary})
}

fn form(id: Option<&'static str>, parts: &[Part], types: &mut SchemaGenerator) -> Value {
    let (mut required, mut properties) = (Vec::new(), Map::new());
    for part in parts {
        let schema = match &part.content {
            Content::Enveloped(body) => enveloped(id, *body, types),
            Content::File => json!({"type": "string", "format": "binary"}),
            Content::Text => json!({"type": "string"}),
        };
        if !matches!(part.content, Content::Text) {
            required.push(part.name);
        }
        properties.insert(part.name.to_owned(), schema);
    }
    json!({"type": "object", "required": required, "properties": properties})
}

fn responses(route: &Route, path: &str, types: &mut SchemaGenerator) -> Value {
    let is_plain = |status: u16| match route.says.gives {
        Gives::Anything | Gives::Enveloped(_) => false,
        Gives::Plain(plain) | Gives::File(plain) | Gives::Stream(_, plain) => {
            plain.contains(&status)
        }
    };
    let none: &[u16] = &[];
    let by_body = match route.says.takes {
        Takes::Nothing => [none, none],
        Takes::Enveloped(_) => [BODY, none],
        Takes::Form(_) | Takes::Scan => [BODY, FORM],
    };
    let by_who = if matches!(route.who, Who::Anybody) { ANYBODY } else { ROLES };
    let by_path = if parameters(path).next().is_some() { PARAMETER } else { none };
    let by_method = if route.method.is_safe() { none } else { WRITES };
    let own = match route.says.gives {
        Gives::Anything | Gives::Enveloped(_) => none,
        Gives::Plain(own) | Gives::File(own) | Gives::Stream(_, own) => own,
    };
    let mut responses = Map::new();
    responses.insert("200".into(), good(route, types));
    let refused = [ALWAYS, by_body[0], by_body[1], by_who, by_path, by_method, own].concat();
    for status in refused {
        let schema = if matches!(route.who, Who::ThisMachine) && is_plain(status) {
            json!({"type": "object"})
        } else if is_plain(status) {
            // The router's own refusals keep the envelope, whatever the path.
            json!({"anyOf": [{"$ref": "#/components/schemas/PlainRefusal"},
                             {"$ref": "#/components/schemas/Refusal"}]})
        } else {
            json!({"$ref": "#/components/schemas/Refusal"})
        };
        let refused = json!({"description": reason(status), "content": {"application/json": {"schema": schema}}});
        responses.insert(status.to_string(), refused);
    }
    Value::Object(responses)
}

fn good(route: &Route, types: &mut SchemaGenerator) -> Value {
    let json = |schema: Value| json!({"application/json": {"schema": schema}});
    let content = match route.says.gives {
        Gives::Anything => json(json!({"$ref": "#/components/schemas/Answer"})),
        Gives::Enveloped(body) => json(json!({
            "allOf": [{"$ref": "#/components/schemas/Answer"}],
            "properties": {"response": {"anyOf": [body.0(types), {"type": "null"}]}},
        })),
        Gives::Plain(_) => json(json!({"type": "object"})),
        Gives::File(_) => json!({
            "application/octet-stream": {}, "application/pdf": {}, "image/jpeg": {}, "image/png": {},
        }),
        Gives::Stream(media_type, _) => json!({media_type: {}}),
    };
    json!({"description": "The answer.", "content": content})
}

fn reason(status: u16) -> &'static str {
    hyper::StatusCode::from_u16(status)
        .ok()
        .and_then(|status| status.canonical_reason())
        .unwrap_or("Refused")
}

fn error() -> Value {
    json!({
        "type": "object",
        "required": ["errorCode", "message"],
        "properties": {"errorCode": {"type": "string"}, "message": {"type": "string"}},
    })
}

fn answer() -> Value {
    json!({
        "type": "object",
        "required": ["id", "version", "responsetime", "response", "errors"],
        "properties": {
            "id": {"type": ["string", "null"]},
            "version": {"type": ["string", "null"]},
            "responsetime": {"type": ["string", "null"]},
            "metadata": {"type": "null"},
            "response": {"description": "Null beside errors."},
            "errors": {
                "description": "Null if all went well.",
                "type": ["array", "null"],
                "items": {"$ref": "#/components/schemas/Error"},
            },
        },
    })
}

fn refusal() -> Value {
    json!({
        "allOf": [{"$ref": "#/components/schemas/Answer"}],
        "properties": {"response": {"type": "null"}, "errors": {"type": "array", "minItems": 1}},
    })
}

fn plain_refusal() -> Value {
    json!({
        "type": "object",
        "required": ["code", "message"],
        "properties": {"code": {"type": "string"}, "message": {"type": "string"}},
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::http::table::table;

    #[test]
    fn every_route_is_described_at_each_of_its_paths() {
        let described = describe(&table());
        let mut operations = 0;
        for route in table() {
            for path in route.paths {
                let method = route.method.as_str().to_ascii_lowercase();
                let shape = |path: &str| {
                    let part =
                        |part: &str| if part.starts_with('{') { "{}" } else { part }.to_owned();
                    path.split('/').map(part).collect::<Vec<_>>()
                };
                let paths = described["paths"].as_object().unwrap();
                let (known, operations_there) =
                    paths.iter().find(|(known, _)| shape(known) == shape(path)).unwrap();
                let operation = &operations_there[&method];
                assert!(operation["responses"]["200"].is_object(), "{method} {known}");
                let is_open = operation.get("security").is_none();
                assert_eq!(is_open, !matches!(route.who, Who::Roles(_)), "{method} {known}");
                operations += 1;
            }
        }
        let all = described["paths"].as_object().unwrap().values();
        let count = all.map(|at| at.as_object().unwrap().len() - 1).sum::<usize>();
        assert_eq!(count, operations, "nothing is described that is not served");
    }

    #[test]
    fn every_operation_has_a_name_of_its_own_and_every_reference_leads_somewhere() {
        let described = describe(&table());
        let (mut names, mut references) = (Vec::new(), Vec::new());
        collect(&described, &mut names, &mut references);
        assert!(names.len() >= table().len() && references.len() >= names.len());
        let count = names.len();
        names.sort_unstable();
        names.dedup();
        assert_eq!(names.len(), count);
        for reference in references {
            let at = reference.strip_prefix('#').unwrap();
            assert!(described.pointer(at).is_some(), "{reference}");
        }
    }

    /// Collects the names of operations and the references below `value`.
    fn collect(value: &Value, names: &mut Vec<String>, references: &mut Vec<String>) {
        match value {
            Value::Array(parts) => {
                for part in parts {
                    collect(part, names, references);
                }
            }
            Value::Object(members) => {
                for (key, value) in members {
                    match (key.as_str(), value) {
                        ("operationId", Value::String(name)) => names.push(name.clone()),
                        ("$ref", Value::String(to)) => references.push(to.clone()),
                        _ => collect(value, names, references),
                    }
                }
            }
            _ => {}
        }
    }

    #[test]
    fn no_default_is_of_another_type_than_what_it_stands_for() {
        assert!(!describe(&table()).to_string().contains("\"default\":null"));
    }

    #[test]
    fn paths_that_differ_in_names_of_parameters_are_one() {
        let described = describe(&table());
        let paths = described["paths"].as_object().unwrap();
        let documents: Vec<&String> = paths
            .keys()
            .filter(|path| path.starts_with("/preregistration/v1/documents/{"))
            .collect();
        assert_eq!(documents.len(), 1, "{documents:?}");
        let there = &described["paths"][documents[0]];
        assert!(there["get"].is_object() && there["post"].is_object());
    }
}
