//! What a host has added to the language, as documentation: for `kettle doc`, completion, editors.

use serde_json::{Value as Json, json};

use super::engine::Engine;
use super::signature::Signature;
use crate::natives::Role;
use crate::natives::listing::Entry;

impl Engine {
    /// The functions, types and constants of the host, in the form in which the manual lists the
    /// library: `kettle::tools::manual::entry` makes text of one.
    pub fn api(&self) -> Vec<Entry> {
        let mut entries: Vec<Entry> =
            self.functions().iter().map(|it| entry(&it.signature, Role::Function, None)).collect();
        for added in self.types() {
            let module = added.path();
            let module = module.strip_suffix(added.name()).unwrap_or_default();
            let doc = added.doc().lines().map(|line| line.trim().to_owned()).collect();
            let path = added.path();
            let signature = format!("class {path}");
            let role = Role::Class;
            entries.push(Entry { path, role, waits: false, signature, doc, examples: Vec::new() });
            for (member, is_static) in added.signatures() {
                let role = match (member.is_property, member.has_receiver) {
                    (true, _) => Role::Property,
                    (false, true) => Role::Method,
                    (false, false) if is_static => Role::Function,
                    (false, false) => Role::Conversion,
                };
                entries.push(entry(member, role, Some(module)));
            }
        }
        entries.extend(self.values().iter().map(|it| Entry {
            path: it.path.clone(),
            role: Role::Value,
            waits: false,
            signature: format!("{} = {}", it.path, it.make),
            doc: Vec::new(),
            examples: Vec::new(),
        }));
        entries
    }

    /// What the host says of its modules: name and text.
    pub fn module_docs(&self) -> impl Iterator<Item = (&str, &str)> {
        self.module_doc_table().iter().map(|(name, doc)| (&**name, &**doc))
    }

    /// All that as JSON: what `kettle doc api.json` prints and an editor reads. `entries` has
    /// `{path, role, waits, signature, doc}` for each function, type, member and constant, `modules`
    /// what each module is for.
    pub fn api_json(&self) -> String {
        let entries = self.api().into_iter().map(|it| {
            let role = role_name(it.role);
            let Entry { path, waits, signature, doc, .. } = it;
            json!({"path": path, "role": role, "waits": waits, "signature": signature, "doc": doc})
        });
        let modules = self.module_docs().map(|(name, doc)| (name.to_owned(), json!(doc)));
        let form = json!({
            "entries": entries.collect::<Vec<Json>>(),
            "modules": Json::Object(modules.collect()),
        });
        serde_json::to_string_pretty(&form).unwrap_or_default()
    }
}

fn entry(signature: &Signature, role: Role, module: Option<&str>) -> Entry {
    let module = module.unwrap_or_default();
    let shown = signature.to_string();
    let shown = match shown.strip_prefix("async ") {
        Some(rest) => format!("async {module}{rest}"),
        None => format!("{module}{shown}"),
    };
    Entry {
        path: format!("{module}{}", signature.path),
        role,
        waits: signature.waits,
        signature: shown,
        doc: signature.doc.lines().map(|line| line.trim().to_owned()).collect(),
        examples: Vec::new(),
    }
}

fn role_name(role: Role) -> &'static str {
    match role {
        Role::Function => "function",
        Role::Method => "method",
        Role::Property => "property",
        Role::Value => "value",
        Role::Conversion => "constructor",
        Role::Class => "class",
    }
}

/// Reads what [`Engine::api_json`] has written.
///
/// # Errors
/// What is wrong with the text.
pub fn read_api(text: &str) -> Result<Vec<Entry>, String> {
    let form: Json = serde_json::from_str(text).map_err(|error| error.to_string())?;
    let listed = form["entries"].as_array().ok_or("there is no list `entries`")?;
    let word = |it: &Json, name: &str| it[name].as_str().map(str::to_owned);
    let read = |it: &Json| {
        let role = match it["role"].as_str()? {
            "function" => Role::Function,
            "method" => Role::Method,
            "property" => Role::Property,
            "value" => Role::Value,
            "constructor" => Role::Conversion,
            "class" => Role::Class,
            _ => return None,
        };
        let doc = it["doc"].as_array()?.iter();
        Some(Entry {
            path: word(it, "path")?,
            role,
            waits: it["waits"].as_bool()?,
            signature: word(it, "signature")?,
            doc: doc.filter_map(|line| line.as_str().map(str::to_owned)).collect(),
            examples: Vec::new(),
        })
    };
    let entries: Option<Vec<Entry>> = listed.iter().map(read).collect();
    entries.ok_or_else(|| "an entry is not of the form that `Engine::api_json` writes".to_owned())
}
