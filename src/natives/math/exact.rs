//! Exact numbers: what ints, bigints, decimals and floats have in common.
//!
//! A number is a whole one over a power of ten or two. Comparing, hashing and converting go through
//! that form, so that numbers of different types are equal exactly when they are the same number.

use std::cmp::Ordering;

use num_bigint::{BigInt, Sign};

use super::decimal::Decimal;
use super::integer::BigInteger;
use crate::vm::heap::Heap;
use crate::vm::object::{Digits, KeyForm, NoOrder};
use crate::vm::{Kind, Value};

/// `numerator / denominator`; the denominator is above zero.
pub struct Exact {
    pub numerator: BigInt,
    pub denominator: BigInt,
}

impl Exact {
    /// The number that a value is; nan and infinities are none.
    pub fn of(heap: &Heap, value: Value) -> Option<Exact> {
        let whole = |numerator| Exact { numerator, denominator: BigInt::from(1) };
        match value.kind() {
            Kind::Int => value.as_int().map(|number| whole(BigInt::from(number))),
            Kind::Float => value.as_float().and_then(exact_float),
            Kind::Object => match heap.object_ref::<BigInteger>(value) {
                Some(number) => Some(whole(number.0.clone())),
                None => heap.object_ref::<Decimal>(value).map(Decimal::exact),
            },
            _ => None,
        }
    }

    /// Nothing.
    pub fn zero() -> Exact {
        Exact { numerator: BigInt::from(0), denominator: BigInt::from(1) }
    }

    /// The natural logarithm of a number above zero.
    pub fn natural_log(&self) -> Option<f64> {
        if self.numerator.sign() != Sign::Plus {
            return None;
        }
        let near = nearest(&self.numerator, &self.denominator);
        if near.is_finite() && near >= f64::MIN_POSITIVE {
            return Some(near.ln());
        }
        // Beyond the floats: the power of two is split off.
        let shift = self.numerator.bits() as i64 - self.denominator.bits() as i64;
        let scaled = if shift >= 0 {
            nearest(&self.numerator, &(&self.denominator << shift.unsigned_abs()))
        } else {
            nearest(&(&self.numerator << shift.unsigned_abs()), &self.denominator)
        };
        Some(scaled.ln() + shift as f64 * std::f64::consts::LN_2)
    }

    fn compare(&self, other: &Exact) -> Ordering {
        let (left, right) = (self.numerator.sign(), other.numerator.sign());
        if left != right {
            return sign_number(left).cmp(&sign_number(right));
        }
        (&self.numerator * &other.denominator).cmp(&(&other.numerator * &self.denominator))
    }

    /// Its form as a key, the same for all numbers that are equal.
    pub fn key(&self) -> KeyForm {
        let whole = &self.numerator / &self.denominator;
        let is_whole = &whole * &self.denominator == self.numerator;
        if is_whole && let Ok(number) = i64::try_from(&whole) {
            return KeyForm::Int(number);
        }
        let near = nearest(&self.numerator, &self.denominator);
        if let Some(exact) = exact_float(near)
            && exact.compare(self) == Ordering::Equal
        {
            return KeyForm::Float(near);
        }
        let mut bytes = self.numerator.to_signed_bytes_le();
        if !is_whole {
            bytes.extend(self.denominator.to_signed_bytes_le());
        }
        KeyForm::Bytes(bytes)
    }
}

fn sign_number(sign: Sign) -> i8 {
    match sign {
        Sign::Minus => -1,
        Sign::NoSign => 0,
        Sign::Plus => 1,
    }
}

/// Whether a number equals another value.
pub fn equals(heap: &Heap, number: &Exact, other: Value) -> bool {
    Exact::of(heap, other).is_some_and(|other| number.compare(&other) == Ordering::Equal)
}

/// Where a number stands relative to another value.
pub fn compare(heap: &Heap, number: &Exact, other: Value) -> Result<Ordering, NoOrder> {
    if let Some(float) = other.as_float()
        && !float.is_finite()
    {
        return match float.partial_cmp(&0.0) {
            Some(order) => Ok(order.reverse()),
            None => Err(NoOrder::Nan),
        };
    }
    Exact::of(heap, other).map(|other| number.compare(&other)).ok_or(NoOrder::Types)
}

