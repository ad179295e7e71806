//! Small PDF files, written by hand.

use qrcode::{Color, EcLevel, QrCode, Version};

/// Returns the file of these objects, numbered from 1; the first is the catalog.
pub(crate) fn file(objects: &[Vec<u8>]) -> Vec<u8> {
    file_with_trailer(objects, "")
}

/// The same with more entries in its trailer.
pub(crate) fn file_with_trailer(objects: &[Vec<u8>], trailer: &str) -> Vec<u8> {
    let mut pdf = b"%PDF-1.4\n".to_vec();
    let mut starts = Vec::new();
    for (i, object) in objects.iter().enumerate() {
        starts.push(pdf.len());
        pdf.extend(format!("{} 0 obj\n", i + 1).bytes());
        pdf.extend(object);
        pdf.extend(b"\nendobj\n");
    }
    let table = pdf.len();
    let count = objects.len() + 1;
    pdf.extend(format!("xref\n0 {count}\n0000000000 65535 f \n").bytes());
    for start in starts {
        pdf.extend(format!("{start:010} 00000 n \n").bytes());
    }
    let end =
        format!("trailer\n<< /Size {count} /Root 1 0 R {trailer} >>\nstartxref\n{table}\n%%EOF\n");
    pdf.extend(end.bytes());
    pdf
}

/// Returns a stream object.
pub(crate) fn stream(entries: &str, content: &[u8]) -> Vec<u8> {
    let mut object = format!("<< /Length {} {entries} >>\nstream\n", content.len()).into_bytes();
    object.extend(content);
    object.extend(b"\nendstream");
    object
}

/// Returns a file with a page of `side` points square for each of these content streams.
pub(crate) fn pages(side: u32, contents: &[String]) -> Vec<u8> {
    let numbers: Vec<String> = (0..contents.len()).map(|i| format!("{} 0 R", 3 + 2 * i)).collect();
    let mut objects = vec![
        b"<< /Type /Catalog /Pages 2 0 R >>".to_vec(),
        format!("<< /Type /Pages /Kids [{}] /Count {} >>", numbers.join(" "), numbers.len())
            .into_bytes(),
    ];
    for (i, content) in contents.iter().enumerate() {
        let page = format!(
            "<< /Type /Page /Parent 2 0 R /MediaBox [0 0 {side} {side}] /Contents {} 0 R >>",
            4 + 2 * i
        );
        objects.extend([page.into_bytes(), stream("", content.as_bytes())]);
    }
    file(&objects)
}

/// Returns drawing operators for the code of `text`, of `module` points, its lower left at (x, y).
pub(crate) fn code(text: &str, x: u32, y: u32, module: u32) -> String {
    let code = QrCode::with_version(text, Version::Normal(1), EcLevel::L).expect("it fits");
    let size = u32::try_from(code.width()).expect("a code is small");
    (0..)
        .zip(code.to_colors())
        .filter(|(_, color)| *color == Color::Dark)
        .map(|(i, _)| {
            let (column, row) = (i % size, size - 1 - i / size);
            let (x, y) = (x + column * module, y + row * module);
            format!("{x} {y} {module} {module} re f\n")
        })
        .collect()
}

/// Returns a page of `side` points square that is one JPEG of `width` by `height` pixels.
pub(crate) fn scanned(side: u32, jpeg: &[u8], width: u32, height: u32) -> Vec<u8> {
    let page = format!(
        "<< /Type /Page /Parent 2 0 R /MediaBox [0 0 {side} {side}] /Contents 4 0 R \
         /Resources << /XObject << /P 5 0 R >> >> >>"
    );
    let entries = format!(
        "/Type /XObject /Subtype /Image /Width {width} /Height {height} \
         /ColorSpace /DeviceGray /BitsPerComponent 8 /Filter /DCTDecode"
    );
    file(&[
        b"<< /Type /Catalog /Pages 2 0 R >>".to_vec(),
        b"<< /Type /Pages /Kids [3 0 R] /Count 1 >>".to_vec(),
        page.into_bytes(),
        stream("", format!("q {side} 0 0 {side} 0 0 cm /P Do Q").as_bytes()),
        stream(&entries, jpeg),
    ])
}
