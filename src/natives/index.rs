//! Finds a declaration by its name. The index is made by the compiler of Rust: a program that starts finds
//! it ready, and all VMs share it.

use super::registry::MEMBER_TYPES;
use super::{Declaration, Role, Signature, TABLES, last_dot};

/// Where a name stands.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Place {
    /// In the prelude, a module or a type.
    Member,
    /// On the values of a type.
    Method,
    /// It is the name of a type that can be called.
    Conversion,
}

/// How many natives are declared.
const COUNT: usize = {
    let (mut count, mut table) = (0, 0);
    while table < TABLES.len() {
        count += TABLES[table].len();
        table += 1;
    }
    count
};

/// All declarations, in the order of the tables. Their places here are their numbers.
const ALL: &[&Declaration; COUNT] = &{
    let mut all = [&TABLES[0][0]; COUNT];
    let (mut count, mut table) = (0, 0);
    while table < TABLES.len() {
        let mut entry = 0;
        while entry < TABLES[table].len() {
            all[count] = &TABLES[table][entry];
            count += 1;
            entry += 1;
        }
        table += 1;
    }
    all
};

/// Places of the index: a type of a module stands in two of them, and a third at least is empty.
const SLOTS: usize = (COUNT * 2).next_power_of_two();

/// A hash table of numbers, one higher than those of the declarations; 0 is an empty place.
const INDEX: &[u16; SLOTS] = &{
    assert!(COUNT < u16::MAX as usize);
    let mut index = [0; SLOTS];
    let mut number = 0;
    while number < COUNT {
        let path = ALL[number].signature.path.as_bytes();
        let (owner, name) = match ALL[number].signature.dot {
            Some(dot) => {
                let (owner, rest) = path.split_at(dot);
                (owner, rest.split_at(1).1)
            }
            None => (path.split_at(0).0, path),
        };
        let place = match ALL[number].signature.role {
            Role::Method | Role::Property => Place::Method,
            _ => Place::Member,
        };
        insert(&mut index, hash(place, owner, name), number);
        if matches!(ALL[number].signature.role, Role::Conversion) {
            insert(&mut index, hash(Place::Conversion, b"", name), number);
        }
        number += 1;
    }
    index
};

const fn insert(index: &mut [u16; SLOTS], hash: usize, number: usize) {
    let mut slot = hash % SLOTS;
    while index[slot] != 0 {
        slot = (slot + 1) % SLOTS;
    }
    index[slot] = number as u16 + 1;
}

/// FNV-1a of what a name is looked for by.
const fn hash(place: Place, owner: &[u8], name: &[u8]) -> usize {
    let mut hash = 0x811c_9dc5 ^ place as u32;
    let mut at = 0;
    while at < owner.len() {
        hash = (hash ^ owner[at] as u32).wrapping_mul(0x0100_0193);
        at += 1;
    }
    hash = (hash ^ b'.' as u32).wrapping_mul(0x0100_0193);
    at = 0;
    while at < name.len() {
        hash = (hash ^ name[at] as u32).wrapping_mul(0x0100_0193);
        at += 1;
    }
    (hash ^ hash >> 15) as usize
}

/// The declaration with a number.
pub(super) fn declaration(number: u32) -> Option<&'static Declaration> {
    ALL.get(number as usize).copied()
}

/// What is declared by a name, with its number. Types have no owner as such, only as members.
pub(super) fn find(place: Place, owner: &str, name: &str) -> Option<(u32, &'static Declaration)> {
    let mut slot = hash(place, owner.as_bytes(), name.as_bytes()) % SLOTS;
    loop {
        let number = usize::from(INDEX[slot]).checked_sub(1)?;
        let declaration = ALL[number];
        if stands(declaration, place, owner) && declaration.signature.name() == name {
            return Some((number as u32, declaration));
        }
        slot = (slot + 1) % SLOTS;
    }
}

/// Whether something stands in that place of that owner.
fn stands(declaration: &Declaration, place: Place, owner: &str) -> bool {
    let signature = declaration.signature;
    match place {
        Place::Conversion => signature.role == Role::Conversion,
        Place::Method => signature.has_receiver() && signature.owner() == owner,
        Place::Member => !signature.has_receiver() && signature.owner() == owner,
    }
}

/// The names that stand in a place of an owner.
pub(super) fn names(place: Place, owner: &str) -> impl Iterator<Item = &'static str> {
    let all = ALL.iter().filter(move |declaration| stands(declaration, place, owner));
    all.map(|declaration| declaration.signature.name())
}

/// The modules that natives are members of, and those that hold only modules.
pub(super) fn modules() -> impl Iterator<Item = &'static str> {
    MODULES.iter().copied().filter(|name| !name.is_empty())
}

/// The name of a module, if there is one.
pub(super) fn module(name: &str) -> Option<&'static str> {
    modules().find(|module| *module == name)
}

/// The modules; an empty text is none.
const MODULES: &[&str; MODULES_MAX] = &{
    let mut modules = [""; MODULES_MAX];
    let (mut count, mut number) = (0, 0);
    while number < COUNT {
        let mut owner = owner_of_member(ALL[number].signature);
        // Most stand beside others of the same module.
        while !owner.is_empty() && !is_among(owner, &modules, count) {
            modules[count] = owner;
            count += 1;
            owner = match last_dot(owner) {
                Some(dot) => owner.split_at(dot).0,
                None => "",
            };
        }
        number += 1;
    }
    modules
};

/// There are fewer modules than this.
const MODULES_MAX: usize = 64;

/// The module whose member a native is; empty if it is none of a module.
const fn owner_of_member(signature: &Signature) -> &'static str {
    let Some(dot) = signature.dot else { return "" };
    if matches!(signature.role, Role::Method | Role::Property) {
        return "";
    }
    let owner = signature.path.split_at(dot).0;
    let mut kind = 0;
    while kind < MEMBER_TYPES.len() {
        if is_same(owner, MEMBER_TYPES[kind].name()) {
            return "";
        }
        kind += 1;
    }
    owner
}

const fn is_among(name: &str, all: &[&str], count: usize) -> bool {
    let mut at = count;
    while at > 0 {
        at -= 1;
        if is_same(name, all[at]) {
            return true;
        }
    }
    false
}

const fn is_same(a: &str, b: &str) -> bool {
    let (a, b) = (a.as_bytes(), b.as_bytes());
    if a.len() != b.len() {
        return false;
    }
    let mut at = 0;
    while at < a.len() {
        if a[at] != b[at] {
            return false;
        }
        at += 1;
    }
    true
}
