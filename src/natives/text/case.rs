//! Upper and lower case, and the forms in which texts are compared.

use unicode_normalization::UnicodeNormalization;
use unicode_normalization::char::is_combining_mark;

use crate::natives::Outcome;
use crate::natives::argument::bad_value;
use crate::natives::kind::TextValue;
use crate::vm::Vm;

/// Makes a text of another one, at most `growth` times as long.
fn changed(
    vm: &mut Vm,
    text: TextValue,
    growth: usize,
    change: impl FnOnce(&Vm, &str) -> String,
) -> Outcome {
    let size = text.get(&vm.heap).len();
    vm.reserve(size.saturating_mul(growth))?;
    let changed = change(vm, text.get(&vm.heap));
    vm.goes_on()?;
    Ok(vm.heap.string_owned(changed))
}

pub(super) fn upper(vm: &mut Vm, text: TextValue) -> Outcome {
    changed(vm, text, 3, |vm, source| vm.parts(source, |_| true).map(str::to_uppercase).collect())
}

pub(super) fn lower(vm: &mut Vm, text: TextValue) -> Outcome {
    changed(vm, text, 3, lowered)
}

pub(super) fn casefold(vm: &mut Vm, text: TextValue) -> Outcome {
    changed(vm, text, 3, |vm, source| {
        vm.parts(source, |_| true).map(caseless::default_case_fold_str).collect()
    })
}

pub(super) fn normalize(vm: &mut Vm, text: TextValue, form: TextValue) -> Outcome {
    match form.get(&vm.heap) {
        "NFC" => changed(vm, text, 3, |vm, source| vm.patiently(source.nfc()).collect()),
        "NFD" => changed(vm, text, 3, |vm, source| vm.patiently(source.nfd()).collect()),
        "NFKC" => changed(vm, text, 12, |vm, source| vm.patiently(source.nfkc()).collect()),
        "NFKD" => changed(vm, text, 12, |vm, source| vm.patiently(source.nfkd()).collect()),
        _ => {
            let rule = "form must be \"NFC\", \"NFD\", \"NFKC\" or \"NFKD\"";
            Err(bad_value(vm, "str.normalize", rule, form.0))
        }
    }
}

pub(super) fn title(vm: &mut Vm, text: TextValue) -> Outcome {
    changed(vm, text, 3, titled)
}

/// In lower case. What a sigma becomes depends on its neighbours in the word, so where there is one the
/// text is only cut between words.
fn lowered(vm: &Vm, source: &str) -> String {
    let has_sigma = vm.places(source.as_bytes(), "Σ".as_bytes(), 0).next().is_some();
    let may_end = move |byte: u8| !has_sigma || byte == b' ' || byte == b'\n';
    vm.parts(source, may_end).map(str::to_lowercase).collect()
}

/// A word is a run of letters, digits and marks; an apostrophe inside does not end it.
fn titled(vm: &Vm, source: &str) -> String {
    let mut titled = String::with_capacity(source.len());
    let mut inside = false;
    for c in vm.patiently(lowered(vm, source).chars()) {
        if inside {
            titled.push(c);
        } else {
            push_title(&mut titled, c);
        }
        inside =
            c.is_alphanumeric() || (inside && (is_combining_mark(c) || matches!(c, '\'' | '’')));
    }
    titled
}

/// Appends the title case of a character: its upper case, except where that of a group of letters
/// is only the first one's.
fn push_title(out: &mut String, c: char) {
    let single = match c {
        'ǆ' => Some('ǅ'),
        'ǉ' => Some('ǈ'),
        'ǌ' => Some('ǋ'),
        'ǳ' => Some('ǲ'),
        // Georgian letters have an upper case for whole texts only.
        'ა'..='ჺ' | 'ჽ'..='ჿ' => Some(c),
        // Greek vowels with the iota written below.
        'ᾀ'..='ᾯ' => char::from_u32(u32::from(c) | 8),
        'ᾳ' | 'ῃ' | 'ῳ' => char::from_u32(u32::from(c) + 9),
        _ => None,
    };
    if let Some(single) = single {
        out.push(single);
        return;
    }
    let mut upper = c.to_uppercase();
    out.extend(upper.next());
    for rest in upper {
        match rest {
            'Ι' => out.push('\u{345}'),
            // What the apostrophe of `ŉ` stands for has no letter of its own.
            _ if c == 'ŉ' => out.push(rest),
            _ => out.extend(rest.to_lowercase()),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::titled;
    use crate::vm::{Vm, VmOptions};

    #[test]
    fn titles_have_one_capital_letter_to_a_word() {
        for (source, expected) in [
            ("it's a DAY", "It's A Day"),
            ("ßa ﬁn ǆ ǌa", "Ssa Fin ǅ ǋa"),
            ("ΟΔΥΣΣΕΥΣ ΟΔΟΣ", "Οδυσσευς Οδος"),
            ("ᾳ ᾀ ᾷ", "ᾼ ᾈ Α\u{342}\u{345}"),
            ("e\u{301}tude ŉ საქ", "E\u{301}tude ʼN საქ"),
            ("x-ray 3d", "X-Ray 3d"),
            ("", ""),
        ] {
            let vm = Vm::new(VmOptions::default());
            assert_eq!(titled(&vm, source), expected);
        }
    }
}
