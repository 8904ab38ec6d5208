//! Colours that are distinguishable with any colour vision.

/// By Masataka Okabe and Kei Ito, "Color Universal Design" (2008), without its black and yellow, which are hard to see
/// on a dark or a light background. For states, good or bad.
pub const OKABE_ITO: [&str; 6] = [GOOD, LOOK, "#009E73", "#CC79A7", "#56B4E9", BAD];

/// By Matthew Petroff, "Accessible Color Sequences for Data Visualization" (2021), for up to ten lines.
pub const LINES: [&str; 10] =
    ["#3F90DA", "#FFA90E", "#BD1F01", "#94A4A2", "#832DB6", "#A96B59", "#E76300", "#B9AC70", "#717581", "#92DADD"];

/// All is well.
pub(super) const GOOD: &str = "#0072B2";
/// Worth a look.
pub(super) const LOOK: &str = "#E69F00";
pub(super) const BAD: &str = "#D55E00";
