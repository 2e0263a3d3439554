//! What is wrong with emitted text: it does not parse, or is no ECMAScript 5.

use oxc_allocator::Allocator;
use oxc_ast::AstKind;
use oxc_ast::ast::{PropertyKind, VariableDeclarationKind};
use oxc_ast_visit::Visit;
use oxc_parser::Parser;
use oxc_semantic::SemanticBuilder;
use oxc_span::SourceType;

/// Finds what ECMAScript 5 does not know.
#[derive(Default)]
struct Es5 {
    found: Vec<String>,
}

impl<'a> Visit<'a> for Es5 {
    fn enter_node(&mut self, kind: AstKind<'a>) {
        let modern = match kind {
            AstKind::VariableDeclaration(node) => node.kind != VariableDeclarationKind::Var,
            AstKind::Function(node) => node.r#async || node.generator,
            AstKind::ObjectProperty(node) => {
                node.shorthand || node.method || node.computed || node.kind != PropertyKind::Init
            }
            AstKind::FormalParameter(node) => node.initializer.is_some(),
            AstKind::CatchClause(node) => node.param.is_none(),
            AstKind::RegExpLiteral(node) => {
                let pattern = node.regex.pattern.text.as_str();
                let flags = node.regex.flags.to_string();
                pattern.contains("(?<")
                    || pattern.contains("\\p{")
                    || flags.chars().any(|flag| !"gim".contains(flag))
            }
            AstKind::BinaryExpression(node) => node.operator.as_str() == "**",
            AstKind::AssignmentExpression(node) => {
                ["**=", "&&=", "||=", "??="].contains(&node.operator.as_str())
            }
            AstKind::LogicalExpression(node) => node.operator.as_str() == "??",
            kind => {
                let name = format!("{:?}", kind.ty());
                let since = [
                    "Template",
                    "Tagged",
                    "Spread",
                    "ArrowFunction",
                    "Class",
                    "Await",
                    "Yield",
                    "Chain",
                    "ForOf",
                    "Pattern",
                    "Rest",
                    "AssignmentTarget",
                    "Import",
                    "Export",
                    "BigInt",
                    "Private",
                    "Super",
                    "TS",
                    "JSX",
                    "NewTarget",
                    "Decorator",
                    "BindingProperty",
                    "Hashbang",
                ];
                since.iter().any(|word| name.contains(word))
            }
        };
        if modern {
            self.found.push(format!("{:?}", kind.ty()));
        }
    }
}

/// What is wrong with an emitted file; nothing if all is well.
pub(crate) fn mistakes(name: &str, text: &str) -> Vec<String> {
    let allocator = Allocator::default();
    let kind = if name.ends_with(".d.ts") { SourceType::d_ts() } else { SourceType::script() };
    let parsed = Parser::new(&allocator, text, kind).parse();
    let mut found: Vec<String> = parsed.diagnostics.iter().map(|error| format!("{name}: {error}")).collect();
    let semantic = SemanticBuilder::new().with_check_syntax_error(true).build(&parsed.program);
    found.extend(semantic.diagnostics.iter().map(|error| format!("{name}: {error}")));
    if name.ends_with(".js") {
        let mut es5 = Es5::default();
        es5.visit_program(&parsed.program);
        found.extend(es5.found.into_iter().map(|what| format!("{name}: {what} is not ECMAScript 5")));
    }
    found
}
