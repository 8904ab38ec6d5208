use super::{ALL, Field, InvalidShape, Shape};
use crate::proto;
use proptest::prelude::*;
use prost::Message;
use std::collections::BTreeMap;
use std::path::Path;

/// Type numbers of descriptor.proto.
const STRING: i32 = 9;
const MESSAGE: i32 = 11;
const BYTES: i32 = 12;
const REPEATED: i32 = 3;

#[test]
fn every_field_that_allocates_is_known() {
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("proto");
    let descriptors = protox::compile(["longwire/v1/control.proto", "longwire/v1/live.proto"], [root]).unwrap();
    let messages: BTreeMap<String, Vec<(u64, String)>> = descriptors
        .file
        .iter()
        .flat_map(|file| &file.message_type)
        .map(|message| {
            let fields = message.field.iter().filter_map(|field| {
                let number = u64::try_from(field.number()).unwrap();
                match (field.r#type.unwrap(), field.label.unwrap()) {
                    (STRING | BYTES, _) => Some((number, "text".to_owned())),
                    (MESSAGE, _) => Some((number, field.type_name().rsplit('.').next().unwrap().to_owned())),
                    (_, REPEATED) => Some((number, "packed".to_owned())),
                    _ => None,
                }
            });
            (message.name().to_owned(), fields.collect())
        })
        .collect();
    for (name, shape) in ALL {
        let described = |field: &Field| match field {
            Field::Message(shape) => name_of(shape).to_owned(),
            Field::Text => "text".to_owned(),
            Field::Packed(_) => "packed".to_owned(),
        };
        let mut known: Vec<_> = shape.fields.iter().map(|(number, field)| (*number, described(field))).collect();
        known.sort_unstable();
        let mut expected = messages[name.trim_start_matches("proto::")].clone();
        expected.sort_unstable();
        assert_eq!(known, expected, "{name}");
    }
}

fn name_of(shape: &Shape) -> &'static str {
    ALL.iter().find(|(_, known)| std::ptr::eq(*known, shape)).unwrap().0.trim_start_matches("proto::")
}

fn check(message: &impl Message, shape: &Shape, limit: usize) -> Result<usize, InvalidShape> {
    shape.check(&message.encode_to_vec(), limit)
}

#[test]
fn what_costs_two_bytes_on_the_wire_is_charged_with_what_it_takes_in_memory() {
    let shape = Shape::of::<proto::Update>().unwrap();
    let pods = |count| proto::Update { pods: vec![proto::LocalPod::default(); count], ..proto::Update::default() };
    assert_eq!(pods(1_000).encoded_len(), 2_000);
    let each = 2 * size_of::<proto::LocalPod>() + 4;
    assert_eq!(check(&pods(1_000), shape, usize::MAX), Ok(1_000 * each));
    assert_eq!(check(&pods(1_000), shape, 1_000 * each), Ok(1_000 * each));
    let limit = 1_000 * each - 1;
    assert_eq!(check(&pods(1_000), shape, limit), Err(InvalidShape::TooLarge { limit }));
}

#[test]
fn what_is_no_message_is_refused() {
    let shape = Shape::of::<proto::ProbeMessage>().unwrap();
    let refused: [&[u8]; 6] = [&[0x0a], &[0x0a, 5, 1], &[0x80; 11], &[0x0b], &[0x0e, 0], &[0x09, 1, 2]];
    for bytes in refused {
        assert_eq!(shape.check(bytes, 1 << 20), Err(InvalidShape::Malformed), "{bytes:x?}");
    }
}

proptest! {
    /// All messages that prost accepts are accepted here, and nothing panics.
    #[test]
    fn whatever_prost_decodes_has_a_shape(bytes in proptest::collection::vec(any::<u8>(), 0..64)) {
        for shape in ALL {
            let _ = shape.1.check(&bytes, 1 << 20);
        }
        // Except groups, which prost skips and no sender uses.
        let has_groups = bytes.iter().any(|byte| matches!(byte & 7, 3 | 4));
        if !has_groups && proto::ProbeMessage::decode(bytes.as_slice()).is_ok() {
            prop_assert!(Shape::of::<proto::ProbeMessage>().unwrap().check(&bytes, 1 << 20).is_ok());
        }
    }
}
