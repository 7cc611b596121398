"""The pairs as one HTML page: no script, no request, everything that students wrote escaped."""

from importlib.resources import files

import jinja2

from grader.similarity.facing import facing
from grader.similarity.pairs import Report, told
from grader.text.shown import escaped, shortened

_LONGEST = 400  # characters shown of a line


def similarity_page(title: str, report: Report) -> str:
    """The page, of itself complete."""
    environment = jinja2.Environment(
        autoescape=True, undefined=jinja2.StrictUndefined, trim_blocks=True, lstrip_blocks=True
    )
    environment.filters["shown"] = escaped
    environment.filters["code"] = _code
    source = files("grader.similarity").joinpath("page.html.j2").read_text("utf-8")
    template = environment.from_string(source)
    return template.render(title=title, report=report, facing=facing, told=told)


def _code(text: str) -> str:
    """A line of source as it is shown: tabs as spaces, nothing invisible, not without end."""
    return shortened(escaped(text.expandtabs(4)), _LONGEST)
