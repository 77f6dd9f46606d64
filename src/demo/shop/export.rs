//! What is not JSON: the price list and the pictures.

use super::answer::{Answer, Problem};
use super::catalogue::{Catalogue, text};
use bytes::Bytes;
use flate2::{Compression, Crc, write::ZlibEncoder};
use serde_json::Value;
use std::io::Write;

/// `GET /export/items.csv`: RFC 4180.
pub fn price_list(shop: &Catalogue) -> Answer {
    let mut csv = String::from("id,name,category,price,currency,stock\r\n");
    for item in &shop.items {
        let stock = item.document.get("stock").and_then(Value::as_u64).unwrap_or_default();
        let name = item.name.replace('"', "\"\"");
        csv.push_str(&format!(
            "{},\"{name}\",{},{:.2},EUR,{stock}\r\n",
            item.id, item.category, item.price
        ));
    }
    Answer::file("text/csv; charset=utf-8", csv.into())
}

/// `GET /images/{name}`: every item's pictures, each in a colour of its own.
pub fn picture(shop: &Catalogue, name: &str) -> Result<Answer, Problem> {
    let slug = name.rsplit_once('-').map(|(slug, _)| slug);
    let item = shop.items.iter().find(|item| text(&item.document, "slug") == slug);
    let images = item.and_then(|item| item.document.get("images")?.as_array());
    let listed =
        |image: &Value| image.as_str().and_then(|path| path.strip_prefix("/images/")) == Some(name);
    if !images.is_some_and(|images| images.iter().any(listed)) {
        return Err(Problem::NotFound("there is no such picture".into()));
    }
    let mut crc = Crc::new();
    crc.update(name.as_bytes());
    let [red, green, blue, _] = crc.sum().to_be_bytes();
    Ok(Answer::file("image/png", png([red, green, blue])))
}

const SIDE: u8 = 24;

/// A square that fades from the colour to black, as the PNG specification (third edition,
/// sections 5 and 11) has it: signature, IHDR, IDAT, IEND.
fn png(colour: [u8; 3]) -> Bytes {
    let mut pixels = ZlibEncoder::new(Vec::new(), Compression::default());
    for row in 0..SIDE {
        let shade = |part: u8| part / SIDE * (SIDE - row);
        let [red, green, blue] = colour.map(shade);
        let line = [red, green, blue].repeat(SIDE.into());
        pixels.write_all(&[0]).expect(IN_MEMORY);
        pixels.write_all(&line).expect(IN_MEMORY);
    }
    let pixels = pixels.finish().expect(IN_MEMORY);
    // Width, height, then: 8 bits a channel, RGB, and the only methods there are.
    let header = [0, 0, 0, SIDE, 0, 0, 0, SIDE, 8, 2, 0, 0, 0];
    let mut file = b"\x89PNG\r\n\x1a\n".to_vec();
    for (kind, data) in [(b"IHDR", header.as_slice()), (b"IDAT", &pixels), (b"IEND", &[])] {
        let length = u32::try_from(data.len()).expect("a few hundred bytes");
        let mut crc = Crc::new();
        crc.update(kind);
        crc.update(data);
        file.extend_from_slice(&length.to_be_bytes());
        file.extend_from_slice(kind);
        file.extend_from_slice(data);
        file.extend_from_slice(&crc.sum().to_be_bytes());
    }
    file.into()
}

const IN_MEMORY: &str = "writing to memory cannot fail";
