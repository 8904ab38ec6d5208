use super::{FromProbe, Hello, Interest, InvalidMessage, Token};
use crate::address::InvalidAddress;
use crate::proto::{self, probe_message::Message};
use longwire_model::identity::ObservedAddress;
use prost::Message as _;

fn parse(message: Message) -> Result<FromProbe, InvalidMessage> {
    proto::ProbeMessage { message: Some(message) }.try_into()
}

#[test]
fn messages_of_a_probe_survive_a_round_trip() {
    let messages = [
        FromProbe::Hello(Hello {
            node: "n1".to_owned(),
            probe_version: "0.1.0".to_owned(),
            pods: vec![("uid".to_owned(), 7)],
            addresses: vec![("10.0.0.1".parse().unwrap(), 0), ("2001:db8::1".parse().unwrap(), u64::MAX)],
        }),
        FromProbe::Interest(Interest {
            add: vec!["10.0.0.2".parse().unwrap()],
            drop: vec!["2001:db8::2".parse().unwrap()],
        }),
        FromProbe::Ack { version: 3 },
        FromProbe::Nack { version: 4, error: "no".to_owned() },
        FromProbe::Authenticate(Token("a.b.c".to_owned())),
        FromProbe::Notice("a budget is full".to_owned()),
        FromProbe::ObservedAddresses(vec![
            ObservedAddress {
                uid: "uid".to_owned(),
                address: "10.0.0.3".parse().unwrap(),
                since: 1,
                gone: vec!["former".to_owned()],
            },
            ObservedAddress {
                uid: "uid".to_owned(),
                address: "2001:db8::3".parse().unwrap(),
                since: u64::MAX,
                gone: vec![],
            },
        ]),
    ];
    for message in messages {
        let bytes = proto::ProbeMessage::from(message.clone()).encode_to_vec();
        let arrived = proto::ProbeMessage::decode(bytes.as_slice()).unwrap();
        assert_eq!(FromProbe::try_from(arrived), Ok(message));
    }
}

#[test]
fn a_token_is_not_shown() {
    let message = FromProbe::Authenticate(Token("a.b.c".to_owned()));
    assert_eq!(format!("{message:?}"), "Authenticate(Token(..))");
}

#[test]
fn a_mapped_address_is_the_address_it_maps() {
    let mapped = proto::Interest {
        add: vec!["::ffff:10.0.0.1".parse::<std::net::Ipv6Addr>().unwrap().octets().into()],
        drop: vec![],
    };
    let expected = Interest { add: vec!["10.0.0.1".parse().unwrap()], drop: vec![] };
    assert_eq!(parse(Message::Interest(mapped)), Ok(FromProbe::Interest(expected)));
}

#[test]
fn an_empty_message_is_an_error() {
    assert_eq!(FromProbe::try_from(proto::ProbeMessage { message: None }), Err(InvalidMessage::Empty));
}

#[test]
fn a_hello_without_a_node_is_an_error() {
    assert_eq!(parse(Message::Hello(proto::Hello::default())), Err(InvalidMessage::NoNode));
}

#[test]
fn an_address_of_another_length_is_named_with_its_field() {
    let check = |message, field, value: &[u8]| {
        let error = InvalidAddress { field, value: value.to_vec() };
        assert_eq!(parse(message), Err(InvalidMessage::Address(error)));
    };
    let hello = |address| proto::Hello {
        node: "n1".to_owned(),
        addresses: vec![proto::KnownAddress { address, version: 0 }],
        ..proto::Hello::default()
    };
    check(Message::Hello(hello(vec![1, 2, 3])), "hello.addresses.address", &[1, 2, 3]);
    check(Message::Interest(proto::Interest { add: vec![vec![]], drop: vec![] }), "interest.add", &[]);
    // A large value of a client is not copied into a log line.
    let long = proto::Interest { add: vec![], drop: vec![vec![9; 1 << 20]] };
    check(Message::Interest(long), "interest.drop", &[9; 32]);
    let text = InvalidAddress { field: "interest.add", value: vec![1, 2, 3] }.to_string();
    assert_eq!(text, "interest.add: an address has 4 or 16 bytes, not 3: [01, 02, 03]");
}
