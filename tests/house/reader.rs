//! The visitor that fills a source file from its syntax tree.

use proc_macro2::{TokenStream, TokenTree};
use syn::visit::{self, Visit};
use syn::{Attribute, Item as Syntax, Meta, UseTree, Visibility};

use crate::source::{Child, Item, Kind, Name, Place, Role, Source, Text};
use crate::tokens;

/// Fills `source` with what `syntax` holds.
pub fn read(syntax: &syn::File, source: Source) -> Source {
    let mut reader = Reader { source, within: Vec::new(), tests: 0, constant: None };
    reader.visit_file(syntax);
    reader.source
}

/// Nothing but `mod` and `use`, unit tests aside.
pub fn is_facade(syntax: &syn::File) -> bool {
    syntax.items.iter().all(|item| match item {
        Syntax::Mod(module) => module.content.is_none() || for_tests(&module.attrs),
        other => matches!(other, Syntax::Use(_)),
    })
}

/// Marked with `#[cfg(test)]` or `#[test]`.
fn for_tests(attributes: &[Attribute]) -> bool {
    attributes.iter().any(|attribute| match &attribute.meta {
        Meta::Path(path) => path.is_ident("test"),
        Meta::List(list) if list.path.is_ident("cfg") => {
            let says = |word: &str| tokens::flat(list.tokens.clone()).iter().any(|token| token.text == word);
            says("test") && !says("not")
        }
        _ => false,
    })
}

struct Reader {
    source: Source,
    within: Vec<String>,
    tests: usize,
    constant: Option<String>,
}

impl Reader {
    fn place(&self, line: usize) -> Place {
        Place { line, test: self.tests > 0, within: self.within.clone() }
    }

    fn item(&mut self, name: &syn::Ident, kind: Kind, public: bool, variants: Vec<String>) {
        let place = self.place(name.span().start().line);
        self.source.items.push(Item { place, name: name.to_string(), kind, public, variants });
    }

    fn name(&mut self, path: Vec<String>, line: usize, role: Role) {
        let place = self.place(line);
        self.source.names.push(Name { place, path, role });
    }

    fn text(&mut self, value: String, line: usize) {
        let (place, constant) = (self.place(line), self.constant.clone());
        self.source.texts.push(Text { place, value, constant });
    }

    fn import(&mut self, tree: &UseTree, before: &[String]) {
        let mut path = before.to_vec();
        match tree {
            UseTree::Path(inner) => {
                path.push(inner.ident.to_string());
                self.import(&inner.tree, &path);
            }
            UseTree::Name(name) => self.imported(path, &name.ident, &name.ident),
            UseTree::Rename(rename) => self.imported(path, &rename.ident, &rename.rename),
            UseTree::Glob(glob) => self.name(path, glob.star_token.spans[0].start().line, Role::Glob),
            UseTree::Group(group) => group.items.iter().for_each(|tree| self.import(tree, before)),
        }
    }

    fn imported(&mut self, mut path: Vec<String>, name: &syn::Ident, bound: &syn::Ident) {
        if name != "self" {
            path.push(name.to_string());
        }
        let bound = if bound == "self" { path.last().unwrap().clone() } else { bound.to_string() };
        self.name(path, name.span().start().line, Role::Import(bound));
    }

    /// Paths and strings in what only a macro understands.
    fn unparsed(&mut self, stream: &TokenStream) {
        for (path, line) in tokens::paths(stream.clone()) {
            self.name(path.iter().map(ToString::to_string).collect(), line, Role::Code);
        }
        self.unparsed_texts(stream.clone());
    }

    fn unparsed_texts(&mut self, stream: TokenStream) {
        for tree in stream {
            match tree {
                TokenTree::Group(group) => self.unparsed_texts(group.stream()),
                TokenTree::Literal(literal) => {
                    if let syn::Lit::Str(text) = syn::Lit::new(literal) {
                        self.visit_lit_str(&text);
                    }
                }
                TokenTree::Ident(_) | TokenTree::Punct(_) => {}
            }
        }
    }

    fn constant(&mut self, name: &syn::Ident, kind: &syn::Type, visit: impl FnOnce(&mut Self)) -> Kind {
        let before = self.constant.replace(name.to_string());
        visit(self);
        self.constant = before;
        let count = matches!(kind, syn::Type::Path(path) if path.path.is_ident("usize"));
        if count { Kind::Count } else { Kind::Other }
    }
}

fn public(visibility: &Visibility) -> bool {
    !matches!(visibility, Visibility::Inherited)
}

