//! Module `encoding`: bytes as text and text as bytes, in the forms that the world uses.
//!
//! One file per form. What encodes never fails, but for characters that a form does not have; what
//! decodes is strict and names the place of what is wrong, unless `lossy` is true.

mod base64;
mod entity;
mod hex;
mod html;
mod latin1;
mod percent;
mod utf16;

pub(in crate::natives) use base64::encode as base64;
pub(in crate::natives) use hex::encode as hex;

use super::kind::DataValue;
use crate::natives;
use crate::vm::{ErrorKind, Kind, Thrown, Value, Vm};

natives! {
    /// Module `encoding`: Base64, hexadecimal digits, percent encoding, HTML, UTF-16 and Latin-1.
    pub const ENCODING;

    /// The bytes, or a str as UTF-8, as Base64 (RFC 4648). With `url`, `-` and `_` stand for `+` and `/`.
    /// Without `padding` there is no `=` at the end.
    fn encoding.base64.encode(data: data, named url: bool = false, named padding: bool = true) => base64::encode,
        "import encoding\nprint(encoding.base64.encode(\"hello\"))" => "aGVsbG8=",
        "import encoding\nprint(encoding.base64.encode(b\"\\xfb\\xff\", url: true, padding: false))" => "-_8";
    /// The bytes that a Base64 text stands for. Blanks and newlines are skipped, padding may be
    /// missing. With `lossy`, all characters that are no Base64 are skipped.
    fn encoding.base64.decode(text: data, named url: bool = false, named lossy: bool = false) => base64::decode,
        "import encoding\nprint(encoding.base64.decode(\"aGVsbG8=\"))" => r#"b"hello""#;

    /// Two hexadecimal digits for each byte of bytes, or of a str as UTF-8.
    fn encoding.hex.encode(data: data, named upper: bool = false) => hex::encode,
        "import encoding\nprint(encoding.hex.encode(b\"\\x00\\xff\"))" => "00ff";
    /// The bytes that hexadecimal digits stand for. Blanks and newlines between bytes are skipped; with
    /// `lossy`, everything else too.
    fn encoding.hex.decode(text: data, named lossy: bool = false) => hex::decode,
        "import encoding\nprint(encoding.hex.decode(\"48 69\"))" => r#"b"Hi""#;

    /// Bytes, or a str as UTF-8, with a `%` and two digits for each byte but letters, digits, `-`, `.`,
    /// `_`, `~` and those in `keep`: for the parts of a URL (RFC 3986). With `plus`, a blank becomes a
    /// `+`, as in forms.
    fn encoding.percent.encode(data: data, named keep: str = "", named plus: bool = false) => percent::encode,
        "import encoding\nprint(encoding.percent.encode(\"a b/é\"))" => "a%20b%2F%C3%A9",
        "import encoding\nprint(encoding.percent.encode(\"/a b\", keep: \"/\"))" => "/a%20b";
    /// The text that was encoded so. With `plus`, a `+` is a blank. What is no UTF-8 is a ParseError, as
    /// is a `%` without two digits; with `lossy`, the first is replaced by `�`, the second stays. With
    /// `bytes`, the result is bytes of any kind.
    fn encoding.percent.decode(text: str, named plus: bool = false, named lossy: bool = false, named bytes: bool = false) => percent::decode,
        "import encoding\nprint(encoding.percent.decode(\"a%20b\"))" => "a b";

    /// The text with `&`, `<`, `>`, `"` and `'` as entities, so that it can stand anywhere in HTML or XML,
    /// between tags or in a quoted attribute.
    fn encoding.html.escape(text: str) => html::escape,
        "import encoding\nprint(encoding.html.escape(\"<a & 'b'>\"))" => "&lt;a &amp; &#39;b&#39;&gt;";
    /// The text with entities replaced by their characters: those of HTML 4 and `&apos;` by name, all by
    /// number, each with its semicolon. What is no such entity stays.
    fn encoding.html.unescape(text: str) => html::unescape,
        "import encoding\nprint(encoding.html.unescape(\"&lt;&eacute;&#x1F600;&amp;lt;\"))" => "<é😀&lt;";

    /// The text as UTF-16, big end first, or little end first with `le`. With `bom`, a byte order mark
    /// stands before it.
    fn encoding.utf16.encode(text: str, named le: bool = false, named bom: bool = false) => utf16::encode,
        "import encoding\nprint(encoding.utf16.encode(\"hé\", le: true).hex())" => "6800e900";
    /// The text that UTF-16 stands for. Without `le`, a byte order mark says which end comes first, the
    /// big one if there is none. The mark does not belong to the text. With `lossy`, `�` stands for half
    /// of a surrogate pair and for a last byte without a partner.
    fn encoding.utf16.decode(data: bytes, named le: bool?, named lossy: bool = false) => utf16::decode,
        "import encoding\nprint(encoding.utf16.decode(b\"\\xff\\xfeh\\x00\"))" => "h";

    /// The text as Latin-1 (ISO 8859-1), a byte for each character. A character that it does not have is a
    /// ValueError, or `?` with `lossy`.
    fn encoding.latin1.encode(text: str, named lossy: bool = false) => latin1::encode,
        "import encoding\nprint(encoding.latin1.encode(\"é\").hex())" => "e9";
    /// The text that Latin-1 stands for: every byte is a character.
    fn encoding.latin1.decode(data: bytes) => latin1::decode,
        "import encoding\nprint(encoding.latin1.decode(b\"\\xe9\"))" => "é";
}

/// The error of what cannot be decoded, at a byte offset of `data`.
#[cold]
fn fault(vm: &mut Vm, path: &str, data: DataValue, offset: usize, reason: &str) -> Thrown {
    let content = data.get(&vm.heap);
    let offset = match data.0.kind() {
        Kind::Str => String::from_utf8_lossy(&content[..offset]).chars().count(),
        _ => offset,
    };
    let place = Value::int(i64::try_from(offset).unwrap_or(i64::MAX));
    let message = format!("{path}: {reason} at offset {offset}");
    vm.error_with(ErrorKind::ParseError, message, &[("offset", place)])
}

/// How a message shows the character at an offset.
fn shown(content: &[u8], offset: usize) -> String {
    match content[offset..].utf8_chunks().next().and_then(|chunk| chunk.valid().chars().next()) {
        Some(character) => format!("`{}`", character.escape_debug()),
        None => format!("the byte 0x{:02x}", content[offset]),
    }
}
