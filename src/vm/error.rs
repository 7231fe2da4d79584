//! Errors: the built-in classes and how Rust code makes instances of them.
//!
//! An error is an instance of a class below `Error`. Its first five fields are `message cause data
//! trace suppressed`; the trace is filled in when it is first thrown. Fields that begin further
//! kinds (`IoError.kind`) follow. Nothing here knows how an error is shown to a person.

use std::collections::HashSet;
use std::sync::Arc;

use super::Vm;
use super::object::{Class, Member};
use super::value::Value;
use crate::bytecode::program::MemberKind;

/// An error on its way: an instance of an error class.
#[derive(Clone, Copy, Debug)]
pub struct Thrown(pub Value);

/// Slot of the message.
pub const MESSAGE: usize = 0;
/// Slot of the cause.
pub const CAUSE: usize = 1;
/// Slot of the data.
pub const DATA: usize = 2;
/// Slot of the trace.
pub const TRACE: usize = 3;
/// Slot of the list of suppressed errors.
pub const SUPPRESSED: usize = 4;

const BASE_FIELDS: [&str; 5] = ["message", "cause", "data", "trace", "suppressed"];

macro_rules! error_kinds {
    ($( $kind:ident ($($field:literal)*) )+) => {
        /// The built-in error classes.
        #[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
        #[repr(u8)]
        pub enum ErrorKind {
            $(
                #[doc = concat!("`", stringify!($kind), "`")]
                $kind,
            )+
        }

        impl ErrorKind {
            /// All of them; the first is the base of the others.
            pub const ALL: &'static [ErrorKind] = &[$(ErrorKind::$kind),+];

            /// The name of the class.
            pub const fn name(self) -> &'static str {
                match self { $(ErrorKind::$kind => stringify!($kind),)+ }
            }

            /// The fields that it has besides those of every error.
            pub const fn fields(self) -> &'static [&'static str] {
                match self { $(ErrorKind::$kind => &[$($field),*],)+ }
            }
        }
    };
}

error_kinds! {
    Error ()
    TypeError ()
    ValueError ()
    NameError ()
    FieldError ()
    IndexError ()
    KeyError ()
    ArityError ()
    MatchError ()
    OverflowError ()
    ZeroDivisionError ()
    StackOverflowError ()
    MemoryError ()
    AssertError ()
    ParseError ("line" "column" "offset" "source")
    IoError ("kind" "path" "addr" "op" "code")
    TimeoutError ()
    ClosedError ()
    BrokenError ("sent" "of")
    PermissionError ("right" "what")
    MissingAwaitError ()
    TaskCancelledError ("reason")
    DeadlockError ()
    StopIteration ()
}

impl ErrorKind {
    /// The kind of that name.
    pub fn named(name: &str) -> Option<ErrorKind> {
        ErrorKind::ALL.iter().copied().find(|kind| kind.name() == name)
    }

    /// The place of a field that only this kind has.
    fn own_slot(self, field: &str) -> Option<usize> {
        let index = self.fields().iter().position(|known| *known == field)?;
        Some(BASE_FIELDS.len() + index)
    }
}

impl Vm {
    /// An error with a message.
    #[cold]
    pub fn error(&mut self, kind: ErrorKind, message: impl Into<String>) -> Thrown {
        let message = self.heap.string_owned(message.into());
        let class = self.error_class(kind);
        let error = self.heap.instance(class);
        self.set_error_slot(error, MESSAGE, message);
        Thrown(error)
    }

    /// An error with a message and further fields: `cause`, `data`, or those of its kind. Fields
    /// that it does not have are left out.
    #[cold]
    pub fn error_with(
        &mut self,
        kind: ErrorKind,
        message: impl Into<String>,
        fields: &[(&str, Value)],
    ) -> Thrown {
        let thrown = self.error(kind, message);
        for (name, value) in fields {
            let base = BASE_FIELDS.iter().position(|known| known == name);
            if let Some(slot) = base.or_else(|| kind.own_slot(name)) {
                self.set_error_slot(thrown.0, slot, *value);
            }
        }
        thrown
    }

    /// The class of a kind of errors. It is made when it is first asked for: a program meets few.
    pub fn error_class(&mut self, kind: ErrorKind) -> Value {
        let class = self.error_classes[kind as usize];
        if class.is_null() { self.make_error_class(kind) } else { class }
    }