/// The number that a finite float is.
pub fn exact_float(float: f64) -> Option<Exact> {
    if !float.is_finite() {
        return None;
    }
    let bits = float.to_bits();
    let (fraction, exponent) = (bits & ((1 << 52) - 1), (bits >> 52 & 0x7ff) as i32);
    let (mantissa, exponent) =
        if exponent == 0 { (fraction, -1074) } else { (fraction | 1 << 52, exponent - 1075) };
    let sign = if float < 0.0 { -1 } else { 1 };
    let mantissa = BigInt::from(mantissa) * sign;
    let one = BigInt::from(1);
    let power = exponent.unsigned_abs();
    Some(match exponent {
        0.. => Exact { numerator: mantissa << power, denominator: one },
        _ => Exact { numerator: mantissa, denominator: one << power },
    })
}

/// The float nearest to a fraction; infinite if that lies beyond the floats.
pub fn nearest(numerator: &BigInt, denominator: &BigInt) -> f64 {
    let (top, bottom) = (numerator.magnitude(), denominator.magnitude());
    let negative = (numerator.sign() == Sign::Minus) != (denominator.sign() == Sign::Minus);
    let sign = if negative { -1.0 } else { 1.0 };
    if top.bits() == 0 {
        return 0.0;
    }
    // The quotient gets 66 or 67 bits, of which the last also says whether anything follows: then
    // rounding it once is rounding right. Less where the float would be a subnormal one.
    let wanted = 66 - (top.bits() as i64 - bottom.bits() as i64);
    let shift = wanted.min(SUBNORMAL_SHIFT);
    let (quotient, rest) = if shift >= 0 {
        let scaled = top << shift.unsigned_abs();
        (&scaled / bottom, &scaled % bottom)
    } else {
        let scaled = bottom << shift.unsigned_abs();
        (top / &scaled, top % &scaled)
    };
    let sticky = u128::from(rest.bits() > 0);
    let quotient = u128::try_from(quotient).unwrap_or(u128::MAX) | sticky;
    if quotient >> 54 == 0 {
        // A subnormal float: the quotient counts quarters of the least one.
        let (whole, quarter) = ((quotient >> 2) as u64, quotient & 3);
        let up = quarter == 3 || quarter == 2 && whole & 1 == 1;
        return sign * f64::from_bits(whole + u64::from(up));
    }
    if shift < -1100 {
        return sign * f64::INFINITY;
    }
    let half = (-shift / 2) as i32;
    let other_half = (-shift) as i32 - half;
    sign * (quotient as f64 * 2f64.powi(half) * 2f64.powi(other_half))
}

/// The shift that makes the last two bits of a quotient lie below the least float.
const SUBNORMAL_SHIFT: i64 = 1076;

/// Ten to a power.
pub fn power_of_ten(exponent: u32) -> BigInt {
    BigInt::from(10).pow(exponent)
}

/// A decimal number in the form of a format letter. `whole` and `fraction` are its digits; what has
/// to be cut off is rounded half away from zero.
pub fn decimal_digits(
    negative: bool,
    (whole, fraction): (&str, &str),
    letter: Option<char>,
    precision: Option<usize>,
) -> Result<Digits, String> {
    let plain = |places: usize| fixed(whole, fraction, places);
    let text = match letter {
        Some('f') => plain(precision.unwrap_or(6)),
        Some('%') => {
            let mut digits = fraction.to_owned();
            while digits.len() < 2 {
                digits.push('0');
            }
            let (moved, rest) = digits.split_at(2);
            format!("{}%", fixed(&format!("{whole}{moved}"), rest, precision.unwrap_or(0)))
        }
        Some('e') => scientific(whole, fraction, precision),
        Some(letter @ ('x' | 'X' | 'o' | 'b' | 'd' | 'g')) => {
            return Err(format!("an exact number cannot be formatted as `{letter}`"));
        }
        _ => match precision {
            Some(precision) => plain(precision),
            None if fraction.is_empty() => whole.to_owned(),
            None => format!("{whole}.{fraction}"),
        },
    };
    Ok(Digits { negative, text })
}

/// With so many decimals.
fn fixed(whole: &str, fraction: &str, places: usize) -> String {
    let digits = rounded(&format!("{whole}{fraction}"), whole.len() + places);
    let (whole, fraction) = digits.split_at(digits.len() - places);
    let whole = whole.trim_start_matches('0');
    let whole = if whole.is_empty() { "0" } else { whole };
    if places == 0 { whole.to_owned() } else { format!("{whole}.{fraction}") }
}

