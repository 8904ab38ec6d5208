use super::{families, known};
use prometheus::core::Collector;
use prometheus::process_collector::ProcessCollector;
use prometheus::proto::{Gauge, MetricFamily};

fn names(families: &[MetricFamily]) -> Vec<&str> {
    families.iter().map(MetricFamily::name).collect()
}

#[test]
fn a_process_that_can_be_read_has_every_family_sorted_by_name() {
    let (families, is_whole) = families();
    assert!(is_whole);
    let sorted = [
        "process_cpu_seconds_total",
        "process_max_fds",
        "process_open_fds",
        "process_resident_memory_bytes",
        "process_start_time_seconds",
        "process_threads",
        "process_virtual_memory_bytes",
    ];
    assert_eq!(names(&families), sorted);
}

#[test]
fn what_cannot_be_read_is_left_out_instead_of_being_0() {
    // A process id that does not exist, which is like /proc being unreadable when no file descriptor is left.
    let unread = ProcessCollector::new(i32::MAX, "").collect();
    let (families, is_whole) = known(unread);
    assert!(families.is_empty() && !is_whole, "{:?}", names(&families));
    // The collector could read the statistics, and had no file descriptor for the rest.
    let mut some = ProcessCollector::for_self().collect();
    for family in some.iter_mut().filter(|family| family.name() == "process_open_fds") {
        family.mut_metric()[0].set_gauge(Gauge::default());
    }
    let (families, is_whole) = known(some);
    assert!(!names(&families).contains(&"process_open_fds") && !is_whole, "{:?}", names(&families));
}
