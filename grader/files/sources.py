"""The text of a student's source file, in the encoding in which Python's compiler reads it.

A file may say its encoding in a comment of its first two lines (PEP 263), under any of the names
that a codec has. What such a comment means is judged here as the compiler does it, on bytes, for
what `tokenize` of the standard library judges otherwise: a name in Latin-1 above that comment,
ends of line that are a CR alone, an umlaut in a comment of a file that says nothing.

The grader decodes what students wrote, so only codecs whose time grows with the length of the
file are used: those of tables, and those of East Asia. Others can take minutes for one (idna,
punycode), are no encodings of text (rot13), or let a file look like other code than it is
(utf-7, unicode_escape); the compiler itself takes none whose ASCII is not ASCII (utf-16).
"""

import codecs
import re

_NAMES = """
    utf-8 utf-8-sig ascii
    cp437 cp720 cp737 cp775 cp850 cp852 cp855 cp856 cp857 cp858 cp860 cp861 cp862 cp863 cp864 cp865
    cp866 cp869 cp874 cp1006 cp1125 cp1250 cp1251 cp1252 cp1253 cp1254 cp1255 cp1256 cp1257 cp1258
    hp-roman8 iso8859-1 iso8859-2 iso8859-3 iso8859-4 iso8859-5 iso8859-6 iso8859-7 iso8859-8
    iso8859-9 iso8859-10 iso8859-11 iso8859-13 iso8859-14 iso8859-15 iso8859-16 koi8-r koi8-t koi8-u
    kz1048 mac-arabic mac-croatian mac-cyrillic mac-farsi mac-greek mac-iceland mac-latin2 mac-roman
    mac-romanian mac-turkish palmos ptcp154 tis-620
    big5 big5hkscs cp932 cp949 cp950 euc_jis_2004 euc_jisx0213 euc_jp euc_kr gb18030 gb2312 gbk hz
    iso2022_jp iso2022_jp_1 iso2022_jp_2 iso2022_jp_2004 iso2022_jp_3 iso2022_jp_ext iso2022_kr
    johab shift_jis shift_jis_2004 shift_jisx0213
"""
_CODECS = frozenset(_NAMES.split())
_MAX_NAME = 40  # of a codec; Python keeps each name that it was ever asked for
_MARK = codecs.BOM_UTF8
_COOKIE = re.compile(rb"[ \t\f]*#.*?coding[:=][ \t]*([-\w.]+)")
_NO_CODE = re.compile(rb"[ \t\f]*(?:#.*)?$")
_LINE_END = re.compile(r"\r\n|\r|\n")
# Strings, which may hold a #, and comments. Possessive, so that no file makes it go back.
_STRINGS_AND_COMMENTS = re.compile(
    rb"""("{3}|'{3})(?:\\.|(?!\1).)*+(?:\1)? | (["'])(?:\\.|(?!\2)[^\\\n])*+\2? | \#[^\n]*+""",
    re.VERBOSE | re.DOTALL,
)


class UnreadableError(ValueError):
    """A file can't be read by Python, or is not read by us; the text says why."""


def encoding(source: bytes) -> str:
    """The codec by which Python reads the file, under its canonical name.

    Raises:
        UnreadableError: Python does not know the codec, or it is none that we use.
    """
    marked = source.startswith(_MARK)
    name = _said(source)
    if name is None:
        return "utf-8-sig" if marked else "utf-8"
    normal = _normal(name)
    if marked:
        if normal != "utf-8":
            raise UnreadableError(f"it begins with the mark of UTF-8, yet says that it is {name}")
        return "utf-8-sig"
    try:
        known = codecs.lookup(normal if len(normal) <= _MAX_NAME else "").name
    except LookupError:
        raise UnreadableError(f"it says that it is {name[:_MAX_NAME]}, unknown to Python") from None
    if known not in _CODECS:
        raise UnreadableError(f"it says that it is {name}")
    return known


def check(source: bytes) -> None:
    """Raises UnreadableError where the file is no text in the encoding that it declares."""
    codec = encoding(source)
    name = _said(source)
    if name is None or _normal(name) == "utf-8":  # then Python does not look at comments
        source = _STRINGS_AND_COMMENTS.sub(_without_comment, _plain_ends(source))
    try:
        source.decode(codec)
    except UnicodeDecodeError as error:
        line = len(lines_of(source[: error.start].decode("latin-1")))
        what = f"line {line} has the byte {error.object[error.start]:#04x}"
        raise UnreadableError(f"{what}, which is no {_shown(codec)}") from None


def text(source: bytes) -> str:
    """The text without its byte-order mark; bytes that don't fit the encoding are replaced."""
    try:
        codec = encoding(source)
    except UnreadableError:
        codec = "utf-8-sig"
    return source.decode(codec, "replace")


def lines(source: bytes) -> list[str]:
    """The lines as Python counts them, without their ends: a form feed ends none."""
    return lines_of(text(source))


def lines_of(said: str) -> list[str]:
    """The lines of text, where a CR, an LF and a CR LF end one."""
    return _LINE_END.split(said)


def as_utf8(source: bytes) -> str:
    """The same program as text that is to be kept as UTF-8.

    Where the file is UTF-8, that is its own text. Elsewhere the comment that declares another
    encoding is made to declare UTF-8.
    """
    try:
        return source.decode("utf-8-sig")
    except UnicodeDecodeError:
        pass
    said = text(source)
    found = _cookie(source)
    if found is None:
        return said
    number, name = found
    whole = re.split(r"(\r\n|\r|\n)", said)
    whole[2 * number] = whole[2 * number].replace(name, "utf-8", 1)
    return "".join(whole)


def _said(source: bytes) -> str | None:
    found = _cookie(source)
    return None if found is None else found[1]


def _cookie(source: bytes) -> tuple[int, str] | None:
    """The line, from 0, in which the file declares its encoding, and that name; None without one.

    A second line counts only after one without code.
    """
    head = _plain_ends(source.removeprefix(_MARK)).split(b"\n", 2)[:2]
    for number, line in enumerate(head):
        if found := _COOKIE.match(line):
            return number, found[1].decode("ascii")
        if not _NO_CODE.match(line):
            break
    return None


def _normal(name: str) -> str:
    """The name as the compiler has it: it knows two codecs without looking them up."""
    start = name[:12].lower().replace("_", "-")
    if start == "utf-8" or start.startswith("utf-8-"):
        return "utf-8"
    for latin in ("latin-1", "iso-8859-1", "iso-latin-1"):
        if start == latin or start.startswith(f"{latin}-"):
            return "iso-8859-1"
    return name


def _plain_ends(source: bytes) -> bytes:
    return source.replace(b"\r\n", b"\n").replace(b"\r", b"\n")


def _without_comment(found: re.Match[bytes]) -> bytes:
    return b"" if found[0].startswith(b"#") else found[0]


def _shown(codec: str) -> str:
    return "UTF-8" if codec in ("utf-8", "utf-8-sig") else codec
