mod customised;
mod first;
mod golden;
mod hostile;
mod number;
mod slices;
mod texts;
