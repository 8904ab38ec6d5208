use super::decode;
use crate::{MAX_PROBE_MESSAGE, MAX_PROBE_MESSAGE_MEMORY, proto};
use prost::Message;
use tonic::Code;

/// The longest message of empty pods that the limit of bytes alone would accept.
fn empty_pods() -> Vec<u8> {
    let count = (MAX_PROBE_MESSAGE - 16) / 2;
    let hello = proto::Hello { pods: vec![proto::KnownPod::default(); count], ..proto::Hello::default() };
    proto::ProbeMessage { message: Some(proto::probe_message::Message::Hello(hello)) }.encode_to_vec()
}

#[test]
fn a_message_of_empty_pods_is_refused_before_it_is_decoded() {
    let bytes = empty_pods();
    let status = decode::<proto::ProbeMessage>(&bytes).unwrap_err();
    let text = format!(
        "a message of {} bytes: decoding it takes more than {MAX_PROBE_MESSAGE_MEMORY} bytes of memory",
        bytes.len()
    );
    assert_eq!((status.code(), status.message()), (Code::ResourceExhausted, text.as_str()));
}

#[test]
fn a_hello_of_all_that_a_probe_can_know_is_taken() {
    let pods = vec![proto::KnownPod { uid: "u".repeat(36), version: 1 }; 16_384];
    let addresses = vec![proto::KnownAddress { address: vec![1; 16], version: 1 }; 16_384];
    let hello = proto::Hello { node: "n".repeat(253), probe_version: String::new(), pods, addresses };
    let message = proto::ProbeMessage { message: Some(proto::probe_message::Message::Hello(hello)) };
    assert_eq!(decode::<proto::ProbeMessage>(&message.encode_to_vec()).unwrap(), message);
}
