# Renders templates with Jinja2 in the environment of transformers. A JSON object a line in ({"t": template, "v": variables}) and out ({"ok": text} or {"no": why}).
import datetime
import json
import re
import signal
import sys

import jinja2
import jinja2.ext
import jinja2.nodes
from jinja2.sandbox import ImmutableSandboxedEnvironment


class Generation(jinja2.ext.Extension):
    tags = {"generation"}

    def parse(self, parser):
        line = next(parser.stream).lineno
        body = parser.parse_statements(["name:endgeneration"], drop_needle=True)
        return jinja2.nodes.CallBlock(self.call_method("_body"), [], [], body).set_lineno(line)

    def _body(self, caller):
        return caller()


def raise_exception(message):
    raise jinja2.exceptions.TemplateError(message)


def tojson(x, ensure_ascii=False, indent=None, separators=None, sort_keys=False):
    return json.dumps(x, ensure_ascii=ensure_ascii, indent=indent, separators=separators, sort_keys=sort_keys)


def strftime_now(format):
    return datetime.datetime(2025, 1, 15, 10, 30, 0).strftime(format)


def too_long(*_):
    raise TimeoutError("too long")


environment = ImmutableSandboxedEnvironment(trim_blocks=True, lstrip_blocks=True, extensions=[Generation, jinja2.ext.loopcontrols])
environment.filters["tojson"] = tojson
environment.globals["raise_exception"] = raise_exception
environment.globals["strftime_now"] = strftime_now
signal.signal(signal.SIGALRM, too_long)
print(json.dumps({"ok": jinja2.__version__}), flush=True)
for line in sys.stdin:
    case = json.loads(line)
    signal.alarm(5)
    try:
        text = environment.from_string(case["t"]).render(**case["v"])
        text.encode("utf-8")
        answer = {"no": "an address in memory"} if re.search(r" at 0x[0-9a-f]{6,}", text) else {"ok": text}
    except BaseException as e:
        answer = {"no": f"{type(e).__name__}: {e}"[:300]}
    signal.alarm(0)
    print(json.dumps(answer), flush=True)
