//! Functions of whole numbers: divisors, roots, counting. All take ints and bigints; where one is a
//! bigint, so is the result.

use num_bigint::{BigInt, Sign};

use super::integer::{BITS_MAX, allocate, whole};
use crate::natives;
use crate::natives::Outcome;
use crate::natives::argument::{Rest, bad_value, wrong_type};
use crate::vm::{ErrorKind, Thrown, Value, Vm};

natives! {
    /// Functions of whole numbers in module `math`.
    pub const COUNTING;

    /// The greatest int that divides all; 0 if all are 0. Like the functions that follow it takes
    /// ints and bigints, and gives a bigint where one came in. Bigints may have up to 32768 bits.
    fn math.gcd(values: bigint...) => gcd,
        "import math\nprint(math.gcd(12, 18))" => "6", "import math\nprint(math.gcd(12, 18, 27))" => "3";
    /// The least positive int that all divide; 0 if one of them is 0.
    fn math.lcm(values: bigint...) => lcm, "import math\nprint(math.lcm(4, 6))" => "12";
    /// The greatest int whose square is not above `n`.
    fn math.isqrt(n: bigint) => isqrt, "import math\nprint(math.isqrt(17))" => "4";
    /// The product of the ints from 1 to `n`. Beyond 20 it needs a bigint.
    fn math.factorial(n: bigint) => factorial,
        "import math\nprint(math.factorial(5))" => "120",
        "import math\nprint(math.factorial(math.bigint(25)))" => "15511210043330985984000000";
    /// In how many ways `k` of `n` things can be chosen, without regard to their order.
    fn math.comb(n: bigint, k: bigint) => comb, "import math\nprint(math.comb(49, 6))" => "13983816";
    /// In how many ways `k` of `n` things can be put in a row; without `k`, all of them.
    fn math.perm(n: bigint, k: bigint?) => perm, "import math\nprint(math.perm(5, 2))" => "20";
    /// Whether `n` is divided by exactly two numbers, 1 and itself.
    fn math.is_prime(n: int) => |_: &mut Vm, n: i64| Ok(Value::bool(u64::try_from(n).is_ok_and(is_prime))),
        "import math\nprint((1..20).filter(math.is_prime).list())" => "[2, 3, 5, 7, 11, 13, 17, 19]";
}

/// The most bits of what `gcd` takes, whose time grows with their square.
const GCD_BITS_MAX: u64 = 1 << 15;

/// Whole numbers of the arguments, and whether one of them is a bigint.
fn wholes(vm: &mut Vm, path: &str, values: Rest) -> Result<(Vec<BigInt>, bool), Thrown> {
    let values = values.to_vec(vm);
    let mut numbers = Vec::with_capacity(values.len());
    for value in &values {
        numbers.push(argument(vm, path, "a value", *value)?);
    }
    Ok((numbers, values.iter().any(|value| !value.is_int())))
}

fn argument(vm: &mut Vm, path: &str, name: &str, value: Value) -> Result<BigInt, Thrown> {
    match whole(&vm.heap, value) {
        Some(number) => Ok(number.into_owned()),
        None => Err(wrong_type(vm, path, name, "an int or a bigint", value, None)),
    }
}

fn natural(vm: &mut Vm, path: &str, name: &str, value: Value) -> Result<BigInt, Thrown> {
    let number = argument(vm, path, name, value)?;
    if number.sign() == Sign::Minus {
        return Err(bad_value(vm, path, &format!("{name} must not be negative"), value));
    }
    Ok(number)
}

/// A bigint where a bigint came in, else an int.
fn result(vm: &mut Vm, path: &str, number: BigInt, big: bool) -> Outcome {
    if big {
        return allocate(vm, number);
    }
    match i64::try_from(number) {
        Ok(number) => Ok(Value::int(number)),
        Err(_) => Err(too_large(vm, path)),
    }
}

fn too_large(vm: &mut Vm, path: &str) -> Thrown {
    let message =
        format!("{path}: the result does not fit in 64 bits: pass a `math.bigint(…)` to get one");
    vm.error(ErrorKind::OverflowError, message)
}

fn gcd(vm: &mut Vm, values: Rest) -> Outcome {
    let (numbers, big) = wholes(vm, "math.gcd", values)?;
    let mut divisor = BigInt::from(0);
    for number in &numbers {
        divisor = common_divisor(vm, "math.gcd", &divisor, number)?;
    }
    result(vm, "math.gcd", divisor, big)
}

fn lcm(vm: &mut Vm, values: Rest) -> Outcome {
    let (numbers, big) = wholes(vm, "math.lcm", values)?;
    let mut multiple = BigInt::from(1);
    for number in &numbers {
        let divisor = common_divisor(vm, "math.lcm", &multiple, number)?;
        if number.sign() == Sign::NoSign {
            return result(vm, "math.lcm", BigInt::from(0), big);
        }
        multiple = multiple / divisor * BigInt::from(number.magnitude().clone());
        if !big && multiple.bits() > 64 {
            return Err(too_large(vm, "math.lcm"));
        }
    }
    result(vm, "math.lcm", multiple, big)
}

fn common_divisor(vm: &mut Vm, path: &str, a: &BigInt, b: &BigInt) -> Result<BigInt, Thrown> {
    if a.bits().max(b.bits()) > GCD_BITS_MAX {
        let message = format!("{path} takes numbers of up to {GCD_BITS_MAX} bits");
        return Err(vm.error(ErrorKind::OverflowError, message));
    }
    let (mut a, mut b) = (a.magnitude().clone(), b.magnitude().clone());
    while b.bits() > 0 {
        (a, b) = (b.clone(), a % b);
    }
    Ok(BigInt::from(a))
}

