//! Whatever targets have, each good sample is on the page once, with its value and its timestamp.

use super::*;
use proptest::prelude::*;
use proptest::sample::select;
use std::collections::BTreeMap;

/// Name and labels as a scraper sees them, and the timestamp.
type Series = (String, BTreeMap<String, String>, Option<i64>);

/// Values of series, and how many samples there are.
fn read(body: &[u8], format: Format) -> (BTreeMap<Series, String>, usize) {
    let page = Page::read(body, format, Names::Utf8, &Limits::default()).unwrap();
    let mut series = BTreeMap::new();
    for sample in &page.samples {
        let labels = sample.labels().map(|label| {
            let value = unescape(label.value, true).into_owned();
            (name::label(label.name, label.is_quoted, Names::Utf8).into_owned(), value)
        });
        let labels = labels.filter(|(_, value)| !value.is_empty()).collect();
        let time = sample.time().map(|time| millis(time, format));
        series
            .entry((sample.name(Names::Utf8).into_owned(), labels, time))
            .or_insert_with(|| sample.value().to_owned());
    }
    (series, page.samples.len())
}

/// Of no type that makes two names or two bounds one.
fn line() -> impl Strategy<Value = String> {
    let name = select(vec!["a", "b_total", "c_count", "{\"d.e\"", "{\"a\""]);
    let labels = proptest::collection::btree_map("[l-n]|\"[o-p]\\.q\"", "[a-c]?|\\\\\\\\|\\\\n|\\\\\"|[{}, #]|é", 0..3);
    let time = select(vec!["", " 0", " 1700000000123"]);
    let value = select(vec!["1", "-2.5", "1e9", "NaN", "+Inf"]);
    (name, labels, value, time).prop_map(|(name, labels, value, time)| {
        let labels: Vec<String> = labels.into_iter().map(|(name, value)| format!("{name}=\"{value}\"")).collect();
        let labels = labels.join(",");
        let series = match (name.contains('{'), labels.is_empty()) {
            (true, true) => format!("{name}}}"),
            (true, false) => format!("{name},{labels}}}"),
            (false, _) => format!("{name}{{{labels}}}"),
        };
        format!("{series} {value}{time}\n")
    })
}

fn body() -> impl Strategy<Value = String> {
    let metadata =
        select(vec!["# TYPE a gauge\n", "# HELP a text \\\\ \"\n", "# TYPE b_total counter\n", "# HELP b_total x\n"]);
    let lines = proptest::collection::vec(prop_oneof![4 => line(), 1 => metadata.prop_map(str::to_owned)], 0..12);
    lines.prop_map(|lines| lines.concat())
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(256))]
    #[test]
    fn each_good_sample_is_on_the_page_once(bodies in proptest::collection::vec(body(), 1..4)) {
        let bodies: Vec<&str> = bodies.iter().map(String::as_str).collect();
        let mut expected = BTreeMap::new();
        let mut all = 0;
        for body in &bodies {
            let (series, samples) = read(body.as_bytes(), Format::Text);
            series.into_iter().for_each(|(series, value)| { expected.entry(series).or_insert(value); });
            all += samples as u64;
        }
        for format in [Format::Text, Format::OpenMetrics] {
            let (page, accepted) = merged(format, &bodies);
            let (found, samples) = read(page.as_bytes(), format);
            prop_assert_eq!(&found, &expected);
            prop_assert_eq!(samples, expected.len(), "a sample is there twice: {}", &page);
            let taken: u64 = accepted.iter().map(|accepted| accepted.samples).sum();
            let dropped: u64 = accepted.iter().flat_map(|accepted| &accepted.dropped).map(|dropped| dropped.samples).sum();
            prop_assert_eq!((taken, taken + dropped), (expected.len() as u64, all));
            // Merged once more it is the same page, in either format.
            let mut again = Merge::new(format, Names::Utf8);
            let accepted = again.target(Some(format.content_type()), page.as_bytes(), &Limits::default()).unwrap();
            prop_assert_eq!(accepted.dropped, []);
            prop_assert_eq!(finished(again), page);
        }
    }

    #[test]
    fn no_body_breaks_a_page(bodies in proptest::collection::vec("[ab_\\{\\}\"=,1 \n#\\\\]{0,30}|(# (HELP|TYPE|UNIT) a(_total)? (counter|a)\n|a(_total)? 1( 1)?\n){0,9}(# EOF\n)?", 1..4), open in any::<bool>()) {
        for format in [Format::Text, Format::OpenMetrics] {
            let mut merge = Merge::new(format, Names::Utf8);
            merge.own("ours 1\n");
            for body in &bodies {
                let _ = merge.target(if open { OPEN_METRICS } else { TEXT }, body.as_bytes(), &Limits::default());
            }
            let page = finished(merge);
            prop_assert!(page.starts_with("ours 1\n"));
            prop_assert!(Page::read(page.as_bytes(), format, Names::Utf8, &Limits::default()).is_ok(), "{}", page);
        }
    }
}
