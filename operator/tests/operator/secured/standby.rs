//! A replica that does not hold the Lease.

use super::{Secured, good};
use longwire_operator::publish::role::Role;
use tonic::Code;

#[tokio::test]
async fn a_standby_redirects_to_the_leader() {
    let operator = Secured::start().await;
    operator.role.send_replace(Role::Standby { leader: Some("10.0.0.7:15010".parse().unwrap()) });
    let status = operator.stream(Some(&good())).await.err().unwrap();
    let text = "this operator is a standby: connect to the leader at 10.0.0.7:15010";
    assert_eq!((status.code(), status.message()), (Code::Unavailable, text));
    let leader = |name| status.metadata().get(name).unwrap();
    assert_eq!([leader("longwire-leader"), leader("longwire-holder")], ["10.0.0.7:15010"; 2]);
    operator.role.send_replace(Role::Standby { leader: None });
    let status = operator.stream(Some(&good())).await.err().unwrap();
    assert_eq!((status.code(), status.metadata().get("longwire-leader")), (Code::Unavailable, None));
}

#[tokio::test]
async fn a_leader_that_loses_the_lease_redirects_its_streams_to_the_next() {
    let operator = Secured::start().await;
    let mut stream = operator.admitted(&good()).await;
    operator.role.send_replace(Role::Standby { leader: Some("[fd00::7]:15010".parse().unwrap()) });
    let status = stream.last_status().await;
    assert_eq!(status.code(), Code::Unavailable);
    assert_eq!(status.metadata().get("longwire-leader").unwrap(), "[fd00::7]:15010");
    operator.role.send_replace(Role::Leader);
    operator.admitted(&good()).await;
}
