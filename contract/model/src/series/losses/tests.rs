use super::{LOSSES, is_loss};
use crate::series::{SELF_METRICS, SelfKind, is_listed};

#[test]
fn every_loss_is_a_counter_of_the_probe_and_its_reasons_are_values_of_the_last_label() {
    for loss in LOSSES {
        let row = SELF_METRICS.iter().find(|row| row.name == loss.metric).unwrap();
        assert_eq!(row.kind, SelfKind::Counter, "{}", loss.metric);
        for reason in loss.reasons {
            assert!(is_listed(row.name, row.labels.last().unwrap(), reason), "{} {reason}", row.name);
        }
    }
}

#[test]
fn what_a_network_is_like_is_no_loss() {
    let unresolved = "longwire_probe_connections_unresolved_total";
    assert!(is_loss(unresolved, Some("forced")) && is_loss("longwire_probe_closes_lost_total", None));
    assert!(is_loss("longwire_probe_kernel_losses_total", Some("of a newer probe")));
    assert!(!is_loss(unresolved, Some("outside")) && !is_loss(unresolved, None));
    assert!(!is_loss("longwire_probe_records_total", None));
}
