//! Names of the operator's own metrics.

pub const SYNCED: &str = "longwire_operator_synced";
pub const OBJECTS: &str = "longwire_operator_objects";
pub const OBJECTS_REFUSED: &str = "longwire_operator_objects_refused";
pub const ENDPOINTSLICES_REFUSED: &str = "longwire_operator_endpointslices_refused";
pub const IDENTITIES_LEFT_OUT: &str = "longwire_operator_identities_left_out";
pub const PODS_REDUCED: &str = "longwire_operator_pods_reduced";
pub const ROLE: &str = "longwire_operator_role";
pub const STREAMS: &str = "longwire_operator_streams";
pub const STREAMS_TOTAL: &str = "longwire_operator_streams_total";
pub const STREAMS_REFUSED: &str = "longwire_operator_streams_refused_total";
pub const STREAMS_BEHIND: &str = "longwire_operator_streams_behind";
pub const UPDATES: &str = "longwire_operator_updates_total";
pub const ADDRESS_OBSERVATIONS: &str = "longwire_operator_address_observations_total";
pub const ACKS: &str = "longwire_operator_acks_total";
pub const NACKS: &str = "longwire_operator_nacks_total";
pub const ACK_SECONDS: &str = "longwire_operator_ack_seconds_total";
pub const TOKENS_VERIFIED: &str = "longwire_operator_tokens_verified_total";
pub const HANDSHAKES_REFUSED: &str = "longwire_operator_handshakes_refused_total";
pub const CONNECTIONS: &str = "longwire_operator_connections";
pub const HTTP_REFUSED: &str = "longwire_operator_http_refused_total";
pub const SCRAPE_AUTHORIZATIONS: &str = "longwire_operator_scrape_authorizations_total";
pub const AUTHORIZATION_REQUESTS: &str = "longwire_operator_authorization_requests_total";
pub const OUT_OF_DESCRIPTORS: &str = "longwire_operator_out_of_descriptors_total";
pub const CERTIFICATE_EXPIRY: &str = "longwire_operator_certificate_expiry_timestamp_seconds";
pub const OBJECTS_CONFLICTED: &str = "longwire_operator_objects_conflicted";
