//! Properties of the layout rules, tried on every golden: a newline that ends a statement may be
//! written `;`, and a newline where none counts changes nothing.

use kettle::syntax::{self, LayoutToken};

use super::{cases, files, parse};

/// The snippets that parse, without those whose line breaks are part of strings.
fn snippets() -> Vec<String> {
    let all = files().into_iter().flat_map(|path| cases(&path));
    all.map(|case| case.snippet)
        .filter(|text| parse(text).diagnostics.is_empty() && !text.contains("\"\"\""))
        .collect()
}

/// Puts the tokens together again, with `gap` choosing what stands before each of them. Inside
/// strings nothing is changed.
fn rewritten(text: &str, gap: impl Fn(&str, Option<LayoutToken>, LayoutToken) -> String) -> String {
    let tokens = syntax::layout_tokens(text);
    let mut out = String::new();
    let mut end = 0;
    let mut depth = 0;
    let mut last = None;
    let mut separated = false;
    for token in tokens {
        if token.start == token.end && token.text == ";" {
            separated = true;
            continue;
        }
        let between = &text[end..token.start];
        if depth == 0 {
            out.push_str(if separated { " ; " } else { "" });
            out.push_str(&if separated { String::new() } else { gap(between, last, token) });
        } else {
            out.push_str(between);
        }
        separated = false;
        out.push_str(&text[token.start..token.end]);
        match token.text {
            "opening quote" => depth += 1,
            "closing quote" => depth -= 1,
            _ => {}
        }
        end = token.end;
        last = Some(token);
    }
    out
}

fn tree(text: &str) -> String {
    let parsed = parse(text);
    let titles: Vec<&str> = parsed.diagnostics.iter().map(|d| d.title.as_str()).collect();
    assert!(titles.is_empty(), "{text}\n{titles:?}");
    syntax::dump(&parsed.module)
}

#[test]
fn lines_can_be_joined() {
    for text in snippets() {
        let blank = |between: &str, _: Option<LayoutToken>, _: LayoutToken| {
            (if between.is_empty() { "" } else { " " }).to_string()
        };
        let joined = rewritten(&text, blank);
        assert!(!joined.contains('\n') || text.contains("${"), "{joined}");
        if text.contains("##") {
            continue;
        }
        assert_eq!(tree(&joined), tree(&text), "{text}\n--\n{joined}");
    }
}

/// Behind these a newline may count: they end an operand, or the next word has to stand on their
/// line to mean what it means.
const ENDS: [&str; 33] = [
    ")",
    "]",
    "}",
    "true",
    "false",
    "null",
    "self",
    "super",
    "name",
    "number",
    "string",
    "byte string",
    "duration",
    "return",
    "break",
    "continue",
    "yield",
    "closing quote",
    "get",
    "static",
    "spawn",
    "timeout",
    "shield",
    "import",
    "!",
    "-",
    "} of an interpolation",
    "text",
    "format spec",
    "daemon",
    "fn",
    "async",
    "test",
];

#[test]
fn lines_can_be_broken() {
    for text in snippets() {
        let broken = rewritten(&text, |between, last, _| {
            let open = last.is_some_and(|last| !ENDS.contains(&last.text));
            if open { format!("{between} # why\n\n  ") } else { between.to_string() }
        });
        if text.contains("##") {
            continue;
        }
        assert_eq!(tree(&broken), tree(&text), "{text}\n--\n{broken}");
    }
}

#[test]
fn a_text_with_broken_statements_keeps_the_others() {
    let text = "let a = 1\nlet b = = 2\nlet c = 3\nfn f() {\n    x y\n    g()\n}\nmatch a { 1 => 2, 3 = 4, _ => 5 }\n";
    let parsed = parse(text);
    assert_eq!(parsed.diagnostics.len(), 3, "{:?}", parsed.diagnostics);
    let tree = syntax::dump(&parsed.module);
    assert_eq!(
        tree,
        "(let a 1)\n<error>\n(let c 3)\n(fn f () {<error>; (call g)})\n(match a (1 => 2) (_ => 5))\n"
    );
}

#[test]
fn positions_stay_inside_the_text() {
    for path in files() {
        for case in cases(&path) {
            // Every beginning of a snippet is a text of its own, and none may cause a panic.
            let ends = case.snippet.char_indices().map(|(at, _)| at);
            for end in ends {
                let text = &case.snippet[..end];
                for diagnostic in parse(text).diagnostics {
                    for label in &diagnostic.labels {
                        assert!(label.span.start <= label.span.end, "{text}");
                        assert!(label.span.end as usize <= text.len(), "{text}: {diagnostic:?}");
                    }
                }
            }
        }
    }
}
