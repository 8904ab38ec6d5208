//! The messages, as generated from the `.proto` files, for what reads: the answers here, and tests.

/// Packages nest as their names do, because the messages name one another so.
macro_rules! package {
    ($name:literal) => {
        pub mod v1 {
            include!(concat!("generated/opentelemetry.proto.", $name, ".v1.rs"));
        }
    };
}

pub mod common {
    package!("common");
}

pub mod resource {
    package!("resource");
}

pub mod metrics {
    package!("metrics");
}

pub mod logs {
    package!("logs");
}

pub mod collector {
    pub mod metrics {
        package!("collector.metrics");
    }

    pub mod logs {
        package!("collector.logs");
    }
}
