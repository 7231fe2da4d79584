//! Module `random`: chance for games, samples and tests, and bytes that nobody can guess.
//!
//! Every function exists twice, of the module and of a generator with a seed. They share their
//! bodies in `draw`, which take numbers of 64 random bits from wherever they come.

mod draw;

use super::Outcome;
use super::kind::ListValue;
use crate::natives;
use crate::runtime::driver::Random;
use crate::runtime::{Answer, Cx};
use crate::vm::object::HostObject;
use crate::vm::{ErrorKind, Thrown, Value, Vm};

pub(in crate::natives) use draw::shuffle_items;

natives! {
    /// Module `random`: random numbers and choices. They are good for games, samples and jitter, but
    /// can be guessed, except those of `random.bytes`.
    pub const RANDOM;

    /// One of the ints of a range, each equally likely.
    loop fn random.int(range: any) => |cx: &mut Cx<'_>, range| by_driver(cx, |vm, next| draw::int(vm, next, range)),
        "import random\nprint(random.int(1..=6) in 1..=6)" => "true";
    /// A float that is at least `low` and below `high`.
    loop fn random.float(low: number = 0.0, high: number = 1.0) => |cx: &mut Cx<'_>, low, high| {
        by_driver(cx, |vm, next| draw::float(vm, next, low, high))
    }, "import random\nlet x = random.float()\nprint(x >= 0.0 && x < 1.0)" => "true";
    /// True with a probability of `p`.
    loop fn random.bool(p: number = 0.5) => |cx: &mut Cx<'_>, p| by_driver(cx, |vm, next| draw::chance(vm, next, p)),
        "import random\nprint(random.bool(1.0))" => "true";
    /// One of the elements of a list or of another collection; null if it is empty. With `weights`,
    /// a list of one number for each, an element is as likely as its share in their sum.
    loop fn random.pick(items: any, named weights: list?) => |cx: &mut Cx<'_>, items, weights| {
        by_driver(cx, |vm, next| draw::pick(vm, next, items, weights))
    }, "import random\nprint(random.pick([\"a\", \"b\"], weights: [1, 0]))" => "a";
    /// A list of `n` elements from different places, in random order. A ValueError if there are
    /// fewer.
    loop fn random.sample(items: any, n: int) => |cx: &mut Cx<'_>, items, n| {
        by_driver(cx, |vm, next| draw::sample(vm, next, items, n))
    }, "import random\nprint(random.sample(0..1000, 3).len)" => "3";
    /// Puts the elements of a list in random order, each order equally likely.
    loop fn random.shuffle(items: list) => |cx: &mut Cx<'_>, items| by_driver(cx, |vm, next| draw::shuffle(vm, next, items)),
        "import random\nlet xs = [1]\nrandom.shuffle(xs)\nprint(xs)" => "[1]";
    /// The elements of a collection in random order, as a new list.
    loop fn random.shuffled(items: any) => |cx: &mut Cx<'_>, items| by_driver(cx, |vm, next| draw::shuffled(vm, next, items)),
        "import random\nprint(random.shuffled(1..4).sorted())" => "[1, 2, 3]";
    /// `n` random bytes from the operating system, which nobody can guess: for keys and tokens.
    loop fn random.bytes(n: int) => secret_bytes,
        "import random\nprint(random.bytes(16).len)" => "16";
    /// A generator with the functions of this module as methods. The same seed gives the same results
    /// on every machine and in every later version: the numbers are those of SplitMix64, an int of a
    /// range is the high half of a 128-bit product (Lemire), a float the upper 53 bits. Whoever has
    /// seen some of its numbers can guess all others.
    fn random.seeded(seed: int) => |vm: &mut Vm, seed: i64| {
        Ok(vm.heap.object(Box::new(Seeded { random: Random::seeded(seed as u64) })))
    }, "import random\nlet dice = random.seeded(1)\nprint([dice.int(1..=6), dice.int(1..=6), dice.int(1..=6)])" => "[4, 5, 6]";
}

natives! {
    /// The methods of a generator with a seed.
    pub const SEEDED;

    /// One of the ints of a range, each equally likely.
    host method seeded.int(range: any) => |vm: &mut Vm, of, range| by_seed(vm, of, |vm, next| draw::int(vm, next, range));
    /// A float that is at least `low` and below `high`.
    host method seeded.float(low: number = 0.0, high: number = 1.0) => |vm: &mut Vm, of, low, high| {
        by_seed(vm, of, |vm, next| draw::float(vm, next, low, high))
    };
    /// True with a probability of `p`.
    host method seeded.bool(p: number = 0.5) => |vm: &mut Vm, of, p| by_seed(vm, of, |vm, next| draw::chance(vm, next, p));
    /// One of the elements of a collection; null if it is empty. See `random.pick`.
    host method seeded.pick(items: any, named weights: list?) => |vm: &mut Vm, of, items, weights| {
        by_seed(vm, of, |vm, next| draw::pick(vm, next, items, weights))
    };
    /// A list of `n` elements from different places, in random order.
    host method seeded.sample(items: any, n: int) => |vm: &mut Vm, of, items, n| {
        by_seed(vm, of, |vm, next| draw::sample(vm, next, items, n))
    };
    /// Puts the elements of a list in random order.
    host method seeded.shuffle(items: list) => |vm: &mut Vm, of, items: ListValue| {
        by_seed(vm, of, |vm, next| draw::shuffle(vm, next, items))
    };
    /// The elements of a collection in random order, as a new list.
    host method seeded.shuffled(items: any) => |vm: &mut Vm, of, items| by_seed(vm, of, |vm, next| draw::shuffled(vm, next, items));
    /// `n` bytes that follow from the seed.
    host method seeded.bytes(n: int) => |vm: &mut Vm, of, n| by_seed(vm, of, |vm, next| draw::bytes(vm, next, n));
}

/// A generator with a seed.
struct Seeded {
    random: Random,
}

impl HostObject for Seeded {
    fn type_name(&self) -> &'static str {
        "seeded"
    }
}

/// Draws with the chance of the driver, which a run that is repeated repeats.
fn by_driver(
    cx: &mut Cx<'_>,
    draw: impl FnOnce(&mut Vm, &mut dyn FnMut() -> u64) -> Outcome,
) -> Result<Answer, Thrown> {
    let driver = &mut cx.rt.driver;
    draw(cx.vm, &mut || driver.random()).map(Answer::Value)
}

/// Draws with the numbers of a seed.
fn by_seed(
    vm: &mut Vm,
    of: Value,
    draw: impl FnOnce(&mut Vm, &mut dyn FnMut() -> u64) -> Outcome,
) -> Outcome {
    let Some(mut random) = vm.heap.object_ref::<Seeded>(of).map(|seeded| seeded.random) else {
        return Err(vm.error(ErrorKind::TypeError, "this is a method of `random.seeded(…)`"));
    };
    let result = draw(vm, &mut || random.draw());
    if let Some(seeded) = vm.heap.object_mut::<Seeded>(of) {
        seeded.random = random;
    }
    result
}

fn secret_bytes(cx: &mut Cx<'_>, n: i64) -> Result<Answer, Thrown> {
    let length = draw::byte_count(cx.vm, n)?;
    let mut bytes = vec![0; length];
    match cx.rt.driver.secret(&mut bytes) {
        Ok(()) => Ok(Answer::Value(cx.vm.heap.bytes(&bytes))),
        Err(error) => {
            use super::io_error::{Subject, io_error};
            let about = Subject::Named("random bytes");
            Err(io_error(cx.vm, &error, "random", "get", about))
        }
    }
}