fn attributes(item: &Syntax) -> &[Attribute] {
    match item {
        Syntax::Const(item) => &item.attrs,
        Syntax::Enum(item) => &item.attrs,
        Syntax::Fn(item) => &item.attrs,
        Syntax::Impl(item) => &item.attrs,
        Syntax::Macro(item) => &item.attrs,
        Syntax::Mod(item) => &item.attrs,
        Syntax::Static(item) => &item.attrs,
        Syntax::Struct(item) => &item.attrs,
        Syntax::Trait(item) => &item.attrs,
        Syntax::Type(item) => &item.attrs,
        Syntax::Use(item) => &item.attrs,
        _ => &[],
    }
}

impl<'ast> Visit<'ast> for Reader {
    fn visit_item(&mut self, item: &'ast Syntax) {
        let test = usize::from(for_tests(attributes(item)));
        self.tests += test;
        match item {
            Syntax::Enum(found) => {
                let variants = found.variants.iter().map(|variant| variant.ident.to_string()).collect();
                self.item(&found.ident, Kind::Type, public(&found.vis), variants);
            }
            Syntax::Fn(found) => self.item(&found.sig.ident, Kind::Other, public(&found.vis), Vec::new()),
            Syntax::Macro(syn::ItemMacro { ident: Some(name), .. }) => self.item(name, Kind::Other, false, Vec::new()),
            Syntax::Struct(found) => self.item(&found.ident, Kind::Type, public(&found.vis), Vec::new()),
            Syntax::Trait(found) => self.item(&found.ident, Kind::Type, public(&found.vis), Vec::new()),
            Syntax::Type(found) => self.item(&found.ident, Kind::Type, public(&found.vis), Vec::new()),
            Syntax::Union(found) => self.item(&found.ident, Kind::Type, public(&found.vis), Vec::new()),
            _ => {}
        }
        visit::visit_item(self, item);
        self.tests -= test;
    }

    fn visit_item_const(&mut self, item: &'ast syn::ItemConst) {
        let kind = self.constant(&item.ident, &item.ty, |reader| visit::visit_item_const(reader, item));
        self.item(&item.ident, kind, public(&item.vis), Vec::new());
    }

    fn visit_item_static(&mut self, item: &'ast syn::ItemStatic) {
        let kind = self.constant(&item.ident, &item.ty, |reader| visit::visit_item_static(reader, item));
        self.item(&item.ident, kind, public(&item.vis), Vec::new());
    }

    fn visit_item_mod(&mut self, item: &'ast syn::ItemMod) {
        if item.content.is_some() {
            self.within.push(item.ident.to_string());
            visit::visit_item_mod(self, item);
            self.within.pop();
            return;
        }
        let path = item.attrs.iter().find_map(|attribute| match &attribute.meta {
            Meta::NameValue(pair) if pair.path.is_ident("path") => match &pair.value {
                syn::Expr::Lit(syn::ExprLit { lit: syn::Lit::Str(path), .. }) => Some(path.value()),
                _ => None,
            },
            _ => None,
        });
        let place = self.place(item.ident.span().start().line);
        self.source.children.push(Child { place, name: item.ident.to_string(), path });
    }

    fn visit_item_use(&mut self, item: &'ast syn::ItemUse) {
        if item.leading_colon.is_none() {
            self.import(&item.tree, &[]);
        }
    }

    fn visit_path(&mut self, path: &'ast syn::Path) {
        if path.segments.len() > 1 && path.leading_colon.is_none() {
            let line = path.segments[0].ident.span().start().line;
            self.name(path.segments.iter().map(|segment| segment.ident.to_string()).collect(), line, Role::Code);
        }
        visit::visit_path(self, path);
    }

    fn visit_macro(&mut self, call: &'ast syn::Macro) {
        self.visit_path(&call.path);
        self.unparsed(&call.tokens);
    }

    fn visit_attribute(&mut self, attribute: &'ast Attribute) {
        if attribute.path().is_ident("doc") {
            return;
        }
        visit::visit_attribute(self, attribute);
        if let Meta::List(list) = &attribute.meta {
            let before = self.source.texts.len();
            self.unparsed(&list.tokens);
            // `#[serde(with = "crate::a::b")]`
            let texts = self.source.texts[before..].iter().map(|text| (text.value.clone(), text.place.line));
            for (path, line) in texts.collect::<Vec<_>>() {
                if let Ok(path) = syn::parse_str::<syn::Path>(&path)
                    && path.segments.len() > 1
                {
                    self.name(
                        path.segments.iter().map(|segment| segment.ident.to_string()).collect(),
                        line,
                        Role::Code,
                    );
                }
            }
        }
    }

    fn visit_visibility(&mut self, _: &'ast Visibility) {}

    fn visit_lit_str(&mut self, text: &'ast syn::LitStr) {
        self.text(text.value(), text.span().start().line);
    }
}
