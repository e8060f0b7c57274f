"""The mutants of a C source: each one small change that a test should notice.

    <  <=  >  >=  ==  !=        the neighbours, and the opposite; seq_lt() and its like as well
    &&  ||                      the other
    +  -  +=  -=  ++  --        the other; seq_add() and seq_back() as well
    a number                    one more, one less
    true  false                 the other
    if (c)  while (c)           if (!(c)), while (!(c))
    !a                          a
    return e;                   !(e) where a bool is returned, else 0
    an expression; return;      nothing
    break;  continue;
    a & b                       a | b, and back
    (A | B)                     A, and B

Only in the bodies of functions: neither preprocessor, comments and strings, nor tables, nor what
assert() says of our own invariants.
"""

import re
from dataclasses import dataclass

TOKEN = re.compile(r"""
    (?P<space>\s+)
  | (?P<comment>/\*.*?\*/|//[^\n]*)
  | (?P<string>(?:u8|[uUL])?"(?:\\.|[^"\\])*"|(?:[uUL])?'(?:\\.|[^'\\])*')
  | (?P<number>\.?\d(?:[eEpP][+-]|[\w.])*)
  | (?P<word>[A-Za-z_]\w*)
  | (?P<sign><<=|>>=|\.\.\.|->|\+\+|--|<<|>>|<=|>=|==|!=|&&|\|\||[-+*/%&|^]=|.)
""", re.VERBOSE | re.DOTALL)

# Up to the line's end, lines that are continued included.
PREPROCESSOR = re.compile(r"[ \t]*#(?:\\\n|/\*.*?\*/|[^\n])*", re.DOTALL)

NOT_OPERANDS = {"return", "case", "else", "do", "goto", "sizeof"}
KEYWORDS = NOT_OPERANDS | {"if", "for", "while", "switch", "break", "continue", "default", "static", "const",
                           "struct", "union", "enum", "unsigned", "signed", "register", "volatile"}
ASSIGNMENTS = {"=", "+=", "-=", "|=", "&=", "^=", "*=", "/=", "<<=", ">>=", "%="}

OTHERS = {
    "<": ("<=", ">="), "<=": ("<", ">"), ">": (">=", "<="), ">=": (">", "<"), "==": ("!=",), "!=": ("==",),
    "seq_lt": ("seq_le", "seq_ge"), "seq_le": ("seq_lt", "seq_gt"),
    "seq_gt": ("seq_ge", "seq_le"), "seq_ge": ("seq_gt", "seq_lt"),
    "seq_add": ("seq_back",), "seq_back": ("seq_add",), "seq_max": ("seq_min",), "seq_min": ("seq_max",),
    "&&": ("||",), "||": ("&&",), "+=": ("-=",), "-=": ("+=",), "++": ("--",), "--": ("++",),
    "true": ("false",), "false": ("true",),
}


@dataclass(frozen=True)
class Token:
    kind: str
    text: str
    start: int
    end: int


@dataclass(frozen=True)
class Mutant:
    file: str
    function: str
    line: int
    source: str   # that line, without its indentation
    change: str   # what becomes what, with the column in `source` where it begins
    nth: int      # of equal changes to equal lines of the function, from 1
    edits: tuple  # (start, end, text)

    def apply(self, text):
        for start, end, new in sorted(self.edits, reverse=True):
            text = text[:start] + new + text[end:]
        return text

    def key(self):
        """What stays the same when the code around it moves."""
        return self.file, self.function, self.source, self.change, str(self.nth)


def tokens_of(text):
    found, at = [], 0
    while at < len(text):
        line_start = text.rfind("\n", 0, at) + 1
        directive = PREPROCESSOR.match(text, at) if not text[line_start:at].strip() else None
        if directive:
            at = directive.end()
            continue
        match = TOKEN.match(text, at)
        if match.lastgroup not in ("space", "comment"):
            found.append(Token(match.lastgroup, match.group(), at, match.end()))
        at = match.end()
    return found


def closing(tokens, i):
    """The index of what closes the bracket at `i`."""
    depth = 0
    for k in range(i, len(tokens)):
        if tokens[k].text in "([{":
            depth += 1
        elif tokens[k].text in ")]}":
            depth -= 1
            if not depth:
                return k
    return len(tokens) - 1


def bodies(tokens):
    """(first, last, name, words before the name) of every function's body."""
    i = begin = 0
    while i < len(tokens):
        text = tokens[i].text
        if text == ";":
            begin = i + 1
        elif text == "(":
            i = closing(tokens, i)
        elif text == "{":
            last = closing(tokens, i)
            if i and tokens[i - 1].text == ")":
                opening = next(k for k in range(i - 1, -1, -1)
                               if tokens[k].text == "(" and closing(tokens, k) == i - 1)
                yield i, last, tokens[opening - 1].text, [t.text for t in tokens[begin:opening - 1]]
            i = last
            begin = i + 1
        i += 1


def left_out(tokens, first, last):
    """Indices of what is a table or an assertion."""
    out = set()
    for i in range(first, last):
        text = tokens[i].text
        if text in ("assert", "_Static_assert", "static_assert", "sizeof") and tokens[i + 1].text == "(":
            out.update(range(i, closing(tokens, i + 1) + 1))
        elif text == "static":
            k = i
            while tokens[k].text != ";":
                k = closing(tokens, k) + 1 if tokens[k].text in "([{" else k + 1
            out.update(range(i, k + 1))
    return out


def is_operand_end(token):
    return (token.kind in ("number", "word") and token.text not in NOT_OPERANDS) or token.text in ")]"


