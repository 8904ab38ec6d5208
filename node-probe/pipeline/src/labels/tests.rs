mod differences;
mod service;
mod targets;
mod text;
