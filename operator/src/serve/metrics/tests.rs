use super::{take, text};
use crate::cluster::tls::{self, Lifetimes, Material};
use crate::counters::Counters;
use crate::index::Index;
use crate::policy::state::{self, PolicyStates};
use crate::publish::Publisher;
use crate::publish::role::Role;
use crate::serve::health::{Endpoints, State};
use longwire_model::series::{OPEN_LABELS, OPERATOR_METRICS, is_listed};
use std::collections::BTreeSet;
use std::sync::Arc;
use tokio::sync::watch;

fn state(counters: Counters) -> State {
    let names = tls::names("watch");
    let lifetimes = Lifetimes { leaf: 100, authority: 1_000, spread: 10 };
    let (serving, certificate) = watch::channel(None);
    tls::publish(&Material::create(&names, lifetimes, 1_000_000).unwrap(), &serving).unwrap();
    let (_publisher, published) = Publisher::new();
    let (_role, role) = watch::channel(Role::Standby { leader: None });
    let endpoints = Endpoints::new(&counters);
    State { published, role, certificate: Some(certificate), counters: Arc::new(counters), endpoints }
}

#[test]
fn every_row_of_the_table_is_read_and_every_reading_has_a_row() {
    let counters = Counters::default();
    counters.refused("no_token");
    counters.handshake_refused("plaintext");
    counters.reviewed("keys");
    counters.authorization_requested("admitted");
    counters.connections([("handshake", 0), ("pending", 0), ("admitted", 1)]);
    let index = Index::default();
    counters.indexed(index.counts(), index.slices_refused());
    let states = PolicyStates::new();
    counters.configured(state::refused(&states), state::conflicted(&states));
    counters.reduced([("pod", 0), ("node", 0)]);
    counters.left_out([("claim", 0), ("service", 0), ("port", 0), ("endpoint", 0)]);
    counters.live.begin();
    counters.live.answered("probes", "list", 200);
    counters.live.refused("certificate");
    counters.live.joined(0, 0, [("number", 1)].into_iter());
    let state = state(counters);
    let (readings, histograms) = (take(&state), state.counters.loops.0.families());
    let read = readings.iter().map(|reading| reading.name).chain(histograms.iter().map(|family| family.name()));
    assert_eq!(read.collect::<BTreeSet<_>>(), OPERATOR_METRICS.iter().map(|row| row.name).collect());
    let lines = histograms.iter().flat_map(|family| family.get_metric().iter().map(move |metric| (family, metric)));
    for (family, metric) in lines {
        let [label] = metric.get_label() else { panic!("{}", family.name()) };
        assert!(is_listed(family.name(), label.name(), label.value()), "{}: {}", family.name(), label.value());
    }
    for reading in &readings {
        let row = OPERATOR_METRICS.iter().find(|row| row.name == reading.name).unwrap();
        assert_eq!(reading.labels.len(), row.labels.len(), "{}", row.name);
        for (label, value) in row.labels.iter().zip(&reading.labels) {
            let is_known = OPEN_LABELS.contains(label) || is_listed(row.name, label, value);
            assert!(is_known, "docs/metrics.md does not say what {label}={value} of {} means", row.name);
        }
    }
}

#[test]
fn a_scrape_has_the_role_of_the_replica() {
    let counters = Counters::default();
    counters.refused("no_token");
    let scrape = text(&state(counters)).unwrap();
    for line in [
        "longwire_operator_role{role=\"standby\"} 1\n",
        "longwire_operator_streams_refused_total{reason=\"no_token\"} 1\n",
        "longwire_operator_certificate_expiry_timestamp_seconds{certificate=\"leaf\"} 1000100\n",
    ] {
        assert!(scrape.contains(line), "{line}{scrape}");
    }
}
