//! Module `net.dns`: names and addresses, asked for on the pool.

use std::io;
use std::net::IpAddr;
use std::task::Poll;

use super::lookup::{Found, ask, taken};
use crate::natives;
use crate::natives::argument::bad_value;
use crate::natives::io_error::{Subject, io_error};
use crate::natives::kind::TextValue;
use crate::runtime::driver::{Driver, Job, Lane, Seat, Ticket, submit, unknown_host};
use crate::runtime::{Answer, Cx, Source, Wait};
use crate::vm::{ErrorKind, Thrown, Value, Vm};

natives! {
    /// The functions of module `net.dns`.
    pub const DNS;

    /// The IP addresses of a host, as text, best first; never none: a name that nobody knows is an
    /// IoError `unknown_host`. `family` 4 or 6 gives those of one family alone. Who asks for a
    /// name that is being looked up already gets the same answer. An address is its own answer.
    async fn net.dns.lookup(host: str, named family: int?) => lookup,
        "import {dns} from net\nprint(await dns.lookup(\"127.0.0.1\"))" => "[\"127.0.0.1\"]";
    /// The name of an IP address, or null if it has none: the table of hosts and the name servers of
    /// the system are asked.
    async fn net.dns.reverse(ip: str) => reverse;
}

fn lookup(cx: &mut Cx<'_>, host: TextValue, family: Option<i64>) -> Result<Answer, Thrown> {
    let name = host.get(&cx.vm.heap).to_owned();
    if name.is_empty() {
        return Err(bad_value(cx.vm, "net.dns.lookup", "host must not be empty", host.0));
    }
    let family = match family {
        None => None,
        Some(4) => Some(Family::V4),
        Some(6) => Some(Family::V6),
        Some(other) => {
            let other = Value::int(other);
            return Err(bad_value(cx.vm, "net.dns.lookup", "family must be 4 or 6", other));
        }
    };
    let op = LookupOp { name, family, asked: None };
    Ok(Answer::Wait(Wait::Source(Box::new(op))))
}

#[derive(Clone, Copy, PartialEq, Eq)]
enum Family {
    V4,
    V6,
}

impl Family {
    fn of(ip: IpAddr) -> Family {
        if ip.is_ipv4() { Family::V4 } else { Family::V6 }
    }
}

struct LookupOp {
    name: String,
    family: Option<Family>,
    asked: Option<Asked>,
}

enum Asked {
    /// It is an address by itself.
    Literal(IpAddr),
    Resolver(Seat<Found<Vec<IpAddr>>>),
}

impl LookupOp {
    fn answer(&self, driver: &mut dyn Driver) -> Option<Found<Vec<IpAddr>>> {
        match self.asked.as_ref()? {
            Asked::Literal(ip) => Some(Ok(vec![*ip])),
            Asked::Resolver(seat) => taken(seat, driver),
        }
    }
}

impl Source for LookupOp {
    fn attempt(&mut self, cx: &mut Cx<'_>) -> Poll<Result<Value, Thrown>> {
        let Some(answer) = self.answer(cx.rt.driver.as_mut()) else { return Poll::Pending };
        let wanted = |ip: &IpAddr| self.family.is_none_or(|family| family == Family::of(*ip));
        let nobody = unknown_host();
        let found = answer.map(|ips| ips.into_iter().filter(wanted).collect::<Vec<_>>());
        Poll::Ready(match found {
            Ok(ips) if !ips.is_empty() => {
                let ips = ips.iter().map(|ip| cx.vm.heap.string(&ip.to_string())).collect();
                Ok(cx.vm.heap.list(ips))
            }
            result => {
                let error = result.err();
                let error = error.as_deref().unwrap_or(&nobody);
                Err(io_error(cx.vm, error, "lookup", "look up", Subject::Address(&self.name)))
            }
        })
    }

    fn register(&mut self, cx: &mut Cx<'_>, ticket: Ticket) {
        self.asked = Some(match self.name.parse() {
            Ok(ip) => {
                cx.rt.driver.notify(ticket);
                Asked::Literal(ip)
            }
            Err(_) => {
                let seat = ask(cx.rt, &self.name);
                seat.wait(cx.rt.driver.as_mut(), ticket);
                Asked::Resolver(seat)
            }
        });
    }

    fn unregister(&mut self, cx: &mut Cx<'_>, ticket: Ticket) {
        if let Some(Asked::Resolver(seat)) = self.asked.take() {
            seat.unwait(cx.rt.driver.as_mut(), ticket);
        }
    }

    fn describe(&self, _: &Vm) -> String {
        format!("the addresses of {}", self.name)
    }
}

fn reverse(cx: &mut Cx<'_>, ip: TextValue) -> Result<Answer, Thrown> {
    match ip.get(&cx.vm.heap).parse() {
        Ok(ip) => {
            let op = ReverseOp { ip, job: None };
            Ok(Answer::Wait(Wait::Source(Box::new(op))))
        }
        Err(_) => {
            let text = ip.get(&cx.vm.heap);
            let text = format!(
                "net.dns.reverse: ip must be an IP address, like \"127.0.0.1\" or \"::1\", not {text:?}: \
                 `net.dns.lookup` looks names up"
            );
            Err(cx.vm.error(ErrorKind::ValueError, text))
        }
    }
}

struct ReverseOp {
    ip: IpAddr,
    job: Option<Job<io::Result<Option<String>>>>,
}

impl ReverseOp {
    #[cold]
    fn failed(&self, vm: &mut Vm, error: &io::Error) -> Thrown {
        let ip = self.ip.to_string();
        io_error(vm, error, "reverse", "find the name of", Subject::Address(&ip))
    }
}

impl Source for ReverseOp {
    fn attempt(&mut self, cx: &mut Cx<'_>) -> Poll<Result<Value, Thrown>> {
        let Some(answer) = self.job.as_ref().and_then(Job::take) else { return Poll::Pending };
        Poll::Ready(match answer.map_err(io::Error::other).flatten() {
            Ok(Some(name)) => Ok(cx.vm.heap.string(&name)),
            Ok(None) => Ok(Value::null()),
            Err(error) => Err(self.failed(cx.vm, &error)),
        })
    }

    fn register(&mut self, cx: &mut Cx<'_>, ticket: Ticket) {
        let (resolver, ip) = (cx.rt.driver.resolver(), self.ip);
        let job = submit(cx.rt.driver.as_mut(), Lane::Dns, move || resolver.reverse(ip));
        job.wait(ticket);
        self.job = Some(job);
    }

    fn unregister(&mut self, _: &mut Cx<'_>, _: Ticket) {
        self.job = None;
    }

    fn describe(&self, _: &Vm) -> String {
        format!("the name of {}", self.ip)
    }
}
