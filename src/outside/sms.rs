//! SMS by a gateway over HTTP. Gateways differ in everything but that, so the operator says what is
//! sent: parameters and headers with `{to}`, `{text}`, `{secret}` and `{id}` where those belong.

use std::sync::Arc;

use jiff::Timestamp;
use serde::Deserialize;
use serde_json::{Map, Value};
use zeroize::Zeroizing;

use crate::domain::message::Message;
use crate::outside::delivery::Failure;
use crate::outside::web::{self, Body, Web};

/// How a gateway is called.
#[derive(Clone)]
pub struct Settings {
    /// Its address.
    pub url: String,
    /// How the parameters are sent.
    pub form: Form,
    /// The parameters.
    pub parameters: Vec<(String, String)>,
    /// Headers besides.
    pub headers: Vec<(String, String)>,
    /// What stands in for `{secret}`.
    pub secret: Zeroizing<String>,
    /// What the body of the answer contains when the gateway has taken a message; empty if its
    /// status alone says so.
    pub success: String,
}

/// How parameters are sent.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Form {
    /// `POST`, as a form.
    #[default]
    Form,
    /// `POST`, as an object in JSON.
    Json,
    /// `GET`, in the query.
    Query,
}

/// Why a gateway cannot be used as configured. Each text is a sentence for the operator.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum BadSettings {
    /// The address is none.
    #[error("sms.url: {0}")]
    Url(#[from] web::BadAddress),
    /// What every message has is nowhere among the parameters.
    #[error("sms.parameters: {0} stands in none of them")]
    Lacks(&'static str),
}

/// A gateway.
#[derive(Clone)]
pub struct Gateway {
    settings: Arc<Settings>,
    web: Web,
}

impl Gateway {
    /// Prepares to send by the gateway of these settings; nothing is sent yet.
    ///
    /// # Errors
    /// [`BadSettings`].
    pub fn new(settings: Settings, web: Web) -> Result<Self, BadSettings> {
        web::check(&settings.url)?;
        for needed in ["{to}", "{text}"] {
            if !settings.parameters.iter().any(|(_, value)| value.contains(needed)) {
                return Err(BadSettings::Lacks(needed));
            }
        }
        Ok(Self { settings: Arc::new(settings), web })
    }

    /// Sends a message.
    ///
    /// # Errors
    /// [`Failure`].
    pub async fn send(&self, message: &Message, made_at: Timestamp) -> Result<(), Failure> {
        let settings = &*self.settings;
        let id = message.name(made_at);
        let values = [
            ("{to}", message.to.as_str()),
            ("{text}", &message.text),
            ("{secret}", &settings.secret),
            ("{id}", &id),
        ];
        let parameters = put_in(&settings.parameters, &values);
        let parameters: Vec<(&str, &str)> =
            parameters.iter().map(|(name, value)| (*name, value.as_str())).collect();
        let headers = put_in(&settings.headers, &values);
        let headers: Vec<(&str, &str)> =
            headers.iter().map(|(name, value)| (*name, value.as_str())).collect();
        let answer = match settings.form {
            Form::Form => self.web.post(&settings.url, &headers, Body::form(&parameters)).await,
            Form::Json => {
                let text = |(name, value): &(&str, &str)| {
                    ((*name).to_owned(), Value::String((*value).to_owned()))
                };
                let object: Map<String, Value> = parameters.iter().map(text).collect();
                self.web.post(&settings.url, &headers, Body::json(&Value::Object(object))).await
            }
            Form::Query => self.web.get(&with_query(&settings.url, &parameters), &headers).await,
        };
        let answer = answer.map_err(|failure| match failure {
            web::Failure::Unfit => Failure::Refused("no request can be made of it".into()),
            other => Failure::Failed(format!("the SMS gateway: {other}")),
        })?;
        let status = answer.status;
        let took = status.is_success()
            && String::from_utf8_lossy(&answer.body).contains(&settings.success);
        match status.as_u16() {
            _ if took => Ok(()),
            // What it does not like about this one; the rest is about gateway, secret or pace.
            400 | 413 | 422 => Err(Failure::Refused(status.as_u16().to_string())),
            _ if status.is_success() => {
                Err(Failure::Refused("its answer does not say that it was taken".into()))
            }
            code => Err(Failure::Failed(format!("the SMS gateway answers {code}"))),
        }
    }
}

/// Puts values where the operator wrote their names, in one pass: a text is no template.
fn put_in<'a>(
    pairs: &'a [(String, String)],
    values: &[(&str, &str)],
) -> Vec<(&'a str, Zeroizing<String>)> {
    let put = |template: &str| {
        let mut out = Zeroizing::new(String::with_capacity(template.len() + 256));
        let mut rest = template;
        while let Some(at) = rest.find('{') {
            out.push_str(&rest[..at]);
            rest = &rest[at..];
            match values.iter().find(|(name, _)| rest.starts_with(name)) {
                Some((name, value)) => {
                    out.push_str(value);
                    rest = &rest[name.len()..];
                }
                None => {
                    out.push('{');
                    rest = &rest[1..];
                }
            }
        }
        out.push_str(rest);
        out
    };
    pairs.iter().map(|(name, value)| (name.as_str(), put(value))).collect()
}

fn with_query(url: &str, parameters: &[(&str, &str)]) -> String {
    let pairs: Vec<String> = parameters
        .iter()
        .map(|(name, value)| format!("{}={}", web::encoded(name), web::encoded(value)))
        .collect();
    let mark = if url.contains('?') { '&' } else { '?' };
    format!("{url}{mark}{}", pairs.join("&"))
}

#[cfg(test)]
mod tests;
