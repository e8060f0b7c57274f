"""Style and script of the HTML report as C strings, with the content security policy that lets
exactly these two through.

    make_assets.py STYLE SCRIPT OUTPUT
"""

import base64
import hashlib
import sys
from pathlib import Path


def source_hash(content):
    """As CSP writes it: of the bytes between the tags."""
    return "'sha256-" + base64.b64encode(hashlib.sha256(content).digest()).decode() + "'"


def literal(name, content):
    """Line by line: C compilers need not take very long strings."""
    lines = (line.replace("\\", "\\\\").replace('"', '\\"').replace("?", "\\?")
             for line in content.decode("ascii").splitlines())
    return (f"const char *const {name}[] = {{\n" + "".join(f'    "{line}\\n",\n' for line in lines) +
            "    0};\n")


def main():
    style, script = (Path(name).read_bytes() for name in sys.argv[1:3])
    for name, content in zip(sys.argv[1:3], (style, script)):
        if b"</" in content or b"<!" in content or b"\r" in content or not content.endswith(b"\n"):
            sys.exit(f"{name}: markup or line ends that an HTML parser would change")
    policy = ("default-src 'none'; img-src data:; base-uri 'none'; form-action 'none'; "
              f"style-src {source_hash(style)}; script-src {source_hash(script)}")
    Path(sys.argv[3]).write_text(
        '#include "reports/html_assets.h"\n\n' + literal("html_style", style) + "\n" +
        literal("html_script", script) + f'\nconst char html_policy[] = "{policy}";\n')


main()
