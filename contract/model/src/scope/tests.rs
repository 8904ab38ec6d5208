use super::*;
use rstest::rstest;

fn place([node, zone, region]: [&str; 3]) -> Place {
    Place { node: node.to_owned(), zone: zone.to_owned(), region: region.to_owned() }
}

#[rstest]
#[case::one_zone(["n1", "eu-1a", "eu-1"], ["n2", "eu-1a", "eu-1"], Scope::SameZone)]
#[case::two_zones(["n1", "eu-1a", "eu-1"], ["n2", "eu-1b", "eu-1"], Scope::CrossZone)]
#[case::two_regions(["n1", "eu-1a", "eu-1"], ["n2", "us-1a", "us-1"], Scope::CrossRegion)]
#[case::zones_of_one_name_in_two_regions(["n1", "1", "eu"], ["n2", "1", "us"], Scope::CrossRegion)]
#[case::regions_without_zones(["n1", "", "eu"], ["n2", "", "us"], Scope::CrossRegion)]
#[case::one_region_without_zones(["n1", "", "eu"], ["n2", "", "eu"], Scope::Unknown)]
#[case::a_zone_at_one_end(["n1", "eu-1a", "eu-1"], ["n2", "", ""], Scope::Unknown)]
#[case::zones_without_regions(["n1", "a", ""], ["n2", "b", ""], Scope::CrossZone)]
#[case::one_zone_and_a_region_at_one_end(["n1", "a", "eu"], ["n2", "a", ""], Scope::SameZone)]
#[case::two_zones_and_a_region_at_one_end(["n1", "a", "eu"], ["n2", "b", ""], Scope::CrossZone)]
#[case::one_node_without_labels(["n1", "", ""], ["n1", "", ""], Scope::SameZone)]
#[case::two_nodes_without_labels(["n1", "", ""], ["n2", "", ""], Scope::Unknown)]
#[case::nothing_is_known(["", "", ""], ["", "", ""], Scope::Unknown)]
fn two_places(#[case] one: [&str; 3], #[case] other: [&str; 3], #[case] scope: Scope) {
    let (one, other) = (place(one), place(other));
    assert_eq!(Scope::between(&one, &other), scope);
    assert_eq!(Scope::between(&other, &one), scope, "the other way round");
}
