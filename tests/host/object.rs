//! Types of the host: fields, methods, async methods, statics, operators, iteration.

use std::future::poll_fn;
use std::sync::{Arc, Mutex};
use std::task::Poll;

use kettle::engine::{Busy, Ctx, Engine, Error, Exclusive, Func, Shared};

use super::{printed, vm};

/// A rate limiter that scripts can await.
#[derive(kettle::Object)]
struct Bucket {
    /// What it is called.
    #[kettle(get)]
    name: String,
    #[kettle(get, set)]
    tokens: u32,
    log: Arc<Mutex<Vec<u32>>>,
}

/// Lets other tasks go on so often.
async fn pause(turns: u32) {
    let mut left = turns;
    poll_fn(move |cx| match left {
        0 => Poll::Ready(()),
        _ => {
            left -= 1;
            cx.waker().wake_by_ref();
            Poll::Pending
        }
    })
    .await;
}

#[kettle::methods]
impl Bucket {
    /// A bucket with so many tokens.
    #[kettle(new, default(tokens = 10))]
    fn new(name: String, tokens: u32) -> Result<Bucket, String> {
        match name.is_empty() {
            true => Err("a bucket has a name".to_owned()),
            false => Ok(Bucket { name, tokens, log: Arc::default() }),
        }
    }

    /// How many are left.
    fn left(&self) -> u32 {
        self.tokens
    }

    fn add(&mut self, n: u32) -> u32 {
        self.tokens += n;
        self.tokens
    }

    fn describe(&self, before: &str, others: Option<Vec<String>>) -> String {
        format!("{before}{}{}", self.name, others.unwrap_or_default().concat())
    }

    fn full_name(&self) -> &str {
        &self.name
    }

    fn more_than(&self, other: &Bucket) -> bool {
        self.tokens > other.tokens
    }

    /// Pours all of another bucket into this one.
    fn pour(&mut self, other: &Bucket) {
        self.tokens += other.tokens;
    }

    fn empty() -> Bucket {
        Bucket { name: "empty".to_owned(), tokens: 0, log: Arc::default() }
    }

    async fn find(name: &str) -> Bucket {
        pause(2).await;
        Bucket { name: name.to_owned(), tokens: 1, log: Arc::default() }
    }

    /// Takes tokens, several calls at a time.
    async fn take(this: Shared<Self>, n: u32, why: Option<String>) -> Result<u32, Busy> {
        let _ = why;
        pause(3).await;
        this.with_mut(|bucket| {
            bucket.tokens -= n;
            bucket.tokens
        })
    }

    /// One call after the other, though each waits.
    async fn turn(this: Exclusive<Self>, n: u32) -> Result<(), Busy> {
        this.with_mut(|bucket| bucket.log.lock().unwrap().push(n))?;
        pause(4).await;
        this.with_mut(|bucket| bucket.log.lock().unwrap().push(n))
    }

    #[kettle(get)]
    fn log(&self) -> Vec<u32> {
        self.log.lock().unwrap().clone()
    }

    #[kettle(skip)]
    fn boom(&self) -> u32 {
        panic!("out of order")
    }

    fn panics(&self) -> u32 {
        self.boom()
    }

    /// Calls a function with each token.
    fn each(&self, cx: &mut Ctx, before: &str, f: Func) -> Result<Vec<String>, Error> {
        (0..self.tokens).map(|n| f.call(cx, (format!("{before}{n}"),))).collect()
    }

    fn change(&mut self, cx: &mut Ctx, f: Func) -> Result<u32, Error> {
        self.tokens = f.call(cx, (self.tokens,))?;
        Ok(self.tokens)
    }

    fn filled(cx: &mut Ctx, like: &Bucket, f: Func) -> Result<Bucket, Error> {
        let tokens = f.call(cx, ())?;
        Ok(Bucket { name: like.name.clone(), tokens, log: Arc::default() })
    }

    #[kettle(text)]
    fn text(&self) -> String {
        format!("Bucket({}, {})", self.name, self.tokens)
    }
}

/// A vector with operators.
#[derive(kettle::Object, Clone, Copy, PartialEq)]
#[kettle(name = "vec")]
struct Vec2 {
    #[kettle(get)]
    x: i64,
    #[kettle(get)]
    y: i64,
}

#[kettle::methods]
impl Vec2 {
    #[kettle(new)]
    fn new(x: i64, y: i64) -> Vec2 {
        Vec2 { x, y }
    }

    #[kettle(op("+"))]
    fn plus(&self, other: &Self) -> Vec2 {
        Vec2 { x: self.x + other.x, y: self.y + other.y }
    }

    #[kettle(op("*"))]
    fn times(&self, by: i64) -> Vec2 {
        Vec2 { x: self.x * by, y: self.y * by }
    }

    #[kettle(op("*"))]
    fn dot(&self, other: &Self) -> i64 {
        self.x * other.x + self.y * other.y
    }

    #[kettle(op("*", right))]
    fn times_from_the_left(&self, by: i64) -> Vec2 {
        self.times(by)
    }

