//! A section of the file, read by the keys that the table gives it.
//!
//! Main type: [`Section`]. Opening a section reports what does not belong in it and what it
//! lacks; reading a key yields its value, or its default where there is none or where it is wrong.
//!
//! This module never knows a key by name.

use crate::config::compared::{Listed, Origin};
use crate::config::forms::FREE;
use crate::config::keys::{Key, Need, Shape};
use crate::config::setting::{Setting, Text};
use crate::config::sheet::{Sheet, Spot, interpret};
use crate::config::yaml::{Entry, Node, Value};
use std::collections::BTreeMap;

pub(super) struct Section<'a> {
    sheet: &'a Sheet<'a>,
    keys: &'static [Key],
    spot: Spot,
    entries: &'a [Entry],
}

/// A name of the user's own with the value under it.
pub(super) struct Named<'a> {
    pub name: &'a str,
    pub spot: Spot,
    pub node: &'a Node,
}

impl<'a> Section<'a> {
    /// Opens the file.
    pub fn root(sheet: &'a Sheet<'a>, keys: &'static [Key], node: &'a Node) -> Self {
        let spot = Spot { path: String::new(), line: node.line };
        Self::open(sheet, keys, spot, node)
    }

    fn open(sheet: &'a Sheet<'a>, keys: &'static [Key], spot: Spot, node: &'a Node) -> Self {
        let mut section = Self::left_out(sheet, keys, spot);
        match &node.value {
            Value::Map(entries) => {
                section.entries = entries;
                section.check_entries();
                section.check_needs();
            }
            Value::Null => section.check_needs(),
            Value::Text(_) | Value::List(_) => {
                let example = section_as_written(&section.spot.path, keys);
                section.report(format!("keys are wanted here; write `{example}`"));
            }
        }
        section
    }

    fn left_out(sheet: &'a Sheet<'a>, keys: &'static [Key], spot: Spot) -> Self {
        Self { sheet, keys, spot, entries: &[] }
    }

    /// Reports at the section itself.
    pub fn report(&self, text: impl Into<String>) {
        self.sheet.report(&self.spot, text);
    }

    /// Reports at one of its keys.
    pub fn report_at(&self, name: &str, text: impl Into<String>) {
        let line = self.entry(name).map_or(self.spot.line, |entry| entry.line);
        self.sheet.report(&self.spot.key(name, line), text);
    }

    /// The value of a key, or its default.
    pub fn value<T: Setting>(&self, name: &str) -> T {
        self.given(name).unwrap_or_else(|| {
            let key = self.key(name);
            let default = Text { value: key.text.into(), written: key.text.into() };
            interpret(&default, &key.shape).expect("the defaults of the table are tested")
        })
    }

    /// The value of a key, where the file gives one that can be read.
    pub fn given<T: Setting>(&self, name: &str) -> Option<T> {
        let (spot, node) = self.find(name)?;
        if !node.is_scalar() {
            self.refuse(&spot, "one value is", name);
            return None;
        }
        self.sheet.read(&spot, node, &self.key(name).shape)
    }

    /// Whether the file gives the key a value.
    pub fn has(&self, name: &str) -> bool {
        self.find(name).is_some()
    }

    /// Every item of a list that can be read.
    pub fn list<T: Setting>(&self, name: &str) -> Vec<T> {
        let Shape::List(shape) = self.key(name).shape else { return Vec::new() };
        let read = |(spot, node): (Spot, &Node)| self.sheet.read(&spot, node, shape);
        self.items(name).into_iter().filter_map(read).collect()
    }

    /// Every item of a list that can be read, or the text that stands in its place.
    pub fn texts<T: Setting>(&self, name: &str) -> Vec<T> {
        let key = self.key(name);
        let found = match self.find(name) {
            Some((_, node)) if matches!(node.value, Value::List(_)) => self.items(name),
            other => other.into_iter().collect(),
        };
        if self.has(name) && found.is_empty() {
            self.report_at(name, format!("is empty; write `{}`", as_written(key)));
        }
        let read = |(spot, node): (Spot, &Node)| self.sheet.read(&spot, node, &key.shape);
        found.into_iter().filter_map(read).collect()
    }

