//! What a test asks of the simulated network: hosts, partitions, what goes wrong.

use std::io;
use std::net::IpAddr;

use super::world::{done, span_of, world};
use crate::natives;
use crate::natives::argument::{Rest, bad_value, wrong_type};
use crate::natives::io_error::{Subject, io_error};
use crate::natives::kind::TextValue;
use crate::natives::process::signal_name;
use crate::runtime::driver::Faults;
use crate::runtime::{Answer, Cx};
use crate::vm::{ErrorKind, Thrown, Value};

natives! {
    /// What tests ask of the simulated network.
    pub const NETWORK;

    /// Lets things go wrong from now on, by chance, as the seed of the test decides. What is not named stays as it is;
    /// without any argument nothing goes wrong any more. `latency` is how long a packet is under way, one way: a
    /// duration, or a list of the shortest and the longest (100µs as long as nobody says anything). The others are
    /// shares from 0 (never) to 1 (always): `short_io` of the reads and writes of streams do less than they
    /// could; `reset` of the writes break their connection off; `refuse` of the connects are refused though
    /// somebody listens; `loss`, `duplicate` and `reorder` are for datagrams.
    loop fn test.faults(
        named latency: any?, named short_io: number?, named reset: number?, named refuse: number?,
        named loss: number?, named duplicate: number?, named reorder: number?
    ) => faults;

    /// Adds a host to the simulated network and gives its addresses: those that are named, or one that is made up.
    /// Its name can be looked up, and its addresses can be listened on and connected to. All hosts live in the
    /// test itself; what connects to one comes from `simulated` (10.0.0.1).
    loop fn test.host(name: str, addresses: str...) => host, r#"test.host("db")"# => r#"["10.0.0.2"]"#;

    /// From now on nothing passes between two hosts, named by name or address, or between `a` and all others.
    /// Connects get no answer, what is written waits, datagrams are lost. `"localhost"` is the machine that the test
    /// runs on.
    loop fn test.partition(a: str, b: str?) => partition;

    /// Ends all partitions. What they have held up goes on.
    loop fn test.heal() => heal;

    /// Sends the program a signal, as `signal.on` names it: `"term"`, `"usr1"` … One that is not listened to
    /// does what it does outside: `"int"` and `"term"` end the program.
    loop fn test.raise(signal: str) => raise;
}

/// The faults as they were given.
#[expect(clippy::too_many_arguments, reason = "they are the options of one native")]
fn faults(
    cx: &mut Cx<'_>,
    latency: Option<Value>,
    short_io: Option<f64>,
    reset: Option<f64>,
    refuse: Option<f64>,
    loss: Option<f64>,
    duplicate: Option<f64>,
    reorder: Option<f64>,
) -> Result<Answer, Thrown> {
    const PATH: &str = "test.faults";
    let mut faults = world(cx, PATH)?.faults().clone();
    let shares = [
        ("short_io", short_io, &mut faults.short_io),
        ("reset", reset, &mut faults.reset),
        ("refuse", refuse, &mut faults.refuse),
        ("loss", loss, &mut faults.loss),
        ("duplicate", duplicate, &mut faults.duplicate),
        ("reorder", reorder, &mut faults.reorder),
    ];
    let mut is_empty = latency.is_none();
    for (name, given, share) in shares {
        if let Some(given) = given {
            if !(0.0..=1.0).contains(&given) {
                let rule = format!("{name} must be between 0 and 1");
                return Err(bad_value(cx.vm, PATH, &rule, Value::float(given)));
            }
            *share = given;
            is_empty = false;
        }
    }
    if let Some(latency) = latency {
        let (least, most) = span_of(cx.vm, PATH, latency)?;
        faults.latency = least..=most;
    }
    let faults = if is_empty { Faults::default() } else { faults };
    world(cx, PATH)?.set_faults(faults);
    done()
}

fn host(cx: &mut Cx<'_>, name: TextValue, addresses: Rest) -> Result<Answer, Thrown> {
    const PATH: &str = "test.host";
    let mut parsed: Vec<IpAddr> = Vec::new();
    for value in addresses.to_vec(cx.vm) {
        let Some(text) = cx.vm.heap.str(value) else {
            return Err(wrong_type(cx.vm, PATH, "addresses", "a str", value, None));
        };
        match text.parse() {
            Ok(address) => parsed.push(address),
            Err(_) => return Err(bad_value(cx.vm, PATH, "addresses must be IP addresses", value)),
        }
    }
    let name = name.get(&cx.vm.heap).to_owned();
    match world(cx, PATH)?.add_host(&name, parsed) {
        Ok(all) => {
            let all = all.iter().map(|ip| cx.vm.heap.string_owned(ip.to_string())).collect();
            Ok(Answer::Value(cx.vm.heap.list(all)))
        }
        Err(error) => Err(cx.vm.error(ErrorKind::ValueError, format!("{PATH}: {error}"))),
    }
}

fn partition(cx: &mut Cx<'_>, a: TextValue, b: Option<TextValue>) -> Result<Answer, Thrown> {
    const PATH: &str = "test.partition";
    let [a, b] = [Some(a), b].map(|name| name.map(|name| name.get(&cx.vm.heap).to_owned()));
    match world(cx, PATH)?.partition(&a.unwrap_or_default(), b.as_deref()) {
        Ok(()) => done(),
        Err(error) => {
            let text = format!("{PATH}: {error}; `test.host` adds one");
            Err(cx.vm.error(ErrorKind::ValueError, text))
        }
    }
}

fn heal(cx: &mut Cx<'_>) -> Result<Answer, Thrown> {
    world(cx, "test.heal")?.heal();
    done()
}

fn raise(cx: &mut Cx<'_>, signal: TextValue) -> Result<Answer, Thrown> {
    const PATH: &str = "test.raise";
    let name = signal.get(&cx.vm.heap).to_owned();
    match signal_name::number(&name) {
        Some(number) => world(cx, PATH)?.raise(number),
        None => {
            let error = io::Error::new(io::ErrorKind::InvalidInput, "there is no such signal");
            return Err(io_error(cx.vm, &error, "raise", "raise", Subject::Named(&name)));
        }
    }
    done()
}
