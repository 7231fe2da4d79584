//! Statistics over iterables.
//!
//! Sums of floats carry a correction of their rounding (Neumaier), variances go by Welford's steps,
//! so long series lose nothing. Bigints, decimals and durations keep their type where it makes
//! sense.

use std::cmp::Ordering;

use crate::natives;
use crate::natives::Outcome;
use crate::natives::argument::{bad_value, wrong_type};
use crate::natives::script;
use crate::natives::sort::merge_sort;
use crate::vm::object::Operator;
use crate::vm::order::{Order, compare};
use crate::vm::{Elements, ErrorKind, Kind, Thrown, Value, Vm};

natives! {
    /// Statistics in module `math`.
    pub const STATISTIC;

    /// The sum of numbers or durations; 0 of none. Ints are added exactly, floats with a correction
    /// of the rounding.
    fn math.sum(xs: iterable) => sum, "import math\nprint(math.sum([0.1] * 10))" => "1.0";
    /// The product of numbers; 1 of none.
    fn math.prod(xs: iterable) => prod, "import math\nprint(math.prod(1..=5))" => "120";
    /// The arithmetic mean: a float for ints and floats, else a value of the same type.
    fn math.mean(xs: iterable) => mean,
        "import math\nprint(math.mean([1, 2, 4, 5]))" => "3.0", "import math\nprint(math.mean([1s, 4s]))" => "2.5s";
    /// The middle value, or the mean of the two in the middle.
    fn math.median(xs: iterable) => median,
        "import math\nprint(math.median([5, 1, 3]))" => "3", "import math\nprint(math.median([1, 2, 3, 4]))" => "2.5";
    /// The value that occurs most often; of several the first.
    fn math.mode(xs: iterable) => mode, "import math\nprint(math.mode(\"banana\"))" => "a";
    /// The mean square of the distances from the mean: of a sample, dividing by one less than there
    /// are; of all there are with `population: true`.
    fn math.variance(xs: iterable, named population: bool = false) => variance,
        "import math\nprint(math.variance([2, 4, 4, 4, 5, 5, 7, 9], population: true))" => "4.0";
    /// The standard deviation, the square root of the variance.
    fn math.stdev(xs: iterable, named population: bool = false) => stdev,
        "import math\nprint(math.stdev([2, 4, 4, 4, 5, 5, 7, 9], population: true))" => "2.0",
        "import math\nprint(math.stdev([1s, 3s], population: true))" => "1s";
    /// The value below which the part `q` (from 0 to 1) of the values lies, interpolated between
    /// its neighbours.
    fn math.quantile(xs: iterable, q: number) => quantile,
        "import math\nprint(math.quantile([1, 2, 3, 4, 5], 0.9))" => "4.6";
    /// How far two series of one length go together: from -1.0 to 1.0 (Pearson).
    fn math.correlation(xs: iterable, ys: iterable) => correlation,
        "import math\nprint(math.correlation([1, 2, 3], [2, 4, 6]))" => "1.0";
}

/// A sum with a running correction of the rounding (Neumaier), so that long sums stay exact.
#[derive(Clone, Copy, Debug, Default)]
pub struct Compensated {
    sum: f64,
    correction: f64,
}

impl Compensated {
    /// Adds a number.
    pub fn add(&mut self, x: f64) {
        let (sum, next) = (self.sum, self.sum + x);
        self.correction += if sum.abs() >= x.abs() { (sum - next) + x } else { (x - next) + sum };
        self.sum = next;
    }

    /// What has been added up.
    pub fn sum(self) -> f64 {
        // With an infinity or nan among them the correction is nan and says nothing.
        if self.correction.is_finite() { self.sum + self.correction } else { self.sum }
    }
}

/// The sum of numbers, with the rounding corrected.
pub fn compensated_sum(numbers: impl Iterator<Item = f64>) -> f64 {
    let mut sum = Compensated::default();
    numbers.for_each(|x| sum.add(x));
    sum.sum()
}

/// The elements of an iterable; `None` if script code has to be asked for them.
fn elements(vm: &mut Vm, path: &str, xs: Value) -> Result<Option<Vec<Value>>, Thrown> {
    match vm.elements(xs)? {
        Elements::Known(items) => Ok(Some(items)),
        Elements::AskScript => Ok(None),
        Elements::None => Err(wrong_type(vm, path, "xs", "an iterable", xs, None)),
    }
}

/// Runs the function again with the elements of `xs` as a list.
fn again(vm: &mut Vm, name: &str, xs: Value, rest: &[Value]) -> Outcome {
    let function = vm.member("math", name);
    let rest = vm.heap.list(rest.to_vec());
    script::call(vm, "with_list", &[function, xs, rest])
}

/// What the values of a series are.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Series {
    Ints,
    Floats,
    Durations,
    /// Bigints and decimals among them.
    Objects,
}

