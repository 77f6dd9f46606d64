//! From events of the parser to a tree.
//!
//! This module never looks anything up that a document names.

use super::strict::{self, Problem, XML};
use crate::syntax::Unreadable;
use crate::syntax::tree::{Lists, Space, Writer, Written, alone, pair, unreadable};
use crate::syntax::unreadable::utf8;
use quick_xml::XmlVersion;
use quick_xml::escape::resolve_xml_entity;
use quick_xml::events::{BytesRef, BytesStart, Event};
use quick_xml::reader::Reader;
use std::collections::HashMap;
use std::rc::Rc;

/// The tree as JSON.
pub fn to_json(bytes: &[u8]) -> Result<Vec<u8>, Unreadable> {
    alone(bytes, read)
}

/// Both trees as JSON, an element without children alike to those that have some.
pub fn pair_to_json(sides: [&[u8]; 2]) -> [Result<Vec<u8>, Unreadable>; 2] {
    pair(sides, read)
}

fn read(bytes: &[u8], known: &Lists) -> Result<Written, Unreadable> {
    let text = utf8(bytes)?;
    if let Some(at) = strict::stray(text) {
        return Err(unreadable(at, "a character that is none of XML"));
    }
    let mut reader = Reader::from_str(text.strip_prefix('\u{feff}').unwrap_or(text));
    let mut state = State {
        out: Writer::new(bytes.len(), known),
        scopes: Vec::new(),
        namespaces: HashMap::from([("xml".to_owned(), vec![Rc::from(XML)])]),
        has_root: false,
        begins: true,
        has_type: false,
    };
    loop {
        let at = usize::try_from(reader.buffer_position()).unwrap_or(bytes.len());
        let event = reader.read_event().map_err(|_| unreadable(at, "it is not well-formed"))?;
        match state.event(event) {
            Ok(true) => {}
            Ok(false) => break,
            Err(problem) => return Err(unreadable(at, problem)),
        }
    }
    Ok(state.out.finish(false))
}

struct State<'l> {
    out: Writer<'l>,
    /// The prefixes that each open element declares.
    scopes: Vec<Vec<String>>,
    /// What each prefix stands for, the innermost last.
    namespaces: HashMap<String, Vec<Rc<str>>>,
    has_root: bool,
    /// Nothing has come yet.
    begins: bool,
    /// A document type was declared.
    has_type: bool,
}

