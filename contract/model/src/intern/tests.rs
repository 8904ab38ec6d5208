use super::{Interner, MIN_SWEEP};
use std::convert::Infallible;
use std::sync::Arc;

fn make(interner: &Interner<String>, text: &str) -> Arc<String> {
    interner.get_or_make(text, || Ok::<_, Infallible>(text.to_owned())).unwrap()
}

fn entries(interner: &Interner<String>) -> usize {
    interner.known.lock().unwrap().values.len()
}

#[test]
fn a_text_in_use_has_one_value() {
    let interner = Interner::default();
    let first = make(&interner, "a");
    assert!(Arc::ptr_eq(&first, &make(&interner, "a")));
    assert!(!Arc::ptr_eq(&first, &make(&interner, "b")));
}

#[test]
fn what_cannot_be_made_is_not_kept() {
    let interner = Interner::<String>::default();
    assert_eq!(interner.get_or_make("a", || Err("no")), Err("no"));
    assert_eq!(entries(&interner), 0);
}

#[test]
fn unused_values_do_not_add_up() {
    let interner = Interner::default();
    let used = make(&interner, "used");
    for number in 0..10 * MIN_SWEEP {
        drop(make(&interner, &number.to_string()));
        assert!(entries(&interner) <= MIN_SWEEP);
    }
    assert!(Arc::ptr_eq(&used, &make(&interner, "used")));
}
