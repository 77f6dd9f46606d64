//! As much of JSON Schema as the report's schema uses; a keyword that it does not know is an
//! error, so that nothing passes unread.

use serde_json::Value;

/// Where the value does not fit the schema, and why.
pub(super) fn check(schema: &Value, value: &Value) -> Result<(), String> {
    Checker { root: schema }.check(schema, value, "$")
}

/// The same for a value that is to fit one of the schema's definitions.
pub(super) fn check_as(name: &str, schema: &Value, value: &Value) -> Result<(), String> {
    let definition = serde_json::json!({ "$ref": format!("#/$defs/{name}") });
    Checker { root: schema }.check(&definition, value, "$")
}

struct Checker<'a> {
    root: &'a Value,
}

impl Checker<'_> {
    fn check(&self, schema: &Value, value: &Value, at: &str) -> Result<(), String> {
        let fail = |why: String| Err(format!("{at}: {why}"));
        let keywords = match schema {
            Value::Bool(true) => return Ok(()),
            Value::Object(keywords) => keywords,
            other => return fail(format!("{other} is no schema")),
        };
        for (keyword, rule) in keywords {
            match keyword.as_str() {
                "$schema" | "$defs" | "title" | "description" | "format" | "properties" => {}
                "$ref" => {
                    let pointer = rule.as_str().and_then(|text| text.strip_prefix('#'));
                    let target = pointer.and_then(|pointer| self.root.pointer(pointer));
                    self.check(target.ok_or(format!("{at}: {rule} leads nowhere"))?, value, at)?;
                }
                "type" => {
                    let types = rule.as_array().cloned().unwrap_or_else(|| vec![rule.clone()]);
                    if !types.iter().any(|each| is_of(value, each.as_str().unwrap_or(""))) {
                        return fail(format!("{value} is no {rule}"));
                    }
                }
                "const" if rule != value => return fail(format!("{value} is not {rule}")),
                "const" => {}
                "enum" if !rule.as_array().is_some_and(|all| all.contains(value)) => {
                    return fail(format!("{value} is not one of {rule}"));
                }
                "enum" => {}
                "anyOf" => {
                    let mut rules = rule.as_array().into_iter().flatten();
                    if !rules.any(|rule| self.check(rule, value, at).is_ok()) {
                        return fail(format!("{value} fits none of {rule}"));
                    }
                }
                "minimum" if value.as_f64() < rule.as_f64() => {
                    return fail(format!("{value} is below {rule}"));
                }
                "maximum" if value.as_f64() > rule.as_f64() => {
                    return fail(format!("{value} is above {rule}"));
                }
                "minimum" | "maximum" => {}
                "pattern" => {
                    let pattern = regex::Regex::new(rule.as_str().unwrap_or("[")).unwrap();
                    if !value.as_str().is_some_and(|text| pattern.is_match(text)) {
                        return fail(format!("{value} does not match {rule}"));
                    }
                }
                "required" => {
                    for name in rule.as_array().into_iter().flatten() {
                        if value.get(name.as_str().unwrap_or("")).is_none() {
                            return fail(format!("{name} is missing"));
                        }
                    }
                }
                "items" => {
                    for (index, item) in value.as_array().into_iter().flatten().enumerate() {
                        self.check(rule, item, &format!("{at}[{index}]"))?;
                    }
                }
                "prefixItems" => {
                    let pairs =
                        rule.as_array().into_iter().flatten().zip(value.as_array().unwrap());
                    pairs.into_iter().try_for_each(|(rule, item)| self.check(rule, item, at))?;
                }
                "minItems" if length(value) < rule.as_u64() => {
                    return fail(format!("fewer than {rule} items"));
                }
                "maxItems" if length(value) > rule.as_u64() => {
                    return fail(format!("more than {rule} items"));
                }
                "minItems" | "maxItems" => {}
                "additionalProperties" => {}
                unknown => return fail(format!("the checker does not know `{unknown}`")),
            }
        }
        self.members(schema, value, at)
    }

    /// Members that the schema names keep to its word for them; others to that for all others.
    fn members(&self, schema: &Value, value: &Value, at: &str) -> Result<(), String> {
        let named = schema.get("properties");
        let others = schema.get("additionalProperties");
        for (name, member) in value.as_object().into_iter().flatten() {
            let rule = named.and_then(|named| named.get(name)).or(others);
            if let Some(rule) = rule {
                self.check(rule, member, &format!("{at}.{name}"))?;
            } else if named.is_some() {
                return Err(format!("{at}: `{name}` is not described"));
            }
        }
        Ok(())
    }
}

fn length(value: &Value) -> Option<u64> {
    value.as_array().map(|items| items.len() as u64)
}

fn is_of(value: &Value, name: &str) -> bool {
    match name {
        "null" => value.is_null(),
        "boolean" => value.is_boolean(),
        "integer" => value.is_u64() || value.is_i64(),
        "number" => value.is_number(),
        "string" => value.is_string(),
        "array" => value.is_array(),
        "object" => value.is_object(),
        _ => false,
    }
}