/// The kind of a series, or the error about the value that does not belong into it.
fn series(vm: &mut Vm, path: &str, items: &[Value]) -> Result<Series, Thrown> {
    let is_number = |item: &Value| {
        let object =
            vm.heap.host_value(*item).is_some_and(|item| item.digits(None, None).is_some());
        item.is_number() || object
    };
    if items.iter().all(|item| item.is_int()) {
        return Ok(Series::Ints);
    }
    if items.iter().all(|item| item.is_number()) {
        return Ok(Series::Floats);
    }
    let first_is_duration = items.first().is_some_and(|item| item.is_duration());
    let wrong = match first_is_duration {
        true => items.iter().find(|item| !item.is_duration()),
        false => items.iter().find(|item| !is_number(item)),
    };
    match (wrong, first_is_duration) {
        (None, true) => Ok(Series::Durations),
        (None, false) => Ok(Series::Objects),
        (Some(wrong), true) => Err(wrong_type(vm, path, "an element", "a duration", *wrong, None)),
        (Some(wrong), false) => Err(wrong_type(vm, path, "an element", "a number", *wrong, None)),
    }
}

fn floats(items: &[Value]) -> Vec<f64> {
    items.iter().filter_map(|item| item.as_number()).collect()
}

/// The nanoseconds of durations.
fn lengths(items: &[Value]) -> impl Iterator<Item = i128> {
    items.iter().filter_map(|item| item.as_duration()).map(i128::from)
}

fn int(vm: &mut Vm, path: &str, number: Option<i128>) -> Outcome {
    match number.and_then(|number| i64::try_from(number).ok()) {
        Some(number) => Ok(Value::int(number)),
        None => {
            let message = format!("{path}: the result does not fit in 64 bits: use bigints");
            Err(vm.error(ErrorKind::OverflowError, message))
        }
    }
}

/// `left operator right` of numbers that a series may have.
fn combined(vm: &mut Vm, path: &str, operator: Operator, left: Value, right: Value) -> Outcome {
    match vm.arithmetic(operator, left, right)? {
        Some(result) => Ok(result),
        None => {
            let (left, right) = (vm.type_name(left), vm.type_name(right));
            let message = format!("{path}: {left} and {right} do not go together");
            Err(vm.error(ErrorKind::TypeError, message))
        }
    }
}

fn total(vm: &mut Vm, path: &str, items: &[Value]) -> Outcome {
    match series(vm, path, items)? {
        Series::Ints => {
            let total = items.iter().filter_map(|item| item.as_int()).map(i128::from).sum();
            int(vm, path, Some(total))
        }
        Series::Floats => Ok(Value::float(compensated_sum(floats(items).into_iter()))),
        Series::Durations => match i64::try_from(lengths(items).sum::<i128>()) {
            Ok(total) => Ok(Value::duration(total)),
            Err(_) => {
                Err(vm.error(ErrorKind::OverflowError, format!("{path}: the sum is too long")))
            }
        },
        Series::Objects => {
            let mut total = Value::int(0);
            for item in items {
                total = combined(vm, path, Operator::Add, total, *item)?;
            }
            Ok(total)
        }
    }
}

fn sum(vm: &mut Vm, xs: Value) -> Outcome {
    match elements(vm, "math.sum", xs)? {
        Some(items) => total(vm, "math.sum", &items),
        None => again(vm, "sum", xs, &[]),
    }
}

fn prod(vm: &mut Vm, xs: Value) -> Outcome {
    let path = "math.prod";
    let Some(items) = elements(vm, path, xs)? else { return again(vm, "prod", xs, &[]) };
    match series(vm, path, &items)? {
        Series::Ints => {
            // A zero wins over whatever is too large before it.
            let mut numbers = items.iter().filter_map(|item| item.as_int());
            if numbers.clone().any(|number| number == 0) {
                return Ok(Value::int(0));
            }
            let product = numbers.try_fold(1_i64, i64::checked_mul);
            int(vm, path, product.map(i128::from))
        }
        Series::Durations => {
            let message = "math.prod: durations cannot be multiplied with each other";
            Err(vm.error(ErrorKind::TypeError, message))
        }
        Series::Floats => Ok(Value::float(floats(&items).into_iter().product())),
        Series::Objects => {
            let mut product = Value::int(1);
            for item in &items {
                product = combined(vm, path, Operator::Mul, product, *item)?;
            }
            Ok(product)
        }
    }
}

#[cold]
fn too_few(vm: &mut Vm, path: &str, least: usize, given: usize) -> Thrown {
    let needs = if least == 1 { "one value".to_owned() } else { format!("{least} values") };
    let given = if given == 0 { "none".to_owned() } else { given.to_string() };
    vm.error(ErrorKind::ValueError, format!("{path} needs at least {needs}, and there is {given}"))
}

