//! How a native is declared: one entry of a [`natives!`](crate::natives!) table per function.
//!
//! ```text
//! natives! {
//!     /// What the table is about: becomes the documentation of the constant.
//!     pub const TABLE;
//!
//!     /// The text `n` times in a row.
//!     method str.repeat(n: int) => repeat, r#""ab".repeat(2)"# => "abab";
//!     /// Opens a connection.
//!     async fn net.tcp.connect(host: str, port: int, named timeout: duration?) => connect;
//! }
//! ```
//!
//! The words before the name say what it is: `fn` (of a module, of a type, or of the prelude if
//! the name has no dot), `method`, `get` (a property), `value` (a constant), `convert` (what calling
//! a type does). Before them stands
//! `async` if it waits, `loop` if it does not wait but needs the event loop, `host` for a member of
//! a host object (the receiver is an unchecked [`Value`]), `core` if it is
//! written in Kettle: the body is then the name of a function of `stdlib/core/`.
//!
//! Parameters are `name: type`, `name: type = literal`, `name: type?` (missing or null is `None`),
//! `name: type...` (the rest); `named` before one makes it an option that is passed by name. The
//! types are those of [`kind`](super::kind). The body is a function that takes the VM (or
//! the loop's `Cx`), for members the receiver, and the arguments, already checked and converted.
//!
//! Then come examples, each with what it prints. From this one entry are made: registration,
//! the names the compiler knows, argument errors, documentation and a test of the examples.

use super::argument::Need;
use crate::bytecode::program::ExportKind;
use crate::runtime::LoopFn;
use crate::vm::{InlineFn, NativeParam, ParamKind, Value, Vm};

/// Everything that is known of a native.
#[derive(Clone, Copy, Debug)]
pub struct Declaration {
    /// Its name and parameters.
    pub signature: &'static Signature,
    /// The lines of its documentation.
    pub doc: &'static str,
    /// Examples and what each prints.
    pub examples: &'static [(&'static str, &'static str)],
    /// What carries it out.
    pub body: Body,
}

/// How a native is called.
#[derive(Debug)]
pub struct Signature {
    /// The full name: `print`, `fs.read`, `net.tcp.connect`, `str.repeat`.
    pub path: &'static str,
    /// Where its last dot is. A new VM asks for the parts of all names.
    pub dot: Option<usize>,
    /// What it is.
    pub role: Role,
    /// It has to be awaited or spawned.
    pub waits: bool,
    /// Parameters, without the receiver.
    pub params: &'static [Param],
    /// The same, as far as the VM has to know them.
    pub shape: &'static [NativeParam],
}

/// What a native is to those who use it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Role {
    /// A function of the prelude, a module or a type.
    Function,
    /// Called on a value.
    Method,
    /// Read on a value, without a call.
    Property,
    /// A constant.
    Value,
    /// What calling a type does.
    Conversion,
    /// A class; only modules written in Kettle have them.
    Class,
}

/// A parameter.
#[derive(Clone, Copy, Debug)]
pub struct Param {
    /// Its name.
    pub name: &'static str,
    /// The name of its type.
    pub expects: &'static str,
    /// Whether it must be there.
    pub need: Need,
    /// It is an option: passed by name only.
    pub named: bool,
}

/// What carries a native out.
#[derive(Clone, Copy)]
pub enum Body {
    /// A function that never waits and needs only the VM.
    Inline(InlineFn),
    /// A function of the event loop.
    Loop(LoopFn),
    /// A function of `stdlib/core/`; `enter` checks the arguments and hands over to it.
    Core {
        /// Its name.
        function: &'static str,
        /// What is called first.
        enter: InlineFn,
    },
    /// A constant.
    Value(fn(&mut Vm) -> Value),
}

impl std::fmt::Debug for Body {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(match self {
            Body::Inline(_) => "inline",
            Body::Loop(_) => "loop",
            Body::Core { .. } => "core",
            Body::Value(_) => "value",
        })
    }
}

