mod differences;
mod service;
mod targets;
