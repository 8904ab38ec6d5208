//! Memory that decoding a hostile message takes.

use cap::Cap;
use longwire_wire::live::{MAX_LIVE_REPORT, MAX_LIVE_REPORT_MEMORY};
use longwire_wire::{MAX_PROBE_MESSAGE, MAX_PROBE_MESSAGE_MEMORY, MAX_UPDATE, MAX_UPDATE_MEMORY, codec, proto};
use prost::Message;
use std::alloc::System;

/// Counts allocations. This executable runs no other code meanwhile.
#[global_allocator]
static HEAP: Cap<System> = Cap::new(System, usize::MAX);

/// Tag and length 0, repeated, below the first field of a message.
fn empty_messages(outer: u8, inner: u8, size: usize) -> Vec<u8> {
    let mut body = Vec::with_capacity(size);
    while body.len() + 16 < size {
        body.extend([inner << 3 | 2, 0]);
    }
    let mut message = vec![outer << 3 | 2];
    prost::encoding::encode_varint(body.len() as u64, &mut message);
    message.extend(body);
    message
}

/// Memory for the most expensive message that is accepted, and what it would be without a limit.
fn longest_taken<T: Message + Default + 'static>(message: impl Fn(usize) -> Vec<u8>, limit: usize) -> (usize, usize) {
    let (mut size, before) = (limit / 8, HEAP.allocated());
    loop {
        let bytes = message(size);
        HEAP.set_limit(before + bytes.capacity() + limit).unwrap();
        let decoded = codec::decode::<T>(&bytes);
        HEAP.set_limit(usize::MAX).unwrap();
        if decoded.is_ok() {
            return (bytes.len(), HEAP.allocated() - before - bytes.capacity());
        }
        size = size * 3 / 4;
    }
}

/// An allocation past the limit would end this executable.
#[test]
fn no_message_takes_more_memory_than_its_kind_may() {
    let pods = |size: usize| empty_messages(1, 3, size.min(MAX_PROBE_MESSAGE));
    let (bytes, memory) = longest_taken::<proto::ProbeMessage>(pods, MAX_PROBE_MESSAGE_MEMORY);
    println!("{bytes} bytes of empty pods in a hello take {memory} bytes");
    assert!(bytes < MAX_PROBE_MESSAGE / 4 && memory <= MAX_PROBE_MESSAGE_MEMORY, "{bytes} {memory}");
    let addresses = |size: usize| empty_messages(2, 1, size.min(MAX_PROBE_MESSAGE));
    let (bytes, memory) = longest_taken::<proto::ProbeMessage>(addresses, MAX_PROBE_MESSAGE_MEMORY);
    println!("{bytes} bytes of empty addresses in an interest take {memory} bytes");
    assert!(memory <= MAX_PROBE_MESSAGE_MEMORY);
    let local_pods = |size: usize| [0x22, 0].repeat(size.min(MAX_UPDATE) / 2);
    let (bytes, memory) = longest_taken::<proto::Update>(local_pods, MAX_UPDATE_MEMORY);
    println!("{bytes} bytes of empty pods in an update take {memory} bytes");
    assert!(bytes < MAX_UPDATE && memory <= MAX_UPDATE_MEMORY);
    let connections = |size: usize| empty_messages(2, 7, size.min(MAX_LIVE_REPORT));
    let (bytes, memory) = longest_taken::<proto::LiveReport>(connections, MAX_LIVE_REPORT_MEMORY);
    println!("{bytes} bytes of empty connections in a live report take {memory} bytes");
    assert!(bytes < MAX_LIVE_REPORT / 4 && memory <= MAX_LIVE_REPORT_MEMORY, "{bytes} {memory}");
}
