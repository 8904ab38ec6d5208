use super::Latencies;

#[test]
fn a_quantile_is_right_to_one_step() {
    let mut latencies = Latencies::new();
    for nanoseconds in 1..=1_000 {
        latencies.observe(nanoseconds * 1_000);
    }
    for (share, exact) in [(0.5, 500_000.0), (0.999, 999_000.0), (1.0, 1_000_000.0)] {
        let found = latencies.quantile(share) as f64;
        assert!((exact..=exact * 1.016).contains(&found), "{share}: {found}");
    }
}

#[test]
fn histograms_of_two_connections_add_up() {
    let (mut one, mut other) = (Latencies::new(), Latencies::new());
    one.observe(10);
    other.observe(1 << 40);
    one.add(&other);
    assert_eq!((one.quantile(0.5), one.quantile(1.0)), (11, (1 << 40) + (1 << 34)));
    assert_eq!(Latencies::new().quantile(0.5), 0);
}
