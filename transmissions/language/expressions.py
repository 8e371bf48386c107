"""Expressions in postfix order, parsed without recursion (contract 40 §1, §8).

An expression is a tuple of steps: `a.b + 1` is Name(a), Member(b), Constant(1), Binary(+). Postfix needs no
recursion to read, to check or to translate, so depth of nesting is never a question of the stack.
"""

from dataclasses import dataclass
from typing import NamedTuple

from transmissions.language.faults import Mistake, near
from transmissions.language.lexer import Token, TokenKind, string_value
from transmissions.language.words import DYNAMIC_ROOTS, LANGUAGE_WORDS, MACROS

# Levels of operators above an operand; what people write has fewer than ten.
_DEEPEST = 1000
# Python refuses to print integers of more than 4,300 digits, and nobody reads them.
_LONGEST_NUMBER = 4000

_PRECEDENCE = {"or": 1, "and": 2} | dict.fromkeys(("==", "!=", "<", ">", "<=", ">="), 3)
_PRECEDENCE |= dict.fromkeys("+-", 4) | dict.fromkeys("*/", 5)
_PREFIXES = frozenset({"not", "#", "-"})
_PREFIX_PRECEDENCE = 6
_LITERALS = {"true": True, "false": False, "nil": None}


class Constant(NamedTuple):
    value: str | int | float | bool | None


class Name(NamedTuple):
    name: str


class Member(NamedTuple):
    key: str


class Index(NamedTuple):
    """object, key -> value"""


class Unary(NamedTuple):
    operator: str


class Binary(NamedTuple):
    operator: str


class Call(NamedTuple):
    macro: str
    rooted: bool = False


Step = Constant | Name | Member | Index | Unary | Binary | Call


@dataclass(frozen=True, slots=True)
class Expression:
    """`label` is its last name: what `loop_vars.<name>` calls the element of a loop over it."""

    steps: tuple[Step, ...]
    label: str = ""


@dataclass(slots=True)
class _Operand:
    depth: int
    label: str = ""
    rooted: bool = False  # a path that starts with a dynamic root


@dataclass(slots=True)
class _Pending:
    """An operator or an open bracket that waits for its right side."""

    sign: str
    precedence: int = 0  # 0: a bracket
    macro: str = ""
    start: int = 0  # how many steps there were before the bracket


