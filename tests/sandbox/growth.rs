//! Memory that is refused, at every place where a program grows: it ends with an error each time.

use kettle::engine::{Engine, Error, Limit, Limits, Output, Permissions, Vm};

/// Programs that grow in all ways there are.
const PROGRAMS: &[(&str, &str)] = &[
    (
        "containers",
        r#"
        let xs = []
        for i in 0..200 { xs.push([i, "${i}"]); xs.insert(0, {a: i}) }
        let doubled = [...xs, ...xs].map(|x| [x]).reversed()
        let map = {}
        for i in 0..200 { map["key${i}"] = [i]; map[i] = i }
        let seen = set(0..200)
        let b = buffer()
        for i in 0..200 { b.push(i) }
        let text = ["part"].map(|p| p.repeat(2000)).join(", ")
        print(doubled.len, map.len, seen.len, b.len, text.upper().split("T").len, list(text).len)
        print(list(0..2000).sorted(by: |a| -a)[0], xs[0..50].len, {...map, more: 1}.len)
        "#,
    ),
    (
        "library",
        r#"
        import json
        import math
        import regex
        let data = {rows: list(0..100).map(|i| {id: i, name: "row ${i}", tags: ["a", "b"]})}
        let text = json.stringify(data)
        print(json.parse(text).rows.len, text.len)
        print(regex.compile("r(o)w").find_all(text.repeat(3)).len)
        var n = math.bigint(1)
        for i in 1..300 { n = n * math.bigint(i) }
        print("${n}".len)
        "#,
    ),
    (
        "tasks",
        r#"
        async fn worker(c, n) { for i in 0..n { await c.send("item ${i}") } }
        fn count(n) { for i in 0..n { yield [i] } }
        class Node { value; next; fn init(value, next) { self.value = value; self.next = next } }
        let c = channel(4)
        scope {
            for i in 0..20 { spawn worker(c, 10) }
            var got = []
            while got.len < 200 { got.push(await c.recv()) }
            print(got.len)
        }
        var node = null
        for i in 0..500 { node = Node(i, node) }
        fn deep(n) { if n == 0 { return 0 }; 1 + deep(n - 1) }
        print(deep(2000), list(count(300)).len)
        try { throw ValueError("x".repeat(1000)) } catch error is ValueError { print(error.message.len) }
        "#,
    ),
];

/// How a program ends that may use so many bytes: with what it prints, or without memory.
fn outcome(text: &str, limits: Limits, memory_limit: usize) -> Result<String, &'static str> {
    let mut engine = Engine::new();
    let output = Output::captured();
    let options = engine.options();
    options.stdout = output.clone();
    options.virtual_clock = true;
    options.permissions = Permissions::all();
    options.limits = limits;
    options.memory_limit = memory_limit;
    let program =
        engine.compile_text("test.ket", text).unwrap_or_else(|e| panic!("{}", e.render(false)));
    let ended = Vm::new(&engine).and_then(|mut vm| vm.run_blocking(&program));
    match ended {
        Ok(_) => Ok(output.text()),
        Err(Error::Limit(Limit::Memory)) => Err("limit"),
        Err(error) => {
            let report = error.report(false);
            assert!(report.contains("emory"), "{report}");
            Err("MemoryError")
        }
    }
}

#[test]
fn memory_that_is_refused_is_an_error_wherever_that_happens() {
    for (name, text) in PROGRAMS {
        let whole = outcome(text, Limits::new(), usize::MAX).expect("there is enough");
        let (mut refused, mut enough) = (0, 0);
        // Each step lies somewhere else in what the program makes.
        let mut bytes = 0;
        while enough < 3 {
            match outcome(text, Limits::new().memory(bytes), usize::MAX) {
                Ok(printed) => {
                    assert_eq!(printed, whole, "{name} with {bytes} bytes");
                    enough += 1;
                }
                Err(why) => {
                    assert_eq!(why, "limit", "{name} with {bytes} bytes");
                    refused += 1;
                    enough = 0;
                }
            }
            // The same where the program could catch it, which this one does not.
            if let Ok(printed) = outcome(text, Limits::new(), bytes) {
                assert_eq!(printed, whole, "{name} with {bytes} bytes");
            }
            bytes += 1_531 + bytes / 64;
            assert!(bytes < 64 << 20, "{name} never has enough");
        }
        assert!(refused > 50, "{name} was refused memory only {refused} times");
    }
}