    #[kettle(op("-", right))]
    fn taken_from(&self, from: i64) -> Vec2 {
        Vec2 { x: from - self.x, y: from - self.y }
    }

    #[kettle(op("/"))]
    fn over(&self, by: i64) -> Result<Vec2, String> {
        match by {
            0 => Err("nothing is left".to_owned()),
            by => Ok(Vec2 { x: self.x / by, y: self.y / by }),
        }
    }

    #[kettle(op("-"))]
    fn negative(&self) -> Vec2 {
        Vec2 { x: -self.x, y: -self.y }
    }

    #[kettle(op("=="))]
    fn same(&self, other: &Self) -> bool {
        self == other
    }

    #[kettle(op("<=>"))]
    fn order(&self, other: &Self) -> std::cmp::Ordering {
        (self.x, self.y).cmp(&(other.x, other.y))
    }

    #[kettle(hash)]
    fn key(&self) -> String {
        format!("{},{}", self.x, self.y)
    }

    #[kettle(op("[]"))]
    fn part(&self, index: usize) -> Option<i64> {
        [self.x, self.y].get(index).copied()
    }

    #[kettle(iter)]
    fn parts(&self) -> [i64; 2] {
        [self.x, self.y]
    }
}

#[derive(kettle::Object)]
struct Plain;

fn engine() -> Engine {
    let mut engine = Engine::new();
    let built = engine.module("host", |m| {
        m.object::<Bucket>().object::<Vec2>().object::<Plain>();
        m.function("plain", || Plain);
        m.function("name_of", |bucket: Shared<Bucket>| bucket.with(|it| it.name.clone()));
    });
    built.expect("the module makes sense");
    engine
}

fn said(text: &str) -> String {
    printed(engine(), &format!("import {{Bucket, vec, plain, name_of}} from host\n{text}"))
}

#[test]
fn fields_methods_and_statics() {
    let text = "let b = Bucket(\"a\")\n\
        print(b, b.name, b.left())\n\
        print(b.add(5), type(b), b is Bucket)\n\
        b.tokens = 3\n\
        b.tokens += 1\n\
        print(b.tokens, b.full_name(), b.describe(\"the \"), b.describe(\"the \", others: [\"!\", \"?\"]))\n\
        print(Bucket(name: \"n\", tokens: 2), Bucket.empty(), (await Bucket.find(\"f\")).name)\n\
        print(b.more_than(Bucket.empty()), b.more_than(b), name_of(b), plain())\n\
        b.pour(Bucket(\"c\", 6))\n\
        let take = b.add\n\
        print(take(1), b == b, b == Bucket(\"a\"))";
    let expected = "Bucket(a, 10) a 10\n15 Bucket true\n4 a the a the a!?\n\
        Bucket(n, 2) Bucket(empty, 0) f\ntrue false a <Plain>\n11 true false\n";
    assert_eq!(said(text), expected);
}

#[test]
fn methods_call_back() {
    let text = "let b = Bucket(\"a\", 2)\n\
        print(b.each(\"n\", |s| s + \"!\"), b.change(|n| n + 40), Bucket.filled(b, || 7))\n\
        for bad in [|| b.change(|n| b.add(1)), || b.each(1, |s| s), || b.change(|n| { throw ValueError(\"no\") })] {\n\
            try { bad() } catch error { print(error) }\n\
        }";
    let expected = "[\"n0!\", \"n1!\"] 42 Bucket(a, 7)\n\
        Error: Bucket.add: the object is in use by a call further out\n\
        TypeError: Bucket.each: `before` must be a str, not an int (1)\n\
        ValueError: no\n";
    assert_eq!(said(text), expected);
}

#[test]
fn async_methods_share_and_take_turns() {
    let text = "let b = Bucket(\"a\", 100)\n\
        scope {\n\
            for n in 1..=4 { spawn b.take(n) }\n\
            b.add(1)\n\
        }\n\
        print(b.left())\n\
        scope { for n in 1..=3 { spawn b.turn(n) } }\n\
        print(b.log)\n\
        let first = spawn b.turn(7)\n\
        let second = spawn b.turn(8)\n\
        let third = spawn b.turn(9)\n\
        await sleep(0s)\n\
        second.cancel()\n\
        await third\n\
        print(b.log)";
    let expected = "91\n[1, 1, 2, 2, 3, 3]\n[1, 1, 2, 2, 3, 3, 7, 7, 9, 9]\n";
    assert_eq!(said(text), expected);
}

