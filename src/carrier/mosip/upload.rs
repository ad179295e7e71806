//! The two parts of an upload (`contract/payloads.md` F1) as `multipart/form-data`.

use std::fmt::Write as _;

use hyper::header::HeaderValue;

use crate::domain::document::Format;
use crate::entropy::Entropy;
use crate::wire::document::{FILE_PART, REQUEST_PART};

/// A form, and the media type that names its boundary.
pub(super) struct Form {
    pub(super) media_type: HeaderValue,
    pub(super) bytes: Vec<u8>,
}

/// Returns the form that uploads `content` under `name`, with the envelope `question`.
pub(super) fn form(question: &[u8], name: &str, content: &[u8], entropy: &dyn Entropy) -> Form {
    let mut boundary = "form-".to_owned();
    for byte in entropy.bytes::<24>() {
        write!(boundary, "{byte:02x}").expect("writing to a text does not fail");
    }
    let format = Format::of(content).or_else(|| Format::named(name));
    let media_type = format.map_or("application/octet-stream", Format::media_type);
    let name = quoted(name);
    let head =
        format!("--{boundary}\r\nContent-Disposition: form-data; name=\"{REQUEST_PART}\"\r\n\r\n");
    let between = format!(
        "\r\n--{boundary}\r\nContent-Disposition: form-data; name=\"{FILE_PART}\"; \
         filename=\"{name}\"\r\nContent-Type: {media_type}\r\n\r\n"
    );
    let end = format!("\r\n--{boundary}--\r\n");
    Form {
        media_type: HeaderValue::try_from(format!("multipart/form-data; boundary={boundary}"))
            .expect("hexadecimal digits are fit for a header"),
        bytes: [head.as_bytes(), question, between.as_bytes(), content, end.as_bytes()].concat(),
    }
}

/// Spells a file name as browsers do: what would end the name or the line is escaped, the rest
/// stands in UTF-8.
fn quoted(name: &str) -> String {
    name.replace('"', "%22").replace('\r', "%0D").replace('\n', "%0A")
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::entropy::Seeded;

    #[tokio::test]
    async fn a_form_is_read_back_as_it_was_made() {
        let content = b"%PDF-1.4\r\n--\r\n\0".to_vec();
        let made = form(b"{\"id\":1}", "جواز \"سفر\".pdf", &content, &Seeded::new(1));

        let boundary = multer::parse_boundary(made.media_type.to_str().unwrap()).unwrap();
        let body = futures_util::stream::iter([Ok::<_, std::io::Error>(made.bytes)]);
        let mut parts = multer::Multipart::new(body, boundary);

        let request = parts.next_field().await.unwrap().unwrap();
        assert_eq!((request.name(), request.file_name()), (Some("Document request"), None));
        assert_eq!(request.text().await.unwrap(), "{\"id\":1}");
        let file = parts.next_field().await.unwrap().unwrap();
        assert_eq!(file.name(), Some("file"));
        assert_eq!(file.file_name(), Some("جواز %22سفر%22.pdf"));
        assert_eq!(file.content_type().unwrap().essence_str(), "application/pdf");
        assert_eq!(file.bytes().await.unwrap(), content);
        assert!(parts.next_field().await.unwrap().is_none());
    }

    #[test]
    fn a_name_cannot_end_its_line() {
        let made = form(b"{}", "a\r\nX: y\".png", b"", &Seeded::new(1));
        let text = String::from_utf8(made.bytes).unwrap();
        assert!(
            text.contains("filename=\"a%0D%0AX: y%22.png\"\r\nContent-Type: image/png"),
            "{text}"
        );
    }
}
