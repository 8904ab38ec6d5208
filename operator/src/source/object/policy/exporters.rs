//! The exporters of a TelemetryPolicy, checked.

use super::refusal::{Refusal, at_most, within};
use longwire_crds::limits::{
    MAX_EXPORT_INTERVAL, MAX_EXPORT_TIMEOUT, MAX_EXPORTERS, MAX_LOG_FILE_MEBIBYTES, MAX_LOG_FILES, MAX_PACKET_BYTES,
    MAX_PAIRS, MIN_DURATION, MIN_FLUSH, MIN_PACKET_BYTES,
};
use longwire_crds::telemetry_policy::{self as crd, SIGNALS};
use longwire_model::exporter::{
    Compression, Endpoint, Exporter, ExporterName, Flavor, Flush, Histograms, InvalidPair, LogFile, Otlp, Pair,
    Protocol, Statsd, StatsdAddress, StatsdPrefix, Target, Temporality,
};
use std::collections::BTreeMap;
use std::time::Duration;

#[cfg(test)]
mod tests;

/// Ethernet's packets, less the headers of IPv6 and UDP, with some room for tunnels.
const PACKET_BYTES: u16 = 1432;
const FLUSH_INTERVAL: Duration = Duration::from_secs(10);
/// Of a word that is quoted, in bytes.
const MAX_QUOTED_BYTES: usize = 64;

/// Sorted by name.
pub(super) fn read(exporters: Vec<crd::Exporter>) -> Result<Vec<Exporter>, Refusal> {
    at_most("spec.exporters", "exporters", exporters.len(), MAX_EXPORTERS)?;
    let mut known: BTreeMap<ExporterName, Exporter> = BTreeMap::new();
    for (at, exporter) in exporters.into_iter().enumerate() {
        let field = format!("spec.exporters[{at}]");
        let exporter = read_exporter(&field, exporter)?;
        if let Some(twice) = known.insert(exporter.name.clone(), exporter) {
            return Err(Refusal::invalid(format!("{field}.name: {} is in the list twice", twice.name)));
        }
    }
    Ok(known.into_values().collect())
}

fn read_exporter(field: &str, exporter: crd::Exporter) -> Result<Exporter, Refusal> {
    let crd::Exporter { name, otlp, statsd, file } = exporter;
    let name = ExporterName::parse(&name).map_err(Refusal::at(format!("{field}.name")))?;
    let target = match (otlp, statsd, file) {
        (Some(otlp), None, None) => Target::Otlp(Box::new(read_otlp(&format!("{field}.otlp"), otlp)?)),
        (None, Some(statsd), None) => Target::Statsd(Box::new(read_statsd(&format!("{field}.statsd"), statsd)?)),
        (None, None, Some(file)) => Target::File(read_file(&format!("{field}.file"), file)?),
        _ => return Err(Refusal::invalid(format!("{field}: must have exactly one of otlp, statsd and file"))),
    };
    Ok(Exporter { name, target })
}

fn read_otlp(field: &str, otlp: crd::OtlpExporter) -> Result<Otlp, Refusal> {
    let crd::OtlpExporter {
        endpoint,
        protocol,
        signals,
        compression,
        timeout,
        interval,
        temporality,
        headers,
        resource_attributes,
        secret,
    } = otlp;
    let signals = signals.unwrap_or_else(|| SIGNALS.map(str::to_owned).to_vec());
    if signals.is_empty() {
        return Err(Refusal::invalid(format!(
            "{field}.signals: is empty: write metrics, logs or both, or leave it out"
        )));
    }
    for (at, signal) in signals.iter().enumerate() {
        let field = format!("{field}.signals[{at}]");
        word(&field, signal, SIGNALS.map(|known| (known, ())))?;
        if signals[..at].contains(signal) {
            return Err(Refusal::invalid(format!("{field}: {signal} is in the list twice")));
        }
    }
    let has = |signal: &str| signals.iter().any(|given| given == signal);
    let span = |name: &str, value: Option<_>, most| {
        value.map(|value| duration(&format!("{field}.{name}"), value, MIN_DURATION, most)).transpose()
    };
    let protocols = Protocol::ALL.map(|one| (one.name(), one));
    let compressions = Compression::ALL.map(|one| (one.name(), one));
    let temporalities = Temporality::ALL.map(|one| (one.name(), one));
    Ok(Otlp {
        endpoint: endpoint
            .map(|text| Endpoint::parse(&text).map_err(Refusal::at(format!("{field}.endpoint"))))
            .transpose()?,
        protocol: protocol.map(|name| word(&format!("{field}.protocol"), &name, protocols)).transpose()?,
        compression: compression.map(|name| word(&format!("{field}.compression"), &name, compressions)).transpose()?,
        timeout: span("timeout", timeout, MAX_EXPORT_TIMEOUT)?,
        interval: span("interval", interval, MAX_EXPORT_INTERVAL)?,
        temporality: temporality.map(|name| word(&format!("{field}.temporality"), &name, temporalities)).transpose()?,
        headers: pairs(&format!("{field}.headers"), headers, Pair::header)?,
        resource: pairs(&format!("{field}.resourceAttributes"), resource_attributes, Pair::attribute)?,
        secret: secret
            .map(|name| ExporterName::parse(&name).map_err(Refusal::at(format!("{field}.secret"))))
            .transpose()?,
        metrics: has("metrics"),
        logs: has("logs"),
    })
}