fn mean(vm: &mut Vm, xs: Value) -> Outcome {
    let path = "math.mean";
    let Some(items) = elements(vm, path, xs)? else { return again(vm, "mean", xs, &[]) };
    if items.is_empty() {
        return Err(too_few(vm, path, 1, 0));
    }
    let count = items.len();
    match series(vm, path, &items)? {
        Series::Ints => {
            let total: i128 = items.iter().filter_map(|item| item.as_int()).map(i128::from).sum();
            Ok(Value::float(total as f64 / count as f64))
        }
        Series::Floats => Ok(Value::float(mean_of(&floats(&items)))),
        Series::Durations => {
            let mean = rounded_quotient(lengths(&items).sum(), count as i128);
            Ok(Value::duration(i64::try_from(mean).unwrap_or_default()))
        }
        Series::Objects => {
            let total = total(vm, path, &items)?;
            combined(vm, path, Operator::Div, total, Value::int(count as i64))
        }
    }
}

fn mean_of(numbers: &[f64]) -> f64 {
    let count = numbers.len() as f64;
    let sum = compensated_sum(numbers.iter().copied());
    if sum.is_finite() {
        return sum / count;
    }
    // The sum may be beyond the floats where the mean is not.
    compensated_sum(numbers.iter().map(|x| x / count))
}

/// Half away from zero.
fn rounded_quotient(sum: i128, count: i128) -> i128 {
    (sum.abs() + count / 2) / count * sum.signum()
}

/// So many comparisons are made between two looks whether the program has to end.
const LOOK_EVERY: usize = 1 << 14;

/// The values in their order.
fn sorted(vm: &mut Vm, path: &str, mut items: Vec<Value>) -> Result<Vec<Value>, Thrown> {
    series(vm, path, &items)?;
    if items.iter().any(|item| item.as_float().is_some_and(f64::is_nan)) {
        return Err(
            vm.error(ErrorKind::ValueError, format!("{path}: nan has no place in an order"))
        );
    }
    let mut steps = 0_usize;
    let sorted = merge_sort(&mut items, |a, b| {
        steps += 1;
        if steps.is_multiple_of(LOOK_EVERY) && vm.gives_up() {
            return Err(());
        }
        match compare(&vm.heap, a, b) {
            Order::Known(order) => Ok(order == Ordering::Less),
            _ => Err(()),
        }
    });
    vm.goes_on()?;
    match sorted {
        Ok(()) => Ok(items),
        Err(()) => {
            Err(vm.error(ErrorKind::TypeError, format!("{path}: the values have no common order")))
        }
    }
}

fn median(vm: &mut Vm, xs: Value) -> Outcome {
    let path = "math.median";
    let Some(items) = elements(vm, path, xs)? else { return again(vm, "median", xs, &[]) };
    if items.is_empty() {
        return Err(too_few(vm, path, 1, 0));
    }
    let items = sorted(vm, path, items)?;
    let middle = items.len() / 2;
    if items.len() % 2 == 1 {
        return Ok(items[middle]);
    }
    between(vm, path, items[middle - 1], items[middle], 0.5)
}

/// The value at `t` on the way from one to another.
fn between(vm: &mut Vm, path: &str, low: Value, high: Value, t: f64) -> Outcome {
    if let (Some(low), Some(high)) = (low.as_number(), high.as_number()) {
        // Not by the difference, which may be infinite.
        let value = if t == 0.0 { low } else { low * (1.0 - t) + high * t };
        return Ok(Value::float(if low == high { low } else { value }));
    }
    if let (Some(low), Some(high)) = (low.as_duration(), high.as_duration()) {
        let way = (i128::from(high) - i128::from(low)) as f64 * t;
        let value = i128::from(low) + way.round() as i128;
        return Ok(Value::duration(i64::try_from(value).unwrap_or(high)));
    }
    if t == 0.0 {
        return Ok(low);
    }
    if t == 0.5 {
        let both = combined(vm, path, Operator::Add, low, high)?;
        return combined(vm, path, Operator::Div, both, Value::int(2));
    }
    Err(only_floats(vm, path, low))
}

fn only_floats(vm: &mut Vm, path: &str, value: Value) -> Thrown {
    let hint = Some("convert it with `float(…)`".to_owned());
    wrong_type(vm, path, "an element", "an int or a float", value, hint)
}

fn mode(vm: &mut Vm, xs: Value) -> Outcome {
    script::call(vm, "most_common", &[xs])
}

