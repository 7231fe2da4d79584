//! Ints beyond 64 bits with all their digits.
//!
//! serde_json gives them as floats, and refuses what is no float any more. So the texts of numbers are
//! read once more, in step with it, and very long ones are hidden from it.

use num_bigint::BigInt;

use super::fault::string_end;
use crate::natives::math::integer::{BITS_MAX, BigInteger};
use crate::vm::{Value, Vm};

/// Longer ones may be too large for a float.
const FLOAT_DIGITS: usize = 300;

/// The texts of the numbers of a document, in order. Only asked for those that serde_json has found,
/// so what is no JSON further on does not matter.
#[derive(Clone, Copy, Debug)]
pub(super) struct Numbers<'a> {
    text: &'a str,
    at: usize,
}

impl<'a> Numbers<'a> {
    pub(super) fn new(text: &'a str) -> Numbers<'a> {
        Numbers { text, at: 0 }
    }

    /// The document with another number of the same length, which is a float, in the place of every int
    /// that may be too large for one.
    pub(super) fn shortened(mut self) -> String {
        let mut out = String::with_capacity(self.text.len());
        while let Some(number) = self.next() {
            let digits = number.strip_prefix('-').unwrap_or(number);
            if digits.len() > FLOAT_DIGITS && is_int(digits) {
                let start = self.at - digits.len();
                out.push_str(&self.text[out.len()..start]);
                out.push_str("0.");
                out.extend(std::iter::repeat_n('0', digits.len() - 2));
            }
        }
        out.push_str(&self.text[out.len()..]);
        out
    }
}

impl<'a> Iterator for Numbers<'a> {
    type Item = &'a str;

    fn next(&mut self) -> Option<&'a str> {
        let bytes = self.text.as_bytes();
        while let Some(byte) = bytes.get(self.at) {
            match byte {
                b'"' => self.at = string_end(bytes, self.at + 1),
                b'-' | b'0'..=b'9' => {
                    let start = self.at;
                    let is_part =
                        |byte: &&u8| matches!(byte, b'0'..=b'9' | b'+' | b'-' | b'.' | b'e' | b'E');
                    self.at += bytes[start..].iter().take_while(is_part).count();
                    return Some(&self.text[start..self.at]);
                }
                _ => self.at += 1,
            }
        }
        None
    }
}

/// Whether digits are an int as JSON writes one.
fn is_int(digits: &str) -> bool {
    digits.bytes().all(|byte| byte.is_ascii_digit()) && !digits.starts_with('0')
}

/// An int has more digits than a bigint can have.
#[derive(Debug)]
pub(super) struct TooLong;

/// An int beyond 64 bits with all its digits; `None` for a float.
pub(super) fn big(vm: &mut Vm, text: &str) -> Option<Result<Value, TooLong>> {
    let digits = text.strip_prefix('-').unwrap_or(text);
    if !is_int(digits) {
        return None;
    }
    // Ten bits make a little more than three digits.
    if digits.len() as u64 / 10 * 33 > BITS_MAX {
        return Some(Err(TooLong));
    }
    let number: BigInt = text.parse().ok()?;
    Some(Ok(vm.heap.object(Box::new(BigInteger(number)))))
}

#[cfg(test)]
mod tests {
    use super::Numbers;

    #[test]
    fn numbers_are_found_between_strings() {
        let text = r#"{"1\"2": [-1, 2.5e+10, "3", "\\"], "4": 12345678901234567890}"#;
        let found: Vec<&str> = Numbers::new(text).collect();
        assert_eq!(found, ["-1", "2.5e+10", "12345678901234567890"]);
    }

    #[test]
    fn only_ints_that_may_be_no_floats_are_hidden() {
        let (long, zero) = ("7".repeat(400), format!("0{}", "7".repeat(400)));
        let text = format!("[1, -{long}, \"{long}\", {zero}, {long}.5, {long}, 2]");
        let hidden = format!("0.{}", "0".repeat(398));
        let expected = format!("[1, -{hidden}, \"{long}\", {zero}, {long}.5, {hidden}, 2]");
        assert_eq!(Numbers::new(&text).shortened(), expected);
        assert_eq!(Numbers::new("{\"a").shortened(), "{\"a");
    }
}
