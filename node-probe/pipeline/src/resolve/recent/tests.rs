use super::*;

#[test]
fn past_the_bound_the_longest_unused_goes() {
    let mut recent = Recent::new(2);
    assert_eq!(recent.insert(1, 'a'), None);
    assert_eq!(recent.insert(2, 'b'), None);
    assert_eq!(recent.get(&1), Some(&mut 'a'));
    assert_eq!(recent.peek_mut(&2), Some(&mut 'b'), "a look is no use");
    assert_eq!(recent.insert(3, 'c'), Some(2));
    assert_eq!(recent.insert(1, 'd'), None, "it replaces itself");
    assert_eq!(recent.oldest_first().collect::<Vec<_>>(), [(&3, &'c'), (&1, &'d')]);
    assert_eq!(recent.remove(&3), Some('c'));
    assert_eq!((recent.len(), recent.get(&3)), (1, None));
}
