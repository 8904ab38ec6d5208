mod service;
mod targets;
