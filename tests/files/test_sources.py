"""Source files: judged as Python's compiler judges them, and shown in their own characters."""

import codecs
import contextlib
import warnings

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from grader.files import sources

MARK = codecs.BOM_UTF8


def compiled(source: bytes):
    """What Python makes of the file: the value of its `x`, or None where it can't be read."""
    names: dict = {}
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        try:
            exec(compile(source, "work.py", "exec"), names)
        except (SyntaxError, ValueError):
            return None
    return names.get("x")


def readable(source: bytes) -> bool:
    with contextlib.suppress(sources.UnreadableError):
        sources.check(source)
        return True
    return False


NAMES = [
    "utf8", "UTF-8", "utf_8", "U8", "utf", "cp65001", "utf-8-sig", "utf_8_sig", "utf-8-unix",
    "latin-1", "Latin1", "L1", "iso8859-1", "ISO-8859-15", "iso-latin-1-unix", "us-ascii", "646",
    "cp1252", "windows-1252", "mac-roman", "macintosh", "koi8-r", "gbk", "gb18030", "hz", "big5",
    "shift_jis", "sjis", "euc-kr", "euc-jp", "iso2022_jp", "tis-620",
]  # fmt: skip


@pytest.mark.parametrize("name", NAMES)
def test_a_codec_goes_by_any_of_its_names(name):
    """Judged by what it is, as the compiler does, and not by how it is spelt."""
    source = f"# -*- coding: {name} -*-\nx = 'a'\n".encode()
    assert compiled(source) == "a"
    assert readable(source)


@pytest.mark.parametrize(
    "name",
    ["klingon", "rot13", "hex", "undefined", "punycode", "idna", "utf-7", "unicode_escape",
     "raw_unicode_escape", "utf-16", "utf-32", "charmap", "cp037", "mbcs", "utf-8.", "x" * 300],
)  # fmt: skip
def test_other_codecs_are_refused_by_name(name):
    """None that takes minutes, is no encoding of text, or makes a file look like another one."""
    source = f"# coding: {name}\nx = 'a'\n".encode()
    with pytest.raises(sources.UnreadableError, match=f"it says that it is {name[:40]}"):
        sources.check(source)
    assert sources.lines(source)[1] == "x = 'a'"


ODD = {
    "name in Latin-1 above the cookie": b"# Ren\xe9\n# coding: latin-1\nx = '\xe9'\n",
    "Latin-1 beside the cookie": b"# coding: latin-1 Ren\xe9\nx = '\xe9'\n",
    "CR ends": b"# coding: latin-1\rx = '\xe9'\r",
    "CR ends, cookie in line 2": b"#!python\r# vim: set fileencoding=latin-1 :\rx = '\xe9'",
    "CR ends, no cookie": b"# none\rx = '# coding: klingon'\r",
    "CR LF ends": b"# coding: cp1252\r\nx = '\x80'\r\n",
    "no end": b"# coding: gbk\nx = '\xc4\xe3'",
    "form feed": b"\x0c# coding: latin-1\nx = '\xe9\x0c'\n",
    "blank line first": b"\n# coding: latin-1\nx = '\xe9'\n",
    "second byte that is a backslash": b"# coding: shift_jis\nx = '\x95\\'\n",
    "mark": MARK + "x = 'é'\n".encode(),
    "mark and cookie": MARK + "# coding: utf-8\nx = 'é'\n".encode(),
    "mark and cookie with a mark": MARK + "# coding: UTF_8_SIG\nx = 'é'\n".encode(),
    "Latin-1 in a comment": b"x = '#'  # Ren\xe9\n",
    "Latin-1 in a comment after strings": b"'''\n'# \"\n''' # \xe9\nx = \"'#\\\"\" # \xe9\n",
    "Latin-1 in a comment of a marked file": MARK + b"# Ren\xe9\nx = 'a'\n",
    "two cookies": b"# coding: latin-1 coding: utf-16\nx = '\xe9'\n",
    "an equals sign": b"# coding= latin-1\nx = '\xe9'\n",
}


