"""A checked formula as a function of its inputs: {name: Decimal or None} → Decimal or None."""

import ast
import operator
from decimal import ROUND_HALF_UP, Decimal, DivisionByZero, InvalidOperation, localcontext

from .check import IF, is_linear, names_in, parse

PRECISION, DECIMALS = 40, Decimal("1e-9")
_OPERATORS = {
    ast.Add: operator.add,
    ast.Sub: operator.sub,
    ast.Mult: operator.mul,
    ast.Div: operator.truediv,
    ast.Lt: operator.lt,
    ast.LtE: operator.le,
    ast.Gt: operator.gt,
    ast.GtE: operator.ge,
    ast.Eq: operator.eq,
    ast.NotEq: operator.ne,
}
_FUNCTIONS = {
    "min": min,
    "max": max,
    "sum": lambda *items: sum(items),
    "abs": abs,
    "ratio": operator.truediv,
}


class Formula:
    """A formula over named inputs. Raises ``check.FormulaError`` for a text that is none.

    The result is rounded to nine decimals, once. It is None when an input is missing and when
    something is divided by zero: no figure is better than an invented one.
    """

    def __init__(self, text, names):
        tree, source = parse(text, names)
        self.names = names_in(tree)
        self.linear = is_linear(tree)
        self._value = _number(tree, source)

    def __call__(self, values):
        if any(values.get(name) is None for name in self.names):
            return None
        with localcontext() as exact:
            exact.prec = PRECISION
            try:
                found = self._value(values)
                return found.quantize(DECIMALS, ROUND_HALF_UP).normalize() + 0
            except (DivisionByZero, InvalidOperation):
                return None


def _number(node, source):
    """The node as a function of the values."""
    if isinstance(node, ast.Constant):
        constant = Decimal(ast.get_source_segment(source, node))
        return lambda values: constant
    if isinstance(node, ast.Name):
        return operator.itemgetter(node.id)
    if isinstance(node, ast.UnaryOp):
        inner = _number(node.operand, source)
        if isinstance(node.op, ast.USub):
            return lambda values: -inner(values)
        return inner
    if isinstance(node, ast.BinOp):
        pair = _OPERATORS[type(node.op)]
        left, right = _number(node.left, source), _number(node.right, source)
        return lambda values: pair(left(values), right(values))
    if node.func.id == IF:
        return _choice(node, source)
    function = _FUNCTIONS[node.func.id]
    items = [_number(item, source) for item in node.args]
    return lambda values: function(*(item(values) for item in items))


def _choice(node, source):
    test = _condition(node.args[0], source)
    yes, no = (_number(item, source) for item in node.args[1:])
    return lambda values: yes(values) if test(values) else no(values)


def _condition(node, source):
    if isinstance(node, ast.BoolOp):
        items = [_condition(item, source) for item in node.values]
        joined = all if isinstance(node.op, ast.And) else any
        return lambda values: joined(item(values) for item in items)
    if isinstance(node, ast.UnaryOp):
        inner = _condition(node.operand, source)
        return lambda values: not inner(values)
    sides = [_number(item, source) for item in (node.left, *node.comparators)]
    tests = [_OPERATORS[type(item)] for item in node.ops]

    def compared(values):
        figures = [side(values) for side in sides]
        return all(
            test(figures[at], figures[at + 1]) for at, test in enumerate(tests)
        )  # fmt: skip

    return compared