fn isqrt(vm: &mut Vm, n: Value) -> Outcome {
    let root = natural(vm, "math.isqrt", "n", n)?.sqrt();
    result(vm, "math.isqrt", root, !n.is_int())
}

/// The product of the numbers from `low` to `high`, halved again and again so that the factors are
/// of one size.
fn product(low: u64, high: u64) -> BigInt {
    if low > high {
        return BigInt::from(1);
    }
    if high - low < 8 {
        return (low..=high).map(BigInt::from).product();
    }
    let middle = low + (high - low) / 2;
    product(low, middle) * product(middle + 1, high)
}

/// The product of the `count` numbers that end with `n`, if it is not too large.
fn falling_product(
    vm: &mut Vm,
    path: &str,
    n: &BigInt,
    count: &BigInt,
    big: bool,
) -> Result<BigInt, Thrown> {
    // The product has fewer bits than the factors together: its own size is looked at as well.
    let most = if big { 2 * BITS_MAX } else { 1 << 12 };
    let (Ok(last), Ok(steps)) = (u64::try_from(n), u64::try_from(count)) else {
        if count.sign() == Sign::NoSign {
            return Ok(BigInt::from(1));
        }
        return long_product(vm, path, n, count, most);
    };
    if n.bits().saturating_mul(steps) > most {
        return Err(too_many(vm, path, big));
    }
    Ok(product(last - steps + 1, last))
}

/// The same for an `n` beyond 64 bits.
fn long_product(
    vm: &mut Vm,
    path: &str,
    n: &BigInt,
    count: &BigInt,
    most: u64,
) -> Result<BigInt, Thrown> {
    match u64::try_from(count) {
        Ok(steps) if n.bits().saturating_mul(steps) <= most => {
            Ok((0..steps).map(|step| n - BigInt::from(step)).product())
        }
        _ => Err(too_many(vm, path, true)),
    }
}

fn too_many(vm: &mut Vm, path: &str, big: bool) -> Thrown {
    if !big {
        return too_large(vm, path);
    }
    let message = format!("{path}: the result has more than {BITS_MAX} bits, the most of a bigint");
    vm.error(ErrorKind::OverflowError, message)
}

fn factorial(vm: &mut Vm, n: Value) -> Outcome {
    let number = natural(vm, "math.factorial", "n", n)?;
    let big = !n.is_int();
    let all = falling_product(vm, "math.factorial", &number, &number, big)?;
    result(vm, "math.factorial", all, big)
}

fn perm(vm: &mut Vm, n: Value, k: Option<Value>) -> Outcome {
    let number = natural(vm, "math.perm", "n", n)?;
    let k = k.unwrap_or(n);
    let count = natural(vm, "math.perm", "k", k)?;
    let big = !n.is_int() || !k.is_int();
    if count > number {
        return result(vm, "math.perm", BigInt::from(0), big);
    }
    let rows = falling_product(vm, "math.perm", &number, &count, big)?;
    result(vm, "math.perm", rows, big)
}

fn comb(vm: &mut Vm, n: Value, k: Value) -> Outcome {
    let number = natural(vm, "math.comb", "n", n)?;
    let count = natural(vm, "math.comb", "k", k)?;
    let big = !n.is_int() || !k.is_int();
    if count > number {
        return result(vm, "math.comb", BigInt::from(0), big);
    }
    let rest = &number - &count;
    let count = if rest < count { rest } else { count };
    let rows = falling_product(vm, "math.comb", &number, &count, big)?;
    let orders = falling_product(vm, "math.comb", &count, &count, big)?;
    result(vm, "math.comb", rows / orders, big)
}

/// The test of Miller and Rabin with bases that are enough for all 64-bit numbers.
fn is_prime(n: u64) -> bool {
    const BASES: [u64; 12] = [2, 3, 5, 7, 11, 13, 17, 19, 23, 29, 31, 37];
    if n < 2 {
        return false;
    }
    if let Some(base) = BASES.iter().find(|base| n.is_multiple_of(**base)) {
        return n == *base;
    }
    let times = |a: u64, b: u64| (u128::from(a) * u128::from(b) % u128::from(n)) as u64;
    let halvings = (n - 1).trailing_zeros();
    BASES.iter().all(|base| {
        let mut power = 1;
        let (mut exponent, mut square) = ((n - 1) >> halvings, *base);
        while exponent > 0 {
            if exponent & 1 == 1 {
                power = times(power, square);
            }
            square = times(square, square);
            exponent >>= 1;
        }
        if power == 1 || power == n - 1 {
            return true;
        }
        (1..halvings).any(|_| {
            power = times(power, power);
            power == n - 1
        })
    })
}

#[cfg(test)]
mod tests {
    use super::is_prime;

    #[test]
    fn primes_are_told() {
        let sieve = |n: u64| (2..n).all(|divisor| !n.is_multiple_of(divisor)) && n >= 2;
        for n in 0..2000 {
            assert_eq!(is_prime(n), sieve(n), "{n}");
        }
        for (n, prime) in [
            (18_446_744_073_709_551_557, true),
            (18_446_744_073_709_551_556, false),
            (3_215_031_751, false),
            (3_825_123_056_546_413_051, false),
            (9_223_372_036_854_775_783, true),
        ] {
            assert_eq!(is_prime(n), prime, "{n}");
        }
    }
}
