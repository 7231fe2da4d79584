//! The quick reader against serde_json, on documents that are made at random and then damaged.

use super::read;
use crate::vm::random_test::Random;
use crate::vm::{Value, Vm, VmOptions};

impl Random {
    fn pick<'a>(&mut self, from: &[&'a str]) -> &'a str {
        from[self.below(from.len())]
    }

    fn blanks(&mut self, out: &mut String) {
        if self.below(4) == 0 {
            out.push_str(self.pick(&[" ", "\n", "\t", "\r\n", "  \n   "]));
        }
    }

    fn string(&mut self, out: &mut String) {
        const PIECES: [&str; 17] = [
            "a",
            "name",
            "id",
            "a longer piece of text",
            "é",
            "日本",
            "🦀",
            "\\n",
            "\\\"",
            "\\\\",
            "\\/",
            "\\u00e9",
            "\\uD83E\\uDD80",
            "\\ud800",
            "\\u0000",
            "\u{7f}",
            " ",
        ];
        out.push('"');
        for _ in 0..self.below(4) {
            out.push_str(self.pick(&PIECES));
        }
        out.push('"');
    }

    fn number(&mut self, out: &mut String) {
        const NUMBERS: [&str; 17] = [
            "0",
            "-0",
            "-1",
            "007",
            "1e5",
            "1E+5",
            "-1.5e-7",
            "1.",
            ".5",
            "0.1",
            "123456789012345678",
            "9223372036854775807",
            "9223372036854775808",
            "-9223372036854775808",
            "-9223372036854775809",
            "1e400",
            "2.2250738585072014e-308",
        ];
        if self.below(2) == 0 {
            out.push_str(self.pick(&NUMBERS));
        } else {
            let digits = self.below(usize::MAX) >> self.below(64);
            out.push_str(&digits.to_string());
        }
    }

    fn value(&mut self, out: &mut String, depth: usize) {
        self.blanks(out);
        match self.below(if depth == 0 { 4 } else { 8 }) {
            0 => out.push_str(self.pick(&["null", "true", "false"])),
            1 | 2 => self.string(out),
            3 => self.number(out),
            4 | 5 => self.row(out, ['[', ']'], |random, out| random.value(out, depth - 1)),
            _ => self.row(out, ['{', '}'], |random, out| {
                random.blanks(out);
                random.string(out);
                random.blanks(out);
                out.push(':');
                random.value(out, depth - 1);
            }),
        }
        self.blanks(out);
    }

    fn row(&mut self, out: &mut String, ends: [char; 2], one: impl Fn(&mut Random, &mut String)) {
        out.push(ends[0]);
        for number in 0..self.below(4) {
            if number > 0 {
                out.push(',');
            }
            one(self, out);
        }
        self.blanks(out);
        out.push(ends[1]);
    }

    /// The same text with a few characters gone, doubled or exchanged.
    fn damaged(&mut self, text: &str) -> String {
        const WRONG: &str = "{}[],:\"\\0-+.eEntf u/\u{0}\u{1f}\u{7f}é";
        let mut characters: Vec<char> = text.chars().collect();
        for _ in 0..=self.below(3) {
            let at = self.below(characters.len().max(1));
            let wrong = WRONG.chars().nth(self.below(WRONG.chars().count())).unwrap_or(' ');
            match self.below(4) {
                _ if characters.is_empty() => characters.push(wrong),
                0 => drop(characters.remove(at)),
                1 => characters.insert(at, wrong),
                2 => characters[at] = wrong,
                _ => characters.truncate(at),
            }
        }
        characters.into_iter().collect()
    }
}

/// Whether a value is the same as what serde_json has read.
fn same(vm: &Vm, ours: Value, theirs: &serde_json::Value) -> bool {
    use serde_json::Value as Json;
    match theirs {
        Json::Null => ours.is_null(),
        Json::Bool(value) => ours.as_bool() == Some(*value),
        Json::Number(number) => match number.as_i64() {
            Some(number) => ours.as_int() == Some(number),
            None => ours.as_float().map(f64::to_bits) == number.as_f64().map(f64::to_bits),
        },
        Json::String(text) => vm.heap.str(ours) == Some(text),
        Json::Array(theirs) => vm.heap.list_ref(ours).is_some_and(|list| {
            let pairs = || list.items.iter().zip(theirs);
            list.items.len() == theirs.len() && pairs().all(|(one, other)| same(vm, *one, other))
        }),
        Json::Object(theirs) => vm.heap.map_ref(ours).is_some_and(|map| {
            let found = |key| vm.heap.str(key).and_then(|key| theirs.get(key));
            let equal = |(key, value)| found(key).is_some_and(|other| same(vm, value, other));
            map.len() == theirs.len() && map.iter().all(equal)
        }),
    }
}

#[test]
fn what_is_read_quickly_is_what_serde_json_reads() {
    let mut random = Random(0x5eed);
    let mut vm = Vm::new(VmOptions::default());
    let (mut quick, mut slow, mut wrong) = (0, 0, 0);
    for _ in 0..30_000 {
        let mut text = String::new();
        random.value(&mut text, 4);
        if random.below(2) == 0 {
            text = random.damaged(&text);
        }
        let ours = read(&mut vm, &text, 512);
        let theirs: Result<serde_json::Value, _> = serde_json::from_str(&text);
        match (ours, &theirs) {
            (Some(ours), Ok(theirs)) => {
                assert!(same(&vm, ours, theirs), "{text:?}: {theirs}");
                quick += 1;
            }
            (Some(_), Err(error)) => panic!("{text:?} is no JSON: {error}"),
            // What it does not like it leaves to serde_json; that should not happen with JSON.
            (None, Ok(_)) => slow += 1,
            (None, Err(_)) => wrong += 1,
        }
        vm.collect(&mut |_| {});
    }
    assert!(quick > 10_000 && wrong > 5_000, "{quick} read, {wrong} wrong");
    assert_eq!(slow, 0, "JSON that was not read quickly");
}
