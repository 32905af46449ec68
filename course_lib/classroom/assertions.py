"""Visible tests, rewritten so that the grader itself sees what each assertion found."""

import ast
import copy
import functools
import secrets
from typing import NamedTuple

from IPython.core.inputtransformer2 import TransformerManager


class Rewritten(NamedTuple):
    """A test cell, rewritten.

    Attributes:
        source: Its source.
        expected: What the cell stores if its test passes, as far as every run of it does: True
            under the numbers of its assertions, and under higher numbers what chance has written
            into the source, so that an answer that does not come from running it is noticed.
    """

    source: str
    expected: dict[int, bool]


MARKS = 16
RECORD = f"_{secrets.token_hex(16)}"


def rewrite(source, record):
    """Rewrites a test cell.

    `assert a == b, "message"` becomes, in the words of the cell,

        record[0] = True if record["look"](record["look"](a) == record["look"](b)) else False
        if not record[0]:
            raise AssertionError("message")

    so that nothing that strips assertions finds one. The value of a last expression, by which a
    cell gives a part of its points, is stored as `record["value"]`.

    Args:
        source: Source of the cell; it may use magics.
        record: Name of the dictionary under which the cell stores what it finds.

    Returns:
        A `Rewritten`.

    Raises:
        SyntaxError: if the source is not valid.
    """
    body, expected, count = _rewrite(source)
    marks = {count + n: bool(secrets.randbits(1)) for n in range(MARKS)}
    lines = [f"{record}[{number}] = {mark}" for number, mark in marks.items()]
    return Rewritten("\n".join([*lines, body.replace(RECORD, record)]), expected | marks)


@functools.cache
def _rewrite(source):
    """Does what is the same for all students.

    Returns:
        The source, with `RECORD` as the name of the record; what it stores there at every run of it
        that passes; the number of assertions.
    """
    tree = ast.parse(TransformerManager().transform_cell(source))
    rewriter = _Rewriter()
    body, expected = [], {}
    for statement in tree.body:
        if isinstance(statement, ast.Assert):
            expected[rewriter.count] = True
        visited = rewriter.visit(statement)
        body.extend(visited if isinstance(visited, list) else [visited])
    if body and isinstance(body[-1], ast.Expr):
        body[-1] = rewriter.store("value", body[-1].value)
    tree.body = body
    return ast.unparse(ast.fix_missing_locations(tree)), expected, rewriter.count


class _Rewriter(ast.NodeTransformer):
    def __init__(self):
        self.count = 0

    def entry(self, key, context=None):
        return ast.Subscript(ast.Name(RECORD, ast.Load()), ast.Constant(key), context or ast.Load())

    def store(self, key, value):
        return ast.Assign([self.entry(key, ast.Store())], value)

    def look(self, value):
        return ast.Call(self.entry("look"), [value], [])

    def visit_Assert(self, node):
        number = self.count
        self.count += 1
        test = self.look(_LookAtOperands(self).visit(copy.deepcopy(node.test)))
        message = [node.msg] if node.msg else []
        failed = ast.Call(ast.Name("AssertionError", ast.Load()), message, [])
        return [
            self.store(number, ast.IfExp(test, ast.Constant(True), ast.Constant(False))),
            ast.If(ast.UnaryOp(ast.Not(), self.entry(number)), [ast.Raise(failed)], []),
        ]


class _LookAtOperands(ast.NodeTransformer):
    """Shows the operands of comparisons and the arguments of calls to `look`."""

    def __init__(self, rewriter):
        self.rewriter = rewriter

    def visit_Call(self, node):
        self.generic_visit(node)
        node.args = [
            argument if isinstance(argument, ast.Starred) else self.rewriter.look(argument)
            for argument in node.args
        ]
        return node

    def visit_Compare(self, node):
        self.generic_visit(node)
        node.left = self.rewriter.look(node.left)
        node.comparators = [self.rewriter.look(operand) for operand in node.comparators]
        return node