    /// Every item of a list that can be read, with where it stands.
    pub fn listed<T: Setting>(&self, name: &str) -> Vec<Listed<T>> {
        let Shape::List(shape) = self.key(name).shape else { return Vec::new() };
        let read = |(spot, node): (Spot, &Node)| {
            let rule = self.sheet.read(&spot, node, shape)?;
            Some(Listed { rule, origin: spot.into() })
        };
        self.items(name).into_iter().filter_map(read).collect()
    }

    /// Where the section stands.
    pub fn origin(&self) -> Origin {
        self.spot.clone().into()
    }

    /// Every section of a list, or the one that stands in its place.
    pub fn sections(&self, name: &str) -> Vec<Section<'a>> {
        let open =
            |keys: &'static [Key]| move |(spot, node)| Self::open(self.sheet, keys, spot, node);
        match self.key(name).shape {
            Shape::List(Shape::Section(keys)) => {
                self.items(name).into_iter().map(open(keys)).collect()
            }
            Shape::Sections(keys) => match self.find(name) {
                Some((_, node)) if matches!(node.value, Value::List(_)) => {
                    self.items(name).into_iter().map(open(keys)).collect()
                }
                other => other.into_iter().map(open(keys)).collect(),
            },
            _ => Vec::new(),
        }
    }

    /// The section under a key; one in which everything is left out where the file has none.
    pub fn section(&self, name: &str) -> Section<'a> {
        let keys: &[Key] = match self.key(name).shape {
            Shape::Section(keys) => keys,
            _ => &[],
        };
        match self.find(name) {
            Some((spot, node)) => Self::open(self.sheet, keys, spot, node),
            None => Self::left_out(self.sheet, keys, self.spot.key(name, self.spot.line)),
        }
    }

    /// The section under a key, where the file has one.
    pub fn given_section(&self, name: &str) -> Option<Section<'a>> {
        self.has(name).then(|| self.section(name))
    }

    /// The names of the user's own under a key, each with its value.
    pub fn named(&self, name: &str) -> Option<Vec<Named<'a>>> {
        let (spot, node) = self.find(name)?;
        let Value::Map(entries) = &node.value else {
            self.refuse(&spot, "names are", name);
            return None;
        };
        self.check_twice(&spot, entries);
        let name = |entry: &'a Entry| {
            let spot = spot.key(&entry.name, entry.line);
            self.sheet.note(&spot);
            Named { name: &entry.name, spot, node: &entry.node }
        };
        Some(entries.iter().map(name).collect())
    }

    /// Reports at a name of the user's own.
    pub fn report_named(&self, named: &Named<'_>, text: impl Into<String>) {
        self.sheet.report(&named.spot, text);
    }

    /// Opens the section under a name of the user's own.
    pub fn under(&self, key: &str, named: &Named<'a>) -> Section<'a> {
        let keys: &[Key] = match self.key(key).shape {
            Shape::Map(Shape::Section(keys)) => keys,
            _ => &[],
        };
        Self::open(self.sheet, keys, named.spot.clone(), named.node)
    }

    /// The text under a name of the user's own.
    pub fn read<T: Setting>(&self, named: &Named<'_>) -> Option<T> {
        self.sheet.read(&named.spot, named.node, &Shape::Text(&FREE))
    }

    /// The text under a name of the user's own, in the form that the key gives it.
    pub fn read_as<T: Setting>(&self, key: &str, named: &Named<'_>) -> Option<T> {
        let Shape::Map(shape) = self.key(key).shape else { return None };
        self.sheet.read(&named.spot, named.node, shape)
    }

    /// The items of a list, or a problem.
    fn items(&self, name: &str) -> Vec<(Spot, &'a Node)> {
        let Some((spot, node)) = self.find(name) else { return Vec::new() };
        let Value::List(items) = &node.value else {
            self.refuse(&spot, "a list is", name);
            return Vec::new();
        };
        let item = |(index, node): (usize, &'a Node)| (spot.item(index, node.line), node);
        items.iter().enumerate().map(item).collect()
    }

    /// The key's entry and value, where there is a value.
    fn find(&self, name: &str) -> Option<(Spot, &'a Node)> {
        let entry = self.entry(name)?;
        let spot = self.spot.key(name, entry.line);
        (!matches!(entry.node.value, Value::Null)).then_some((spot, &entry.node))
    }

    fn entry(&self, name: &str) -> Option<&'a Entry> {
        self.entries.iter().find(|entry| entry.name == name)
    }

    fn key(&self, name: &str) -> &'static Key {
        let key = self.keys.iter().find(|key| key.name == name);
        key.expect("whoever reads a key takes its name from the table")
    }

    /// Reports that something else is wanted at a key, and how it is written.
    fn refuse(&self, spot: &Spot, wanted: &str, name: &str) {
        let example = as_written(self.key(name));
        self.sheet.report(spot, format!("{wanted} wanted here; write `{example}`"));
    }

    fn check_twice(&self, spot: &Spot, entries: &[Entry]) {
        let mut first = BTreeMap::new();
        for entry in entries {
            if let Some(line) = first.get(entry.name.as_str()) {
                let spot = spot.key(&entry.name, entry.line);
                self.sheet.report(&spot, format!("stands on line {line} too; keep one of them"));
            } else {
                first.insert(entry.name.as_str(), entry.line);
            }
        }
    }

    /// Every entry is a key of this section and of this version, given once.
    fn check_entries(&self) {
        self.check_twice(&self.spot, self.entries);
        for entry in self.entries {
            let spot = self.spot.key(&entry.name, entry.line);
            self.sheet.note(&spot);
            match self.keys.iter().find(|key| key.name == entry.name) {
                None => self.sheet.report(&spot, unknown(&entry.name, self.keys)),
                Some(key) if !key.is_open() && !entry.node.is_empty() => {
                    self.sheet.report(&spot, key.doc);
                }
                Some(_) => {}
            }
        }
    }

    /// What must be given is given, and exactly one of the choices is.
    fn check_needs(&self) {
        for key in self.keys.iter().filter(|key| key.need == Need::Required) {
            if !self.has(key.name) {
                self.report_at(key.name, format!("is missing; write `{}`", as_written(key)));
            }
        }
        let choices: Vec<_> = self.keys.iter().filter(|key| key.need == Need::Choice).collect();
        let given = choices.iter().filter(|key| self.has(key.name)).count();
        if !choices.is_empty() && given != 1 {
            let names: Vec<_> = choices.iter().map(|key| key.name).collect();
            self.report(format!("has {given} of {}; write exactly one", names.join(", ")));
        }
    }
}

