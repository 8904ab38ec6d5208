mod customised;
mod golden;
mod hostile;
mod number;
mod slices;
