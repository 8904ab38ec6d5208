use super::*;
use crate::otlp::proto::common::v1::{AnyValue, KeyValue, any_value};
use proptest::prelude::*;
use prost::Message;

const EDGES: [u64; 9] = [0, 1, 0x7f, 0x80, 0x3fff, 0x4000, u32::MAX as u64, i64::MAX as u64, u64::MAX];

#[test]
fn a_varint_has_the_length_that_was_said() {
    for number in EDGES {
        let (mut written, mut expected) = (Vec::new(), Vec::new());
        write_varint(number, &mut written);
        prost::encode_length_delimiter(usize::try_from(number).unwrap(), &mut expected).unwrap();
        assert_eq!((written.len(), &written), (varint_len(number), &expected), "{number}");
    }
}

/// As a message would have it that has nothing else.
fn framed(field: u8, message: &impl Message) -> Vec<u8> {
    let mut framed = vec![field << 3 | 2];
    message.encode_length_delimited(&mut framed).unwrap();
    framed
}

fn pair(name: &str, value: any_value::Value) -> KeyValue {
    KeyValue { key: name.to_owned(), value: Some(AnyValue { value: Some(value) }), ..KeyValue::default() }
}

#[test]
fn a_number_that_is_too_large_is_the_largest() {
    for number in EDGES {
        let (mut written, capped) = (Vec::new(), i64::try_from(number).unwrap_or(i64::MAX));
        write_integer_attribute(7, "a", number, &mut written);
        assert_eq!(written, framed(7, &pair("a", any_value::Value::IntValue(capped))), "{number}");
    }
}

proptest! {
    #[test]
    fn attributes_are_written_as_by_prost(name in "\\PC{1,200}", text in "(?s).{0,300}", number in any::<u64>(), shift in 0..64) {
        let number = number >> shift;
        let (mut written, mut expected) = (Vec::new(), Vec::new());
        write_text_attribute(9, &name, text.as_bytes(), &mut written);
        expected.extend(framed(9, &pair(&name, any_value::Value::StringValue(text))));
        write_integer_attribute(7, &name, number, &mut written);
        let number = i64::try_from(number).unwrap_or(i64::MAX);
        expected.extend(framed(7, &pair(&name, any_value::Value::IntValue(number))));
        prop_assert_eq!(written, expected);
    }
}
