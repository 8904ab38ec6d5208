//! What may have been meant.

/// Most edits of a typing error.
const SLIP: usize = 3;

/// The known word that is nearest to this one, if it is near enough for a typing error.
pub(super) fn nearest<'a>(word: &str, known: impl IntoIterator<Item = &'a str>) -> Option<&'a str> {
    let lower = word.to_ascii_lowercase();
    let distance = |known: &str| strsim::osa_distance(&lower, &known.to_ascii_lowercase());
    // Of a short word that many edits would make any other.
    let most = SLIP.min(word.chars().count() / 2);
    let near = known.into_iter().map(|known| (distance(known), known)).filter(|(edits, _)| *edits <= most);
    near.min().map(|(_, known)| known)
}

/// `None`: nothing is near.
pub(super) fn remedy<'a>(word: &str, known: impl IntoIterator<Item = &'a str>) -> Option<String> {
    nearest(word, known).map(|known| format!("Did you mean {known}?"))
}
