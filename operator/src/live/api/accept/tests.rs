use super::{Form, Shape, form, is_for_aggregated_discovery, is_json};
use rstest::rstest;

const TABLE: &str = "application/json;as=Table;v=v1;g=meta.k8s.io";
const KUBECTL: &str =
    "application/json;as=Table;v=v1;g=meta.k8s.io,application/json;as=Table;v=v1beta1;g=meta.k8s.io,application/json";
const METADATA: &str = "application/vnd.kubernetes.protobuf;as=PartialObjectMetadataList;g=meta.k8s.io;v=v1,\
                        application/json;as=PartialObjectMetadataList;g=meta.k8s.io;v=v1,application/json";

#[rstest]
#[case(None, Some(Form::Objects))]
#[case(Some(""), Some(Form::Objects))]
#[case(Some("*/*"), Some(Form::Objects))]
#[case(Some("application/*"), Some(Form::Objects))]
#[case(Some("application/json"), Some(Form::Objects))]
#[case(Some("application/json;charset=utf-8"), Some(Form::Objects))]
#[case(Some(TABLE), Some(Form::Table))]
#[case(Some(KUBECTL), Some(Form::Table))]
#[case(Some(METADATA), Some(Form::Metadata))]
#[case(Some("application/json, application/json;as=Table;v=v1;g=meta.k8s.io"), Some(Form::Objects))]
#[case(Some("application/vnd.kubernetes.protobuf, application/json"), Some(Form::Objects))]
#[case(Some("application/json;as=Table;v=v1beta1;g=meta.k8s.io"), None)]
#[case(Some("application/json;as=Table"), None)]
#[case(Some("application/json;as=PartialObjectMetadata;v=v1;g=meta.k8s.io"), None)]
#[case(Some("application/vnd.kubernetes.protobuf"), None)]
#[case(Some("application/json;q=0"), None)]
#[case(Some("text/html"), None)]
#[case(Some("nonsense"), None)]
fn a_list_has_the_first_form_that_is_known(#[case] accept: Option<&str>, #[case] expected: Option<Form>) {
    assert_eq!(form(accept, Shape::List).ok(), expected);
}

#[test]
fn one_object_has_another_name_for_its_metadata() {
    let metadata = |kind: &str| form(Some(&format!("application/json;as={kind};g=meta.k8s.io;v=v1")), Shape::One).ok();
    assert_eq!(metadata("PartialObjectMetadata"), Some(Form::Metadata));
    assert_eq!(metadata("PartialObjectMetadataList"), None);
    assert_eq!(metadata("Table"), Some(Form::Table));
}

#[rstest]
#[case(Some("application/json;g=apidiscovery.k8s.io;v=v2;as=APIGroupDiscoveryList"), Some(true))]
#[case(
    Some(
        "application/json;g=apidiscovery.k8s.io;v=v2;as=APIGroupDiscoveryList,application/json;g=apidiscovery.k8s.io;v=v2beta1;as=APIGroupDiscoveryList,application/json"
    ),
    Some(true)
)]
#[case(Some("application/json;g=apidiscovery.k8s.io;v=v2beta1;as=APIGroupDiscoveryList,application/json"), Some(false))]
#[case(Some("application/json"), Some(false))]
#[case(None, Some(false))]
#[case(Some("application/yaml"), None)]
fn discovery_is_aggregated_for_who_knows_it(#[case] accept: Option<&str>, #[case] expected: Option<bool>) {
    assert_eq!(is_for_aggregated_discovery(accept).ok(), expected);
}

#[test]
fn documents_are_json() {
    assert!(is_json(Some("application/json, */*")).is_ok());
    assert!(is_json(Some("application/com.github.proto-openapi.spec.v2@v1.0+protobuf")).is_err());
}
