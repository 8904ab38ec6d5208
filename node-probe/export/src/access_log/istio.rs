//! As Istio's sidecars write a TCP connection by default: what only HTTP has is `-`.

use super::{Line, operator};
use longwire_model::access_log::{AddressPart, Operator, TimeFormat};

enum Part {
    Text(&'static str),
    Operator(Operator),
}

const LINE: [Part; 23] = {
    use Part::{Operator as Of, Text};
    [
        Text("["),
        Of(Operator::StartTime(TimeFormat::Rfc3339)),
        // Method, path and protocol of a request, and its answer's code.
        Text("] \"- - -\" 0 "),
        Of(Operator::ResponseFlags),
        // Details of the code, and of the end of a connection.
        Text(" - - \""),
        Of(Operator::UpstreamTransportFailureReason),
        Text("\" "),
        Of(Operator::BytesReceived),
        Text(" "),
        Of(Operator::BytesSent),
        Text(" "),
        Of(Operator::Duration),
        // The upstream's time; then forwarded-for, user agent, request id and authority.
        Text(" - \"-\" \"-\" \"-\" \"-\" \""),
        Of(Operator::UpstreamHost),
        Text("\" "),
        Of(Operator::UpstreamCluster),
        Text(" "),
        Of(Operator::UpstreamLocalAddress(AddressPart::Both)),
        Text(" "),
        Of(Operator::DownstreamLocalAddress(AddressPart::Both)),
        Text(" "),
        Of(Operator::DownstreamRemoteAddress(AddressPart::Both)),
        // The server's name in TLS, and the route.
        Text(" - -"),
    ]
};

pub(super) fn write(line: &Line<'_>, to: &mut Vec<u8>) {
    for part in &LINE {
        match part {
            Part::Text(text) => to.extend_from_slice(text.as_bytes()),
            Part::Operator(of) => operator::write(of, line, to),
        }
    }
}