class Parser:
    """Reads one expression from a tag's tokens, from `position` on; `position` ends behind it."""

    def __init__(self, tokens: list[Token], line: int, position: int) -> None:
        self._tokens = tokens
        self._line = line
        self.position = position
        self._steps: list[Step] = []
        self._operands: list[_Operand] = []
        self._pending: list[_Pending] = []

    def parse(self) -> Expression:
        """Raises Mistake at the first token that does not fit."""
        wanted: bool | None = True
        while wanted is not None:
            wanted = self._operand() if wanted else self._operator()
        self._reduce(1)
        if self._pending:
            raise self._mistake()
        return Expression(tuple(self._steps), self._operands[0].label)

    @property
    def _token(self) -> Token:
        return self._tokens[self.position]

    def _mistake(self) -> Mistake:
        return Mistake(self._line, near(self._token.text))

    def _operand(self) -> bool:
        """Takes one token where an operand may begin; says whether an operand is still wanted behind it."""
        kind, text = self._token
        if text in _PREFIXES and kind in (TokenKind.NAME, TokenKind.SIGN):
            self._pending.append(_Pending(text, _PREFIX_PRECEDENCE))
            self.position += 1
            return True
        if kind is TokenKind.SIGN and text == "(":
            self._pending.append(_Pending("("))
            self.position += 1
            return True
        if kind is TokenKind.NAME and text not in LANGUAGE_WORDS:
            return self._name(text)
        self._push(Constant(self._literal(kind, text)))
        return False

    def _literal(self, kind: TokenKind, text: str) -> str | int | float | bool | None:
        if kind is TokenKind.STRING:
            return string_value(text)
        if kind is TokenKind.NAME and text in _LITERALS:
            return _LITERALS[text]
        if kind is not TokenKind.NUMBER or len(text) > _LONGEST_NUMBER:
            raise self._mistake()
        return int(text) if text.isdigit() else float(text)

    def _push(self, step: Step, label: str = "", rooted: bool = False) -> None:
        self._steps.append(step)
        self._operands.append(_Operand(1, label, rooted))
        self.position += 1

    def _name(self, name: str) -> bool:
        if self._tokens[self.position + 1].text != "(":
            self._push(Name(name), name, name in DYNAMIC_ROOTS)
            return False
        if name not in MACROS:
            raise Mistake(self._line, f"unknown macro '{name}'")
        self.position += 2
        if MACROS[name]:
            self._pending.append(_Pending("(", macro=name))
            return True
        self._expect(")")
        self._steps.append(Call(name))
        self._operands.append(_Operand(1))
        return False

    def _expect(self, sign: str) -> None:
        if self._token.kind is not TokenKind.SIGN or self._token.text != sign:
            raise self._mistake()
        self.position += 1

    def _operator(self) -> bool | None:
        """Takes what may follow an operand; True: an operand is wanted next, None: the expression is over."""
        kind, text = self._token
        if kind is TokenKind.NAME and text in ("and", "or"):
            return self._binary(text)
        if kind is not TokenKind.SIGN:
            return None
        if text == ".":
            self.position += 1
            return self._member()
        if text == "[":
            self._pending.append(_Pending("[", start=len(self._steps)))
            self.position += 1
            return True
        if text in (")", "]"):
            return self._close(text)
        return self._binary(text) if text in _PRECEDENCE else None

    def _binary(self, operator: str) -> bool:
        precedence = _PRECEDENCE[operator]
        self._reduce(precedence)
        self._pending.append(_Pending(operator, precedence))
        self.position += 1
        return True

    def _member(self) -> bool:
        kind, key = self._token
        if kind is not TokenKind.NAME or key in LANGUAGE_WORDS:
            raise self._mistake()
        self._steps.append(Member(key))
        self._deepen(self._operands[-1], key)
        self.position += 1
        return False

    def _close(self, sign: str) -> bool | None:
        self._reduce(1)
        bracket = self._pending[-1] if self._pending else None
        if bracket is None or bracket.sign + sign not in ("()", "[]"):
            return None
        self._pending.pop()
        if bracket.sign == "[":
            self._index(bracket.start)
        elif bracket.macro:
            argument = self._operands[-1]
            self._steps.append(Call(bracket.macro, argument.rooted))
            argument.label, argument.rooted = "", False
            self._deepen(argument, "")
        self.position += 1
        return False

    def _index(self, start: int) -> None:
        key = self._operands.pop()
        indexed = self._operands[-1]
        only = self._steps[-1]
        if len(self._steps) == start + 1 and isinstance(only, Constant) and isinstance(only.value, str):
            self._steps[-1] = Member(only.value)
            self._deepen(indexed, only.value)
            return
        self._steps.append(Index())
        indexed.depth = max(indexed.depth, key.depth)
        self._deepen(indexed, indexed.label)

    def _reduce(self, precedence: int) -> None:
        """Completes every waiting operator that binds at least as tightly."""
        while self._pending and self._pending[-1].precedence >= precedence:
            operator = self._pending.pop()
            if operator.precedence == _PREFIX_PRECEDENCE:
                self._steps.append(Unary(operator.sign))
            else:
                right = self._operands.pop()
                self._steps.append(Binary(operator.sign))
                self._operands[-1].depth = max(self._operands[-1].depth, right.depth)
                self._operands[-1].label = right.label
            self._operands[-1].rooted = False
            self._deepen(self._operands[-1], self._operands[-1].label)

    def _deepen(self, operand: _Operand, label: str) -> None:
        operand.label = label
        operand.depth += 1
        if operand.depth > _DEEPEST:
            raise self._mistake()
