"""Is a formula one? Every mistake by name and place, so that it can be put in words.

The text is parsed as a Python expression and only walked through; nothing of it is ever executed.
"""

import ast
import re
from dataclasses import dataclass

MAX_LENGTH, MAX_NODES, MAX_DEPTH = 2_000, 500, 40
FUNCTIONS = {
    "min": (2, None),
    "max": (2, None),
    "sum": (1, None),
    "abs": (1, 1),
    "ratio": (2, 2),
    "if": (3, 3),
}
"""{function: (fewest, most arguments)}; ratio(a, b) is a / b."""

IF = "if_"
"""What stands for ``if`` while Python parses the text, because it is a word of Python's own."""

_SIGNS = str.maketrans({"×": "*", "·": "*", "÷": "/", "−": "-", "–": "-", ";": ","})
_NUMBER = re.compile(r"(\d+(\.\d*)?|\.\d+)\Z")
NAME = re.compile(r"[a-z][a-z0-9_]{0,29}\Z")
_OPERATORS = (ast.Add, ast.Sub, ast.Mult, ast.Div)
_COMPARISONS = (ast.Lt, ast.LtE, ast.Gt, ast.GtE, ast.Eq, ast.NotEq)


@dataclass(frozen=True, slots=True)
class Problem:
    """A mistake: ``code`` says which, ``text`` what it is about, ``column`` where (from 1)."""

    code: str
    text: str = ""
    column: int = 0


class FormulaError(ValueError):
    """A text that is no formula, with its problems."""

    def __init__(self, problems):
        super().__init__(", ".join(f"{item.code} {item.text}".strip() for item in problems))
        self.problems = problems


def prepare(text):
    """The text as Python can parse it: signs of the keyboard, and a name instead of ``if``."""
    text = " ".join((text or "").translate(_SIGNS).replace("<>", "!=").split())
    text = text.replace("≤", "<=").replace("≥", ">=")
    return re.sub(r"\bif\s*\(", f"{IF}(", text)


def parse(text, names):
    """(tree, source) of a formula over ``names``; FormulaError with every problem found."""
    source = prepare(text)
    if not source:
        raise FormulaError([Problem("empty")])
    if len(source) > MAX_LENGTH:
        raise FormulaError([Problem("too_long", str(MAX_LENGTH))])
    try:
        tree = ast.parse(source, mode="eval").body
    except (SyntaxError, ValueError, MemoryError, RecursionError) as error:
        column = getattr(error, "offset", 0) or 0
        raise FormulaError(
            [Problem("syntax", source[max(column - 1, 0) :][:20], column)]
        ) from error
    if _depth(tree) > MAX_DEPTH or sum(1 for _node in ast.walk(tree)) > MAX_NODES:
        raise FormulaError([Problem("too_deep")])
    checker = _Checker(source, names)
    checker.number(tree)
    if checker.problems:
        raise FormulaError(checker.problems)
    return tree, source


def names_in(tree):
    """Names of inputs that a checked formula reads."""
    return {
        node.id for node in ast.walk(tree)
        if isinstance(node, ast.Name) and node.id not in FUNCTIONS and node.id != IF
    }  # fmt: skip


def is_linear(tree):
    """Whether the formula of sums is the sum of the formulas: it may be taken of any span."""
    if isinstance(tree, ast.Constant):
        return False  # a constant would count once an hour, not once a span
    if isinstance(tree, ast.Name):
        return True
    if isinstance(tree, ast.UnaryOp):
        return is_linear(tree.operand)
    if isinstance(tree, ast.BinOp):
        return _is_linear_pair(tree)
    return isinstance(tree, ast.Call) and tree.func.id == "sum" and all(map(is_linear, tree.args))


def _is_linear_pair(tree):
    left, right = tree.left, tree.right
    if isinstance(tree.op, (ast.Add, ast.Sub)):
        return is_linear(left) and is_linear(right)
    if isinstance(tree.op, ast.Mult) and not names_in(left):
        return is_linear(right)
    return not names_in(right) and is_linear(left)


def _depth(tree):
    deepest, level = 0, [tree]
    while level and deepest <= MAX_DEPTH:
        deepest += 1
        level = [child for node in level for child in ast.iter_child_nodes(node)]
    return deepest


class _Checker:
    """Walks through a tree, numbers where numbers belong and conditions where they do."""

    def __init__(self, source, names):
        self.source, self.names, self.problems = source, set(names), []

    def wrong(self, code, node, text=None):
        shown = ast.get_source_segment(self.source, node) or ""
        shown = re.sub(rf"\b{IF}\(", "if(", shown if text is None else text)
        self.problems.append(Problem(code, shown, getattr(node, "col_offset", -1) + 1))

    def number(self, node):
        if isinstance(node, ast.Constant):
            if not _NUMBER.match(ast.get_source_segment(self.source, node) or ""):
                self.wrong("no_number", node)
        elif isinstance(node, ast.Name):
            if node.id not in self.names:
                self.wrong("unknown_name", node)
        elif isinstance(node, ast.UnaryOp) and isinstance(node.op, (ast.UAdd, ast.USub)):
            self.number(node.operand)
        elif isinstance(node, ast.BinOp) and isinstance(node.op, _OPERATORS):
            self.number(node.left)
            self.number(node.right)
        elif isinstance(node, ast.Call):
            self.call(node)
        elif isinstance(node, (ast.Compare, ast.BoolOp)):
            self.wrong("condition_outside", node)
        else:
            self.wrong("not_allowed", node)

    def call(self, node):
        name = getattr(node.func, "id", "").replace(IF, "if")
        if name not in FUNCTIONS:
            self.wrong("unknown_function", node.func)
            return
        fewest, most = FUNCTIONS[name]
        count = len(node.args)
        starred = any(isinstance(item, ast.Starred) for item in node.args)
        if node.keywords or starred or count < fewest or most and count > most:
            self.wrong("argument_count", node, name)
            return
        if name == "if":
            self.condition(node.args[0])
        for item in node.args[name == "if" :]:
            self.number(item)

    def condition(self, node):
        if isinstance(node, ast.BoolOp):
            for item in node.values:
                self.condition(item)
        elif isinstance(node, ast.UnaryOp) and isinstance(node.op, ast.Not):
            self.condition(node.operand)
        elif isinstance(node, ast.Compare) and all(
            isinstance(item, _COMPARISONS) for item in node.ops
        ):
            for item in (node.left, *node.comparators):
                self.number(item)
        else:
            self.wrong("no_condition", node)
