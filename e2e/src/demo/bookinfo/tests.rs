use super::Bookinfo;
use std::net::Ipv4Addr;
use std::path::Path;

#[test]
fn the_manifests_of_the_repository_describe_the_demo() {
    let directory = Path::new(env!("CARGO_MANIFEST_DIR")).join("../docs/one-machine/bookinfo");
    let bookinfo = Bookinfo::read(&directory).unwrap();
    let mut workloads: Vec<&str> = bookinfo.pods.iter().map(|pod| pod.workload.as_str()).collect();
    workloads.sort_unstable();
    assert_eq!(workloads, ["mongodb-v1", "productpage-v1", "ratings-v2", "reviews-v1", "reviews-v2", "reviews-v3"]);
    assert_eq!(bookinfo.node.gateway, Ipv4Addr::new(10, 244, 1, 1));
    let ratings = bookinfo.backends(bookinfo.service("ratings").unwrap()).unwrap();
    let pod = Ipv4Addr::new(10, 244, 1, 31);
    // The first target port is a name, the second a number.
    assert_eq!(ratings, [(9080, vec![(pod, 9080)]), (9081, vec![(pod, 9081)])]);
    assert_eq!(bookinfo.backends(bookinfo.service("reviews").unwrap()).unwrap()[0].1.len(), 3);
}