impl Signature {
    /// The part of the path before the last dot: a module or a type; empty for the prelude.
    pub fn owner(&self) -> &'static str {
        self.dot.map_or("", |dot| &self.path[..dot])
    }

    /// The part of the path after the last dot.
    pub fn name(&self) -> &'static str {
        self.dot.map_or(self.path, |dot| &self.path[dot + 1..])
    }

    /// Whether it has a receiver.
    pub fn has_receiver(&self) -> bool {
        matches!(self.role, Role::Method | Role::Property)
    }

    /// What the compiler may know of it.
    pub fn kind(&self) -> ExportKind {
        match self.role {
            Role::Function if self.waits => ExportKind::AsyncFunction,
            Role::Function => ExportKind::Function,
            _ => ExportKind::Value,
        }
    }
}

/// Where the last dot of a path is.
pub const fn last_dot(path: &str) -> Option<usize> {
    let bytes = path.as_bytes();
    let mut at = bytes.len();
    while at > 0 {
        at -= 1;
        if bytes[at] == b'.' {
            return Some(at);
        }
    }
    None
}

/// What the VM has to know of parameters.
pub const fn shape<const N: usize>(params: &[Param]) -> [NativeParam; N] {
    let mut shape = [NativeParam { name: "", kind: ParamKind::Required }; N];
    let mut index = 0;
    while index < N {
        let param = &params[index];
        let kind = match param.need {
            _ if param.named => ParamKind::Named,
            Need::Required => ParamKind::Required,
            Need::Optional | Need::Default(_) => ParamKind::Optional,
            Need::Rest => ParamKind::Rest,
        };
        shape[index] = NativeParam { name: param.name, kind };
        index += 1;
    }
    shape
}

impl std::fmt::Display for Signature {
    /// As documentation shows it: `async net.tcp.connect(host: str, port: int, timeout: duration?)`.
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        if self.waits {
            f.write_str("async ")?;
        }
        f.write_str(self.path)?;
        if matches!(self.role, Role::Property | Role::Value) {
            return Ok(());
        }
        f.write_str("(")?;
        for (i, param) in self.params.iter().enumerate() {
            let first_named = param.named && !self.params[..i].iter().any(|before| before.named);
            match (i, first_named) {
                (0, false) => {}
                (0, true) => f.write_str("; ")?,
                (_, false) => f.write_str(", ")?,
                (_, true) => f.write_str("; ")?,
            }
            match param.need {
                Need::Required => write!(f, "{}: {}", param.name, param.expects)?,
                Need::Optional => write!(f, "{}: {}?", param.name, param.expects)?,
                Need::Default(text) => write!(f, "{}: {} = {text}", param.name, param.expects)?,
                Need::Rest => write!(f, "...{}: {}", param.name, param.expects)?,
            }
        }
        f.write_str(")")
    }
}

