"""Small templates that become text: header values, addresses, the return path."""

from collections.abc import Callable

from transmissions.language import Program, Scope, compile_part

Text = Callable[[Scope], str]

TAG_START = "{{"


def text_template(part: str, source: str) -> str | Text:
    """The source itself where it holds no tag, else what renders it; raises SyntaxFault with that `part`."""
    if TAG_START not in source:
        return source
    program: Program[str] = compile_part(part, source)

    def render(scope: Scope) -> str:
        return "".join(program.render(scope))

    return render


def value_of(template: str | Text, scope: Scope) -> str:
    return template if isinstance(template, str) else template(scope)
