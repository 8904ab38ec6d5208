use super::Scrapes;

#[test]
fn two_scrapes_that_started_later_must_complete() {
    let mut scrapes = Scrapes::default();
    let moment = scrapes.now();
    let (first, second) = (scrapes.start(), scrapes.start());
    assert!(!scrapes.have_shown(moment));
    scrapes.complete(second);
    assert!(!scrapes.have_shown(moment));
    scrapes.complete(first);
    assert!(scrapes.have_shown(moment));
}

#[test]
fn a_scrape_that_was_under_way_does_not_count() {
    let mut scrapes = Scrapes::default();
    let under_way = scrapes.start();
    let moment = scrapes.now();
    let after = scrapes.start();
    scrapes.complete(under_way);
    scrapes.complete(after);
    assert!(!scrapes.have_shown(moment));
}

#[test]
fn a_scrape_that_was_broken_off_does_not_count() {
    let mut scrapes = Scrapes::default();
    let moment = scrapes.now();
    for _ in 0..5 {
        scrapes.start();
    }
    let completed = scrapes.start();
    scrapes.complete(completed);
    assert!(!scrapes.have_shown(moment));
}

#[test]
fn a_scrape_counts_once() {
    let mut scrapes = Scrapes::default();
    let moment = scrapes.now();
    let scrape = scrapes.start();
    scrapes.complete(scrape);
    scrapes.complete(scrape);
    assert!(!scrapes.have_shown(moment));
}

#[test]
fn older_scrapes_that_complete_late_do_not_hide_newer_ones() {
    let mut scrapes = Scrapes::default();
    let (old, older) = (scrapes.start(), scrapes.start());
    let moment = scrapes.now();
    let (first, second) = (scrapes.start(), scrapes.start());
    for scrape in [second, old, first, older] {
        scrapes.complete(scrape);
    }
    assert!(scrapes.have_shown(moment));
}
