//! Converts exporters to protobuf and back.

use super::milliseconds;
use crate::proto;
use crate::proto::exporter::Target as ProtoTarget;
use longwire_model::exporter::{
    Compression, Endpoint, Exporter, ExporterName, Flavor, Flush, Histograms, InvalidAddress, InvalidExporterName,
    InvalidPair, InvalidPrefix, LogFile, MAX_EXPORTERS, Otlp, Pair, Protocol, Statsd, StatsdAddress, StatsdPrefix,
    Target, Temporality,
};
use std::time::Duration;

#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum InvalidExporter {
    #[error("exporters: {0}, and {MAX_EXPORTERS} are the most")]
    TooMany(usize),
    #[error("exporter.name: {0}")]
    Name(#[from] InvalidExporterName),
    #[error("exporter.name: {0:?} does not ascend")]
    Order(String),
    #[error("exporter.target: missing, or one from a newer operator")]
    NoTarget,
    #[error("exporter: {0}")]
    Address(#[from] InvalidAddress),
    #[error("exporter: {0}")]
    Pair(#[from] InvalidPair),
    #[error("exporter.statsd.prefix: {0}")]
    Prefix(#[from] InvalidPrefix),
    #[error("exporter: {0:?} is none that is known")]
    Word(String),
    #[error("exporter.statsd.max_packet_bytes: {0} is too large")]
    PacketBytes(u32),
}

pub(super) fn to_proto(exporter: &Exporter) -> proto::Exporter {
    let Exporter { name, target } = exporter;
    let target = match target {
        Target::Otlp(otlp) => ProtoTarget::Otlp(otlp_to_proto(otlp)),
        Target::Statsd(statsd) => ProtoTarget::Statsd(statsd_to_proto(statsd)),
        Target::File(LogFile { max_bytes, max_files }) => {
            ProtoTarget::File(proto::LogFile { max_bytes: *max_bytes, max_files: *max_files })
        }
    };
    proto::Exporter { name: name.to_string(), target: Some(target) }
}

pub(super) fn all_from_proto(exporters: Vec<proto::Exporter>) -> Result<Vec<Exporter>, InvalidExporter> {
    if exporters.len() > MAX_EXPORTERS {
        return Err(InvalidExporter::TooMany(exporters.len()));
    }
    let mut known: Vec<Exporter> = Vec::with_capacity(exporters.len());
    for proto::Exporter { name, target } in exporters {
        let name = ExporterName::parse(&name)?;
        if known.last().is_some_and(|last| last.name >= name) {
            return Err(InvalidExporter::Order(name.to_string()));
        }
        let target = match target.ok_or(InvalidExporter::NoTarget)? {
            ProtoTarget::Otlp(otlp) => Target::Otlp(Box::new(otlp_from_proto(otlp)?)),
            ProtoTarget::Statsd(statsd) => Target::Statsd(Box::new(statsd_from_proto(statsd)?)),
            ProtoTarget::File(proto::LogFile { max_bytes, max_files }) => {
                Target::File(LogFile { max_bytes, max_files })
            }
        };
        known.push(Exporter { name, target });
    }
    Ok(known)
}

fn otlp_to_proto(otlp: &Otlp) -> proto::Otlp {
    let Otlp {
        endpoint,
        protocol,
        compression,
        timeout,
        interval,
        temporality,
        headers,
        resource,
        secret,
        metrics,
        logs,
    } = otlp;
    let pairs = |pairs: &[Pair]| {
        let pair = |Pair { key, value }: &Pair| proto::Pair { key: key.clone(), value: value.clone() };
        pairs.iter().map(pair).collect()
    };
    proto::Otlp {
        endpoint: endpoint.as_ref().map(|endpoint| endpoint.as_str().to_owned()),
        protocol: protocol.map(|protocol| protocol.name().to_owned()),
        compression: compression.map(|compression| compression.name().to_owned()),
        timeout_ms: timeout.map(milliseconds),
        interval_ms: interval.map(milliseconds),
        temporality: temporality.map(|temporality| temporality.name().to_owned()),
        headers: pairs(headers),
        resource: pairs(resource),
        secret: secret.as_ref().map(ExporterName::to_string),
        metrics: *metrics,
        logs: *logs,
    }
}

fn otlp_from_proto(otlp: proto::Otlp) -> Result<Otlp, InvalidExporter> {
    let proto::Otlp {
        endpoint,
        protocol,
        compression,
        timeout_ms,
        interval_ms,
        temporality,
        headers,
        resource,
        secret,
        metrics,
        logs,
    } = otlp;
    let duration = |ms: u32| Duration::from_millis(ms.into());
    let headers = headers.iter().map(|pair| Pair::header(&pair.key, &pair.value));
    let resource = resource.iter().map(|pair| Pair::attribute(&pair.key, &pair.value));
    Ok(Otlp {
        endpoint: endpoint.map(|text| Endpoint::parse(&text)).transpose()?,
        protocol: protocol.map(|name| named(Protocol::ALL, Protocol::name, name)).transpose()?,
        compression: compression.map(|name| named(Compression::ALL, Compression::name, name)).transpose()?,
        timeout: timeout_ms.map(duration),
        interval: interval_ms.map(duration),
        temporality: temporality.map(|name| named(Temporality::ALL, Temporality::name, name)).transpose()?,
        headers: headers.collect::<Result<_, _>>()?,
        resource: resource.collect::<Result<_, _>>()?,
        secret: secret.map(|name| ExporterName::parse(&name)).transpose()?,
        metrics,
        logs,
    })
}

fn statsd_to_proto(statsd: &Statsd) -> proto::Statsd {
    let Statsd { address, flavor, prefix, max_packet_bytes, flush, histograms } = statsd;
    proto::Statsd {
        address: address.clone().into(),
        flavor: flavor.name().to_owned(),
        prefix: prefix.as_str().to_owned(),
        max_packet_bytes: (*max_packet_bytes).into(),
        flush_interval_ms: match flush {
            Flush::Every(interval) => Some(milliseconds(*interval)),
            Flush::OnScrape => None,
        },
        histograms: histograms.name().to_owned(),
    }
}

fn statsd_from_proto(statsd: proto::Statsd) -> Result<Statsd, InvalidExporter> {
    let proto::Statsd { address, flavor, prefix, max_packet_bytes, flush_interval_ms, histograms } = statsd;
    let packet = u16::try_from(max_packet_bytes).map_err(|_| InvalidExporter::PacketBytes(max_packet_bytes))?;
    let every = |ms: u32| Flush::Every(Duration::from_millis(ms.into()));
    Ok(Statsd {
        address: StatsdAddress::parse(&address)?,
        flavor: named(Flavor::ALL, Flavor::name, flavor)?,
        prefix: StatsdPrefix::parse(&prefix)?,
        max_packet_bytes: packet,
        flush: flush_interval_ms.map_or(Flush::OnScrape, every),
        histograms: named(Histograms::ALL, Histograms::name, histograms)?,
    })
}

fn named<T: Copy, const N: usize>(
    all: [T; N],
    name_of: fn(T) -> &'static str,
    name: String,
) -> Result<T, InvalidExporter> {
    all.into_iter().find(|one| name_of(*one) == name).ok_or(InvalidExporter::Word(name))
}
