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
    change: impl FnOnce(&str) -> String,
) -> Outcome {
    let size = text.get(&vm.heap).len();
    vm.reserve(size.saturating_mul(growth))?;
    let changed = change(text.get(&vm.heap));
    Ok(vm.heap.string_owned(changed))
}

pub(super) fn upper(vm: &mut Vm, text: TextValue) -> Outcome {
    changed(vm, text, 3, str::to_uppercase)
}

pub(super) fn lower(vm: &mut Vm, text: TextValue) -> Outcome {
    changed(vm, text, 3, str::to_lowercase)
}

pub(super) fn casefold(vm: &mut Vm, text: TextValue) -> Outcome {
    changed(vm, text, 3, caseless::default_case_fold_str)
}

pub(super) fn normalize(vm: &mut Vm, text: TextValue, form: TextValue) -> Outcome {
    match form.get(&vm.heap) {
        "NFC" => changed(vm, text, 3, |source| source.nfc().collect()),
        "NFD" => changed(vm, text, 3, |source| source.nfd().collect()),
        "NFKC" => changed(vm, text, 12, |source| source.nfkc().collect()),
        "NFKD" => changed(vm, text, 12, |source| source.nfkd().collect()),
        _ => {
            let rule = "form must be \"NFC\", \"NFD\", \"NFKC\" or \"NFKD\"";
            Err(bad_value(vm, "str.normalize", rule, form.0))
        }
    }
}

pub(super) fn title(vm: &mut Vm, text: TextValue) -> Outcome {
    changed(vm, text, 3, titled)
}

/// A word is a run of letters, digits and marks; an apostrophe inside does not end it.
fn titled(source: &str) -> String {
    let mut titled = String::with_capacity(source.len());
    let mut inside = false;
    for c in source.to_lowercase().chars() {
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
            assert_eq!(titled(source), expected);
        }
    }
}
