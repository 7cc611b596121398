"""The page of pairs: whole in itself, escaped, and never an accusation."""

import re
from html.parser import HTMLParser

from grader.similarity import UnreadWork, compare, read_work
from grader.similarity.page import similarity_page

BAD = "<script>alert(1)</script>\u202e\x1b[2J\"'&"
SOURCE = f'''def f(a, b):
    """{BAD.replace('"', "")}"""
    total = sum(each * b for each in a if each > 3)  # </div><script>x</script>
    return total / len(a) + b ** 2


def g(a):
    out = []
    for one in a:
        out.append({{"k": one, "v": f(one, [one, one + 1])}})
    return out
'''


class _Tags(HTMLParser):
    """Collects the elements of a page, and checks that they close."""

    def __init__(self):
        super().__init__()
        self.open, self.seen, self.attributes = [], [], []

    def handle_starttag(self, tag, attrs):
        self.seen.append(tag)
        self.attributes += attrs
        if tag not in {"meta", "br"}:
            self.open.append(tag)

    def handle_endtag(self, tag):
        assert self.open.pop() == tag


def page():
    """A page of two that are alike, one that was not read, all with hostile names."""
    source = SOURCE.encode()
    found = [read_work(f"ann {BAD}", source), read_work("bob", source), UnreadWork(BAD, BAD)]
    return similarity_page(BAD, compare(found))


def test_it_is_well_formed_with_nothing_to_fetch_or_run():
    """No script, no handler, no link but to its own parts, whatever students wrote."""
    tags = _Tags()
    tags.feed(page())
    assert not tags.open
    assert not {"script", "img", "link", "iframe", "object", "base"} & set(tags.seen)
    for name, value in tags.attributes:
        assert not name.startswith("on")
        assert name not in {"src", "style"}
        if name == "href":
            assert value.startswith("#pair-")


def test_what_students_wrote_is_there_as_text():
    """Escaped and visible, with what can't be printed spelled out."""
    text = page()
    assert "&lt;/div&gt;&lt;script&gt;x" in text
    assert "\\u202e\\x1b" in text
    assert "\x1b" not in text
    assert "\u202e" not in text


def test_it_has_what_a_reader_needs():
    """A language, a title, one h1, a main part, room on narrow screens, and links that arrive."""
    text = page()
    assert '<html lang="en">' in text
    assert text.count("<h1>") == 1
    assert "<main>" in text
    assert "@media (max-width" in text
    for anchor in re.findall(r'href="#([^"]+)"', text):
        assert f'id="{anchor}"' in text


def test_same_lines_are_marked_by_a_sign():
    """Colour alone tells nothing: an equals sign does."""
    text = page()
    assert re.search(r'<span class="number"> +1 =</span> def f', text)


def test_contrast_is_enough():
    """Every colour of text reaches 4.5 to 1 on both backgrounds (WCAG AA)."""
    for dark in ("1a1a1a", "4a4a4a", "0b4f9e"):
        for light in ("ffffff", "fff3c4", "e8e8e8"):
            assert (_luminance(light) + 0.05) / (_luminance(dark) + 0.05) >= 4.5
    used = set(re.findall(r"#([0-9a-f]{3,6})\b", page().partition("</style>")[0]))
    assert used == {"1a1a1a", "4a4a4a", "0b4f9e", "fff", "fff3c4", "e8e8e8", "767676"}


def _luminance(colour):
    channels = [int(colour[i : i + 2], 16) / 255 for i in (0, 2, 4)]
    linear = [c / 12.92 if c <= 0.04045 else ((c + 0.055) / 1.055) ** 2.4 for c in channels]
    return sum(weight * c for weight, c in zip((0.2126, 0.7152, 0.0722), linear, strict=True))


def test_it_says_look_and_accuses_nobody():
    """Nobody is called anything."""
    text = page().casefold()
    assert "a reason to look" in text
    assert not re.search(r"cheat|plagiar|copied|guilt|fraud|suspect", text)


def test_a_class_without_pairs_is_a_page_too():
    """Nothing alike, nobody unread."""
    assert "No pair is alike enough" in similarity_page("x", compare([]))
