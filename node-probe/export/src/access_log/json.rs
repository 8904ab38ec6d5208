//! One object a line, with the fields in the order of their table.

use super::Line;
use super::value::Value;
use longwire_model::access_log::Field;

pub(super) fn write(line: &Line<'_>, to: &mut Vec<u8>) {
    let mut before = b'{';
    for field in Field::ALL {
        let Some(value) = Value::of(field, line) else { continue };
        to.extend_from_slice(&[before, b'"']);
        to.extend_from_slice(field.name().as_bytes());
        to.extend_from_slice(b"\":");
        value.write_json(to);
        before = b',';
    }
    to.push(b'}');
}
