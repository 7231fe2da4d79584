//! A flame graph as one SVG file without anything else: a box for each call, as wide as the time spent in
//! it and below it. A browser shows what a box is when the pointer rests on it, and a click widens it.

use std::collections::BTreeMap;
use std::fmt::Write;

use super::stacks;
use crate::engine::Profile;

const WIDTH: f64 = 1200.0;
const ROW: f64 = 18.0;
const HEAD: f64 = 44.0;
/// About how wide a letter is.
const LETTER: f64 = 6.6;
/// Nobody sees what is narrower.
const NARROWEST: f64 = 0.3;
/// Deeper calls are not drawn: a viewer has to be able to hold the picture.
const DEPTH_MAX: usize = 160;

/// What is drawn of a call: its time, and the calls in it.
#[derive(Default)]
struct Node {
    ticks: u64,
    inner: BTreeMap<String, Node>,
}

/// The profile as an SVG picture.
pub fn flame(profile: &Profile, title: &str) -> String {
    let mut root = Node::default();
    for (names, ticks) in stacks(profile) {
        root.ticks += ticks;
        let mut node = &mut root;
        for name in names.into_iter().take(DEPTH_MAX) {
            node = node.inner.entry(name).or_default();
            node.ticks += ticks;
        }
    }
    let mut picture = Picture {
        total: root.ticks.max(1),
        every: profile.every.as_secs_f64() * 1e3,
        depth: 0,
        boxes: String::new(),
    };
    picture.draw(&root);
    let height = HEAD + ROW * (picture.depth as f64 + 1.0);
    let (title, boxes) = (escaped(title), picture.boxes);
    let time = root.ticks as f64 * picture.every / 1e3;
    format!(
        "<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n\
         <svg xmlns=\"http://www.w3.org/2000/svg\" width=\"{WIDTH}\" height=\"{height}\" \
         viewBox=\"0 0 {WIDTH} {height}\" font-family=\"monospace\" font-size=\"11\">\n\
         <style>g:hover rect {{ stroke: #222; }} text {{ pointer-events: none; }}</style>\n\
         <rect width=\"100%\" height=\"100%\" fill=\"#fffdf8\"/>\n\
         <text x=\"8\" y=\"18\" font-size=\"14\">{title}: {time:.2} s in {} samples</text>\n\
         <text id=\"said\" x=\"8\" y=\"36\">Point at a box to see what it is; click it to widen it, \
         click `all` to see everything.</text>\n{boxes}{SCRIPT}</svg>\n",
        root.ticks
    )
}

/// A picture that is being drawn.
struct Picture {
    total: u64,
    /// Milliseconds of a tick.
    every: f64,
    /// How many rows there are above the lowest box.
    depth: usize,
    boxes: String,
}

impl Picture {
    /// Draws the root and all in it. What is still to be drawn is kept in a list, since calls are deep.
    fn draw(&mut self, root: &Node) {
        let mut open = vec![("all", root, 0, 0)];
        while let Some((name, node, from, depth)) = open.pop() {
            let width = node.ticks as f64 / self.total as f64 * WIDTH;
            if width < NARROWEST {
                continue;
            }
            self.depth = self.depth.max(depth);
            self.draw_box(name, node.ticks, from, depth);
            let mut from = from;
            for (name, inner) in &node.inner {
                open.push((name, inner, from, depth + 1));
                from += inner.ticks;
            }
        }
    }

    fn draw_box(&mut self, name: &str, ticks: u64, from: u64, depth: usize) {
        let scale = WIDTH / self.total as f64;
        let (x, width) = (from as f64 * scale, ticks as f64 * scale);
        let y = HEAD + depth as f64 * ROW;
        let percent = ticks as f64 * 100.0 / self.total as f64;
        let time = ticks as f64 * self.every;
        let letters = (width / LETTER) as usize;
        let shown = if letters < 3 { String::new() } else { name.chars().take(letters).collect() };
        let (name, shown) = (escaped(name), escaped(&shown));
        let colour = colour(&name);
        writeln!(
            self.boxes,
            "<g><title>{name}: {time:.0} ms, {percent:.1} %</title>\
             <rect x=\"{x:.2}\" y=\"{y}\" width=\"{width:.2}\" height=\"{}\" fill=\"{colour}\"/>\
             <text x=\"{:.2}\" y=\"{}\">{shown}</text></g>",
            ROW - 1.0,
            x + 3.0,
            y + 13.0,
        )
        .expect("a string takes any text");
    }
}

/// A warm colour, the same for the same name.
fn colour(name: &str) -> String {
    let mut hash = 0x811c_9dc5_u32;
    for byte in name.bytes() {
        hash = (hash ^ u32::from(byte)).wrapping_mul(0x0100_0193);
    }
    format!("hsl({} 75% {}%)", 12 + hash % 40, 62 + hash / 64 % 16)
}

/// A text inside of XML. What XML cannot say at all becomes a sign that stands for it.
fn escaped(text: &str) -> String {
    let mut escaped = String::with_capacity(text.len());
    for c in text.chars() {
        match c {
            '&' => escaped.push_str("&amp;"),
            '<' => escaped.push_str("&lt;"),
            '>' => escaped.push_str("&gt;"),
            '"' => escaped.push_str("&quot;"),
            c if c.is_control() || matches!(c, '\u{fffe}' | '\u{ffff}') => escaped.push('\u{fffd}'),
            c => escaped.push(c),
        }
    }
    escaped
}

/// Widens a box that is clicked: everything is scaled so that it takes the whole width.
const SCRIPT: &str = r#"<script><![CDATA[
const boxes = [...document.querySelectorAll("g")].map(g => {
  const rect = g.querySelector("rect"), text = g.querySelector("text");
  const name = g.querySelector("title").textContent.replace(/: \d+ ms, .*$/s, "");
  return { g, rect, text, name, x: +rect.getAttribute("x"), w: +rect.getAttribute("width") };
});
for (const b of boxes) {
  b.g.addEventListener("mouseenter", () => {
    document.getElementById("said").textContent = b.g.querySelector("title").textContent;
  });
  b.g.addEventListener("click", () => {
    for (const other of boxes) {
      const x = (other.x - b.x) * 1200 / b.w, w = other.w * 1200 / b.w;
      const left = Math.max(x, 0), right = Math.min(x + w, 1200);
      other.g.style.display = right - left < 0.3 ? "none" : "";
      other.rect.setAttribute("x", left);
      other.rect.setAttribute("width", Math.max(right - left, 0));
      other.text.setAttribute("x", left + 3);
      const letters = Math.floor((right - left) / 6.6);
      other.text.textContent = letters < 3 ? "" : [...other.name].slice(0, letters).join("");
    }
  });
}
]]></script>
"#;
