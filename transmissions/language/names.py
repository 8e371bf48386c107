"""Which data a template asks for: read from its tree, for those who check it before it is sent."""

from collections.abc import Iterable, Iterator
from typing import Any, NamedTuple

from transmissions.language import texts
from transmissions.language.expressions import Binary, Call, Constant, Expression, Index, Member, Name, Step, Unary
from transmissions.language.faults import Mistake, SyntaxFault
from transmissions.language.parser import parse
from transmissions.language.scope import Scope
from transmissions.language.tree import Body, Each, If, Output
from transmissions.language.words import DYNAMIC_ROOTS, LOOP_NAMES, MACROS, RESERVED_NAMES, kind_of

Path = tuple[str, ...]


class Use(NamedTuple):
    """One place where data is asked for: `trip.to` is ("trip", "to").

    `has_fallback`: the template says what happens without it, by a condition around it or an `or` behind it.
    """

    path: Path
    line: int
    has_fallback: bool


class _Operand(NamedTuple):
    """What an expression has come to: the path that it still is, and the (path, has_fallback) used on the way."""

    path: Path | None
    used: tuple[tuple[Path, bool], ...] = ()

    def all(self, *, has_fallback: bool = False) -> tuple[tuple[Path, bool], ...]:
        own = ((self.path, has_fallback),) if self.path else ()
        return (*((path, fallback or has_fallback) for path, fallback in self.used), *own)


def uses(part: str, source: str) -> list[Use]:
    """What one part asks for, in its order; names of loops are not data. Raises SyntaxFault.

    The names inside dynamic content and snippets, which are data themselves, are not among them.
    """
    try:
        body = parse(texts.clean(source), kind_of(part))
    except Mistake as mistake:
        raise SyntaxFault(part, mistake.line, mistake.what) from None
    return list(_of_body(body, set()))


def is_missing(scope: Scope, path: Path) -> bool:
    """Whether the data of one recipient have nothing, or null, at a path."""
    first, *members = path
    value: Any
    if first in RESERVED_NAMES:
        value = scope.reserved(first)
    else:
        value = scope.dynamic(first) if first in DYNAMIC_ROOTS else scope.get(first)
    for member in members:
        value = value.get(member) if isinstance(value, dict) else None
    return value is None


def _of_body(body: Body, asked: set[Path]) -> Iterator[Use]:
    """`asked`: paths that a condition around this body has asked about."""
    for node in body:
        if isinstance(node, Output):
            yield from _of_expression(node.expression, node.line, asked)
        elif isinstance(node, Each):
            yield from _of_expression(node.items, node.line, asked)
            yield from _of_body(node.body, asked)
        elif isinstance(node, If):
            yield from _of_choice(node, asked)


def _of_choice(choice: If, asked: set[Path]) -> Iterator[Use]:
    asked = set(asked)
    for branch in choice.branches:
        if branch.condition is not None:
            found = [path for path, _ in _paths(branch.condition)]
            yield from (Use(path, branch.line, has_fallback=True) for path in found)
            asked.update(found)
        yield from _of_body(branch.body, asked)


def _of_expression(expression: Expression, line: int, asked: set[Path]) -> Iterator[Use]:
    for path, has_fallback in _paths(expression):
        # `{{if trip}}{{trip.to}}{{end}}`: asking for the whole covers its members.
        covered = any(path[:length] in asked for length in range(1, len(path) + 1))
        yield Use(path, line, has_fallback or covered)


def _paths(expression: Expression) -> Iterable[tuple[Path, bool]]:
    operands: list[_Operand] = []
    for step in expression.steps:
        _apply(step, operands)
    return (use for operand in operands for use in operand.all() if use[0][0] not in LOOP_NAMES)


def _apply(step: Step, operands: list[_Operand]) -> None:
    match step:
        case Constant():
            operands.append(_Operand(None))
        case Name(name):
            operands.append(_Operand((name,)))
        case Member(key):
            operand = operands.pop()
            operands.append(operand._replace(path=(*operand.path, key)) if operand.path else operand)
        case Index():
            inside, indexed = operands.pop(), operands.pop()
            operands.append(_Operand(None, (*indexed.all(), *inside.all())))
        case Unary(operator):
            operands.append(_Operand(None, operands.pop().all(has_fallback=operator == "not")))
        case Binary(operator):
            right, left = operands.pop(), operands.pop()
            used = (*left.all(has_fallback=operator == "or"), *right.all())
            operands.append(_Operand(None, used))
        case Call(macro):
            argument = operands.pop() if MACROS[macro] else _Operand(None)
            operands.append(_Operand(None, argument.all(has_fallback=macro == "empty")))
