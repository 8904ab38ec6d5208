use super::*;
use rstest::rstest;
use std::collections::BTreeSet;

fn pieces(text: &str) -> Vec<Piece> {
    Template::parse(text).unwrap_or_else(|error| panic!("{text}: {error}")).pieces().to_vec()
}

fn refusal(text: &str) -> String {
    Template::parse(text).unwrap_err().to_string()
}

#[test]
fn a_format_is_cut_into_text_and_operators() {
    let text = |text: &str| Piece::Text(text.into());
    assert_eq!(
        pieces("[%START_TIME%] 100%% %BYTES_SENT%\n"),
        [
            text("["),
            Piece::Operator(Operator::StartTime(TimeFormat::Rfc3339), None),
            text("] 100% "),
            Piece::Operator(Operator::BytesSent, None),
        ]
    );
    assert_eq!(pieces("%LONGWIRE(source_pod):12%"), [Piece::Operator(Operator::Field(Field::SourcePod), Some(12))]);
    assert_eq!(pieces("%START_TIME(%s.%3f)%"), [Piece::Operator(Operator::StartTime(TimeFormat::Seconds(3)), None)]);
    assert_eq!(pieces("%EMIT_TIME(%s)%"), [Piece::Operator(Operator::EmitTime(TimeFormat::Seconds(0)), None)]);
    assert_eq!(
        pieces("%DOWNSTREAM_LOCAL_PORT%"),
        [Piece::Operator(Operator::DownstreamLocalAddress(AddressPart::Port), None)]
    );
}

#[rstest]
#[case("", "a format without text")]
#[case("\n", "a format without text")]
#[case("a %BYTES_SENT", "a % at byte 2 is not closed")]
#[case("%REQ(:METHOD)%", "unknown operator %REQ%: known are START_TIME, EMIT_TIME, LONGWIRE(field), BYTES_RECEIVED")]
#[case("%BYTES_SENT(x)%", "%BYTES_SENT% takes no argument")]
#[case("%LONGWIRE(podname)%", "%LONGWIRE(podname)%: there is no such field; known are time, type, id")]
#[case("%LONGWIRE%", "%LONGWIRE()%: there is no such field")]
#[case("%START_TIME(%Y)%", "%START_TIME(%Y)%: write %s for seconds")]
#[case("%START_TIME(%s.%0f)%", "%START_TIME(%s.%0f)%: write %s for seconds")]
#[case("%BYTES_SENT:0%", "%BYTES_SENT:0%: the length is a number of 1 to 9999")]
#[case("%BYTES_SENT:99999%", "%BYTES_SENT:99999%: the length")]
#[case("%BYTES_SENT(%", "a % at byte 0 is not closed")]
#[case("%LONGWIRE(id)x%", "unknown operator %LONGWIRE(id)x%")]
#[case("a\nb", "a format with a line break")]
#[case("\u{1b}[2J%BYTES_SENT%", "a format with a line break")]
#[case("%BYTES_SENT%\u{2028}", "a format with a line break")]
fn what_is_wrong_with_a_format_is_named(#[case] text: &str, #[case] begin: &str) {
    let refusal = refusal(text);
    assert!(refusal.starts_with(begin), "{text}: {refusal}");
}

#[test]
fn a_format_may_not_be_too_long() {
    assert!(Template::parse(&"x".repeat(MAX_TEMPLATE_BYTES)).is_ok());
    assert!(refusal(&"x".repeat(MAX_TEMPLATE_BYTES + 1)).contains("2049 bytes is too long"));
}

#[test]
fn fields_have_names_of_their_own_and_a_description() {
    let names: BTreeSet<&str> = Field::ALL.into_iter().map(Field::name).collect();
    assert_eq!(names.len(), Field::ALL.len());
    for field in Field::ALL {
        assert_eq!(Field::named(field.name()), Some(field));
        assert!(!field.help().is_empty() && !field.help().contains('\n'), "{}", field.name());
    }
}

#[test]
fn events_have_one_bit_each() {
    for event in LogEvent::ALL {
        let one = LogEvents::NONE.with(event);
        assert_eq!(one.iter().collect::<Vec<_>>(), [event]);
        assert_eq!(LogEvent::named(event.name()), Some(event));
    }
}

#[test]
fn a_share_is_a_part_of_every_larger_one_and_has_its_size() {
    let shares = [0.0, 0.5, 12.5, 100.0].map(|percent| Share::of_percent(percent).unwrap());
    let mut counts = [0_u32; 4];
    for id in 0..100_000_u64 {
        // Ids are hashes, but consecutive ones must do as well.
        let has = shares.map(|share| share.has(id));
        assert!(has.is_sorted(), "{id}: {has:?}");
        for (count, has) in counts.iter_mut().zip(has) {
            *count += u32::from(has);
        }
    }
    assert_eq!((counts[0], counts[3]), (0, 100_000));
    assert!((400..600).contains(&counts[1]) && (12_000..13_000).contains(&counts[2]), "{counts:?}");
}

#[rstest]
#[case(-0.1)]
#[case(100.1)]
#[case(f64::NAN)]
fn what_is_no_percentage_is_no_share(#[case] percent: f64) {
    assert_eq!(Share::of_percent(percent), None);
}
