//! What a scraper asks the probe for.

use longwire_probe::http::accept::negotiate;

pub(crate) fn fuzz(bytes: &[u8]) {
    let Ok(text) = str::from_utf8(bytes) else { return };
    let format = negotiate(Some(text));
    let spaced = text.replace(',', " , ").replace(';', " ; ");
    assert_eq!(negotiate(Some(&spaced)), format, "space around what separates says nothing");
}
