"""Random try, raise and assert, for the generator of jobs."""

from __future__ import annotations

from generated_expressions import Expressions, Scope

CAUGHT = (
    "ValueError", "IndexError", "ZeroDivisionError", "KeyError", "LookupError", "AssertionError", "RuntimeError",
    "(ValueError, ZeroDivisionError)", "(IndexError, TypeError, AssertionError)",
)  # fmt: skip
BEYOND = ("Exception", "OverflowError", "ArithmeticError", "")
"""What catches errors that only the machine has: CPython would go on."""
RAISED = ("ValueError", "IndexError", "ZeroDivisionError", "KeyError", "RuntimeError", "AssertionError", "TypeError")


class Errors(Expressions):
    """Writes statements that end in errors, and that catch them."""

    catches_overflow = False

    def block(self, depth: int, scope: Scope, size: int) -> None:
        """Write a block of about so many statements."""
        raise NotImplementedError

    def write_raise(self, depth: int, scope: Scope, size: int) -> None:
        """Write something that may end in an error."""
        del size
        if not scope.tried and not self.one_in(200):
            return
        text, whole, flag = (self.expr(type_, scope, 1) for type_ in ("str", "int", "bool"))
        name = self.name()
        kind = self.chance.choice(RAISED)
        forms = {
            f"{name} = int({text})": "int",
            f"{name} = {whole} // {whole}": "int",
            f"{name} = {text}.split()[1]": "str",
            f"assert {flag}": "",
            f"assert {whole}, {text}": "",
        }
        if self.one_in(3):
            self.write(depth, f"if {flag}:")
            self.write(depth + 1, f"raise {kind}{self.chance.choice(('', '()', f'({text})'))}")
            return
        form = self.chance.choice(list(forms))
        self.write(depth, form)
        if forms[form]:
            scope.names[name] = forms[form]

    def write_try(self, depth: int, scope: Scope, size: int) -> None:
        self.write(depth, "try:")
        body = scope.inside()
        body.tried = True
        self.block(depth + 1, body, max(1, size // 2))
        self.write_raise(depth + 1, body, 0)
        self.block(depth + 1, body, 1)
        handlers = self.chance.randrange(3)
        for _ in range(handlers):
            self.write(depth, f"except {self.chance.choice(CAUGHT)}:")
            self.handler(depth, scope, size)
        if not self.one_in(4):
            handlers += 1
            self.write(depth, f"except ({', '.join(RAISED)}):")
            self.handler(depth, scope, size)
        if handlers and self.one_in(5):
            self.catches_overflow = True
            self.write(depth, f"except {self.chance.choice(BEYOND)}".rstrip() + ":")
            self.handler(depth, scope, size)
        if handlers and self.one_in(3):
            self.write(depth, "else:")
            self.block(depth + 1, scope.inside(), size // 2)
        if not handlers or self.one_in(3):
            self.write(depth, "finally:")
            last = scope.inside()
            last.final = True
            self.block(depth + 1, last, max(1, size // 2))

    def handler(self, depth: int, scope: Scope, size: int) -> None:
        """Write what an except does."""
        self.block(depth + 1, scope.inside(), size // 2)
        if self.one_in(20):
            self.write(depth + 1, "raise")