fn read_statsd(field: &str, statsd: crd::StatsdExporter) -> Result<Statsd, Refusal> {
    let crd::StatsdExporter { address, flavor, prefix, max_packet_bytes, flush_interval, flush_on_scrape, histograms } =
        statsd;
    let flush = match (flush_interval, flush_on_scrape.unwrap_or(false)) {
        (Some(_), true) => {
            return Err(Refusal::invalid(format!(
                "{field}: must not have both flushInterval and flushOnScrape: leave one of them out"
            )));
        }
        (None, true) => Flush::OnScrape,
        (None, false) => Flush::Every(FLUSH_INTERVAL),
        (Some(interval), false) => {
            Flush::Every(duration(&format!("{field}.flushInterval"), interval, MIN_FLUSH, MAX_EXPORT_INTERVAL)?)
        }
    };
    let packet = max_packet_bytes
        .map(|bytes| within(&format!("{field}.maxPacketBytes"), bytes, MIN_PACKET_BYTES, MAX_PACKET_BYTES));
    let packet = packet.transpose()?.and_then(|bytes| u16::try_from(bytes).ok());
    let flavors = Flavor::ALL.map(|one| (one.name(), one));
    let kinds = Histograms::ALL.map(|one| (one.name(), one));
    Ok(Statsd {
        address: StatsdAddress::parse(&address).map_err(Refusal::at(format!("{field}.address")))?,
        flavor: flavor.map(|name| word(&format!("{field}.flavor"), &name, flavors)).transpose()?.unwrap_or_default(),
        prefix: StatsdPrefix::parse(&prefix.unwrap_or_default()).map_err(Refusal::at(format!("{field}.prefix")))?,
        max_packet_bytes: packet.unwrap_or(PACKET_BYTES),
        flush,
        histograms: histograms
            .map(|name| word(&format!("{field}.histograms"), &name, kinds))
            .transpose()?
            .unwrap_or_default(),
    })
}

fn read_file(field: &str, file: crd::FileExporter) -> Result<LogFile, Refusal> {
    let crd::FileExporter { max_mebibytes, max_files } = file;
    let usual = LogFile::default();
    let mebibytes = max_mebibytes
        .map(|most| within(&format!("{field}.maxMebibytes"), most, 1, MAX_LOG_FILE_MEBIBYTES))
        .transpose()?;
    let files = max_files.map(|most| within(&format!("{field}.maxFiles"), most, 1, MAX_LOG_FILES)).transpose()?;
    Ok(LogFile {
        max_bytes: mebibytes.map_or(usual.max_bytes, |mebibytes| u64::from(mebibytes) << 20),
        max_files: files.unwrap_or(usual.max_files),
    })
}

fn pairs(
    field: &str,
    given: Option<BTreeMap<String, String>>,
    read: fn(&str, &str) -> Result<Pair, InvalidPair>,
) -> Result<Vec<Pair>, Refusal> {
    let given = given.unwrap_or_default();
    at_most(field, "entries", given.len(), MAX_PAIRS)?;
    let pair = |(key, value): (&String, &String)| read(key, value).map_err(Refusal::at(field));
    let mut pairs = given.iter().map(pair).collect::<Result<Vec<_>, _>>()?;
    pairs.sort_unstable();
    match pairs.windows(2).find(|pair| pair[0].key == pair[1].key) {
        Some(twice) => Err(Refusal::invalid(format!("{field}: {} is there twice", twice[0].key))),
        None => Ok(pairs),
    }
}

fn word<T: Copy, const N: usize>(field: &str, name: &str, known: [(&str, T); N]) -> Result<T, Refusal> {
    if let Some((_, value)) = known.iter().find(|(known, _)| *known == name) {
        return Ok(*value);
    }
    let quoted = &name[..name.floor_char_boundary(MAX_QUOTED_BYTES)];
    Err(Refusal::invalid(format!("{field}: {quoted:?} is none of {}", known.map(|(known, _)| known).join(", "))))
}

fn duration(field: &str, value: longwire_crds::Duration, least: Duration, most: Duration) -> Result<Duration, Refusal> {
    let plain = Duration::from(value);
    if !value.is_negative() && (least..=most).contains(&plain) {
        return Ok(plain);
    }
    Err(Refusal::invalid(format!("{field}: {value} is not between {least:?} and {most:?}")))
}
