//! The library as bytecode that the program carries, and how that is made.

use std::sync::Arc;

use super::{Stdlib, add_needed};
use crate::bytecode::archive::{Archive, Unit};
use crate::bytecode::program::{CORE_MODULE_NAME, SESSION};
use crate::bytecode::verify::verify_outline;
use crate::diagnostics::SourceMap;
use crate::engine::program::{CompileError, Program};
use crate::natives::stdlib;

impl Stdlib {
    /// A module of the library as it was compiled when the program was made. Nothing if there is no bytecode
    /// that is that of its text, and can be trusted.
    pub(super) fn carried(&self, name: &str) -> Option<Program> {
        if self.from_text {
            return None;
        }
        let unit = Archive::open(&stdlib::COMPILED).ok()?.unit(name).ok()??;
        for module in &unit.modules {
            verify_outline(module).ok()?;
            unit.sources.get(module.source.0 as usize)?;
            if module.imports.iter().any(|import| import.module == SESSION) {
                return None;
            }
        }
        let mut library = Vec::new();
        for needed in &unit.needs {
            add_needed(self.module(needed)?.ok()?, &mut library);
        }
        let mut sources = SourceMap::new();
        for name in unit.sources {
            let text = stdlib::text(&name)?;
            sources.add(name, text);
        }
        Some(Program::carried(unit.modules, library, sources))
    }
}

/// The bytes of an [`Archive`] of the whole library, compiled from its texts: what the file `stdlib/compiled.bin`
/// has to be. The same texts and the same compiler give the same bytes.
///
/// # Errors
/// When a text does not compile.
pub fn library_archive() -> Result<Vec<u8>, CompileError> {
    let library = Stdlib::from_text();
    let mut units =
        vec![(CORE_MODULE_NAME, unit_of(library.core().as_ref().map_err(Clone::clone)?))];
    for name in stdlib::modules() {
        if let Some(module) = library.module(name) {
            units.push((name, unit_of(&module?.program)));
        }
    }
    let fingerprint = stdlib::FINGERPRINT.parse().unwrap_or_default();
    Ok(Archive::to_bytes(fingerprint, &units))
}

fn unit_of(program: &Program) -> Unit {
    Unit {
        needs: program.library().iter().map(|needed| Arc::from(needed.name)).collect(),
        sources: program.sources().iter().map(|(_, source)| source.name.clone()).collect(),
        modules: program.code().modules.clone(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::engine::stdlib::Module;

    /// Everything of a program that may differ.
    fn shown(program: &Program) -> String {
        let sources = program.sources().iter();
        let sources: Vec<_> =
            sources.map(|(id, source)| (id, &source.name, &source.text)).collect();
        let library: Vec<&str> = program.library().iter().map(|module| module.name).collect();
        let identities: Vec<_> = program.own_modules().map(|known| known.identity).collect();
        let warnings = program.warnings();
        format!("{:#?} {sources:#?} {library:?} {identities:?} {warnings:?}", program.code())
    }

    #[test]
    fn what_is_carried_is_what_the_compiler_makes() {
        // That there is something is the business of `tests/bytecode/library.rs`.
        if stdlib::COMPILED.is_empty() {
            return;
        }
        let (carried, compiled) = (Stdlib::new(), Stdlib::from_text());
        let core = carried.carried(CORE_MODULE_NAME).expect("the core module is carried");
        assert!(shown(&core) == shown(compiled.core().as_ref().expect("it compiles")), "core");
        for name in stdlib::modules() {
            let program = |library: &Stdlib| match library.module(name) {
                Some(Ok(Module { program, .. })) => program,
                other => panic!("{name}: {other:?}"),
            };
            assert!(carried.carried(name).is_some(), "{name} is not carried");
            assert!(shown(&program(&carried)) == shown(&program(&compiled)), "{name}");
        }
    }
}