/// The variance of the elements, by steps that never subtract large squares (Welford); in
/// nanoseconds for durations. Says whether they were.
fn spread(
    vm: &mut Vm,
    path: &str,
    items: &[Value],
    population: bool,
) -> Result<(f64, bool), Thrown> {
    let least = if population { 1 } else { 2 };
    if items.len() < least {
        return Err(too_few(vm, path, least, items.len()));
    }
    let (numbers, durations) = match series(vm, path, items)? {
        Series::Ints | Series::Floats => (floats(items), false),
        Series::Durations => (lengths(items).map(|length| length as f64).collect(), true),
        Series::Objects => {
            let object = items.iter().copied().find(|item| item.is(Kind::Object));
            return Err(only_floats(vm, path, object.unwrap_or_default()));
        }
    };
    let (mut mean, mut squares) = (0.0, 0.0);
    for (index, x) in numbers.iter().enumerate() {
        let before = x - mean;
        mean += before / (index + 1) as f64;
        squares += before * (x - mean);
    }
    let count = if population { numbers.len() } else { numbers.len() - 1 };
    Ok((squares / count as f64, durations))
}

fn variance(vm: &mut Vm, xs: Value, population: bool) -> Outcome {
    let path = "math.variance";
    let Some(items) = elements(vm, path, xs)? else {
        let function = vm.member("math", "variance");
        return script::call(vm, "with_population", &[function, xs, Value::bool(population)]);
    };
    let (variance, durations) = spread(vm, path, &items, population)?;
    if durations {
        let message = "math.variance: durations have no variance, since there are no squares of \
            them: take `math.stdev(…)`";
        return Err(vm.error(ErrorKind::TypeError, message));
    }
    Ok(Value::float(variance))
}

fn stdev(vm: &mut Vm, xs: Value, population: bool) -> Outcome {
    let path = "math.stdev";
    let Some(items) = elements(vm, path, xs)? else {
        let function = vm.member("math", "stdev");
        return script::call(vm, "with_population", &[function, xs, Value::bool(population)]);
    };
    let (variance, durations) = spread(vm, path, &items, population)?;
    let deviation = variance.sqrt();
    Ok(if durations { Value::duration(deviation.round() as i64) } else { Value::float(deviation) })
}

fn quantile(vm: &mut Vm, xs: Value, q: f64) -> Outcome {
    let path = "math.quantile";
    if !(0.0..=1.0).contains(&q) {
        return Err(bad_value(vm, path, "q must be from 0 to 1", Value::float(q)));
    }
    let Some(items) = elements(vm, path, xs)? else {
        return again(vm, "quantile", xs, &[Value::float(q)]);
    };
    if items.is_empty() {
        return Err(too_few(vm, path, 1, 0));
    }
    let items = sorted(vm, path, items)?;
    let place = q * (items.len() - 1) as f64;
    let below = place.floor() as usize;
    let above = (below + 1).min(items.len() - 1);
    between(vm, path, items[below], items[above], place.fract())
}

fn correlation(vm: &mut Vm, xs: Value, ys: Value) -> Outcome {
    let path = "math.correlation";
    let Some(first) = elements(vm, path, xs)? else { return again(vm, "correlation", xs, &[ys]) };
    let Some(second) = elements(vm, path, ys)? else {
        let message = "math.correlation: ys must be a list";
        return Err(vm.error(ErrorKind::TypeError, message));
    };
    if first.len() != second.len() {
        let message = format!(
            "math.correlation: the series must be of one length, not {} and {}",
            first.len(),
            second.len()
        );
        return Err(vm.error(ErrorKind::ValueError, message));
    }
    if first.len() < 2 {
        return Err(too_few(vm, path, 2, first.len()));
    }
    for item in first.iter().chain(&second) {
        if !item.is_number() {
            return Err(only_floats(vm, path, *item));
        }
    }
    let (first, second) = (floats(&first), floats(&second));
    let (mean, other_mean) = (mean_of(&first), mean_of(&second));
    let (mut both, mut squares, mut other_squares) = (0.0, 0.0, 0.0);
    for (x, y) in first.iter().zip(&second) {
        let (dx, dy) = (x - mean, y - other_mean);
        both += dx * dy;
        squares += dx * dx;
        other_squares += dy * dy;
    }
    if squares == 0.0 || other_squares == 0.0 {
        let message = "math.correlation: a series of equal values goes together with nothing";
        return Err(vm.error(ErrorKind::ValueError, message));
    }
    Ok(Value::float((both / (squares * other_squares).sqrt()).clamp(-1.0, 1.0)))
}

#[cfg(test)]
mod tests {
    use super::compensated_sum;

    #[test]
    fn long_sums_stay_exact() {
        assert_eq!(compensated_sum([0.1; 10].into_iter()), 1.0);
        assert_eq!(compensated_sum([1e100, 1.0, -1e100].into_iter()), 1.0);
        assert_eq!(compensated_sum([f64::INFINITY, 1.0].into_iter()), f64::INFINITY);
        assert!(compensated_sum([f64::INFINITY, f64::NEG_INFINITY].into_iter()).is_nan());
    }
}
