mod customised;
mod first;
mod golden;
mod hostile;
mod slices;
mod texts;