@pytest.mark.parametrize("name", ODD)
def test_what_the_compiler_reads_is_read(name):
    """However odd; and it is read as the same characters."""
    source = ODD[name]
    value = compiled(source)
    assert value is not None
    assert readable(source)
    assert value in sources.text(source).replace('\\"', '"')


BROKEN = {
    "no UTF-8": (b"y = 1\nx = '\xe9'\n", "line 2 has the byte 0xe9, which is no UTF-8"),
    "in a string that looks like a comment": (b"x = '''\n# \xe9'''\n", "line 2"),
    "a comment where the cookie is decoded": (b"# coding: utf8\n# \xe9\nx = 1\n", "line 2"),
    "no ASCII": (b"# coding: ascii\nx = '\xe9'\n", "line 2 has the byte 0xe9, which is no ascii"),
    "a hole in a code page": (b"# coding: cp1252\rx = '\x81'\r", "line 2 has the byte 0x81"),
    "a cookie too late": (b"\n\n# coding: latin-1\nx = '\xe9'\n", "line 4"),
    "a cookie after code": (b"y = 1\n# coding: latin-1\nx = '\xe9'\n", "line 3"),
    "a mark and another codec": (MARK + b"# coding: latin-1\nx = 1\n", "the mark of UTF-8"),
    "a mark and another spelling": (MARK + b"# coding: utf8\nx = 1\n", "says that it is utf8"),
}


@pytest.mark.parametrize("name", BROKEN)
def test_what_the_compiler_refuses_is_refused_by_line(name):
    """With the line that is to be mended, where one is."""
    source, words = BROKEN[name]
    assert compiled(source) is None
    with pytest.raises(sources.UnreadableError) as refused:
        sources.check(source)
    assert words in str(refused.value)


@given(
    marked=st.booleans(),
    head=st.lists(
        st.sampled_from([b"", b"\x0c", b"# Ren\xe9", b"# name", b"y = 1"])
        | st.sampled_from(NAMES).map(lambda name: f"# coding: {name}".encode()),
        max_size=3,
    ),
    end=st.sampled_from([b"\n", b"\r", b"\r\n"]),
    inner=st.binary(max_size=4).filter(lambda raw: not set(raw) & set(b"'\\\r\n\0{}~")),
)
@settings(max_examples=400, deadline=None)
def test_every_file_is_judged_as_the_compiler_judges_it(marked, head, end, inner):
    """Read by one where it is read by the other, as the same characters."""
    last = [b"x = '" + inner + b"'  # \xc3\xa9", b""]
    source = (MARK if marked else b"") + end.join([*head, *last])
    value = compiled(source)
    assert readable(source) == (value is not None)
    if value is not None:
        assert f"x = '{value}'" in sources.lines(source)[len(head)]


@given(st.binary(max_size=60))
@settings(max_examples=200, deadline=None)
def test_whatever_comes_has_a_text(raw):
    """Also what can't be read: its lines are shown with what it is that can't be."""
    assert not {"\r", "\n"} & set("".join(sources.lines(raw)))
    kept = sources.as_utf8(raw)
    assert kept.encode().decode() == kept  # no half of a pair


def test_lines_are_counted_as_python_counts_them():
    """A form feed, a vertical tab and Unicode's separators end no line."""
    source = "a\x0cb\x0b\u2028c\rd\r\ne\n".encode()
    assert sources.lines(source) == ["a\x0cb\x0b\u2028c", "d", "e", ""]


@pytest.mark.parametrize(
    "source",
    [
        b"# Ren\xe9\r\n# coding: latin-1\r\nx = 'coding: latin-1 \xe9'\r\n",
        b"# coding: gbk\nx = '\xc4\xe3'\n",
        b"# coding: shift_jis\rx = '\x95\\'\r",
        "# coding: latin-1\nx = 'é'\n".encode(),
        "x = 'é'\n".encode(),
    ],
)
def test_text_kept_as_utf8_means_the_same(source):
    """In a notebook, say: what another encoding was said in says UTF-8, the rest is as it was."""
    kept = sources.as_utf8(source).encode()
    assert compiled(kept) == compiled(source) is not None
    assert kept == source or kept.count(b"utf-8") == 1
