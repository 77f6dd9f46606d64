//! The JSON Schema of `shadow.yaml`, drawn from the table of keys.
//!
//! Whatever the reader accepts, the schema accepts; the reader refuses more (a port that is taken
//! twice, say).
//!
//! This module never names a key.

use crate::config::keys::{Form, Key, Need, Shape};
use crate::config::table::ROOT;
use crate::config::yaml::{self, Node};
use serde_json::{Map, Value, json};

/// Describes the file by the rules of JSON Schema, draft 2020-12.
pub fn schema() -> Value {
    let mut schema = Map::new();
    schema.insert("$schema".into(), json!("https://json-schema.org/draft/2020-12/schema"));
    schema.insert("title".into(), json!("shadow.yaml"));
    schema.extend(section(ROOT));
    Value::Object(schema)
}

fn section(keys: &[Key]) -> Map<String, Value> {
    let listed = keys.iter().filter(|key| key.need != Need::Elsewhere);
    let properties = listed.map(|key| (key.name.to_owned(), Value::Object(property(key))));
    let names = |need| keys.iter().filter(move |key| key.need == need).map(|key| key.name);
    let mut schema = Map::new();
    schema.insert("type".into(), json!(["object", "null"]));
    schema.insert("additionalProperties".into(), json!(false));
    schema.insert("properties".into(), Value::Object(properties.collect()));
    let required: Vec<_> = names(Need::Required).collect();
    if !required.is_empty() {
        schema.insert("type".into(), json!("object"));
        schema.insert("required".into(), json!(required));
    }
    let choices: Vec<_> = names(Need::Choice).map(|name| json!({ "required": [name] })).collect();
    if !choices.is_empty() {
        schema.insert("type".into(), json!("object"));
        schema.insert("oneOf".into(), json!(choices));
    }
    schema
}

fn property(key: &Key) -> Map<String, Value> {
    let mut schema = Map::new();
    schema.insert("description".into(), json!(key.doc));
    if key.need == Need::Later {
        let empty =
            json!({ "type": ["object", "array", "null"], "maxProperties": 0, "maxItems": 0 });
        schema.extend(empty.as_object().cloned().unwrap_or_default());
        return schema;
    }
    schema.extend(shape(&key.shape));
    match key.need {
        Need::Default if !key.text.is_empty() => {
            schema.insert("default".into(), scalar(&key.shape, key.text));
        }
        Need::Optional | Need::Required | Need::Choice if !key.text.is_empty() => {
            schema.insert("examples".into(), json!([example(&key.shape, key.text)]));
        }
        _ => {}
    }
    schema
}

/// A variable may stand in any text, and decides only later what it is.
const VARIABLE: &str = r"\$\{";

fn shape(shape: &Shape) -> Map<String, Value> {
    let schema = match shape {
        Shape::Bool => {
            json!({ "type": ["boolean", "string"], "pattern": format!("^(true|false)$|{VARIABLE}") })
        }
        Shape::Count(most) => json!({
            "type": ["integer", "string"], "minimum": 1, "maximum": most,
            "pattern": format!("^[0-9]+$|{VARIABLE}"),
        }),
        Shape::Word(words) => {
            let words = words.join("|");
            json!({ "type": "string", "pattern": format!("^({words})$|{VARIABLE}") })
        }
        Shape::Text(form) => return text(form),
        Shape::List(items) => {
            json!({ "type": ["array", "null"], "items": self::shape(items) })
        }
        Shape::Map(values_shape) => {
            let mut values = self::shape(values_shape);
            if let (Shape::Text(_), Some(Value::Array(kinds))) =
                (values_shape, values.get_mut("type"))
            {
                // A name with nothing after it says the empty text.
                kinds.push(json!("null"));
            }
            json!({ "type": ["object", "null"], "additionalProperties": values })
        }
        Shape::Texts(form) => {
            let (mut schema, one) = (text(form), text(form));
            let kinds = one.get("type").into_iter().flat_map(|kinds| match kinds {
                Value::Array(kinds) => kinds.clone(),
                kind => vec![kind.clone()],
            });
            schema.insert("type".into(), kinds.chain([json!("array")]).collect());
            schema.extend([("items".into(), Value::Object(one)), ("minItems".into(), json!(1))]);
            return schema;
        }
        Shape::Section(keys) => return section(keys),
        Shape::Sections(keys) => {
            let mut schema = section(keys);
            schema.insert("type".into(), json!(["object", "array", "null"]));
            schema.insert("items".into(), Value::Object(section(keys)));
            return schema;
        }
    };
    schema.as_object().cloned().unwrap_or_default()
}

