//! Everything that can be awaited, a line for each.
//!
//! A line says what it is called in the registry (several names if one line shows them all; what is no
//! native has a name of words), what has to be there, the op, and what it gives. Then, as far as it
//! applies: what makes it complete, that its value comes once, how it is closed and what then comes.

/// In which world a program runs.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum World {
    /// Time is virtual.
    Virtual,
    /// The operating system.
    Real,
    /// Both, one after the other.
    Both,
}

/// What makes the op complete.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Completes {
    /// This, done by another task.
    When(&'static str),
    /// A millisecond.
    InTime,
    /// Nothing else: it is done on the pool, or in the next turn.
    ByItself,
}

/// What a cancel does to an op that waits.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Cut {
    /// It has not happened.
    Undone,
    /// It cannot be taken back, or is done already: its result comes first.
    Done,
    /// One or the other, as the operating system has it.
    Either,
    /// It has not happened, and what was asked is at its end: a generator.
    Ends,
}

/// A line of the table.
#[derive(Clone, Copy, Debug)]
pub struct Awaitable {
    /// The natives that it shows.
    pub name: &'static str,
    /// Statements before.
    pub setup: &'static str,
    /// What stands behind `await`.
    pub op: &'static str,
    /// The value of `shown` that it gives.
    pub value: &'static str,
    /// An expression over the value `v`.
    pub shown: &'static str,
    /// What makes it complete.
    pub completes: Completes,
    /// Its value comes once: a second op waits.
    pub once: bool,
    /// Its value is only for those who wait when it comes.
    pub edge: bool,
    /// What a cancel does.
    pub cut: Cut,
    /// It can be done again after it was cut.
    pub repeats: bool,
    /// It can be an arm of a `select`.
    pub arm: bool,
    /// It is made of several ops.
    pub several: bool,
    /// It completes some time after what completes it.
    pub far: bool,
    /// The statement that closes what it waits for.
    pub close: &'static str,
    /// What it comes to when that is closed meanwhile.
    pub closed: &'static str,
    /// What it comes to when that was closed before.
    pub used: &'static str,
    /// Where it runs.
    pub world: World,
}

const fn on(
    name: &'static str,
    setup: &'static str,
    op: &'static str,
    value: &'static str,
) -> Awaitable {
    Awaitable {
        name,
        setup,
        op,
        value,
        shown: "v",
        completes: Completes::ByItself,
        once: false,
        edge: false,
        cut: Cut::Undone,
        repeats: true,
        arm: true,
        several: false,
        far: false,
        close: "",
        closed: "",
        used: "",
        world: World::Virtual,
    }
}

impl Awaitable {
    const fn when(self, complete: &'static str) -> Awaitable {
        Awaitable { completes: Completes::When(complete), ..self }
    }

    const fn in_time(self) -> Awaitable {
        Awaitable { completes: Completes::InTime, ..self }
    }

    const fn once(self) -> Awaitable {
        Awaitable { once: true, ..self }
    }

    const fn edge(self) -> Awaitable {
        Awaitable { edge: true, ..self }
    }

    const fn cut(self, cut: Cut) -> Awaitable {
        Awaitable { cut, ..self }
    }

    const fn not_again(self) -> Awaitable {
        Awaitable { repeats: false, ..self }
    }

    /// It runs code of the library, or of the script.
    const fn no_arm(self) -> Awaitable {
        Awaitable { arm: false, ..self }
    }

    /// It is made of several ops, so a cancel may come between them.
    const fn several(self) -> Awaitable {
        Awaitable { several: true, arm: false, ..self }
    }

    const fn shown(self, shown: &'static str) -> Awaitable {
        Awaitable { shown, ..self }
    }

    const fn closes(
        self,
        close: &'static str,
        closed: &'static str,
        used: &'static str,
    ) -> Awaitable {
        Awaitable { close, closed, used, ..self }
    }

    /// What completes it has a way to go, in either world.
    const fn both(self) -> Awaitable {
        Awaitable { world: World::Both, far: true, ..self }
    }

