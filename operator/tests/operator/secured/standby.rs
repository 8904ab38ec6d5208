//! A replica that does not hold the Lease.

use super::{Secured, good};
use longwire_operator::publish::role::Role;
use tonic::Code;

#[tokio::test]
async fn a_standby_says_whom_to_ask() {
    let operator = Secured::start().await;
    operator.role.send_replace(Role::Standby { leader: Some("10.0.0.7:15010".parse().unwrap()) });
    let status = operator.stream(Some(&good())).await.err().unwrap();
    let text = "this operator stands by: ask 10.0.0.7:15010";
    assert_eq!((status.code(), status.message()), (Code::Unavailable, text));
    assert_eq!(status.metadata().get("longwire-holder").unwrap(), "10.0.0.7:15010");
    operator.role.send_replace(Role::Standby { leader: None });
    let status = operator.stream(Some(&good())).await.err().unwrap();
    assert_eq!((status.code(), status.metadata().get("longwire-holder")), (Code::Unavailable, None));
}

#[tokio::test]
async fn who_loses_the_lease_sends_its_streams_to_the_next() {
    let operator = Secured::start().await;
    let mut stream = operator.admitted(&good()).await;
    operator.role.send_replace(Role::Standby { leader: Some("[fd00::7]:15010".parse().unwrap()) });
    let status = stream.last_word().await;
    assert_eq!(status.code(), Code::Unavailable);
    assert_eq!(status.metadata().get("longwire-holder").unwrap(), "[fd00::7]:15010");
    operator.role.send_replace(Role::Leader);
    operator.admitted(&good()).await;
}
