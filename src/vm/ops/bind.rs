//! Arguments find their parameters: counts, missing and named ones, rest parameters.

use std::sync::Arc;

use super::Op;
use crate::bytecode::program::FunctionCode;
use crate::vm::error::{ErrorKind, Thrown};
use crate::vm::native::{Native, NativeId, ParamKind};
use crate::vm::value::Value;

impl Op<'_> {
    /// Arranges the `count` arguments behind a slot as the parameters of a Kettle function.
    pub(in crate::vm) fn bind_closure(
        &mut self,
        number: u32,
        slot: usize,
        count: usize,
        named: Option<Value>,
        receiver: bool,
    ) -> Result<(), Thrown> {
        let info = &self.vm.infos[number as usize];
        let (module, index) = (info.module.clone(), info.index as usize);
        let code = &module.functions[index];
        let first = usize::from(code.has_self);
        // A core method's receiver is its first parameter, which callers do not count.
        let hidden = usize::from(receiver && !code.has_self);
        let fixed = code.params.len() - usize::from(code.has_rest);
        if count < first || (count - first > fixed && !code.has_rest) {
            return Err(self.arity_error(code, hidden, count.saturating_sub(first)));
        }
        let given = count - first;
        self.reserve(slot + 1 + count.max(usize::from(code.registers)))?;
        let start = slot + 1 + first;
        if code.has_rest {
            let extra = given.saturating_sub(fixed);
            let rest = self.window(start + fixed.min(given), extra).to_vec();
            let rest = self.vm.heap.list(rest);
            self.window_set(start + fixed, rest);
        }
        for parameter in given..fixed {
            self.window_set(start + parameter, Value::unset());
        }
        if let Some(named) = named {
            self.bind_named(code, start, (hidden, given.min(fixed), fixed), named)?;
        }
        for parameter in given..fixed {
            if self.window_get(start + parameter).is_unset() && !code.params[parameter].optional {
                if named.is_some() {
                    let text =
                        format!("{} was not given `{}`", code.name, code.params[parameter].name);
                    return Err(self.vm.error(ErrorKind::ArityError, text));
                }
                return Err(self.arity_error(code, hidden, given));
            }
        }
        Ok(())
    }

    fn bind_named(
        &mut self,
        code: &FunctionCode,
        start: usize,
        (hidden, given, fixed): (usize, usize, usize),
        named: Value,
    ) -> Result<(), Thrown> {
        for (name, value) in self.named_entries(named) {
            let known = code.params[..fixed].iter().position(|param| *param.name == *name);
            match known {
                Some(parameter) if parameter >= given => {
                    self.window_set(start + parameter, value);
                }
                Some(_) => {
                    let text = format!("{} was given `{name}` twice", code.name);
                    return Err(self.vm.error(ErrorKind::ArityError, text));
                }
                None => {
                    let names = code.params[hidden..fixed].iter().map(|param| &*param.name);
                    return Err(self.unknown_parameter(&code.name, &name, names.collect()));
                }
            }
        }
        Ok(())
    }

    /// Arranges the arguments behind a slot as a native's parameters; gives their new number.
    pub(in crate::vm) fn bind_native(
        &mut self,
        id: NativeId,
        slot: usize,
        count: usize,
        named: Option<Value>,
        receiver: bool,
    ) -> Result<usize, Thrown> {
        let first = usize::from(receiver);
        let given = count - first;
        if named.is_none() && self.vm.registry.arity(id).takes(given) {
            return Ok(count);
        }
        let native = self.vm.registry.native(id).clone();
        let (min, max) = (native.positional_min(), native.positional_max());
        if max.is_some_and(|max| given > max) || (given < min && named.is_none()) {
            return Err(self.native_arity_error(&native, given));
        }
        let start = slot + 1 + first;
        let given: Vec<Value> = self.window(start, given).to_vec();
        let bound = self.arrange(&native, &given, named)?;
        self.reserve(start + bound.len())?;
        for (value, slot) in bound.iter().zip(start..) {
            self.window_set(slot, *value);
        }
        Ok(first + bound.len())
    }

    /// One value for each parameter of a native.
    fn arrange(
        &mut self,
        native: &Native,
        given: &[Value],
        named: Option<Value>,
    ) -> Result<Vec<Value>, Thrown> {
        let mut positional = given.iter();
        let mut bound = Vec::with_capacity(native.params.len());
        for param in &*native.params {
            bound.push(match param.kind {
                ParamKind::Required | ParamKind::Optional => {
                    positional.next().copied().unwrap_or(Value::unset())
                }
                ParamKind::Rest => self.vm.heap.list(positional.by_ref().copied().collect()),
                ParamKind::Named => Value::unset(),
            });
        }
        for (name, value) in named.map_or_else(Vec::new, |named| self.named_entries(named)) {
            let known = native
                .params
                .iter()
                .position(|param| *param.name == *name && param.kind != ParamKind::Rest);
            match known {
                Some(parameter) if bound[parameter].is_unset() => bound[parameter] = value,
                Some(_) => {
                    let text = format!("{} was given `{name}` twice", native.name);
                    return Err(self.vm.error(ErrorKind::ArityError, text));
                }
                None => {
                    let names = native.params.iter().filter(|param| param.kind != ParamKind::Rest);
                    let names = names.map(|param| param.name).collect();
                    return Err(self.unknown_parameter(&native.name, &name, names));
                }
            }
        }
        let missing = native
            .params
            .iter()
            .zip(&bound)
            .find(|(param, value)| param.kind == ParamKind::Required && value.is_unset());
        match missing {
            None => Ok(bound),
            Some((param, _)) if named.is_some() => {
                let text = format!("{} was not given `{}`", native.name, param.name);
                Err(self.vm.error(ErrorKind::ArityError, text))
            }
            Some(_) => Err(self.native_arity_error(native, given.len())),
        }
    }

    /// The entries of a map of named arguments.
    fn named_entries(&self, named: Value) -> Vec<(Arc<str>, Value)> {
        let Some(map) = self.vm.heap.map_ref(named) else { return Vec::new() };
        let entries = map
            .iter()
            .filter_map(|(name, value)| Some((Arc::from(self.vm.heap.str(name)?), value)));
        entries.collect()
    }

    #[cold]
    fn unknown_parameter(&mut self, function: &str, name: &str, known: Vec<&str>) -> Thrown {
        let mut text = format!("{function} has no parameter `{name}`");
        if let Some(near) = crate::diagnostics::nearest(name, known.iter().copied()) {
            text.push_str(&format!("; did you mean `{near}`?"));
        } else if known.is_empty() {
            text.push_str("; it takes none");
        } else {
            text.push_str(&format!("; it takes {}", known.join(", ")));
        }
        self.vm.error(ErrorKind::ArityError, text)
    }

    #[cold]
    fn arity_error(&mut self, code: &FunctionCode, hidden: usize, given: usize) -> Thrown {
        let params = &code.params[hidden.min(code.params.len())..];
        let fixed = params.len() - usize::from(code.has_rest).min(params.len());
        let required = params[..fixed].iter().filter(|param| !param.optional).count();
        let most = (!code.has_rest).then_some(fixed);
        let shown = params.iter().enumerate().map(|(index, param)| {
            let name = if param.name.is_empty() { "_" } else { &*param.name };
            match (code.has_rest && index == fixed, param.optional) {
                (true, _) => format!("...{name}"),
                (false, true) => format!("{name}?"),
                (false, false) => name.to_owned(),
            }
        });
        let shown: Vec<String> = shown.collect();
        let given = given.saturating_sub(hidden);
        self.arity_text(&code.name, required, most, &shown, given)
    }

    #[cold]
    fn native_arity_error(&mut self, native: &Native, given: usize) -> Thrown {
        let shown = native.params.iter().map(|param| match param.kind {
            ParamKind::Required => param.name.to_string(),
            ParamKind::Optional => format!("{}?", param.name),
            ParamKind::Rest => format!("...{}", param.name),
            ParamKind::Named => format!("{}:", param.name),
        });
        let shown: Vec<String> = shown.collect();
        let (least, most) = (native.positional_min(), native.positional_max());
        self.arity_text(&native.name, least, most, &shown, given)
    }

    fn arity_text(
        &mut self,
        name: &str,
        least: usize,
        most: Option<usize>,
        params: &[String],
        given: usize,
    ) -> Thrown {
        let takes = match most {
            Some(0) => "no arguments".to_owned(),
            Some(most) if most == least => plural(most),
            Some(most) => format!("{least} to {}", plural(most)),
            None => format!("at least {}", plural(least)),
        };
        let list =
            if params.is_empty() { String::new() } else { format!(" ({})", params.join(", ")) };
        let given = match given {
            0 => "none was given".to_owned(),
            1 => "1 was given".to_owned(),
            more => format!("{more} were given"),
        };
        self.vm.error(ErrorKind::ArityError, format!("{name} takes {takes}{list}, but {given}"))
    }
}

fn plural(count: usize) -> String {
    format!("{count} argument{}", if count == 1 { "" } else { "s" })
}
