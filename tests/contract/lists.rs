//! The contract's lists: `endpoints.tsv` and `errors.tsv`, which explain themselves.

use std::fmt;

use crate::noted::Noted;

const ENDPOINTS: &str = include_str!("endpoints.tsv");
const ERRORS: &str = include_str!("errors.tsv");

/// Both lists.
pub(crate) struct Contract {
    pub(crate) endpoints: Vec<Endpoint>,
    refusals: Vec<Refusal>,
}

/// An endpoint.
pub(crate) struct Endpoint {
    pub(crate) id: &'static str,
    pub(crate) method: &'static str,
    /// Below the services; `{}` is any segment, `{*}` any number of them.
    pub(crate) paths: Vec<&'static str>,
    /// What tells it from another endpoint of the same path.
    pub(crate) sign: Sign,
}

/// What tells an endpoint from another one of the same path.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(crate) enum Sign {
    None,
    /// A name in the query.
    Query(&'static str),
    /// A member of the answer.
    Answer(&'static str),
}

/// What brings a refusal about.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(crate) enum Cause {
    /// A client.
    Outside,
    /// A part of the node that fails, or nothing.
    Inside,
    /// Another row is served in its place.
    Otherwise,
}

/// A row of the errors.
pub(crate) struct Refusal {
    endpoints: Vec<&'static str>,
    pub(crate) code: &'static str,
    text: &'static str,
    cause: Cause,
    /// A lifecycle, a family of paths, or nothing.
    only: &'static str,
}

impl Contract {
    /// Reads both lists.
    pub(crate) fn read() -> Self {
        let endpoints: Vec<Endpoint> = rows(ENDPOINTS)
            .map(|row| {
                let sign = match row.get(3).and_then(|sign| sign.split_once(':')) {
                    None => Sign::None,
                    Some(("query", name)) => Sign::Query(name),
                    Some(("answer", name)) => Sign::Answer(name),
                    Some((other, _)) => panic!("endpoints.tsv: what is {other}?"),
                };
                let paths = row[2].split(' ').collect();
                Endpoint { id: row[0], method: row[1], paths, sign }
            })
            .collect();
        let refusals: Vec<Refusal> = rows(ERRORS)
            .map(|row| Refusal {
                endpoints: row[0].split(' ').collect(),
                code: row[1],
                text: row[2],
                cause: match row[3] {
                    "outside" => Cause::Outside,
                    "inside" => Cause::Inside,
                    "otherwise" => Cause::Otherwise,
                    other => panic!("errors.tsv: what is {other}?"),
                },
                only: row.get(4).copied().unwrap_or_default(),
            })
            .collect();
        for refusal in &refusals {
            for id in &refusal.endpoints {
                assert!(endpoints.iter().any(|e| e.id == *id), "errors.tsv: what is {id}?");
            }
            let only = ["", "1.1", "1.2", "older", "portal"];
            assert!(only.contains(&refusal.only), "errors.tsv: what is {}?", refusal.only);
        }
        Self { endpoints, refusals }
    }

    /// Returns the refusals of `endpoint` that a client can bring about.
    pub(crate) fn refusals_of(&self, endpoint: &Endpoint) -> Vec<&Refusal> {
        let is_of = |refusal: &&Refusal| {
            refusal.cause == Cause::Outside && refusal.endpoints.contains(&endpoint.id)
        };
        self.refusals.iter().filter(is_of).collect()
    }

    /// Returns the refusals of `endpoint` that no client can bring about.
    pub(crate) fn others_of(&self, endpoint: &Endpoint) -> Vec<&Refusal> {
        let is_of = |refusal: &&Refusal| {
            refusal.cause != Cause::Outside && refusal.endpoints.contains(&endpoint.id)
        };
        self.refusals.iter().filter(is_of).collect()
    }

    /// Returns how many refusals no client can bring about, of all endpoints together.
    pub(crate) fn others(&self) -> usize {
        let others = self.refusals.iter().filter(|refusal| refusal.cause != Cause::Outside);
        others.map(|refusal| refusal.endpoints.len()).sum()
    }

    /// Returns the endpoint at `method` and the segments of `path`, and the number of the path that
    /// it was found by. One without a parameter wins over one with.
    pub(crate) fn find(
        &self,
        method: &str,
        path: &[&str],
        names: &[&str],
        member: &str,
    ) -> Option<(&Endpoint, usize)> {
        let mut found: Vec<(usize, bool, &Endpoint, usize)> = Vec::new();
        for endpoint in self.endpoints.iter().filter(|endpoint| endpoint.method == method) {
            let sign = match endpoint.sign {
                Sign::None => false,
                Sign::Query(name) if names.contains(&name) => true,
                Sign::Answer(name) if name == member => true,
                Sign::Query(_) | Sign::Answer(_) => continue,
            };
            for (number, known) in endpoint.paths.iter().enumerate() {
                if is_same(known, path) {
                    found.push((known.matches('{').count(), !sign, endpoint, number));
                }
            }
        }
        found.sort_by_key(|(parameters, unsigned, ..)| (*parameters, *unsigned));
        found.first().map(|(.., endpoint, number)| (*endpoint, *number))
    }
}

impl Refusal {
    /// Tells whether what was asserted is this.
    pub(crate) fn is_met_by(&self, note: &Noted) -> bool {
        let holds = match self.only {
            "" => true,
            "older" => !note.is_portal_s,
            "portal" => note.is_portal_s,
            lifecycle => note.lifecycle == lifecycle,
        };
        holds && note.code == self.code && fits(self.text, &note.text)
    }
}

impl fmt::Display for Refusal {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} {}", self.code, self.text)?;
        if self.only.is_empty() { Ok(()) } else { write!(f, " ({})", self.only) }
    }
}

/// Tells whether a path of the list is the one with these segments; a parameter's name is nothing.
pub(crate) fn is_same(known: &str, segments: &[&str]) -> bool {
    if let Some(start) = known.strip_suffix("/{*}") {
        let start: Vec<&str> = start.split('/').collect();
        return segments.len() > start.len() && segments.starts_with(&start);
    }
    let known: Vec<&str> = known.split('/').collect();
    known.len() == segments.len()
        && known.iter().zip(segments).all(|(known, segment)| *known == "{}" || known == segment)
}

/// Tells whether `text` is `pattern`, in which `*` is any run of letters.
fn fits(pattern: &str, text: &str) -> bool {
    let mut parts = pattern.split('*');
    let first = parts.next().unwrap_or_default();
    let Some(mut rest) = text.strip_prefix(first) else { return false };
    let parts: Vec<&str> = parts.collect();
    let Some((last, between)) = parts.split_last() else { return rest.is_empty() };
    for part in between {
        let Some((_, after)) = rest.split_once(part) else { return false };
        rest = after;
    }
    rest.ends_with(last)
}

fn rows(list: &'static str) -> impl Iterator<Item = Vec<&'static str>> {
    list.lines().filter(|line| !line.starts_with('#')).map(|line| line.split('\t').collect())
}
