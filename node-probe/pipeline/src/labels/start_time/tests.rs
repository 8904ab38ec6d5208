use super::written;
use rstest::rstest;

#[rstest]
#[case::the_epoch(0, "1970-01-01 00:00:00 +0000 UTC")]
#[case::all_nine_digits(1_746_675_514_201_259_611, "2025-05-08 03:38:34.201259611 +0000 UTC")]
#[case::zeros_at_the_end_of_the_fraction(1_746_675_514_200_000_000, "2025-05-08 03:38:34.2 +0000 UTC")]
#[case::zeros_at_its_beginning(1_746_675_514_000_000_010, "2025-05-08 03:38:34.00000001 +0000 UTC")]
#[case::zeros_at_the_end_of_the_seconds(1_746_675_510_000_000_000, "2025-05-08 03:38:30 +0000 UTC")]
#[case::the_last_second_of_a_year(1_767_225_599_999_999_999, "2025-12-31 23:59:59.999999999 +0000 UTC")]
#[case::a_leap_day(1_709_164_800_000_000_000, "2024-02-29 00:00:00 +0000 UTC")]
#[case::the_day_after(1_709_251_200_000_000_000, "2024-03-01 00:00:00 +0000 UTC")]
#[case::a_leap_day_every_400_years(951_782_400_000_000_000, "2000-02-29 00:00:00 +0000 UTC")]
#[case::none_every_100_years(4_107_542_400_000_000_000, "2100-03-01 00:00:00 +0000 UTC")]
#[case::the_last_that_64_bits_hold(u64::MAX, "2554-07-21 23:34:33.709551615 +0000 UTC")]
fn a_time_reads_as_go_prints_it(#[case] nanoseconds: u64, #[case] expected: &str) {
    assert_eq!(written(nanoseconds), expected);
}

#[test]
fn every_day_follows_the_day_before() {
    let is_leap = |year: u32| year.is_multiple_of(4) && !year.is_multiple_of(100) || year.is_multiple_of(400);
    let (mut year, mut month, mut day) = (1970, 1, 1);
    for days in 0..213_000 {
        let expected = format!("{year}-{month:02}-{day:02} 00:00:00 +0000 UTC");
        assert_eq!(written(days * 86_400_000_000_000), expected);
        let length = match month {
            2 => 28 + u32::from(is_leap(year)),
            4 | 6 | 9 | 11 => 30,
            _ => 31,
        };
        (day, month) = if day < length { (day + 1, month) } else { (1, month + 1) };
        (month, year) = if month > 12 { (1, year + 1) } else { (month, year) };
    }
}
