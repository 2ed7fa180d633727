"""The compiler: from the source of a job, which is never executed as Python, to a Program.

One module a pass, each a function of what the passes before it found::

    source      limits of the text, syntax tree
    structure   imports, constants, parameters, the job class, its steps
    forms       every statement and expression has a form that the language has (holes: what stands for those that
                have not, so that the next passes can go on)
    calls, flow recursion; versions of variables, loops, values drawn
    roles       types (scope, statements, expressions, conditions, operators, functions)
    lower       operations in blocks

``docs/language.md`` is the contract; ``codes`` the closed list of reasons for which a program is refused.
"""

from totem_sdk.lang.codes import CODES
from totem_sdk.lang.compile import compile_job, files_of, notes_of
from totem_sdk.lang.snippet import Snippet, compile_snippet

__all__ = ["CODES", "Snippet", "compile_job", "compile_snippet", "files_of", "notes_of"]