    const fn real(self) -> Awaitable {
        Awaitable { world: World::Real, ..self }
    }

    /// Whether it may complete later than what completes it: a cancel may then come between them.
    pub fn may_be_late(&self) -> bool {
        let on_the_pool = self.completes == Completes::ByItself && self.cut == Cut::Undone;
        self.several || self.far || self.world == World::Real || on_the_pool
    }

    /// Whether it can be raced with a moment: that needs a clock that stands still, and an op that can
    /// be asked for again.
    pub fn races(&self) -> bool {
        self.world != World::Real && self.repeats && self.cut != Cut::Ends
    }
}

const CLOSED: &str = "ClosedError: the stream … was closed";
const SOCKET_CLOSED: &str = "ClosedError: … was closed";
const EMPTY: &str = "ClosedError: the channel is closed and empty";

/// The table.
#[rustfmt::skip]
pub const TABLE: &[Awaitable] = &[
    // Time and tasks.
    on("sleep", "", "sleep(1ms)", "null").in_time(),
    on("task.yield", "", "task.yield()", "null").cut(Cut::Done),
    on("a task", "let go = sync.event()\nlet t = spawn daemon { await go.wait(); 7 }", "t", "7").when("go.set()\nawait task.yield()"),
    on("task.stop", "let t = spawn { await sleep(1h) }\nawait task.yield()", "t.stop()", "null"),
    on("the end of a scope", "let go = sync.event()\nasync fn f() { scope { spawn { await go.wait() }; 7 } }", "f()", "7").when("go.set()").no_arm(),
    on("the end of a function that spawns", "let go = sync.event()\nasync fn f() { spawn { await go.wait() }; 7 }", "f()", "7").when("go.set()").no_arm(),
    on("a timeout", "let go = sync.event()\nasync fn f() { timeout 1h { await go.wait(); 7 } }", "f()", "7").when("go.set()").no_arm(),
    on("a shield", "let go = sync.event()\nasync fn f() { shield 1s { await go.wait(); 7 } }", "f()", "7").when("go.set()").no_arm(),
    on("a select", "let go = sync.event()\nasync fn f() { select { await go.wait() => 7, await sleep(9h) => 8 } }", "f()", "7").when("go.set()").no_arm(),
    on("time.interval interval.next", "let i = time.interval(1ms)", "i.next(\"end\")", "0").in_time().closes("i.close()", "end", "end"),
    on("time.ticker ticker.next", "let i = time.ticker(1ms)", "i.next(\"end\")", "datetime").shown("type(v)").in_time().closes("i.close()", "str", "str"),
    on("a debounce", "let c = channel(9)\nlet d = time.debounce(c, 1ms)", "d.next(\"end\")", "7").when("await c.send(7)").several(),
    on("a throttle", "let c = channel(9)\nlet d = time.throttle(c, 1ms)", "d.next(\"end\")", "7").when("await c.send(7)").several(),
    // Channels.
    on("channel.send", "let c = channel(0)", "c.send(7)", "null").when("await c.recv()").once().closes("c.close()", "ClosedError: the channel was closed before the value was taken", "ClosedError: send on a closed channel"),
    on("channel.send", "let c = channel(1)\nawait c.send(0)", "c.send(7)", "null").when("await c.recv()").once().closes("c.close()", "ClosedError: the channel was closed before the value was taken", "ClosedError: send on a closed channel"),
    on("channel.recv", "let c = channel(0)", "c.recv()", "7").when("await c.send(7)").once().closes("c.close()", EMPTY, EMPTY),
    on("channel.recv", "let c = channel(3)", "c.recv()", "7").when("await c.send(7)").once().closes("c.close()", EMPTY, EMPTY),
    on("channel.next", "let c = channel(0)", "c.next()", "7").when("await c.send(7)").once().closes("c.close()", "StopIteration: the channel is closed and empty", "StopIteration: the channel is closed and empty"),
    on("channel_iter.next", "let c = channel(1)\nlet it = c.iter()", "it.next(\"end\")", "7").when("await c.send(7)").once().closes("c.close()", "end", "end"),
    on("for await", "let c = channel(1)\nasync fn f() { for await v in c { return v } }", "f()", "7").when("await c.send(7)").once().no_arm().closes("c.close()", "null", "null"),
    on("a generator", "let go = sync.event()\nasync fn f() { loop { await go.wait(); yield 7 } }\nlet g = f()", "g.next(\"end\")", "7").when("go.set()").no_arm().cut(Cut::Ends).closes("", "end", "end"),
    // What tasks wait for each other with.
    on("a promise", "let p = sync.promise()", "p", "7").when("p.resolve(7)"),
    on("mutex.lock", "let go = sync.event()\nlet m = sync.mutex()\nspawn daemon { await m.lock(); await go.wait(); m.unlock() }\nawait task.yield()", "m.lock()", "null").when("go.set()\nawait task.yield()"),
    on("mutex.with", "let go = sync.event()\nlet m = sync.mutex()\nspawn daemon { await m.lock(); await go.wait(); m.unlock() }\nawait task.yield()", "m.with(|| 7)", "7").when("go.set()\nawait task.yield()").no_arm(),
    on("semaphore.acquire", "let s = sync.semaphore(1)\nawait s.acquire()", "s.acquire()", "null").when("s.release()").once(),
    on("semaphore.with", "let s = sync.semaphore(1)\nawait s.acquire()", "s.with(|| 7)", "7").when("s.release()").no_arm(),
    on("event.wait", "let e = sync.event()", "e.wait()", "null").when("e.set()"),
    on("barrier.wait", "let b = sync.barrier(2)", "b.wait()", "true").shown("v is int").when("await b.wait()").once(),
    on("broadcast.send", "let b = sync.broadcast(1)\nlet sub = b.subscribe()\nawait b.send(0)", "b.send(7)", "null").when("await sub.recv()").once().closes("b.close()", "ClosedError: broadcast.send: the broadcast is closed", "ClosedError: broadcast.send: the broadcast is closed"),
    on("subscription.recv", "let b = sync.broadcast(1)\nlet sub = b.subscribe()", "sub.recv()", "7").when("await b.send(7)").once().closes("sub.close()", "ClosedError: the subscription is closed", "ClosedError: the subscription is closed"),
    on("subscription.next", "let b = sync.broadcast(1)\nlet sub = b.subscribe()", "sub.next(\"end\")", "7").when("await b.send(7)").once().closes("b.close()", "end", "end"),
    on("watch.changed", "let w = sync.watch(1)", "w.changed()", "7").when("w.set(7)").edge().once().closes("w.close()", "ClosedError: the watch is closed", "ClosedError: the watch is closed"),
    on("watch_iter.next", "let w = sync.watch(1)\nlet it = w.iter()\nawait it.next()", "it.next(\"end\")", "7").when("w.set(7)").once().closes("w.close()", "end", "end"),
    // Several at once.
    on("task.map", "let go = sync.event()", "task.map([1, 2], |n| { await go.wait(); n * 2 })", "[2, 4]").when("go.set()").several(),
    on("task.all", "let go = sync.event()", "task.all([|| { await go.wait(); 1 }, || 2])", "[1, 2]").when("go.set()").several(),
    on("task.race core.first_ended", "let go = sync.event()", "task.race([|| { await go.wait(); 1 }, || { await sleep(9h); 2 }])", "1").when("go.set()").several(),
    on("task.any", "let go = sync.event()", "task.any([|| { await go.wait(); 1 }, || { throw Error(\"no\") }])", "1").when("go.set()").several(),
    on("task.settle", "let go = sync.event()", "task.settle([|| { await go.wait(); 1 }])", "[{ok: true, value: 1}]").when("go.set()").several(),
    on("task.completed", "let go = sync.event()\nasync fn f() { for await t in task.completed([|| { await go.wait(); 1 }]) { return await t } }", "f()", "1").when("go.set()").several(),
    // Files.
    on("fs.read", "{file}", "fs.read(\"${dir}/f\")", "8").shown("v.len"),
    on("fs.read_bytes", "{file}", "fs.read_bytes(\"${dir}/f\")", "8").shown("v.len"),
    on("fs.write", "{folder}", "fs.write(\"${dir}/g\", \"x\")", "null").cut(Cut::Done),
    on("fs.append", "{file}", "fs.append(\"${dir}/f\", \"x\")", "null").cut(Cut::Done),
    on("fs.open", "{file}", "fs.open(\"${dir}/f\")", "stream").shown("type(v)"),
    on("fs.exists", "{file}", "fs.exists(\"${dir}/f\")", "true"),
    on("fs.list", "{file}", "fs.list(dir)", "[\"f\"]"),
    on("fs.stat", "{file}", "fs.stat(\"${dir}/f\")", "8").shown("v.size"),
    on("fs.mkdir", "{folder}", "fs.mkdir(\"${dir}/a/b\", parents: true)", "null").cut(Cut::Done),
    on("fs.remove", "{file}", "fs.remove(\"${dir}/f\")", "null").cut(Cut::Done).not_again(),
    on("fs.remove_all", "{file}", "fs.remove_all(\"${dir}/f\")", "null").cut(Cut::Done),
    on("fs.rename", "{file}", "fs.rename(\"${dir}/f\", \"${dir}/g\")", "null").cut(Cut::Done).not_again(),
    on("fs.copy", "{file}", "fs.copy(\"${dir}/f\", \"${dir}/g\")", "null").cut(Cut::Done),
    on("fs.chmod", "{file}", "fs.chmod(\"${dir}/f\", 0o600)", "null").cut(Cut::Done),
    on("fs.symlink", "{folder}", "fs.symlink(\"f\", \"${dir}/g\")", "null").cut(Cut::Done).not_again(),
    on("fs.readlink", "{folder}\nawait fs.symlink(\"f\", \"${dir}/g\")", "fs.readlink(\"${dir}/g\")", "f"),
    on("fs.temp_dir", "", "fs.temp_dir()", "str").shown("type(v)").cut(Cut::Done),
    on("fs.temp_file", "", "fs.temp_file()", "str").shown("type(v)").cut(Cut::Done),
    on("fs.glob", "{file}", "fs.glob(\"${dir}/*\")", "1").shown("v.len"),
    on("walk.next", "{file}\nlet walk = fs.walk(dir)", "walk.next(\"end\")", "f").shown("if v is map { v.name } else { v }").not_again().closes("walk.close()", "end", "end"),
    on("watcher.next", "{folder}\nlet w = fs.watch(dir)\nawait w.ready()", "w.next(\"end\")", "true").shown("v is map").when("await fs.write(\"${dir}/new\", \"\")").real().closes("w.close()", "false", "false"),
    on("watcher.ready", "{folder}\nlet w = fs.watch(dir)", "w.ready()", "null").cut(Cut::Either).real(),
    // Streams: files.
    on("stream.read", "{file}\nlet f = await fs.open(\"${dir}/f\")", "f.read(3)", "b\"one\"").not_again().closes("f.close()", CLOSED, CLOSED),
    on("stream.seek", "{file}\nlet f = await fs.open(\"${dir}/f\")", "f.seek(4)", "4"),
    on("stream.tell", "{file}\nlet f = await fs.open(\"${dir}/f\")", "f.tell()", "0"),
    on("stream.sync", "{file}\nlet f = await fs.open(\"${dir}/f\", \"r+\")", "f.sync()", "null"),
    on("stream.truncate", "{file}\nlet f = await fs.open(\"${dir}/f\", \"r+\")", "f.truncate(3)", "null"),
    on("input", "", "input()", "line").cut(Cut::Done),
    // Streams: connections.
    on("net.tcp.listen", "", "net.tcp.listen(\"127.0.0.1\", 0)", "listener").shown("type(v)").cut(Cut::Either).both(),
    on("net.tcp.connect", "let l = await net.tcp.listen(\"127.0.0.1\", 0)", "net.tcp.connect(\"127.0.0.1\", l.local.port)", "stream").shown("type(v)").cut(Cut::Either).both(),
    on("listener.accept", "let l = await net.tcp.listen(\"127.0.0.1\", 0)", "l.accept()", "stream").shown("type(v)").when("await net.tcp.connect(\"127.0.0.1\", l.local.port)").both().closes("l.close()", "ClosedError: the listener on … was closed", "ClosedError: the listener on … was closed"),
    on("connections.next", "let l = await net.tcp.listen(\"127.0.0.1\", 0)\nlet it = l.iter()", "it.next(\"end\")", "stream").shown("type(v)").when("await net.tcp.connect(\"127.0.0.1\", l.local.port)").both().closes("l.close()", "str", "str"),
    on("stream.read", "{pair}", "a.read()", "b\"x\"").when("await b.write(\"x\")").once().both().closes("a.close()", CLOSED, CLOSED),
    on("stream.read_exact", "{pair}", "a.read_exact(2)", "b\"xy\"").when("await b.write(\"xy\")").once().both().closes("a.close()", CLOSED, CLOSED),
    on("stream.read_until", "{pair}", "a.read_until(\";\")", "b\"x;\"").when("await b.write(\"x;\")").once().both().closes("a.close()", CLOSED, CLOSED),
    on("stream.read_all", "{pair}\nawait b.write(\"x\")", "a.read_all()", "b\"x\"").when("await b.shutdown()").both().closes("a.close()", CLOSED, CLOSED),
    on("stream.read_text", "{pair}\nawait b.write(\"x\")", "a.read_text()", "x").when("await b.shutdown()").both().closes("a.close()", CLOSED, CLOSED),
    on("lines.next", "{pair}\nlet lines = a.lines()", "lines.next(\"end\")", "x").when("await b.write(\"x\\n\")").once().both().closes("a.close()", CLOSED, CLOSED),
    on("json_lines.next", "{pair}\nlet rows = json.lines(a)", "rows.next(\"end\")", "[7]").when("await b.write(\"[7]\\n\")").once().both().closes("a.close()", CLOSED, CLOSED),
    on("stream.write", "{pair}\nlet big = b\"x\" * 16_000_000\nspawn daemon { try { await a.write(big) } catch { } }\nawait task.yield()", "a.write(\"y\")", "null").when("await b.read_exact(big.len)").both().closes("a.close()", CLOSED, CLOSED),
    on("stream.write", "{pair}\nlet big = b\"x\" * 16_000_000\nspawn daemon { try { await a.write(big) } catch { } }\nawait task.yield()", "a.write([\"y\", b\"z\"])", "null").when("await b.read_exact(big.len)").both().closes("a.close()", CLOSED, CLOSED),
    on("stream.shutdown", "{pair}\nlet big = b\"x\" * 16_000_000\nspawn daemon { try { await a.write(big) } catch { } }\nawait task.yield()", "a.shutdown()", "null").when("await b.read_exact(big.len)").both().closes("a.close()", CLOSED, CLOSED),
    on("net.tcp.serve", "async fn f() { timeout 1ms { await net.tcp.serve(\"127.0.0.1\", 0, |c| null) } else { \"served\" } }", "f()", "served").in_time().several(),
    on("net.unix.serve", "{folder}\nasync fn f() { timeout 1ms { await net.unix.serve(\"${dir}/s\", |c| null) } else { \"served\" } }", "f()", "served").in_time().several(),
    on("listener.serve", "let l = await net.tcp.listen(\"127.0.0.1\", 0)", "l.serve(|c| null)", "null").when("l.close()").several().not_again().both(),
    on("listener.drain", "{pair}", "l.drain()", "0").when("b.close()").several().both(),
    on("net.unix.listen", "{folder}", "net.unix.listen(\"${dir}/s\")", "listener").shown("type(v)").cut(Cut::Either).not_again().both(),
    on("net.unix.connect", "{folder}\nlet l = await net.unix.listen(\"${dir}/s\")", "net.unix.connect(\"${dir}/s\")", "stream").shown("type(v)").cut(Cut::Either).both(),
    on("net.pipe", "{pair}\nlet c = await net.tcp.connect(\"127.0.0.1\", l.local.port)\nlet d = await l.accept()", "net.pipe(b, c)", "[0, 0]").when("await a.shutdown()\nawait d.shutdown()").several().cut(Cut::Ends).closes("", CLOSED, CLOSED).both(),
    on("net.send_file", "{pair}\n{file}", "net.send_file(a, \"${dir}/f\")", "8").several().cut(Cut::Either).not_again().both(),
    on("net.dns.lookup", "", "net.dns.lookup(\"localhost\")", "true").shown("v.len > 0").cut(Cut::Either).both(),
    on("net.dns.reverse", "", "net.dns.reverse(\"127.0.0.1\")", "true").shown("v is str || v == null").cut(Cut::Either).both(),
    // Datagrams.
    on("net.udp.bind", "", "net.udp.bind(\"127.0.0.1\", 0)", "socket").shown("type(v)").cut(Cut::Either).both(),
    on("net.udp.connect", "", "net.udp.connect(\"127.0.0.1\", 9)", "socket").shown("type(v)").cut(Cut::Either).both(),
    on("net.unix.datagram", "", "net.unix.datagram()", "socket").shown("type(v)").cut(Cut::Either).both(),
    on("socket.recv", "{udp}", "a.recv()", "b\"x\"").when("await b.send(\"x\")").once().both().closes("a.close()", SOCKET_CLOSED, SOCKET_CLOSED),
    on("socket.recv_from", "{udp}", "a.recv_from()", "b\"x\"").shown("v[0]").when("await b.send(\"x\")").once().both().closes("a.close()", SOCKET_CLOSED, SOCKET_CLOSED),
    on("datagrams.next", "{udp}\nlet it = a.iter()", "it.next(\"end\")", "b\"x\"").shown("if v is list { v[0] } else { v }").when("await b.send(\"x\")").once().both().closes("a.close()", "end", "end"),
    on("socket.send", "{udp}", "b.send(\"x\")", "null").cut(Cut::Either).both(),
    on("socket.send_to", "{udp}", "a.send_to(\"x\", b.local)", "null").cut(Cut::Either).both(),
    on("socket.send", "{folder}\nlet r = await net.unix.datagram(\"${dir}/r\")\nlet s = await net.unix.datagram(to: \"${dir}/r\")\nwhile (select { await s.send(\"y\") => true, else => false }) { }", "s.send(\"x\")", "null").when("await r.recv()").real().closes("s.close()", SOCKET_CLOSED, SOCKET_CLOSED),
    on("socket.send_to", "{folder}\nlet r = await net.unix.datagram(\"${dir}/r\")\nlet s = await net.unix.datagram()\nwhile (select { await s.send_to(\"y\", r.local) => true, else => false }) { }", "s.send_to(\"x\", r.local)", "null").when("await r.recv()").real().closes("s.close()", SOCKET_CLOSED, SOCKET_CLOSED),
    // Processes and signals.
    on("process.start", "", "process.start(\"true\")", "child").shown("type(v)").cut(Cut::Either).real(),
    on("child.wait", "let child = await process.start(\"cat\")", "child.wait()", "true").shown("v.ok").when("child.stdin.close()").real(),
    on("process.run", "", "process.run(\"true\")", "true").shown("v.ok").cut(Cut::Either).several().real(),
    on("signals.next", "let s = signal.on(\"usr1\")", "s.next(\"end\")", "usr1").when("await process.run(\"kill\", [\"-USR1\", os.pid()])").real().closes("s.close()", "end", "end"),
    // Modules.
    on("import core.import_plan", "{folder}\nawait fs.write(\"${dir}/m.ket\", \"pub let x = 7\")", "import(\"${dir}/m.ket\")", "7").shown("v.x").several().real(),
];