/// Declares a table of natives; the module documentation has the form.
#[macro_export]
macro_rules! natives {
    (
        $(#[doc = $about:literal])* $vis:vis const $table:ident;
        $(
            $(#[doc = $doc:literal])*
            $($word:ident)+ $(. $member:ident)* ( $($param:tt)* ) => $body:expr
            $(, $example:literal => $printed:literal)* ;
        )*
    ) => {
        $(#[doc = $about])*
        $vis const $table: &[$crate::natives::Declaration] = &[
            $($crate::natives!(
                @declare [$($word)+] [$($member)*] [$($param)*] $body;
                concat!($($doc, "\n"),*); &[$(($example, $printed)),*]
            ),)*
        ];
    };

    // What the words before the name mean: role, whether it waits, receiver, kind of body.
    (@declare [async fn $head:ident] $($rest:tt)*) => { $crate::natives!(@make Function true (none) (cx) $head $($rest)*) };
    (@declare [loop fn $head:ident] $($rest:tt)*) => { $crate::natives!(@make Function false (none) (cx) $head $($rest)*) };
    (@declare [core async fn $head:ident] $($rest:tt)*) => { $crate::natives!(@make Function true (none) (core) $head $($rest)*) };
    (@declare [core fn $head:ident] $($rest:tt)*) => { $crate::natives!(@make Function false (none) (core) $head $($rest)*) };
    (@declare [fn $head:ident] $($rest:tt)*) => { $crate::natives!(@make Function false (none) (vm) $head $($rest)*) };
    (@declare [core async method $head:ident] $($rest:tt)*) => { $crate::natives!(@make Method true (any) (core) $head $($rest)*) };
    (@declare [core method $head:ident] $($rest:tt)*) => { $crate::natives!(@make Method false (any) (core) $head $($rest)*) };
    (@declare [method $head:ident] $($rest:tt)*) => { $crate::natives!(@make Method false ($head) (vm) $head $($rest)*) };
    (@declare [loop method $head:ident] $($rest:tt)*) => { $crate::natives!(@make Method false ($head) (cx) $head $($rest)*) };
    (@declare [host async method $head:ident] $($rest:tt)*) => { $crate::natives!(@make Method true (any) (cx) $head $($rest)*) };
    (@declare [host loop method $head:ident] $($rest:tt)*) => { $crate::natives!(@make Method false (any) (cx) $head $($rest)*) };
    (@declare [host method $head:ident] $($rest:tt)*) => { $crate::natives!(@make Method false (any) (vm) $head $($rest)*) };
    (@declare [get $head:ident] $($rest:tt)*) => { $crate::natives!(@make Property false ($head) (vm) $head $($rest)*) };
    (@declare [host loop get $head:ident] $($rest:tt)*) => { $crate::natives!(@make Property false (any) (cx) $head $($rest)*) };
    (@declare [host get $head:ident] $($rest:tt)*) => { $crate::natives!(@make Property false (any) (vm) $head $($rest)*) };
    (@declare [convert $head:ident] $($rest:tt)*) => { $crate::natives!(@make Conversion false (none) (vm) $head $($rest)*) };
    (@declare [value $head:ident] $($rest:tt)*) => { $crate::natives!(@make Value false (none) (value) $head $($rest)*) };

    (@make $role:ident $waits:literal $receiver:tt $body_kind:tt $head:ident [$($member:ident)*] [$($param:tt)*] $body:expr;
        $doc:expr; $examples:expr) => {{
        const PATH: &str = concat!(stringify!($head) $(, ".", stringify!($member))*);
        const PARAMS: &[$crate::natives::Param] = $crate::natives!(@params [] $($param)*);
        const SIGNATURE: &$crate::natives::Signature = &$crate::natives::Signature {
            path: PATH,
            dot: $crate::natives::last_dot(PATH),
            role: $crate::natives::Role::$role,
            waits: $waits,
            params: PARAMS,
            shape: &$crate::natives::shape::<{ PARAMS.len() }>(PARAMS),
        };
        $crate::natives::Declaration {
            signature: SIGNATURE,
            doc: $doc,
            examples: $examples,
            body: $crate::natives!(@body $body_kind $receiver SIGNATURE $body; [$($param)*]),
        }
    }};

    (@body (core) $receiver:tt $signature:ident $body:expr; [$($param:tt)*]) => {{
        fn enter(vm: &mut $crate::vm::Vm, args: $crate::vm::Args) -> Result<$crate::vm::Value, $crate::vm::Thrown> {
            let mut call = $crate::natives::Call::behind_receiver($signature, args);
            $crate::natives!(@check vm call; $($param)*);
            Ok(call.hand_over(vm, stringify!($body)))
        }
        $crate::natives::Body::Core { function: stringify!($body), enter }
    }};
    (@body (value) $receiver:tt $signature:ident $body:expr; $params:tt) => {
        $crate::natives::Body::Value($body)
    };
    (@body (vm) $receiver:tt $signature:ident $body:expr; [$($param:tt)*]) => {{
        fn enter(vm: &mut $crate::vm::Vm, args: $crate::vm::Args) -> Result<$crate::vm::Value, $crate::vm::Thrown> {
            let mut call = $crate::natives::Call::new($signature, args);
            $crate::natives!(@receive vm (vm) call $receiver $body; $($param)*)
        }
        $crate::natives::Body::Inline(enter)
    }};
    (@body (cx) $receiver:tt $signature:ident $body:expr; [$($param:tt)*]) => {{
        fn enter(cx: &mut $crate::runtime::Cx<'_>, args: $crate::vm::Args) -> Result<$crate::runtime::Answer, $crate::vm::Thrown> {
            let mut call = $crate::natives::Call::new($signature, args);
            $crate::natives!(@receive cx (cx.vm) call $receiver $body; $($param)*)
        }
        $crate::natives::Body::Loop(enter)
    }};

    (@receive $cx:ident $vm:tt $call:ident (none) $body:expr; $($param:tt)*) => {
        $crate::natives!(@bind $cx $vm $call $body; []; $($param)*)
    };
    (@receive $cx:ident ($($vm:tt)+) $call:ident ($type:tt) $body:expr; $($param:tt)*) => {{
        let receiver = $call.receiver::<$crate::natives!(@type $type)>(&mut *$($vm)+)?;
        $crate::natives!(@bind $cx ($($vm)+) $call $body; [receiver]; $($param)*)
    }};

    // Binds the parameters one after the other, then calls the body with them.
    (@bind $cx:ident $vm:tt $call:ident $body:expr; [$($bound:ident)*];) => {{
        // The last reference: natives without parameters never move the cursor.
        let _ = &mut $call;
        $body($cx $(, $bound)*)
    }};
    (@bind $cx:ident $vm:tt $call:ident $body:expr; $bound:tt; named $($rest:tt)+) => {
        $crate::natives!(@bind $cx $vm $call $body; $bound; $($rest)+)
    };
    (@bind $cx:ident ($($vm:tt)+) $call:ident $body:expr; [$($bound:ident)*]; $name:ident : $type:tt ... $(, $($rest:tt)*)?) => {{
        let $name = $call.rest(&$($vm)+);
        $crate::natives!(@bind $cx ($($vm)+) $call $body; [$($bound)* $name]; $($($rest)*)?)
    }};
    (@bind $cx:ident ($($vm:tt)+) $call:ident $body:expr; [$($bound:ident)*]; $name:ident : $type:tt ? $(, $($rest:tt)*)?) => {{
        let $name = $call.optional::<$crate::natives!(@type $type)>(&mut *$($vm)+)?;
        $crate::natives!(@bind $cx ($($vm)+) $call $body; [$($bound)* $name]; $($($rest)*)?)
    }};
    (@bind $cx:ident ($($vm:tt)+) $call:ident $body:expr; [$($bound:ident)*]; $name:ident : $type:tt = $default:literal $(, $($rest:tt)*)?) => {{
        let $name = $call.or::<$crate::natives!(@type $type), _>(&mut *$($vm)+, $default)?;
        $crate::natives!(@bind $cx ($($vm)+) $call $body; [$($bound)* $name]; $($($rest)*)?)
    }};
    (@bind $cx:ident ($($vm:tt)+) $call:ident $body:expr; [$($bound:ident)*]; $name:ident : $type:tt $(, $($rest:tt)*)?) => {{
        let $name = $call.required::<$crate::natives!(@type $type)>(&mut *$($vm)+)?;
        $crate::natives!(@bind $cx ($($vm)+) $call $body; [$($bound)* $name]; $($($rest)*)?)
    }};

    // Checks the parameters one after the other: a function of the core module gets them as they are.
    (@check $vm:ident $call:ident;) => {{
        let _ = &mut $call;
    }};
    (@check $vm:ident $call:ident; named $($rest:tt)+) => { $crate::natives!(@check $vm $call; $($rest)+) };
    (@check $vm:ident $call:ident; $name:ident : $type:tt ... $(, $($rest:tt)*)?) => {{
        $call.rest($vm);
        $crate::natives!(@check $vm $call; $($($rest)*)?)
    }};
    (@check $vm:ident $call:ident; $name:ident : $type:tt ? $(, $($rest:tt)*)?) => {{
        $call.optional::<$crate::natives!(@type $type)>($vm)?;
        $crate::natives!(@check $vm $call; $($($rest)*)?)
    }};
    (@check $vm:ident $call:ident; $name:ident : $type:tt = $default:literal $(, $($rest:tt)*)?) => {{
        $call.or::<$crate::natives!(@type $type), _>($vm, $default)?;
        $crate::natives!(@check $vm $call; $($($rest)*)?)
    }};
    (@check $vm:ident $call:ident; $name:ident : $type:tt $(, $($rest:tt)*)?) => {{
        $call.required::<$crate::natives!(@type $type)>($vm)?;
        $crate::natives!(@check $vm $call; $($($rest)*)?)
    }};

    // The same parameters as data.
    (@params [$($done:tt)*]) => { &[$($done)*] };
    (@params [$($done:tt)*] named $name:ident : $type:tt ? $(, $($rest:tt)*)?) => {
        $crate::natives!(@params [$($done)* $crate::natives!(@param $name $type Optional true),] $($($rest)*)?)
    };
    (@params [$($done:tt)*] named $name:ident : $type:tt = $default:literal $(, $($rest:tt)*)?) => {
        $crate::natives!(@params [$($done)* $crate::natives!(@param $name $type (Default(stringify!($default))) true),] $($($rest)*)?)
    };
    (@params [$($done:tt)*] $name:ident : $type:tt ... $(, $($rest:tt)*)?) => {
        $crate::natives!(@params [$($done)* $crate::natives!(@param $name $type Rest false),] $($($rest)*)?)
    };
    (@params [$($done:tt)*] $name:ident : $type:tt ? $(, $($rest:tt)*)?) => {
        $crate::natives!(@params [$($done)* $crate::natives!(@param $name $type Optional false),] $($($rest)*)?)
    };
    (@params [$($done:tt)*] $name:ident : $type:tt = $default:literal $(, $($rest:tt)*)?) => {
        $crate::natives!(@params [$($done)* $crate::natives!(@param $name $type (Default(stringify!($default))) false),] $($($rest)*)?)
    };
    (@params [$($done:tt)*] $name:ident : $type:tt $(, $($rest:tt)*)?) => {
        $crate::natives!(@params [$($done)* $crate::natives!(@param $name $type Required false),] $($($rest)*)?)
    };
    (@param $name:ident $type:tt (Default($text:expr)) $named:literal) => {
        $crate::natives::Param {
            name: stringify!($name), expects: stringify!($type),
            need: $crate::natives::Need::Default($text), named: $named,
        }
    };
    (@param $name:ident $type:tt $need:ident $named:literal) => {
        $crate::natives::Param {
            name: stringify!($name), expects: stringify!($type),
            need: $crate::natives::Need::$need, named: $named,
        }
    };

    // The types of parameters and receivers.
    (@type any) => { $crate::natives::kind::Any };
    (@type int) => { $crate::natives::kind::Int };
    (@type float) => { $crate::natives::kind::Float };
    (@type number) => { $crate::natives::kind::Number };
    (@type bool) => { $crate::natives::kind::Bool };
    (@type duration) => { $crate::natives::kind::Duration };
    (@type str) => { $crate::natives::kind::Text };
    (@type bytes) => { $crate::natives::kind::BytesLike };
    (@type buffer) => { $crate::natives::kind::Buffer };
    (@type data) => { $crate::natives::kind::Data };
    (@type pieces) => { $crate::natives::kind::Pieces };
    (@type list) => { $crate::natives::kind::List };
    (@type map) => { $crate::natives::kind::Map };
    (@type set) => { $crate::natives::kind::Set };
    (@type range) => { $crate::natives::kind::Range };
    (@type fn) => { $crate::natives::kind::Function };
    (@type $other:ident) => { $crate::natives::kind::Any };
}
