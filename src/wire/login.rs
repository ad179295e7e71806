//! Bodies of the login service (`contract/payloads.md` §4), and of the one call of central's auth
//! manager that a node makes and a central node serves (`contract/masterdata.md` §6.6).

use std::borrow::Cow;

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

/// The `id` of L1 and its answer.
pub const SEND_OTP: &str = "mosip.pre-registration.login.sendotp";
/// The `id` of L4 and its answer.
pub const VALIDATE_OTP: &str = "mosip.pre-registration.login.useridotp";

/// The `id` of L5's answer.
pub const INVALIDATE: &str = "mosip.pre-registration.login.invalidate";
/// The `id` of the answers of L6 and L7.
pub const CONFIG: &str = "mosip.pre-registration.login.config";

/// The path of the call that answers a client's secret with a token in the cookie [`COOKIE`].
pub const CLIENT_SECRET: &str = "/v1/authmanager/authenticate/clientidsecretkey";
/// The cookie that carries a token, in either direction.
pub const COOKIE: &str = "Authorization";

/// The request of L1, L2 and L3, each of which has more members than the one before.
#[derive(Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct SendOtp {
    /// A phone number or an e-mail address.
    pub user_id: Option<String>,
    /// L2: the language of the message, such as `eng`.
    pub lang_code: Option<String>,
    /// L3: what the captcha gave the browser; `null` where captchas are off.
    pub captcha_token: Option<String>,
}

/// The request of L4.
#[derive(Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct ValidateOtp {
    /// The user that L1 was told.
    pub user_id: Option<String>,
    /// What was typed.
    pub otp: Option<String>,
}

/// The answer of L1, L4 and the auth manager; a token is in the cookie, not here.
#[derive(Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct Done {
    /// Such as `VALIDATION_SUCCESSFUL`.
    pub message: String,
    /// Such as `success`.
    pub status: String,
}

/// The request at [`CLIENT_SECRET`].
#[derive(Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct ClientSecret<'a> {
    /// The account.
    pub client_id: Cow<'a, str>,
    /// Its secret.
    pub secret_key: Cow<'a, str>,
    /// The application that it logs in to, such as `prereg`.
    pub app_id: Cow<'a, str>,
}
