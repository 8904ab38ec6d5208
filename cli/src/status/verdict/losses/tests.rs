use super::Meaning;
use longwire_model::series::LOSSES;

#[test]
fn every_loss_has_a_meaning_and_a_remedy() {
    for loss in LOSSES {
        let meaning = Meaning::of(loss.metric);
        assert_eq!(meaning.metric, loss.metric);
        assert!(meaning.remedy.ends_with('.') && !meaning.lost.ends_with('.'), "{}", loss.metric);
    }
    assert_eq!(Meaning::of("longwire_probe_of_tomorrow_total").lost, "something");
}