#[test]
fn operators_keys_order_and_iteration() {
    let text = "let (a, b) = (vec(1, 2), vec(3, 4))\n\
        let sum = a + b\n\
        print([sum.x, sum.y], (a * 3).y, a * b, (-a).x, (b / 2).x)\n\
        print(a == vec(1, 2), a == b, a != b, a < b, {[a]: 1}.len, a == 1)\n\
        print({[vec(1, 1)]: \"one\"}[vec(1, 1)], set([a, vec(1, 2), b]).len)\n\
        print(a[0], a[1], a[7], [x * 10 for x in b], iterator(b).map(|x| -x).list())\n\
        print([b, a].sorted()[0] == a, (3 * a).y, (10 - a).x)\n\
        for bad in [|| a + 1, || a - b, || a / 0, || 1 / a] {\n\
            try { bad() } catch error { print(error) }\n\
        }";
    let text =
        text.replace("let (a, b) = (vec(1, 2), vec(3, 4))", "let a = vec(1, 2)\nlet b = vec(3, 4)");
    let text = text.replace("[x * 10 for x in b]", "iterator(b).map(|x| x * 10).list()");
    let text =
        text.replace("{[a]: 1}.len, ", "").replace("{[vec(1, 1)]: \"one\"}[vec(1, 1)]", "keyed(a)");
    let text = format!("fn keyed(a) {{ let m = {{}}; m[vec(1, 2)] = \"one\"; m[a] }}\n{text}");
    let shown = said(&text);
    let lines: Vec<&str> = shown.lines().collect();
    assert_eq!(lines[0], "[4, 6] 6 11 -1 1");
    assert_eq!(lines[1], "true false true true false");
    assert_eq!(lines[2], "one 2");
    assert_eq!(lines[3], "1 2 null [30, 40] [-3, -4]");
    assert_eq!(lines[4], "true 6 9");
    assert!(lines[5].starts_with("TypeError: ") && lines[6].starts_with("TypeError: "), "{shown}");
    assert_eq!(lines[7], "Error: nothing is left");
    assert!(lines[8].starts_with("TypeError: "), "{shown}");
}

#[test]
fn misuse_by_scripts_is_explained() {
    let text = "let b = Bucket(\"a\")\n\
        let calls = [|| Bucket(\"\"), || Bucket(), || b.add(-1), || b.add(n: 1, m: 2), || b.lefft(), || b.pour(1),\n\
            || b.pour(b), || b.panics(), || Bucket.emty(), || { b.name = \"x\" }, || name_of(vec(1, 2)), || plain() + 1]\n\
        for call in calls { try { call() } catch error { print(error) } }";
    let shown = said(text);
    let lines: Vec<&str> = shown.lines().collect();
    let expected = [
        "Error: a bucket has a name",
        "ArityError: Bucket takes 1 to 2 arguments (name, tokens?), but none was given",
        "TypeError: Bucket.add: `n` must be an int from 0 to 4294967295, not an int (-1)",
        "ArityError: Bucket.add has no parameter `m`; it takes n",
        "did you mean `left`?",
        "TypeError: Bucket.pour: `other` must be a Bucket, not an int (1)",
        "Error: the object is in use by a call further out",
        "Error: the host function `Bucket.panics` panicked: out of order",
        "did you mean `empty`?",
        "name",
        "TypeError: host.name_of: argument 1 must be a Bucket, not a vec",
        "TypeError: ",
    ];
    for (line, expected) in lines.iter().zip(expected) {
        assert!(line.contains(expected), "{line:?} does not say {expected:?}");
    }
    assert_eq!(lines.len(), expected.len(), "{shown}");
}

#[test]
fn the_host_keeps_a_hand_on_what_it_gave() {
    let mut engine = engine();
    let bucket = Shared::new(Bucket { name: "mine".to_owned(), tokens: 1, log: Arc::default() });
    let given = bucket.clone();
    engine.function("mine", move || given.clone());
    let mut vm = vm(&engine, "pub fn add(b) { b.add(1); mine().add(10); b }");
    let back: Shared<Bucket> = vm.call_blocking("add", (bucket.clone(),)).expect("it is a bucket");
    assert!(back.is_same(&bucket));
    assert_eq!(bucket.with(|it| it.tokens), Ok(12));
}

#[test]
fn types_have_names_of_their_own_and_documentation() {
    mod other {
        #[derive(kettle::Object)]
        pub struct Bucket;
        #[derive(kettle::Object)]
        #[kettle(name = "list")]
        pub struct List;
    }
    let refused = |build: fn(&mut kettle::engine::ModuleBuilder)| match engine().module("x", build)
    {
        Err(Error::Call(why)) => why,
        _ => panic!("it is not refused"),
    };
    assert_eq!(
        refused(|m| {
            m.object::<other::Bucket>();
        }),
        "there is a type `Bucket` already"
    );
    assert_eq!(
        refused(|m| {
            m.object::<other::List>();
        }),
        "`list` is a type of the library"
    );
    let shown: Vec<String> = engine().api().iter().map(kettle::tools::manual::entry).collect();
    let shown = shown.join("\n");
    for part in [
        "class host.Bucket",
        "A rate limiter that scripts can await.",
        "host.Bucket(name: str, tokens: int = 10)",
        "async host.Bucket.take(n: int, why: str?)",
        "What it is called.",
    ] {
        assert!(shown.contains(part), "{part} is not in\n{shown}");
    }
}
