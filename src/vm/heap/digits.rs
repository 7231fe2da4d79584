//! Ints as text, two digits at a time, written where they are to stand.
#![expect(unsafe_code, reason = "digits are written into memory that is not a text yet")]

use std::ptr::NonNull;

/// The digits of 0 to 99.
const PAIRS: [[u8; 2]; 100] = pairs();

const fn pairs() -> [[u8; 2]; 100] {
    let mut pairs = [[0; 2]; 100];
    let mut number = 0;
    while number < pairs.len() {
        pairs[number] = [b'0' + (number / 10) as u8, b'0' + (number % 10) as u8];
        number += 1;
    }
    pairs
}

/// The powers of ten, from 1 on.
const POWERS: [u64; 20] = powers();

const fn powers() -> [u64; 20] {
    let mut powers = [1; 20];
    let mut place = 1;
    while place < powers.len() {
        powers[place] = powers[place - 1] * 10;
        place += 1;
    }
    powers
}

/// The bytes that the text of an int has.
#[inline]
pub(super) fn length_of(number: i64) -> usize {
    // 0 has a digit, too, and no other number has more digits with its lowest bit set.
    let rest = number.unsigned_abs() | 1;
    // A number of so many bits has that many digits or one more: 1233 / 4096 is the logarithm of 2.
    let digits = ((u64::BITS - rest.leading_zeros()) as usize * 1233) >> 12;
    digits + usize::from(rest >= POWERS[digits]) + usize::from(number < 0)
}

/// Writes the text of an int.
///
/// # Safety
/// `end` is the end of as many bytes, which may be written, as [`length_of`] says.
#[inline]
pub(super) unsafe fn write_before(end: NonNull<u8>, number: i64) {
    let mut end = end;
    let mut rest = number.unsigned_abs();
    // SAFETY: promised by the caller: each step writes the digits that it takes from the number.
    unsafe {
        while rest >= 10 {
            end = end.sub(2);
            end.cast::<[u8; 2]>().write(PAIRS[(rest % 100) as usize]);
            rest /= 100;
        }
        if rest > 0 || number == 0 {
            end = end.sub(1);
            end.write(b'0' + rest as u8);
        }
        if number < 0 {
            end.sub(1).write(b'-');
        }
    }
}

/// Appends an int to a text.
#[inline]
pub fn push_int(out: &mut String, number: i64) {
    let length = length_of(number);
    // SAFETY: there is room for the text of the number, all of it is written, and it is ASCII.
    unsafe {
        let bytes = out.as_mut_vec();
        bytes.reserve(length);
        let end = NonNull::new_unchecked(bytes.as_mut_ptr()).add(bytes.len() + length);
        write_before(end, number);
        bytes.set_len(bytes.len() + length);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn ints_are_written_like_the_standard_library_writes_them() {
        let mut numbers = vec![0, 1, 9, 10, 11, 99, 100, 101, 999, 1000, i64::MAX, i64::MIN];
        numbers.extend((0..63).flat_map(|shift| [1_i64 << shift, -(1_i64 << shift) - 1]));
        numbers.extend((0..19).flat_map(|power| [10_i64.pow(power), -(10_i64.pow(power)) + 1]));
        for number in numbers {
            let mut out = "is ".to_owned();
            push_int(&mut out, number);
            assert_eq!(out, format!("is {number}"));
        }
    }
}
