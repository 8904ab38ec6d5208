use super::*;
use std::fs::File;
use std::os::fd::AsFd;
use std::os::unix::fs::FileExt;

/// One page, the smallest that the kernel allows.
const SIZE: usize = PAGE;

/// A file instead of the kernel's map: consumer page, producer page, data. It cannot be polled, so the ring is
/// constructed here.
struct Fake {
    file: File,
    ring: Ring,
    produced: u64,
}

impl Fake {
    fn new() -> Self {
        let file = tempfile::tempfile().unwrap();
        file.set_len((2 * PAGE + SIZE) as u64).unwrap();
        let consumer = Mapping::writable(file.as_fd(), 0, PAGE).unwrap();
        let producer = Mapping::read_only(file.as_fd(), PAGE, PAGE + SIZE).unwrap();
        let readiness = Readiness::of(io::pipe().unwrap().0.as_fd()).unwrap();
        let ring = Ring { consumer, producer, size: SIZE, read: 0, readiness, joint: Box::new([0; MAX_RECORD]) };
        Self { file, ring, produced: 0 }
    }

    /// Writes like the kernel: around the end, in steps of eight bytes.
    fn put(&mut self, payload: &[u8], flags: u32) {
        let length = u32::try_from(payload.len()).unwrap() | flags;
        let record: Vec<u8> = length.to_le_bytes().into_iter().chain([0; 4]).chain(payload.iter().copied()).collect();
        for (byte, at) in record.iter().zip(self.produced..) {
            self.file.write_all_at(&[*byte], 2 * PAGE as u64 + at % SIZE as u64).unwrap();
        }
        self.produced += record.len().next_multiple_of(8) as u64;
        self.file.write_all_at(&self.produced.to_le_bytes(), PAGE as u64).unwrap();
    }

    fn read(&mut self, most: usize) -> Vec<Vec<u8>> {
        let mut seen = Vec::new();
        let count = self.ring.read(most, |record| seen.push(record.to_vec()));
        assert_eq!(count, seen.len());
        seen
    }

    fn consumer(&self) -> u64 {
        let mut bytes = [0; 8];
        self.file.read_exact_at(&mut bytes, 0).unwrap();
        u64::from_le_bytes(bytes)
    }
}

#[test]
fn records_come_in_order_and_stay_until_they_are_released() {
    let mut fake = Fake::new();
    fake.put(b"first", 0);
    fake.put(b"the second", 0);
    fake.put(b"third", 0);
    assert_eq!(fake.read(2), [b"first".to_vec(), b"the second".to_vec()]);
    assert_eq!(fake.consumer(), 0);
    fake.ring.release();
    assert_eq!(fake.consumer(), 16 + 24);
    assert_eq!(fake.read(9), [b"third".to_vec()]);
}

#[test]
fn a_discarded_record_is_passed_over_and_an_unfinished_one_is_waited_for() {
    let mut fake = Fake::new();
    fake.put(b"gone", DISCARDED);
    fake.put(b"here", 0);
    fake.put(b"not yet", BUSY);
    fake.put(b"later", 0);
    assert_eq!(fake.read(9), [b"here".to_vec()]);
    assert_eq!(fake.ring.position(), 32);
}

#[test]
fn a_record_over_the_end_is_put_together() {
    let mut fake = Fake::new();
    let long: Vec<u8> = (0..=255).cycle().take(3000).collect();
    fake.put(&long, 0);
    assert_eq!(fake.read(9), std::slice::from_ref(&long));
    fake.ring.release();
    fake.put(&long, 0);
    assert_eq!(fake.read(9), [long]);
}

#[test]
fn a_successor_goes_on_only_where_the_ring_has_been() {
    let mut fake = Fake::new();
    fake.put(b"counted", 0);
    fake.put(b"not counted", 0);
    assert!(!fake.ring.skip_to(4096));
    assert!(fake.ring.skip_to(16));
    assert_eq!(fake.read(9), [b"not counted".to_vec()]);
    assert!(!fake.ring.skip_to(16), "behind what was read");
}

#[test]
fn half_a_ring_of_records_that_were_read_wants_its_release() {
    let mut fake = Fake::new();
    fake.put(&[7; SIZE / 2], 0);
    assert!(!fake.ring.is_half_held());
    fake.read(1);
    assert!(fake.ring.is_half_held());
    fake.ring.release();
    assert!(!fake.ring.is_half_held());
    assert_eq!(fake.ring.wake_at(), fake.ring.position() + SIZE as u64 / 4);
}
