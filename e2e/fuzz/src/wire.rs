//! Both ends of the control stream and of the live stream. The first byte selects the sender.

use crate::node::{S, check, pipeline};
use longwire_wire::codec;
use longwire_wire::decode::Decoder;
use longwire_wire::live::{LiveDecoder, LiveEncoder, asked, facts};
use longwire_wire::message::FromProbe;
use longwire_wire::proto;
use longwire_wire::proto::live_report::Report;
use prost::decode_length_delimiter;

pub(crate) fn fuzz(bytes: &[u8]) {
    match bytes.split_first() {
        Some((0, messages)) => from_operator(messages),
        Some((2, reports)) => live(reports),
        Some((3, order)) => {
            let _ = codec::decode::<proto::LiveOrder>(order).map(asked);
        }
        Some((_, message)) => from_probe(message),
        None => {}
    }
}

/// Messages of one stream, each after its length.
fn from_operator(mut bytes: &[u8]) {
    let (mut decoder, mut pipeline) = (Decoder::default(), pipeline());
    while let Ok(length) = decode_length_delimiter(&mut bytes) {
        let (message, rest) = bytes.split_at(length.min(bytes.len()));
        bytes = rest;
        let Ok(message) = codec::decode::<proto::Update>(message) else { continue };
        if let Ok(received) = decoder.decode(message) {
            pipeline.apply(&received.update, 100 * S);
        }
    }
    check(&mut pipeline, 100 * S);
}

fn from_probe(bytes: &[u8]) {
    let Ok(Ok(message)) = codec::decode::<proto::ProbeMessage>(bytes).map(FromProbe::try_from) else { return };
    let again = FromProbe::try_from(proto::ProbeMessage::from(message.clone()));
    assert_eq!(again, Ok(message), "what was understood can be said");
}

/// Reports of one live stream, each after its length.
fn live(mut bytes: &[u8]) {
    let mut decoder = LiveDecoder::default();
    while let Ok(length) = decode_length_delimiter(&mut bytes) {
        let (message, rest) = bytes.split_at(length.min(bytes.len()));
        bytes = rest;
        let batch = match codec::decode(message) {
            Ok(proto::LiveReport { report: Some(Report::Batch(batch)) }) => batch,
            Ok(proto::LiveReport { report: Some(Report::Facts(said)) }) => {
                let _ = facts(*said);
                continue;
            }
            _ => continue,
        };
        let Ok(batch) = decoder.decode(*batch) else { return };
        // The longest message may have more names than a probe sends.
        let Ok(said) = LiveEncoder::default().encode(&batch) else { continue };
        assert_eq!(LiveDecoder::default().decode(said), Ok(batch), "what was understood can be said");
    }
}
