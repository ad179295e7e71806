//! What a row of the route table says of its request and its answer, beyond how it is reached. The
//! description at `openapi.json` is made from it; nothing else reads it.

use schemars::{JsonSchema, Schema, SchemaGenerator};

use super::route::Route;

/// What a row says. By default: it takes no body and no query, and answers in the envelope.
#[derive(Clone, Debug, Default)]
pub struct Says {
    /// The body of the request.
    pub takes: Takes,
    /// Names in the query; all of them are texts that may be missing.
    pub query: &'static [&'static str],
    /// What the answer is.
    pub gives: Gives,
}

/// The body of a request.
#[derive(Clone, Debug, Default)]
pub enum Takes {
    /// None.
    #[default]
    Nothing,
    /// JSON: `request` of an envelope.
    Enveloped(SchemaOf),
    /// A form of these parts.
    Form(Vec<Part>),
    /// A text in JSON, or a picture.
    Scan,
}

/// A part of a form.
#[derive(Clone, Debug)]
pub struct Part {
    /// Its name.
    pub name: &'static str,
    /// What is in it.
    pub content: Content,
}

/// What is in a part of a form.
#[derive(Clone, Debug)]
pub enum Content {
    /// JSON: an envelope around this.
    Enveloped(SchemaOf),
    /// A file.
    File,
    /// Text, which may be missing.
    Text,
}

/// What an answer is.
#[derive(Clone, Debug, Default)]
pub enum Gives {
    /// An envelope around anything.
    #[default]
    Anything,
    /// An envelope around this.
    Enveloped(SchemaOf),
    /// JSON without an envelope; these statuses besides 200 come with a code and a message.
    Plain(&'static [u16]),
    /// A file; these statuses besides 200 come with a code and a message.
    File(&'static [u16]),
    /// An answer of this media type that goes on until one of the ends goes; these statuses besides
    /// 200 come with a code and a message.
    Stream(&'static str, &'static [u16]),
}

/// Makes the schema of a type.
#[derive(Clone, Copy, Debug)]
pub struct SchemaOf(pub fn(&mut SchemaGenerator) -> Schema);

impl SchemaOf {
    fn of<T: JsonSchema>() -> Self {
        Self(SchemaGenerator::subschema_for::<T>)
    }
}

impl Part {
    /// Returns a part with an envelope around `T`.
    #[must_use]
    pub fn enveloped<T: JsonSchema>(name: &'static str) -> Self {
        Self { name, content: Content::Enveloped(SchemaOf::of::<T>()) }
    }

    /// Returns a part with a file.
    #[must_use]
    pub fn file(name: &'static str) -> Self {
        Self { name, content: Content::File }
    }

    /// Returns a part with a text.
    #[must_use]
    pub fn text(name: &'static str) -> Self {
        Self { name, content: Content::Text }
    }
}

impl Route {
    /// Says that it takes an envelope around `T`.
    #[must_use]
    pub fn takes<T: JsonSchema>(mut self) -> Self {
        self.says.takes = Takes::Enveloped(SchemaOf::of::<T>());
        self
    }

    /// Says that it takes a form of these parts.
    #[must_use]
    pub fn form(mut self, parts: Vec<Part>) -> Self {
        self.says.takes = Takes::Form(parts);
        self
    }

    /// Says that it reads these names in the query.
    #[must_use]
    pub fn query(mut self, names: &'static [&'static str]) -> Self {
        self.says.query = names;
        self
    }

    /// Says that it answers with an envelope around `T`.
    #[must_use]
    pub fn gives<T: JsonSchema>(mut self) -> Self {
        self.says.gives = Gives::Enveloped(SchemaOf::of::<T>());
        self
    }

    /// Says that it answers with JSON outside the envelope, or with one of these statuses.
    #[must_use]
    pub fn gives_plain(mut self, statuses: &'static [u16]) -> Self {
        self.says.gives = Gives::Plain(statuses);
        self
    }

    /// Says that it answers with a file, or with one of these statuses.
    #[must_use]
    pub fn gives_file(mut self, statuses: &'static [u16]) -> Self {
        self.says.gives = Gives::File(statuses);
        self
    }

    /// Says that it takes a text in JSON or a picture.
    #[must_use]
    pub fn takes_scan(mut self) -> Self {
        self.says.takes = Takes::Scan;
        self
    }

    /// Says that it answers with a stream of this media type, or with one of these statuses.
    #[must_use]
    pub fn gives_stream(mut self, media_type: &'static str, statuses: &'static [u16]) -> Self {
        self.says.gives = Gives::Stream(media_type, statuses);
        self
    }
}
