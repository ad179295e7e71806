//! Messages as files in a folder: for trials, and only under `[demo]`. They are in clear, OTPs
//! included, which is why no package install takes this way.

use std::path::PathBuf;

use serde_json::json;

use crate::entropy::Entropy;

/// A folder of messages, a JSON file `{to, channel, subject, text}` for each.
#[derive(Clone, Debug)]
pub struct Spool {
    folder: PathBuf,
}

/// A message for the spool.
pub struct Letter<'a> {
    /// The phone number or e-mail address.
    pub to: &'a str,
    /// `sms` or `email`.
    pub channel: &'a str,
    /// Empty for an SMS.
    pub subject: &'a str,
    /// What it says.
    pub text: &'a str,
}

impl Spool {
    /// Uses `folder`, which is there already.
    #[must_use]
    pub fn new(folder: PathBuf) -> Self {
        Self { folder }
    }

    /// Puts a letter in. It appears under its name whole or not at all.
    ///
    /// # Errors
    /// Why the file cannot be written.
    pub fn put(&self, letter: &Letter<'_>, entropy: &dyn Entropy) -> std::io::Result<()> {
        let text = json!({
            "to": letter.to,
            "channel": letter.channel,
            "subject": letter.subject,
            "text": letter.text,
        });
        let name = format!("{:016x}", u64::from_le_bytes(entropy.bytes()));
        let part = self.folder.join(format!(".{name}"));
        std::fs::write(&part, text.to_string())?;
        std::fs::rename(part, self.folder.join(format!("{name}.json")))
    }
}
