//! YAML text as a tree in which every value knows its line.
//!
//! Main types: [`Node`], and [`Broken`] for a text that is no tree. Scalars stay text: what a
//! value means is decided by the key that it stands under. The tree is bounded in values, depth
//! and text, aliases included, so that no file costs more than its size suggests.
//!
//! This module never knows what a key means.

use crate::config::syntax::syntax;
use granit_parser::{Event, Parser, ScalarStyle, Span, StrInput, options};
use std::collections::BTreeMap;

/// Values of one file, those that aliases repeat included.
const MAX_VALUES: usize = 10_000;
/// Levels of nesting, of each style.
pub(super) const MAX_DEPTH: usize = 16;
/// Bytes of one value.
pub(super) const MAX_TEXT: usize = 4096;

/// One value and the line (from 1) that it starts on.
#[derive(Clone, Debug)]
pub(super) struct Node {
    pub line: usize,
    pub value: Value,
}

#[derive(Clone, Debug)]
pub(super) enum Value {
    /// Nothing, `~` or `null`.
    Null,
    Text(String),
    List(Vec<Node>),
    Map(Vec<Entry>),
}

/// A key with its value, in the order of the file; a key given twice stands here twice.
#[derive(Clone, Debug)]
pub(super) struct Entry {
    pub name: String,
    pub line: usize,
    pub node: Node,
}

/// Why, and on which line, a text cannot be read as one document.
#[derive(Debug)]
pub(super) struct Broken {
    pub line: usize,
    pub text: String,
}

impl Node {
    /// Neither a list nor a map.
    pub fn is_scalar(&self) -> bool {
        matches!(self.value, Value::Null | Value::Text(_))
    }

    /// Nothing, or a list or map of nothing.
    pub fn is_empty(&self) -> bool {
        match &self.value {
            Value::Null => true,
            Value::Text(_) => false,
            Value::List(items) => items.is_empty(),
            Value::Map(entries) => entries.is_empty(),
        }
    }

    fn size(&self) -> usize {
        match &self.value {
            Value::Null | Value::Text(_) => 1,
            Value::List(items) => 1 + items.iter().map(Self::size).sum::<usize>(),
            Value::Map(entries) => {
                1 + entries.iter().map(|entry| 1 + entry.node.size()).sum::<usize>()
            }
        }
    }
}

/// Reads the one document of a text; a text without any is `Null`.
pub(super) fn read(text: &str) -> Result<Node, Broken> {
    // To YAML it ends a line, to most editors it does not: the lines of what is amiss would be off.
    if let Some(before) = text.lines().position(|line| line.contains('\r')) {
        let text = "a carriage return that ends no line; save the file with line feeds".to_owned();
        return Err(Broken { line: before + 1, text });
    }
    let options = options! {
        flow_nesting_limit: MAX_DEPTH,
        block_nesting_limit: MAX_DEPTH,
        emit_comments: false,
    };
    let events = Parser::new_from_str_with_options(text, options);
    Builder { text, events, anchors: BTreeMap::new(), values: 0 }.document()
}

struct Builder<'a> {
    text: &'a str,
    events: Parser<'a, StrInput<'a>>,
    anchors: BTreeMap<usize, Node>,
    values: usize,
}

impl<'a> Builder<'a> {
    fn document(mut self) -> Result<Node, Broken> {
        let mut document = None;
        while let Some((event, span)) = self.next()? {
            if !event.is_node() {
                continue;
            }
            if document.is_some() {
                return Err(broken(span, "a second document starts here; keep only one"));
            }
            document = Some(self.node(event, span)?);
        }
        Ok(document.unwrap_or(Node { line: 1, value: Value::Null }))
    }

    fn next(&mut self) -> Result<Option<(Event<'a>, Span)>, Broken> {
        self.events.next().transpose().map_err(|error| syntax(self.text, &error))
    }

    /// The value that starts with this event, to its end.
    fn node(&mut self, event: Event<'a>, span: Span) -> Result<Node, Broken> {
        if let Some(tag) = event.tag() {
            let text =
                format!("`{}` is a tag, and tags mean nothing here; remove it", tag.original());
            return Err(broken(span, &text));
        }
        let anchor = event.anchor_id();
        let node = match event {
            Event::Alias(id) => self.alias(id, span)?,
            event => {
                self.count(1, span)?;
                Node { line: span.start.line(), value: self.value(event, span)? }
            }
        };
        if let Some(anchor) = anchor {
            self.anchors.insert(anchor, node.clone());
        }
        Ok(node)
    }

    fn value(&mut self, event: Event<'a>, span: Span) -> Result<Value, Broken> {
        match event {
            Event::Scalar(text, style, ..) => scalar(&text, style, span),
            Event::SequenceStart(..) => self.list().map(Value::List),
            Event::MappingStart(..) => self.map().map(Value::Map),
            _ => Err(broken(span, "a value is missing here")),
        }
    }

    fn list(&mut self) -> Result<Vec<Node>, Broken> {
        let mut items = Vec::new();
        while let Some((event, span)) = self.next()? {
            if event == Event::SequenceEnd {
                break;
            }
            items.push(self.node(event, span)?);
        }
        Ok(items)
    }

    fn map(&mut self) -> Result<Vec<Entry>, Broken> {
        let mut entries = Vec::new();
        while let Some((event, span)) = self.next()? {
            if event == Event::MappingEnd {
                break;
            }
            let name = match self.node(event, span)?.value {
                Value::Text(name) => name,
                Value::Null => "null".into(),
                Value::List(_) | Value::Map(_) => {
                    return Err(broken(span, "a key is a list or a map; write a plain name"));
                }
            };
            let Some((event, value_span)) = self.next()? else { break };
            let node = self.node(event, value_span)?;
            entries.push(Entry { name, line: span.start.line(), node });
        }
        Ok(entries)
    }

    fn alias(&mut self, id: usize, span: Span) -> Result<Node, Broken> {
        let Some(node) = self.anchors.get(&id).cloned() else {
            return Err(broken(span, "an alias stands inside its own anchor; write the value out"));
        };
        self.count(node.size(), span)?;
        Ok(node)
    }

    fn count(&mut self, values: usize, span: Span) -> Result<(), Broken> {
        self.values += values;
        if self.values > MAX_VALUES {
            let text = format!("over {MAX_VALUES} values, aliases included; keep the file smaller");
            return Err(broken(span, &text));
        }
        Ok(())
    }
}

fn scalar(text: &str, style: ScalarStyle, span: Span) -> Result<Value, Broken> {
    if text.len() > MAX_TEXT {
        let text = format!("a value of {} bytes; a value has at most {MAX_TEXT}", text.len());
        return Err(broken(span, &text));
    }
    let null = style == ScalarStyle::Plain && matches!(text, "" | "~" | "null" | "Null" | "NULL");
    Ok(if null { Value::Null } else { Value::Text(text.to_owned()) })
}

fn broken(span: Span, text: &str) -> Broken {
    Broken { line: span.start.line(), text: text.to_owned() }
}