/// How a key is written, as a mend.
fn as_written(key: &Key) -> String {
    match key.shape {
        Shape::Section(keys) => section_as_written(key.name, keys),
        Shape::Sections(_) => format!("{}: {}", key.name, key.text),
        Shape::List(Shape::Section(keys)) if key.text.is_empty() => {
            format!("{}: [{}]", key.name, section_as_written("[]", keys))
        }
        _ => format!("{}: {}", key.name, key.text),
    }
}

/// How a section at this path is written, by one of its keys.
fn section_as_written(path: &str, keys: &[Key]) -> String {
    let inner = keys.iter().find(|key| key.is_open()).map(as_written).unwrap_or_default();
    match path.rsplit('.').next() {
        None | Some("") => "primary: { url: http://127.0.0.1:8081 }".into(),
        Some(item) if item.ends_with(']') => format!("{{ {inner} }}"),
        Some(name) => format!("{name}: {{ {inner} }}"),
    }
}

/// A name at least this similar to a known one is taken for a slip.
const SLIP: f64 = 0.75;

fn unknown(name: &str, keys: &[Key]) -> String {
    if name == "<<" {
        return "merge keys are not read; write the keys out".into();
    }
    let open = || keys.iter().filter(|key| key.is_open()).map(|key| key.name);
    let name: String = name.chars().take(64).collect();
    let near = open()
        .map(|known| (strsim::jaro_winkler(&name, known), known))
        .max_by(|one, other| one.0.total_cmp(&other.0))
        .filter(|(similarity, _)| *similarity >= SLIP);
    match near {
        Some((_, known)) => format!("is not a key; did you mean `{known}`?"),
        None => format!("is not a key; known here: {}", open().collect::<Vec<_>>().join(", ")),
    }
}
