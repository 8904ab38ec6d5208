use super::{Held, Lifetimes, Material, Step, UnixSeconds, Validity, names, plan};
use rstest::rstest;

const LIVES: Lifetimes = Lifetimes { leaf: 300, authority: 3_000, spread: 30 };

fn valid(issued: UnixSeconds, life: u64) -> Validity {
    Validity { issued, expires: issued + life }
}

/// Authorities by when they were made, and the leaf by that and by who signed it.
fn held(authorities: &[UnixSeconds], leaf: UnixSeconds, signed_by: Option<usize>) -> Held {
    let authorities = authorities.iter().map(|issued| valid(*issued, LIVES.authority)).collect();
    Held { authorities, leaf: valid(leaf, LIVES.leaf), signed_by, names_fit: true }
}

#[rstest]
#[case::fresh(held(&[1_000], 1_000, Some(0)), 1_000, Step::Keep { until: 1_200 })]
#[case::a_moment_before(held(&[1_000], 1_000, Some(0)), 1_199, Step::Keep { until: 1_200 })]
#[case::two_thirds_of_the_leaf(held(&[1_000], 1_000, Some(0)), 1_200, Step::RenewLeaf)]
#[case::leaf_expired_long_ago(held(&[1_000], 1_000, Some(0)), 2_500, Step::RenewLeaf)]
#[case::signed_by_nobody_known(held(&[1_000], 1_000, None), 1_001, Step::RenewLeaf)]
#[case::for_other_names(Held { names_fit: false, ..held(&[1_000], 1_000, Some(0)) }, 1_001, Step::RenewLeaf)]
#[case::authority_sooner_than_leaf(held(&[1_000], 2_950, Some(0)), 2_999, Step::Keep { until: 3_000 })]
#[case::two_thirds_of_the_authority(held(&[1_000], 2_950, Some(0)), 3_000, Step::RenewAuthority)]
#[case::new_authority_not_yet_known(held(&[3_000, 1_000], 3_000, Some(1)), 3_029, Step::Keep { until: 3_030 })]
#[case::new_authority_known(held(&[3_000, 1_000], 3_000, Some(1)), 3_030, Step::RenewLeaf)]
#[case::old_authority_still_of_use(held(&[3_000, 1_000], 3_031, Some(0)), 3_200, Step::Keep { until: 3_231 })]
#[case::old_authority_of_no_use(held(&[3_000, 1_000], 3_231, Some(0)), 3_330, Step::Forget { keep: 1 })]
#[case::authority_expired(held(&[1_000], 3_950, Some(0)), 4_000, Step::StartOver)]
#[case::nothing_there(held(&[], 1_000, None), 1_000, Step::StartOver)]
#[case::clock_set_back_a_little(held(&[5_000], 5_000, Some(0)), 4_700, Step::Keep { until: 5_200 })]
#[case::clock_set_back_past_what_is_backdated(held(&[5_000], 5_000, Some(0)), 4_699, Step::RenewLeaf)]
#[case::leaf_made_anew_by_an_authority_of_the_future(held(&[5_000], 1_000, Some(0)), 1_000, Step::Keep { until: 1_200 })]
#[case::clock_set_forward_past_the_authority(held(&[1_000], 1_000, Some(0)), 5_000, Step::StartOver)]
fn the_plan_for_what_is_held_at_this_time(#[case] held: Held, #[case] now: UnixSeconds, #[case] step: Step) {
    assert_eq!(plan(&held, LIVES, now), step);
}

