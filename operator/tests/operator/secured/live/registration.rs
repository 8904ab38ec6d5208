//! The APIService: the operator's authority in it, and its withdrawal.

use super::Served;
use longwire_operator::live::Registration;
use longwire_operator::publish::role::Role;
use tokio::sync::watch;

fn registration(served: &Served) -> Registration {
    Registration::new(served.client.clone(), "watch".to_owned(), Some("longwire-operator".to_owned()))
}

#[tokio::test]
async fn the_api_service_gets_the_authority_of_the_operator() {
    let served = Served::start().await;
    let patch = served.api().api_service().await;
    let bundle = served.api().bundle(|_| true).await;
    // In base64 it is longer.
    assert!(patch["spec"]["caBundle"].as_str().unwrap().len() > bundle.len(), "{patch}");
    assert_eq!(patch.as_object().unwrap().len(), 1);
    assert_eq!(patch["spec"].as_object().unwrap().len(), 1, "nothing else is changed: {patch}");
}

#[tokio::test]
async fn a_leader_that_is_removed_withdraws_it_and_one_that_is_replaced_does_not() {
    let served = Served::start().await;
    served.api().set_namespace(false);
    let (leads, standby) = (watch::channel(Role::Leader).1, watch::channel(Role::Standby { leader: None }).1);
    registration(&served).leave(&leads).await;
    assert!(!served.api().is_withdrawn(), "its Deployment is there");
    served.api().remove_deployment();
    registration(&served).leave(&standby).await;
    assert!(!served.api().is_withdrawn(), "the leader does it");
    registration(&served).leave(&leads).await;
    assert!(served.api().is_withdrawn());
    // Somebody else was first.
    registration(&served).leave(&leads).await;
}

#[tokio::test]
async fn it_is_withdrawn_as_soon_as_the_namespace_is_being_deleted() {
    let served = Served::start().await;
    served.api().set_namespace(false);
    let following = tokio::spawn(registration(&served).follow());
    served.api().set_namespace(true);
    served.api().withdrawn().await;
    following.abort();
}

#[tokio::test]
async fn an_api_server_that_does_not_answer_delays_a_stop_by_seconds_at_most() {
    let served = Served::start().await;
    served.api().set_away(true);
    let leads = watch::channel(Role::Leader).1;
    registration(&served).leave(&leads).await;
    assert!(!served.api().is_withdrawn());
}
