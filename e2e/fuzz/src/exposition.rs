//! What the targets of a pod answer, merged with a series of our own. The first byte selects the formats; `---` on a line of its
//! own stands between two targets.

use longwire_export::exposition::Format;
use longwire_merge::{Limits, Merge, Names};

const OWN: &str = "# TYPE ours gauge\nours 1\n";
const LIMITS: Limits = Limits { bytes: 16 << 10, samples: 1_000, families: 100, labels: 16 };

pub(crate) fn fuzz(bytes: &[u8]) {
    let Some((flags, bodies)) = bytes.split_first() else { return };
    let format = |bit: u8| if flags & bit == 0 { Format::Text } else { Format::OpenMetrics };
    let names = if flags & 4 == 0 { Names::Utf8 } else { Names::Underscores };
    let (from, to) = (format(1), format(2));
    let content_type = if flags & 8 == 0 { Some(from.content_type()) } else { None };
    let mut merge = Merge::new(to, names);
    merge.own(OWN);
    let (mut expected, mut rest) = (1, Some(bodies));
    while let Some(body) = rest {
        let end = body.windows(5).position(|window| window == b"\n---\n");
        rest = end.map(|end| &body[end + 5..]);
        let body = end.map_or(body, |end| &body[..=end]);
        expected += merge.target(content_type, body, &LIMITS).map_or(0, |accepted| accepted.samples);
    }
    let page = merge.finish();
    assert!(page.starts_with(OWN.as_bytes()), "our own series are not there as they were");
    let mut again = Merge::new(to, names);
    let accepted = again.target(Some(to.content_type()), &page, &Limits::default()).expect("a page is an exposition");
    assert_eq!(accepted.dropped, [], "a series or a name stands twice");
    assert_eq!(accepted.samples, expected, "a sample that was counted is missing");
    assert_eq!(again.finish(), page, "a page is merged as it is");
}