/// One replica's life: what probes know of is what was published a spread ago.
#[test]
fn through_every_renewal_what_is_served_is_signed_by_what_probes_have_known_long_enough() {
    let (start, names) = (1_000_000, names("watch"));
    let mut material = Material::create(&names, LIVES, start).unwrap();
    let mut bundles = vec![(start, material.bundle())];
    let (mut leaves, mut authorities) = (0, 0);
    for now in (start..start + 3 * LIVES.authority).step_by(5) {
        loop {
            let step = plan(&material.held(&names), LIVES, now);
            leaves += u32::from(step == Step::RenewLeaf);
            authorities += u32::from(step == Step::RenewAuthority);
            assert_ne!(step, Step::StartOver);
            if let Step::Keep { until } = step {
                assert!(until > now);
                break;
            }
            material = Material::read(&material.take(step, &names, LIVES, now).unwrap().write()).unwrap();
            bundles.push((now, material.bundle()));
        }
        let known = bundles.iter().rev().find(|(since, _)| *since + LIVES.spread <= now.max(start + LIVES.spread));
        let signer = material.held(&names).signed_by.map(|signer| material.authorities()[signer].pem.as_str());
        assert!(known.unwrap().1.contains(signer.unwrap()), "at {now}");
        assert!(now < material.leaf().validity.expires && material.authorities().len() <= 2, "at {now}");
    }
    // Every 2,000 s an authority; a leaf every 200 s, but for the first of a new authority, which comes after a spread.
    assert_eq!((authorities, leaves), (4, 9 + 3 * 10 + 5));
}

/// Made while the clock was an hour ahead, and looked at when it was right again, before probes had any other.
#[test]
fn what_was_made_by_a_clock_that_was_ahead_is_replaced_by_what_is_valid_now() {
    let (now, names) = (1_000_000, names("watch"));
    let early = Material::create(&names, LIVES, now + 3_600).unwrap();
    let step = plan(&early.held(&names), LIVES, now);
    assert_eq!(step, Step::RenewLeaf);
    let authorities = early.bundle();
    let mended = early.take(step, &names, LIVES, now).unwrap();
    assert_eq!((mended.leaf().validity, mended.bundle()), (valid(now, LIVES.leaf), authorities));
    assert_eq!(plan(&mended.held(&names), LIVES, now), Step::Keep { until: now + 200 });
}

#[test]
fn what_is_written_is_what_is_read() {
    let names = names("watch");
    let material = Material::create(&names, LIVES, 1_000_000).unwrap();
    let read = Material::read(&material.write()).unwrap();
    assert_eq!((read.authorities(), read.leaf()), (material.authorities(), material.leaf()));
    assert_eq!(read.leaf().validity, valid(1_000_000, LIVES.leaf));
    assert_eq!(read.leaf().names, ["longwire-operator.watch.svc", "longwire-operator.watch"]);
    assert_eq!(read.held(&names), held_of(1_000_000));
}

fn held_of(issued: UnixSeconds) -> Held {
    held(&[issued], issued, Some(0))
}

#[rstest]
#[case("ca.crt", "", "ca.crt: missing")]
#[case("tls.crt", "nonsense", "tls.crt: not PEM: ")]
#[case("ca.key", "nonsense", "ca.key: not a private key: ")]
fn an_unusable_secret_is_refused_with_the_name_of_its_key(
    #[case] key: &str,
    #[case] text: &str,
    #[case] expected: &str,
) {
    let mut data = Material::create(&names("watch"), LIVES, 1_000_000).unwrap().write();
    data.insert(key.to_owned(), text.as_bytes().to_vec());
    let error = Material::read(&data).unwrap_err().to_string();
    assert!(error.starts_with(expected), "{error}");
}

#[test]
fn a_key_of_another_certificate_is_refused() {
    let create = || Material::create(&names("watch"), LIVES, 1_000_000).unwrap().write();
    let mut data = create();
    data.insert("tls.key".to_owned(), create().remove("tls.key").unwrap());
    let error = Material::read(&data).unwrap_err().to_string();
    assert!(error.starts_with("tls.key is not the key of tls.crt"), "{error}");
}

#[test]
fn no_key_is_ever_shown() {
    let shown = format!("{:?}", Material::create(&names("watch"), LIVES, 1_000_000).unwrap());
    assert!(!shown.contains("PRIVATE"), "{shown}");
}