/// One digit, a point, the others, and the exponent.
fn scientific(whole: &str, fraction: &str, precision: Option<usize>) -> String {
    let all = format!("{whole}{fraction}");
    let digits = all.trim_start_matches('0');
    let mut exponent = digits.len() as i64 - 1 - fraction.len() as i64;
    if digits.is_empty() {
        let zeros = "0".repeat(precision.unwrap_or(0));
        return if zeros.is_empty() { "0e0".to_owned() } else { format!("0.{zeros}e0") };
    }
    let mut digits = match precision {
        Some(precision) => {
            let cut = rounded(digits, precision + 1);
            if cut.len() > precision + 1 {
                exponent += 1;
            }
            cut[..precision + 1].to_owned()
        }
        None => digits.trim_end_matches('0').to_owned(),
    };
    if digits.len() > 1 {
        digits.insert(1, '.');
    }
    format!("{digits}e{exponent}")
}

/// The first `keep` digits, rounded; with zeros behind if there are fewer. One digit more if the
/// rounding carries over.
fn rounded(digits: &str, keep: usize) -> String {
    let mut kept: Vec<u8> = digits.bytes().take(keep).collect();
    let up = digits.as_bytes().get(keep).is_some_and(|digit| *digit >= b'5');
    kept.resize(keep, b'0');
    if up {
        let nines = kept.iter().rev().take_while(|digit| **digit == b'9').count();
        let at = keep - nines;
        kept[at..].fill(b'0');
        match at.checked_sub(1) {
            Some(before) => kept[before] += 1,
            None => kept.insert(0, b'1'),
        }
    }
    kept.into_iter().map(char::from).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn ratio(top: i64, bottom: i64) -> f64 {
        nearest(&BigInt::from(top), &BigInt::from(bottom))
    }

    #[test]
    fn fractions_are_rounded_once() {
        assert_eq!(ratio(1, 3), 1.0 / 3.0);
        assert_eq!(ratio(-22, 7), -22.0 / 7.0);
        assert_eq!(ratio(0, 7), 0.0);
        assert_eq!(ratio(i64::MAX, 1), i64::MAX as f64);
        assert_eq!(ratio((1 << 53) + 1, 1), ((1_i64 << 53) + 1) as f64);
    }

    #[test]
    fn the_ends_of_the_floats_are_met() {
        let one = BigInt::from(1);
        let power = |exponent: u32| BigInt::from(1) << exponent;
        assert_eq!(nearest(&one, &power(1074)), 5e-324);
        assert_eq!(nearest(&one, &power(1075)), 0.0);
        assert_eq!(nearest(&BigInt::from(3), &power(1076)), 5e-324);
        assert_eq!(nearest(&one, &power(1022)), f64::MIN_POSITIVE);
        assert_eq!(nearest(&(power(52) - 1), &power(1074)), f64::from_bits((1 << 52) - 1));
        assert_eq!(nearest(&power(1023), &one), 2f64.powi(1023));
        assert_eq!(nearest(&power(1024), &one), f64::INFINITY);
        assert_eq!(nearest(&power(400_000), &one), f64::INFINITY);
        assert_eq!(nearest(&one, &power(400_000)), 0.0);
        assert_eq!(nearest(&power(400_000), &power(400_001)), 0.5);
    }

    #[test]
    fn floats_come_back() {
        let mut bits: u64 = 0x1234_5678_9abc_def1;
        for _ in 0..2000 {
            bits = bits.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963);
            let float = f64::from_bits(bits);
            if let Some(exact) = exact_float(float) {
                assert_eq!(nearest(&exact.numerator, &exact.denominator), float);
            }
        }
    }

    #[test]
    fn digits_take_their_form() {
        let form = |whole, fraction, letter, precision| {
            decimal_digits(false, (whole, fraction), letter, precision).expect("it has a form").text
        };
        assert_eq!(form("2", "345", Some('f'), Some(2)), "2.35");
        assert_eq!(form("9", "995", Some('f'), Some(2)), "10.00");
        assert_eq!(form("0", "5", Some('f'), Some(0)), "1");
        assert_eq!(form("0", "256", Some('%'), Some(1)), "25.6%");
        assert_eq!(form("12345", "", Some('e'), Some(2)), "1.23e4");
        assert_eq!(form("99999", "", Some('e'), Some(2)), "1.00e5");
        assert_eq!(form("0", "00120", Some('e'), None), "1.2e-3");
        assert_eq!(form("0", "", Some('e'), None), "0e0");
        assert_eq!(form("7", "", Some('f'), Some(1)), "7.0");
        assert_eq!(form("1", "50", None, None), "1.50");
    }
}
