//! TelemetryPolicy, ExtraStatTags and StatsMatcher.
