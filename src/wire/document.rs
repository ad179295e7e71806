//! Bodies of the document service (`contract/payloads.md` §6).

use std::borrow::Cow;

use serde::{Deserialize, Serialize};
use serde_json::{Map, Value};

/// The `id` of F1 and its answer.
pub const UPLOAD: &str = "mosip.pre-registration.document.upload";
/// The `id` of F2's answer.
pub const COPY: &str = "mosip.pre-registration.document.copy";
/// The `id` of F3's answer.
pub const FETCH_METADATA: &str = "mosip.pre-registration.document.fetch.metadata";
/// The `id` of F4's answer.
pub const FETCH_CONTENT: &str = "mosip.pre-registration.document.fetch.content";
/// The `id` of F5's answer.
pub const DELETE: &str = "mosip.pre-registration.document.delete";
/// The `id` of F6's answer.
pub const DELETE_ONE: &str = "mosip.pre-registration.document.delete.specific";
/// The `id` of F7's answer.
pub const REFER: &str = "mosip.preregistration.docrefId.update";

/// What F5 says when all went well.
pub const ALL_DELETED: &str =
    "All documents assosiated with requested pre-registration id deleted sucessfully";
/// What F6 says when all went well.
pub const DELETED: &str = "Document successfully deleted";
/// What F7 says when all went well.
pub const REFERRED: &str = "STATUS_UPDATED_SUCESSFULLY";

/// The name of F1's part that holds the envelope, blank included.
pub const REQUEST_PART: &str = "Document request";
/// The name of F1's part that holds the content.
pub const FILE_PART: &str = "file";

/// The request of F1.
#[derive(Clone, PartialEq, Eq, Serialize, Deserialize, schemars::JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct Upload {
    /// The category.
    pub doc_cat_code: Option<String>,
    /// The type within the category.
    pub doc_typ_code: Option<String>,
    /// The language its uploader works in.
    pub lang_code: Option<String>,
    /// The number printed on the paper.
    pub ref_number: Option<String>,
}

/// The answer of F1 and F2.
#[derive(Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Uploaded {
    /// The application.
    pub pre_registration_id: String,
    /// The document.
    pub doc_id: String,
    /// Its file name.
    pub doc_name: String,
    /// The number printed on the paper.
    pub ref_number: Option<String>,
    /// The category.
    pub doc_cat_code: String,
    /// The type within the category.
    pub doc_typ_code: String,
    /// The extension of the file name.
    pub doc_file_format: String,
}

/// The answer of F3.
#[derive(Clone, PartialEq, Serialize, Deserialize)]
pub struct AllMetadata {
    /// One for each document, at least one.
    #[serde(rename = "documentsMetaData")]
    pub documents: Vec<Metadata>,
}

/// A document of F3, and the `proofOfAddress` of D5.
#[derive(Clone, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Metadata {
    /// Its file name.
    pub doc_name: String,
    /// Its id.
    pub document_id: String,
    /// The category.
    pub doc_cat_code: String,
    /// The type within the category.
    pub doc_typ_code: String,
    /// The language its uploader worked in.
    pub lang_code: String,
    /// The number printed on the paper.
    pub ref_number: Option<String>,
    /// Members that are not known here.
    #[serde(flatten)]
    pub extra: Map<String, Value>,
}

/// The answer of F4.
#[derive(Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Content<'a> {
    /// The file in standard base64 with padding.
    #[serde(borrow)]
    pub document: Cow<'a, str>,
}

/// The answer of F5 and F6.
#[derive(Clone, PartialEq, Eq, Serialize)]
pub struct Deleted {
    /// A sentence.
    pub message: &'static str,
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn a_document_keeps_what_is_not_known_here() {
        let said = json!({"documentsMetaData": [{
            "docName": "Passport.pdf", "documentId": "6f036ecf-91b3-11e9-a605-cd68a2d40011",
            "docCatCode": "POI", "docTypCode": "CIN", "langCode": "fra", "refNumber": null,
            "docHash": "x",
        }]});
        let all: AllMetadata = serde_json::from_value(said.clone()).unwrap();
        assert_eq!(all.documents[0].extra.len(), 1);
        assert_eq!(serde_json::to_value(&all).unwrap(), said);
    }

    #[test]
    fn a_content_is_read_without_a_copy_unless_it_is_escaped() {
        let plain: Content<'_> = serde_json::from_str(r#"{"document":"JVBE/+=="}"#).unwrap();
        assert!(matches!(plain.document, Cow::Borrowed("JVBE/+==")));
        let escaped: Content<'_> = serde_json::from_str(r#"{"document":"JVBE\/+=="}"#).unwrap();
        assert!(matches!(escaped.document, Cow::Owned(text) if text == "JVBE/+=="));
    }
}