/// A bare number or word is text too, where the form allows one.
fn text(form: &Form) -> Map<String, Value> {
    let mut kinds = vec!["string"];
    let bare = [("1", "number"), ("true", "boolean")];
    kinds.extend(bare.iter().filter(|(text, _)| form.regex().is_match(text)).map(|bare| bare.1));
    let mut schema = Map::new();
    let kinds = if kinds.len() == 1 { json!("string") } else { json!(kinds) };
    schema.insert("type".into(), kinds);
    if !form.pattern.is_empty() {
        schema.insert("pattern".into(), json!(format!("{}|{VARIABLE}", form.pattern)));
    }
    schema
}

/// A text of the table as a value of its type.
fn scalar(shape: &Shape, text: &str) -> Value {
    match shape {
        Shape::Bool => json!(text == "true"),
        Shape::Count(_) => json!(text.parse::<u64>().unwrap_or_default()),
        _ => json!(text),
    }
}

fn example(shape: &Shape, text: &str) -> Value {
    match shape {
        Shape::List(_) | Shape::Map(_) | Shape::Text(_) | Shape::Texts(_) | Shape::Sections(_) => {
            yaml::read(text).map_or(Value::Null, |node| tree(&node))
        }
        _ => scalar(shape, text),
    }
}

fn tree(node: &Node) -> Value {
    match &node.value {
        yaml::Value::Null => Value::Null,
        yaml::Value::Text(text) => json!(text),
        yaml::Value::List(items) => items.iter().map(tree).collect(),
        yaml::Value::Map(entries) => {
            entries.iter().map(|entry| (entry.name.clone(), tree(&entry.node))).collect()
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::config::fixtures::files;
    use regex::Regex;

    /// A file as a validator of JSON Schema sees it: bare words of YAML have their types.
    fn typed(node: &Node) -> Value {
        match &node.value {
            yaml::Value::Null => Value::Null,
            yaml::Value::Text(text) => match text.as_str() {
                "true" | "false" => json!(text == "true"),
                _ => {
                    serde_json::from_str(text).ok().filter(Value::is_number).unwrap_or(json!(text))
                }
            },
            yaml::Value::List(items) => items.iter().map(typed).collect(),
            yaml::Value::Map(entries) => {
                entries.iter().map(|entry| (entry.name.clone(), typed(&entry.node))).collect()
            }
        }
    }

    fn is(kind: &str, value: &Value) -> bool {
        match kind {
            "object" => value.is_object(),
            "array" => value.is_array(),
            "null" => value.is_null(),
            "string" => value.is_string(),
            "number" => value.is_number(),
            "integer" => value.is_u64(),
            "boolean" => value.is_boolean(),
            _ => panic!("{kind} is no type"),
        }
    }

    /// The first thing at which a value is not what a schema says; knows the words used here.
    fn refusal(value: &Value, schema: &Value, at: &str) -> Option<String> {
        let no = |why: &str| Some(format!("{at}: {why} in {value}"));
        let kinds = match &schema["type"] {
            Value::String(kind) => vec![kind.as_str()],
            kinds => kinds.as_array()?.iter().filter_map(Value::as_str).collect(),
        };
        if !kinds.iter().any(|kind| is(kind, value)) {
            return no("type");
        }
        if let (Value::String(text), Value::String(pattern)) = (value, &schema["pattern"])
            && !Regex::new(pattern).expect(pattern).is_match(text)
        {
            return no("pattern");
        }
        let number = value.as_u64();
        if number.is_some_and(|number| schema["maximum"].as_u64().is_some_and(|most| number > most))
            || number.is_some_and(|number| {
                schema["minimum"].as_u64().is_some_and(|least| number < least)
            })
        {
            return no("range");
        }
        let room = |name: &str| schema[name].as_u64().unwrap_or(u64::MAX);
        match value {
            Value::Array(items) if items.len() as u64 > room("maxItems") => no("maxItems"),
            Value::Array(items) => {
                items.iter().find_map(|item| refusal(item, &schema["items"], at))
            }
            Value::Object(fields) if fields.len() as u64 > room("maxProperties") => {
                no("maxProperties")
            }
            Value::Object(fields) => object(fields, schema, at),
            _ => None,
        }
    }

    fn object(fields: &Map<String, Value>, schema: &Value, at: &str) -> Option<String> {
        let lacks = |required: &Value| {
            let names = required.as_array().map_or(&[][..], Vec::as_slice);
            names.iter().filter_map(Value::as_str).any(|name| !fields.contains_key(name))
        };
        if lacks(&schema["required"]) {
            return Some(format!("{at}: required"));
        }
        let choices = schema["oneOf"].as_array();
        let fitting = |choices: &Vec<Value>| {
            choices.iter().filter(|choice| !lacks(&choice["required"])).count()
        };
        if choices.is_some_and(|choices| fitting(choices) != 1) {
            return Some(format!("{at}: oneOf"));
        }
        fields.iter().find_map(|(name, value)| {
            let at = format!("{at}.{name}");
            match (&schema["properties"][name], &schema["additionalProperties"]) {
                (Value::Null, Value::Object(_)) => {
                    refusal(value, &schema["additionalProperties"], &at)
                }
                (Value::Null, _) => Some(format!("{at}: unknown")),
                (schema, _) => refusal(value, schema, &at),
            }
        })
    }

    #[test]
    fn the_schema_describes_every_key() {
        let schema = serde_json::to_string_pretty(&schema()).expect("JSON");
        insta::assert_snapshot!(schema);
    }

    #[test]
    fn whatever_the_reader_accepts_the_schema_accepts() {
        for (name, text) in files("good-") {
            let file = typed(&yaml::read(&text).expect(&name));
            assert_eq!(refusal(&file, &schema(), &name), None);
        }
    }

    #[test]
    fn the_schema_refuses_what_has_the_wrong_shape() {
        // What variables say, and what must hold between keys, is beyond a schema.
        let beyond = |name: &str| name.starts_with("bad-across") || name == "bad-variables";
        for (name, text) in files("bad-").into_iter().filter(|(name, _)| !beyond(name)) {
            let file = typed(&yaml::read(&text).expect(&name));
            assert!(refusal(&file, &schema(), &name).is_some(), "{name}");
        }
    }

    /// Every key that takes a value, at any depth.
    fn each(keys: &'static [Key], visit: &mut impl FnMut(&Key)) {
        for key in keys.iter().filter(|key| key.is_open()) {
            visit(key);
            match key.shape {
                Shape::Section(keys) | Shape::Sections(keys) => each(keys, visit),
                Shape::List(Shape::Section(keys)) | Shape::Map(Shape::Section(keys)) => {
                    each(keys, visit);
                }
                _ => {}
            }
        }
    }

    #[test]
    fn every_default_and_example_has_the_shape_of_its_key() {
        each(ROOT, &mut |key| {
            let schema = Value::Object(property(key));
            let default = schema.get("default").into_iter();
            let shown: Vec<_> = default.chain(schema.get("examples").map(|all| &all[0])).collect();
            assert_eq!(
                shown.is_empty(),
                key.text.is_empty() || key.need == Need::Inherited,
                "{key:?}"
            );
            for value in shown {
                assert_eq!(refusal(value, &schema, key.name), None);
            }
        });
    }

    #[test]
    fn every_key_says_in_one_line_what_it_does() {
        each(ROOT, &mut |key| {
            assert!(!key.doc.is_empty() && key.doc.chars().count() <= 80, "{key:?}");
            assert!(!key.doc.contains('\n') && !key.doc.ends_with('.'), "{key:?}");
        });
    }
}