impl State<'_> {
    /// Takes one event in; false at the end of the document.
    fn event(&mut self, event: Event<'_>) -> Result<bool, Problem> {
        let begins = std::mem::replace(&mut self.begins, false);
        match event {
            Event::Start(tag) => self.open(&tag)?,
            Event::Empty(tag) => {
                self.open(&tag)?;
                self.close();
            }
            Event::End(_) => self.close(),
            Event::Text(text) => {
                strict::text(&text)?;
                self.text(&text.xml10_content())?;
            }
            Event::CData(text) => self.text(&text.xml10_content())?,
            Event::GeneralRef(reference) => self.reference(&reference)?,
            Event::Comment(comment) => strict::comment(&comment)?,
            Event::PI(instruction) => strict::target(instruction.target())?,
            Event::Decl(_) if !begins => return Err("a declaration that is not at the beginning"),
            Event::Decl(declared) => {
                strict::declaration(declared.strip_prefix("xml").unwrap_or_default())?;
            }
            Event::DocType(_) if self.has_root => return Err("a document type behind the root"),
            Event::DocType(_) if std::mem::replace(&mut self.has_type, true) => {
                return Err("a second document type");
            }
            Event::DocType(declared) => strict::document_type(&declared)?,
            Event::Eof if self.out.depth() > 0 => return Err("an element is not closed"),
            Event::Eof if !self.has_root => return Err("it has no element"),
            Event::Eof => return Ok(false),
        }
        Ok(true)
    }

    fn open(&mut self, tag: &BytesStart<'_>) -> Result<(), Problem> {
        if self.out.depth() == 0 && std::mem::replace(&mut self.has_root, true) {
            return Err("it has a second root");
        }
        strict::qualified(tag.name().as_ref())?;
        strict::apart(tag.attributes_raw())?;
        let (mut plain, mut declared) = (Vec::new(), Vec::new());
        // Our own check for repeated names does not take the square of their number.
        for attribute in tag.attributes().with_checks(false) {
            let attribute = attribute.map_err(|_| "an attribute is not well-formed")?;
            let value = attribute.normalized_value(XmlVersion::Implicit1_0);
            let value = value.map_err(|_| "an attribute has an unknown entity")?.into_owned();
            if strict::stray(&value).is_some() {
                return Err("a reference to no character");
            }
            let name = attribute.key.as_ref();
            strict::qualified(name)?;
            match name.strip_prefix("xmlns") {
                Some("") => declared.push((String::new(), value)),
                Some(rest) if rest.starts_with(':') => {
                    declared.push((rest.trim_start_matches(':').to_owned(), value));
                }
                _ => plain.push((name.to_owned(), value)),
            }
        }
        strict::declared(&declared)?;
        let scope = declared.iter().map(|(prefix, _)| prefix.clone()).collect();
        self.scopes.push(scope);
        for (prefix, namespace) in declared {
            self.namespaces.entry(prefix).or_default().push(namespace.into());
        }
        let attributes = self.attributes(plain)?;
        let name = self.expanded(tag.name().as_ref(), true)?;
        self.out.open(&name, &attributes, Space::Trim)
    }

    /// Attributes by their expanded names, in order.
    fn attributes(&self, plain: Vec<(String, String)>) -> Result<Vec<(String, String)>, Problem> {
        let mut attributes = Vec::with_capacity(plain.len());
        for (name, value) in plain {
            attributes.push((self.expanded(&name, false)?, value));
        }
        attributes.sort_unstable();
        let twice = attributes.windows(2).any(|pair| match pair {
            [(one, _), (other, _)] => one == other,
            _ => false,
        });
        if twice { Err("an attribute is repeated") } else { Ok(attributes) }
    }

    /// A name without its prefix, behind its namespace; an attribute without one has none.
    fn expanded(&self, name: &str, is_element: bool) -> Result<String, Problem> {
        let (prefix, local) = name.split_once(':').unwrap_or(("", name));
        if prefix.is_empty() && !is_element {
            return Ok(local.to_owned());
        }
        match self.namespaces.get(prefix).and_then(|stack| stack.last()) {
            Some(namespace) if !namespace.is_empty() => Ok(format!("{{{namespace}}}{local}")),
            _ if prefix.is_empty() => Ok(local.to_owned()),
            _ => Err("a prefix is not declared"),
        }
    }

    fn close(&mut self) {
        self.out.close();
        for prefix in self.scopes.pop().unwrap_or_default() {
            if let Some(stack) = self.namespaces.get_mut(&prefix) {
                stack.pop();
            }
        }
    }

    fn text(&mut self, text: &str) -> Result<(), Problem> {
        let text = text.trim_start_matches('\u{feff}');
        if self.out.depth() == 0 && !text.trim_ascii().is_empty() {
            return Err("text outside of the root");
        }
        self.out.text(text);
        Ok(())
    }

    fn reference(&mut self, reference: &BytesRef<'_>) -> Result<(), Problem> {
        if self.out.depth() == 0 {
            return Err("text outside of the root");
        }
        let char = reference.resolve_char_ref().map_err(|_| "a reference to no character")?;
        match char {
            Some(char) if !strict::is_character(char) => return Err("a reference to no character"),
            Some(char) => self.out.text(char.encode_utf8(&mut [0; 4])),
            None => {
                let name = reference.xml10_content();
                self.out.text(resolve_xml_entity(&name).ok_or("an unknown entity")?);
            }
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::syntax::json::Document;
    use proptest::prelude::*;

    fn check(text: &str, expected: Result<&str, &str>) {
        let found = to_json(text.as_bytes()).map_err(|error| error.problem);
        let found = found.map(|json| String::from_utf8(json).expect("JSON is UTF-8"));
        assert_eq!(found.as_deref().map_err(|problem| *problem), expected, "{text}");
    }

    #[test]
    fn an_element_is_an_object_with_its_attributes_and_what_is_in_it() {
        check("<a/>", Ok(r#"{"a":""}"#));
        check("<a></a>", Ok(r#"{"a":""}"#));
        check("<?xml version='1.0'?><!DOCTYPE a>\n<a> x </a><!-- c -->\n", Ok(r#"{"a":"x"}"#));
        check(
            "<a z='1' b=\"&lt;&#65;\"><b>1</b> x <c/><b/></a>",
            Ok(r#"{"@b":"<A","@z":"1","a":[{"b":"1"},"x",{"c":""},{"b":""}]}"#),
        );
        check("<a>x &amp;<!-- c --><![CDATA[<y>]]>&#x41;</a>", Ok(r#"{"a":"x &<y>A"}"#));
    }

    #[test]
    fn an_element_without_children_is_like_those_that_have_some() {
        let check = |x: &str, y: &str, expected: [&str; 2]| {
            let sides = pair_to_json([x.as_bytes(), y.as_bytes()]);
            let sides = sides.map(|side| String::from_utf8(side.expect("XML")).expect("UTF-8"));
            assert_eq!(sides, expected, "{x} {y}");
        };
        check("<a/>", "<a><b/></a>", [r#"{"a":[]}"#, r#"{"a":[{"b":""}]}"#]);
        check("<a> </a>", "<a/>", [r#"{"a":""}"#; 2]);
        check("<a/>", "<a>x</a>", [r#"{"a":""}"#, r#"{"a":"x"}"#]);
        let one = "<r><l><i/></l><l/><m><l/></m></r>";
        let json = r#"{"r":[{"l":[{"i":""}]},{"l":[]},{"m":[{"l":""}]}]}"#;
        check(one, one, [json; 2]);
        let [x, y] = pair_to_json([b"<a/>", b"<a>"]);
        assert_eq!((x, y.is_err()), (Ok(br#"{"a":""}"#.to_vec()), true));
    }

    #[test]
    fn a_namespace_counts_and_its_prefix_does_not() {
        let expected = r#"{"@k":"2","@{u}k":"1","{u}a":[{"{u}b":""}]}"#;
        check("<x:a xmlns:x='u' x:k='1' k='2'><x:b/></x:a>", Ok(expected));
        check("<a xmlns='u' xmlns:y='u' y:k='1' k='2'><y:b/></a>", Ok(expected));
        check("<a xmlns='u'><b xmlns=''/></a>", Ok(r#"{"{u}a":[{"b":""}]}"#));
        check("<a xml:lang='en'/>", Ok(&format!("{{\"@{{{XML}}}lang\":\"en\",\"a\":\"\"}}")));
        check("<x:a/>", Err("a prefix is not declared"));
        check("<a><x:b xmlns:x='u'/><x:b/></a>", Err("a prefix is not declared"));
        check("<a xmlns:x='u' xmlns:y='u' x:k='1' y:k='1'/>", Err("an attribute is repeated"));
    }

    #[test]
    fn what_is_not_well_formed_cannot_be_read() {
        check("<a>", Err("an element is not closed"));
        check("<a></b>", Err("it is not well-formed"));
        check("<a/><b/>", Err("it has a second root"));
        check("<a/>x", Err("text outside of the root"));
        check("x", Err("text outside of the root"));
        check("", Err("it has no element"));
        check("<a b='1' b='2'/>", Err("an attribute is repeated"));
        check("<a b='&x;'/>", Err("an attribute has an unknown entity"));
    }

    #[test]
    fn what_the_parser_lets_pass_cannot_be_read_either() {
        for (text, problem) in [
            ("<r><a b='<'/></r>", "a `<` in an attribute"),
            ("<a>]]></a>", "the end of a CDATA section that has not begun"),
            ("<a><!-- a -- b --></a>", "two hyphens in a comment"),
            ("<a><!-- a ---></a>", "two hyphens in a comment"),
            ("<a b='1'c='2'/>", "no space between attributes"),
            ("<a>&#1;</a>", "a reference to no character"),
            ("<a b='&#xfffe;'/>", "a reference to no character"),
            ("<a>\u{1}</a>", "a character that is none of XML"),
            ("<a b='\u{fffe}'/>", "a character that is none of XML"),
            ("<1a/>", "a name that is none"),
            ("<a<b/>", "a name that is none"),
            ("<a:b:c xmlns:a='u'/>", "a name that is none"),
            ("<a -b='1'/>", "a name that is none"),
            ("<:a/>", "a name that is none"),
            ("<?1 x?><a/>", "a name that is none"),
            ("<a xmlns:p='u' xmlns:p='v'/>", "an attribute is repeated"),
            ("<a xmlns:xml='u'/>", "a prefix that cannot stand for that"),
            ("<a xmlns:xmlns='u'/>", "a prefix that cannot stand for that"),
            ("<a xmlns:p=''/>", "a prefix that cannot stand for that"),
        ] {
            check(text, Err(problem));
        }
        check("<a>]]&gt;</a>", Ok(r#"{"a":"]]>"}"#));
        check("<a b='1' c='/'/>", Ok(r#"{"@b":"1","@c":"/","a":""}"#));
        check("<\u{e9}t\u{e9}.x-1 _b='1'/>", Ok(r#"{"@_b":"1","été.x-1":""}"#));
    }

    #[test]
    fn what_comes_before_the_root_is_held_to_the_standard_too() {
        for (prolog, problem) in [
            (" <?xml version='1.0'?>", "a declaration that is not at the beginning"),
            ("<?XML version='1.0'?>", "a declaration that is not at the beginning"),
            ("<?xml version='9'?>", "a declaration that is none of XML 1.0"),
            ("<?xml version='1.0' foo='x'?>", "a declaration that is none of XML 1.0"),
            (
                "<?xml version='1.0' standalone='no' encoding='x'?>",
                "a declaration that is none of XML 1.0",
            ),
            ("<?xml encoding='utf-8'?>", "a declaration that is none of XML 1.0"),
            ("<?xml version='1.0' e?xml version='1.0'?>", "a declaration that is none of XML 1.0"),
            ("<?xml version='1.0' version='1.0'?>", "a declaration that is none of XML 1.0"),
            ("<?xml version='1.0' encoding='U>8'?>", "a declaration that is none of XML 1.0"),
            ("<?xml version='1.0' standalone='maybe'?>", "a declaration that is none of XML 1.0"),
            ("<?xml version='1.0'encoding='utf-8'?>", "a declaration that is none of XML 1.0"),
            ("<!DOCTYPE ; SYSTEM 'x'>", "a document type that is none"),
            ("<!DOCTYPE a SYSTEM>", "a document type that is none"),
            ("<!DOCTYPE a PUBLIC 'x'>", "a document type that is none"),
            ("<!DOCTYPE a [<!&nope>]>", "a document type that is none"),
            ("<!DOCTYPE a b>", "a document type that is none"),
            ("<!DOCTYPE a><!DOCTYPE a>", "a second document type"),
        ] {
            check(&format!("{prolog}<a/>"), Err(problem));
        }
        for prolog in [
            "\u{feff}<?xml version='1.0' encoding='utf-8' standalone=\"yes\"?>",
            "<!DOCTYPE a>",
            "<!DOCTYPE a SYSTEM 'x'>",
            "<!DOCTYPE a PUBLIC 'x' \"y\">",
            "<!DOCTYPE a [<!ELEMENT a ANY>]>",
            "<!DOCTYPE a SYSTEM 'x' [ <!ENTITY b '<'> ]>",
            "<!DOCTYPE a[]>",
        ] {
            check(&format!("{prolog}<a/>"), Ok(r#"{"a":""}"#));
        }
        let late = "<a><?xml version='1.0'?></a>";
        check(late, Err("a declaration that is not at the beginning"));
        check("<a/><!DOCTYPE a>", Err("a document type behind the root"));
    }

    #[test]
    fn no_entity_of_a_document_is_expanded() {
        let bomb = "<!DOCTYPE a [<!ENTITY x 'xxxx'><!ENTITY y '&x;&x;'>]><a>&y;</a>";
        check(bomb, Err("an unknown entity"));
    }

    #[test]
    fn neither_depth_nor_repeated_names_grow_without_bound() {
        let deep = "<a>".repeat(100_000);
        check(&deep, Err("elements are nested too deeply"));
        let name = "n".repeat(50_000);
        let wide = format!("<x:a xmlns:x='{name}'>{}</x:a>", "<x:b/>".repeat(50_000));
        check(&wide, Err("names are repeated too often"));
        let attributes: String =
            (0..50_000).map(|number| format!(" a{number}='' xmlns:b{number}='u'")).collect();
        assert!(to_json(format!("<a{attributes}/>").as_bytes()).is_ok());
    }

    fn tree() -> impl Strategy<Value = String> {
        let leaf = prop_oneof!["[a-z]{1,3}", Just("<e/>".to_owned())];
        let element = |inner: Vec<String>| format!("<n k='v'>{}</n>", inner.concat());
        leaf.prop_recursive(4, 20, 4, move |inner| {
            prop::collection::vec(inner, 0..4).prop_map(element)
        })
    }

    proptest! {
        #[test]
        fn space_and_comments_between_elements_say_nothing(tree in tree()) {
            let plain = to_json(format!("<r>{tree}</r>").as_bytes()).expect("XML");
            let spaced = tree.replace('<', "\n  <").replace("/>", " />");
            let spaced = format!("<!-- c --><r>{spaced}\n<!-- c --></r>\n");
            prop_assert!(Document::parse(&plain).is_ok());
            prop_assert_eq!(to_json(spaced.as_bytes()), Ok(plain));
        }
    }
}