    /// Whether a value is an instance of an error class.
    pub fn is_error(&self, value: Value) -> bool {
        self.heap.instance_ref(value).is_some_and(|instance| instance.class().is_error)
    }

    /// Whether a value is an instance of a built-in error class or of a class below it.
    pub fn is_error_kind(&self, value: Value, kind: ErrorKind) -> bool {
        // A class that nobody has asked for has no instances.
        let class = self.error_classes[kind as usize];
        let instance = self.heap.instance_ref(value);
        instance.is_some_and(|instance| self.extends(instance.class_value(), class))
    }

    /// Whether a class is another one or extends it.
    pub fn extends(&self, class: Value, ancestor: Value) -> bool {
        let mut next = Some(class);
        while let Some(class) = next {
            if class.same(ancestor) {
                return true;
            }
            next = self.heap.class_ref(class).and_then(|class| class.parent);
        }
        false
    }

    /// The text of an error's message.
    pub fn error_message(&self, error: Value) -> String {
        let message =
            self.heap.instance_ref(error).and_then(|found| found.slots().first().copied());
        match message {
            Some(text) if !text.is_null() => self.heap.str(text).unwrap_or_default().to_owned(),
            _ => String::new(),
        }
    }

    /// One of the first five fields of an error.
    pub fn error_slot(&self, error: Value, slot: usize) -> Value {
        let slots = self.heap.instance_ref(error).map(|instance| instance.slots());
        slots.and_then(|slots| slots.get(slot).copied()).unwrap_or_default()
    }

    /// Changes a field of an error.
    pub fn set_error_slot(&mut self, error: Value, slot: usize, value: Value) {
        let slots = self.heap.instance_for(error, &[value]);
        if let Some(found) = slots.and_then(|slots| slots.get_mut(slot)) {
            *found = value;
        }
    }

    /// Adds an error to the list of those that another one suppressed, unless it is that one or
    /// stands there already.
    pub fn suppress(&mut self, error: Value, suppressed: Value) {
        self.suppress_all(error, &[suppressed]);
    }

    /// The same for several, in their order.
    pub fn suppress_all(&mut self, error: Value, suppressed: &[Value]) {
        if suppressed.is_empty() || !self.is_error(error) {
            return;
        }
        let mut list = self.error_slot(error, SUPPRESSED);
        if !list.is_list() {
            list = self.heap.list(Vec::new());
            self.set_error_slot(error, SUPPRESSED, list);
        }
        let Some(list) = self.heap.list_mut(list) else { return };
        // Of many, each is found at once.
        let identity = |value: &Value| (value.kind() as u8, value.bits());
        let mut known: HashSet<(u8, u64)> = list.items.iter().map(identity).collect();
        known.insert(identity(&error));
        list.items.extend(suppressed.iter().copied().filter(|value| known.insert(identity(value))));
    }

    /// Makes a built-in error class. `Error(message, cause, data)` is a function of the VM's own code;
    /// all others inherit it.
    #[cold]
    fn make_error_class(&mut self, kind: ErrorKind) -> Value {
        let base = ErrorKind::ALL[0];
        let parent = (kind != base).then(|| self.error_class(base));
        if parent.is_none() {
            self.error_init = self.make_error_init();
        }
        let fields = BASE_FIELDS.iter().chain(kind.fields()).map(|name| Arc::from(*name));
        let fields: Vec<Arc<str>> = fields.collect();
        let field_index = fields.iter().zip(0..).map(|(name, slot)| (name.clone(), slot));
        let member = Member { kind: MemberKind::Method, value: self.error_init };
        let class = Class {
            name: Arc::from(kind.name()),
            parent,
            field_index: field_index.collect(),
            template: vec![Value::null(); fields.len()],
            fields,
            methods: [(Arc::from("init"), member)].into_iter().collect(),
            is_error: true,
            ..Class::default()
        };
        let class = self.heap.class(class);
        self.error_classes[kind as usize] = class;
        class
    }
}

/// The message for an index that is out of range.
pub fn past_end(index: i64, length: usize) -> String {
    if index < 0 {
        format!("index {index} is before the start (length {length})")
    } else {
        format!("index {index} is past the end (length {length})")
    }
}