def is_array_size(tokens, i):
    """`struct side ends[2]`: of a declaration, not an element."""
    before, name, bracket = tokens[i - 3], tokens[i - 2], tokens[i - 1]
    if bracket.text == "[" and [token.text for token in tokens[i + 1:i + 4]] == ["]", "=", "{"]:
        return True
    return (bracket.text == "[" and name.kind == "word" and
            ((before.kind == "word" and before.text not in KEYWORDS - {"struct"}) or before.text == "*"))


def neighbours(number):
    match = re.fullmatch(r"(0[xX])?([0-9a-fA-F]+?)([uUlL]*)", number)
    if not match or (match[2].startswith("0") and len(match[2]) > 1 and not match[1]):
        return
    value = int(match[2], 16 if match[1] else 10)
    for other in (value + 1, value - 1):
        if other >= 0:
            yield (hex(other) if match[1] else str(other)) + match[3]


def statement_end(tokens, i):
    while tokens[i].text != ";":
        if tokens[i].text in "([{":
            i = closing(tokens, i)
        elif tokens[i].text in ")]}":
            return None
        i += 1
    return i


def is_expression(tokens, i):
    first, second = tokens[i], tokens[i + 1]
    if first.text in ("*", "++", "--"):
        return True
    return (first.kind == "word" and first.text not in KEYWORDS and
            second.text in ASSIGNMENTS | {"(", ".", "->", "[", "++", "--"})


def begins_statement(tokens, i, controls):
    before = tokens[i - 1].text
    return before in (";", "{", "}", "else", "do") or i - 1 in controls


def mutants_of(file, text):
    """All mutants of the source `text`, in its order."""
    tokens = tokens_of(text)
    times = {}

    def mutant(function, at, what, becomes, *edits):
        line_start = text.rfind("\n", 0, at) + 1
        source = text[line_start:].split("\n", 1)[0]
        column = at - line_start - (len(source) - len(source.lstrip()))
        what, becomes = (" ".join(part.split()) for part in (what, becomes))
        change = f"{column}: {what} -> {becomes or 'nothing'}"
        key = (function, source.strip(), change)
        times[key] = times.get(key, 0) + 1
        return Mutant(file, function, text.count("\n", 0, at) + 1, source.strip(), change, times[key], edits)

    def replaced(function, token, new):
        return mutant(function, token.start, token.text, new, (token.start, token.end, new))

    for first, last, function, before in bodies(tokens):
        out = left_out(tokens, first, last)
        controls = set()
        in_parentheses = 0
        until = []
        for i in range(first + 1, last):
            token = tokens[i]
            if token.text in ("if", "while", "for", "switch") and tokens[i + 1].text == "(":
                controls.add(closing(tokens, i + 1))
            while until and i > until[-1]:
                until.pop()
            if token.text == "(":
                until.append(closing(tokens, i))
            in_parentheses = len(until)
            if i in out:
                continue
            previous, following = tokens[i - 1], tokens[i + 1]

            if token.text in OTHERS and token.kind in ("sign", "word"):
                for other in OTHERS[token.text]:
                    yield replaced(function, token, other)
            elif token.text in "+-" and is_operand_end(previous):
                yield replaced(function, token, "-" if token.text == "+" else "+")
            elif token.text in ("&", "|") and is_operand_end(previous):
                yield replaced(function, token, "|" if token.text == "&" else "&")
            elif token.kind == "number" and not is_array_size(tokens, i):
                for other in neighbours(token.text):
                    yield replaced(function, token, other)
            elif token.text == "!" and "!" not in (previous.text, following.text):
                yield mutant(function, token.start, "!", "", (token.start, token.end, ""))

            # Of a single comparison or negation this is the change of its sign, which comes anyway.
            if token.text in ("if", "while") and following.text == "(":
                close = tokens[closing(tokens, i + 1)]
                condition = text[following.end:close.start]
                if (not {"&&", "||"} & {t.text for t in tokens[i + 2:closing(tokens, i + 1)]} and
                        {"!", "==", "!="} & {t.text for t in tokens[i + 2:closing(tokens, i + 1)]}):
                    continue
                yield mutant(function, token.start, f"{token.text} ({condition})", "if not",
                             (following.start, following.end, "(!("), (close.start, close.end, "))"))
            # A mask of flags, in parentheses of its own.
            if token.text == "(" and tokens[i + 1].kind == "word":
                close = closing(tokens, i)
                inside = tokens[i + 1:close]
                names, signs = inside[::2], inside[1::2]
                if (signs and len(names) == len(signs) + 1 and all(n.kind == "word" for n in names) and
                        all(s.text == "|" for s in signs)):
                    for k, name in enumerate(names):
                        start = name.start if k == 0 else signs[k - 1].start
                        end = signs[0].end if k == 0 else name.end
                        yield mutant(function, name.start, name.text, "left out", (start, end, ""))

            if in_parentheses or not begins_statement(tokens, i, controls):
                continue
            end = statement_end(tokens, i) if token.text not in "{}" else None
            if end is None:
                continue
            whole = text[token.start:tokens[end].start]
            if token.text == "return" and end > i + 1:
                value = text[following.start:tokens[end].start]
                if "bool" in before:
                    if value not in ("true", "false"):
                        yield mutant(function, token.start, whole, "return not",
                                     (following.start, tokens[end].start, f"!({value})"))
                elif value not in ("0", "NULL"):
                    yield mutant(function, token.start, whole, "return 0",
                                 (following.start, tokens[end].start, "0"))
            elif token.text in ("break", "continue", "return") or is_expression(tokens, i):
                yield mutant(function, token.start, whole, "nothing", (token.start, tokens[end].start, ""))
