//! Numbers of as many bytes as they need: seven bits in each, the lowest first, and the highest bit says that
//! more follow. Signed ones have their sign in the lowest bit, so that small ones stay short.

/// Writes a number.
#[inline]
pub(super) fn put(bytes: &mut Vec<u8>, number: u64) {
    if number < 0x80 { bytes.push(number as u8) } else { put_long(bytes, number) }
}

#[inline(never)]
fn put_long(bytes: &mut Vec<u8>, mut number: u64) {
    while number >= 0x80 {
        bytes.push(number as u8 | 0x80);
        number >>= 7;
    }
    bytes.push(number as u8);
}

/// Writes a signed number.
#[inline]
pub(super) fn put_signed(bytes: &mut Vec<u8>, number: i64) {
    put(bytes, (number << 1 ^ number >> 63) as u64);
}

/// Reads a number from the front. Nothing if it does not end, or has more than 64 bits.
#[inline]
pub(super) fn take(bytes: &mut &[u8]) -> Option<u64> {
    let (&first, rest) = bytes.split_first()?;
    if first < 0x80 {
        *bytes = rest;
        return Some(u64::from(first));
    }
    take_long(bytes)
}

/// Reads a signed number.
#[inline]
pub(super) fn take_signed(bytes: &mut &[u8]) -> Option<i64> {
    let number = take(bytes)?;
    Some((number >> 1) as i64 ^ -((number & 1) as i64))
}

#[inline(never)]
fn take_long(bytes: &mut &[u8]) -> Option<u64> {
    let mut number = 0;
    for (at, &byte) in bytes.iter().enumerate().take(10) {
        let part = u64::from(byte & 0x7f);
        let moved = part << (7 * at);
        if moved >> (7 * at) != part {
            return None;
        }
        number |= moved;
        if byte < 0x80 {
            *bytes = &bytes[at + 1..];
            return Some(number);
        }
    }
    None
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbers_come_back() {
        let numbers = (0..64).flat_map(|bit| [1_u64 << bit, (1 << bit) - 1, !(1 << bit)]);
        for number in numbers.chain([u64::MAX]) {
            let mut bytes = Vec::new();
            put(&mut bytes, number);
            put_signed(&mut bytes, number as i64);
            let mut rest = &bytes[..];
            assert_eq!(take(&mut rest), Some(number));
            assert_eq!(take_signed(&mut rest), Some(number as i64));
            assert!(rest.is_empty());
        }
        let mut small = Vec::new();
        put_signed(&mut small, -64);
        assert_eq!(small.len(), 1);
    }

    #[test]
    fn what_is_no_number_is_refused() {
        let whole = [0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0x01];
        assert_eq!(take(&mut &whole[..]), Some(u64::MAX));
        for length in 0..whole.len() {
            assert_eq!(take(&mut &whole[..length]), None);
        }
        assert_eq!(take(&mut &[0xff; 20][..]), None);
        let too_large = [0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0x02];
        assert_eq!(take(&mut &too_large[..]), None);
    }
}
