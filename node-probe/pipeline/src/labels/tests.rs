mod differences;
mod service;
mod spelled;
mod targets;
