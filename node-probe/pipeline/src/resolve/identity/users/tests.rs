use super::*;

const VICTIM: ResourceUser = ResourceUser(1);
const FLOODER: ResourceUser = ResourceUser(2);

fn address(last: u32) -> IpAddr {
    IpAddr::from(last.to_be_bytes())
}

fn users(limit: usize, uses: &[(u32, ResourceUser)]) -> Users {
    let mut users = Users::new(limit);
    uses.iter().for_each(|(last, user)| users.note(address(*last), *user));
    users
}

/// Everything in the order in which it goes.
fn all_that_goes(users: &mut Users) -> Vec<IpAddr> {
    std::iter::from_fn(|| {
        let next = users.next_to_go()?;
        users.release(next);
        Some(next)
    })
    .collect()
}

#[test]
fn who_uses_most_gives_way_with_what_it_has_not_used_for_longest() {
    let mut users = users(8, &[(1, VICTIM), (2, FLOODER), (3, FLOODER), (4, FLOODER), (2, FLOODER)]);
    assert_eq!(users.next_to_go(), Some(address(3)));
    users.release(address(3));
    assert_eq!(users.next_to_go(), Some(address(4)));
}

#[test]
fn what_another_uses_too_stays_and_is_charged_to_it() {
    let mut users = users(8, &[(1, FLOODER), (2, FLOODER), (3, FLOODER), (1, VICTIM)]);
    assert_eq!(users.next_to_go(), Some(address(2)));
    users.release(address(2));
    assert_eq!(users.uses[&address(1)].payer, Some(VICTIM));
    assert_eq!(users.next_to_go(), Some(address(3)));
}

#[test]
fn what_a_restart_left_is_charged_to_its_next_user_and_goes_after_a_flood() {
    let mut users = Users::new(8);
    (1..=6).for_each(|last| users.restore(address(last)));
    users.note(address(1), VICTIM);
    users.note(address(7), FLOODER);
    assert_eq!(users.next_to_go(), Some(address(2)), "no user has a quarter");
    users.note(address(8), FLOODER);
    assert_eq!(users.next_to_go(), Some(address(7)));
}

#[test]
fn what_is_gone_leaves_no_trace() {
    let mut users = users(8, &[(1, VICTIM), (2, FLOODER), (1, FLOODER), (3, VICTIM)]);
    users.restore(address(4));
    assert_eq!(all_that_goes(&mut users).len(), 4);
    assert!(users.uses.is_empty() && users.held.is_empty(), "{users:?}");
}
