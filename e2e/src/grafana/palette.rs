//! Colours that people of any colour vision tell apart.

/// By Masataka Okabe and Kei Ito, "Color Universal Design" (2008), without its black and yellow, which are lost on a
/// dark or a light background.
pub const OKABE_ITO: [&str; 6] = [BLUE, ORANGE, "#009E73", "#CC79A7", SKY, VERMILLION];

const BLUE: &str = "#0072B2";
const SKY: &str = "#56B4E9";
const ORANGE: &str = "#E69F00";
const VERMILLION: &str = "#D55E00";

/// All is well.
pub(super) const GOOD: &str = BLUE;
/// Worth a look.
pub(super) const LOOK: &str = ORANGE;
pub(super) const BAD: &str = VERMILLION;
/// The darkest of a panel's lines, where a query has many: they differ in lightness, which everybody sees.
pub(super) const SHADED: &str = BLUE;
