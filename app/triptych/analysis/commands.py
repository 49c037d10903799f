"""Judging a command line: which program, from which place, and what about it deserves a look.

`judge` answers traits; whether they make a finding (and how heavy) is for the rules, which know the account the task runs
as and whether Windows or a vendor ships it.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass

from triptych.analysis.patterns import LONGEST_LINE, found_in
from triptych.analysis.places import (
    Place,
    expand,
    known_product,
    located,
    place_of,
    plain,
    program_of,
    split_line,
    windows_folder,
)
from triptych.analysis.powershell import PowerShellCall, read_call
from triptych.analysis.trait import Trait, strong, weak
from triptych.model.case import Host
from triptych.model.display import needs_mark

_DEEPEST = 5
_SHELLS = frozenset(("powershell", "pwsh", "powershell_ise"))
_SCRIPT_HOSTS = frozenset(("wscript", "cscript", "mshta"))
_RUNNERS = frozenset(
    ("rundll32", "regsvr32", "installutil", "regasm", "regsvcs", "msbuild", "cmstp", "odbcconf", "control", "msiexec", "hh", "csc",
     "python", "pythonw", "py", "java", "javaw", "node", "ruby", "perl", "php", "autohotkey", "autoit3", "bash", "wsl", "forfiles")
)  # fmt: skip
_SCRIPT_SUFFIXES = (".vbs", ".vbe", ".js", ".jse", ".wsf", ".wsh", ".hta", ".lnk", ".url", ".sct", ".chm", ".pif", ".scr")
_FILE = re.compile(
    r"(?:[A-Za-z]:\\|%[A-Za-z_()0-9]+%\\|\\\\[\w.@$\-]+\\)[^\"<>|*?\r\n]{0,300}?"
    r"\.(?:exe|com|scr|pif|dll|ocx|cpl|bat|cmd|ps1|psm1|vbs|vbe|js|jse|wsf|wsh|hta|lnk|url|sct|msi|inf|xml|csproj|py|jar|rb|pl|ahk|chm|txt|dat|tmp|log|jpg|png)"
    r"(?=[\s\"',;)&|]|$)",
    re.IGNORECASE | re.ASCII,
)
_REMOTE = re.compile(r"(?<![\w:\\])\\\\(?![.?]\\)([\w.\-]+(?:@[\w@]+)?)\\([^\s\"']{1,200})", re.ASCII)
_STREAM = re.compile(r"(?<=\\)[^\\\":<>|\s/]{1,200}:[^\\\":<>|\s/]{1,200}", re.ASCII)
_TWO_SUFFIXES = re.compile(
    r"\.(?:pdf|docx?|xlsx?|pptx?|rtf|txt|jpe?g|png|gif|zip|mp[34])\s*\.(?:exe|scr|com|bat|cmd|js|vbs|hta|lnk|pif)$", re.IGNORECASE
)
_CHAIN = re.compile(r"\s*(?:&&|\|\||[&|])\s*")


@dataclass(frozen=True, slots=True)
class _Line:
    """A command line taken apart: `program` in full, `stem` its name without .exe in lower case."""

    program: str
    stem: str
    arguments: str
    host: Host
    depth: int

    @property
    def whole(self) -> str:
        return f"{self.program} {self.arguments}".strip()


def judge(command: str, arguments: str, host: Host) -> tuple[Trait, ...]:
    """What is striking about a command and its arguments; strong traits first. Never raises, bounded for hostile texts."""
    found: dict[tuple[str, str], Trait] = {}
    for trait in (*_written(command, arguments), *_judged(command[:LONGEST_LINE], arguments[:LONGEST_LINE], host, 0)):
        kept = found.get((trait.id, trait.words))
        if kept is None or (kept.weight == "weak" and trait.weight == "strong"):
            found[trait.id, trait.words] = trait
    return tuple(sorted(found.values(), key=lambda trait: trait.weight == "weak"))


def _written(command: str, arguments: str) -> Iterator[Trait]:
    """How it is written, before anything is expanded or trimmed."""
    for text in (command, arguments):
        odd = next((character for character in text if needs_mark(character) and character not in "\r\n\t"), None)
        if odd is not None:
            yield strong("deceptive-characters", f"holds a character that hides or reorders text (U+{ord(odd):04X})", text)
    if re.match(r"\"?[A-Za-z]:\\windows \\", command, re.IGNORECASE):
        yield strong("mock-folder", "lies in a folder that only looks like Windows (a blank follows the name)", command)


def _judged(command: str, arguments: str, host: Host, depth: int) -> Iterator[Trait]:
    program, rest = split_line(command, arguments, host)
    path = located(program, host)
    name = path.rpartition("\\")[2].casefold()
    line = _Line(path, name.removesuffix(".exe").removesuffix(".com"), rest, host, depth)
    yield from _of_program(line)
    if depth == 0:
        yield from found_in(f"{command} {arguments}", "phrases")
    yield from found_in(line.arguments, "proxies", line.stem)
    yield from _of_remote(line)
    if line.stem in _SHELLS:
        yield from _of_powershell(line)
    elif line.stem == "cmd":
        yield from _of_cmd(line)
    elif line.stem in _SCRIPT_HOSTS:
        yield from _of_script_host(line)
    elif line.stem in _RUNNERS:
        yield from _of_runner(line)
    yield from _of_wrapper(line)


# -- the program itself --------------------------------------------------------------------------------------------------


def _of_program(line: _Line) -> Iterator[Trait]:
    place = place_of(line.program)
    lower = line.program.casefold()
    yield from _of_place(line.program, place, "starts a program in")
    if lower.endswith(_SCRIPT_SUFFIXES):
        words = "is a script or shortcut instead of a program"
        yield weak("script-command", words, line.program) if place.of_the_system else strong("script-command", words, line.program)
    if _TWO_SUFFIXES.search(line.program):
        yield strong("double-suffix", "names its program like a document", line.program)
    if _STREAM.search(line.whole):
        yield strong("hidden-stream", "uses a data stream hidden behind a file", line.whole)


def _of_place(path: str, place: Place, what: str) -> Iterator[Trait]:
    """A writable place; a known product's own folder there is weak, since vendors protect or update it."""
    if not place.writable_by_users or place in (Place.UNC, Place.WEBDAV):
        return
    product = known_product(path)
    if product:
        yield weak("writable-place", f"{what} {place.value}, in the folder of {product}", path)
    else:
        yield strong("writable-place", f"{what} {place.value}", path)


def _of_files(line: _Line, what: str) -> Iterator[Trait]:
    """The files that an interpreter is given."""
    for path in _files(line.arguments):
        yield from _of_place(path, place_of(path), what)


def _files(text: str) -> list[str]:
    return [match[0] for match in _FILE.finditer(text[:LONGEST_LINE])][:20]


def _of_remote(line: _Line) -> Iterator[Trait]:
    """Other computers: WebDAV and this machine by its network name are strong, the logon shares of the own domain weak."""
    for match in _REMOTE.finditer(f" {line.whole}"):
        server, share = match[1].casefold(), match[2].casefold().partition("\\")[0]
        path = match[0]
        if place_of(path) is Place.WEBDAV:
            yield strong("webdav", "reaches for a file on a WebDAV server", path)
        elif server in ("127.0.0.1", "localhost"):
            yield strong("remote-path", "reaches this machine by the network, as remote execution tools do", path)
        elif share in ("sysvol", "netlogon") and _is_own_domain(server, line.host):
            yield weak("remote-path", "uses a file of the domain's logon share", path)
        else:
            yield strong("remote-path", "uses a file of another computer", path)


def _is_own_domain(server: str, host: Host) -> bool:
    domain = (host.get("domain").value or "").casefold()
    return not domain or server == domain or server.endswith("." + domain) or server == domain.partition(".")[0]


# -- interpreters --------------------------------------------------------------------------------------------------------


def _of_powershell(line: _Line) -> Iterator[Trait]:
    call = read_call(line.arguments)
    harmful: list[Trait] = []
    if call.encoded:
        harmful = list(_of_decoded(call, line))
        yield from _of_encoding(call, harmful)
        yield from harmful
    if call.hidden:
        yield weak("hidden-window", "runs PowerShell without a window", line.arguments)
    if call.policy.casefold() in ("bypass", "unrestricted"):
        yield weak("policy-bypass", "sets the script policy of PowerShell aside", line.arguments)
    yield from _of_files(line, "runs a file in")


def _of_decoded(call: PowerShellCall, line: _Line) -> Iterator[Trait]:
    if call.decoded is None:
        return
    yield from (trait for trait in found_in(call.decoded, "phrases") if trait.weight == "strong")
    for path in _files(call.decoded):
        yield from _of_place(path, place_of(path), "uses, in what is encoded, a file in")
    if line.depth < _DEEPEST and re.match(r"\W*(?:powershell|pwsh|cmd|mshta|rundll32|regsvr32)\b", call.decoded, re.IGNORECASE):
        yield from _judged(call.decoded[:LONGEST_LINE], "", line.host, line.depth + 1)


def _of_encoding(call: PowerShellCall, harmful: list[Trait]) -> Iterator[Trait]:
    if call.decoded is None:
        yield strong("encoded", "gives PowerShell an encoded command that cannot be decoded", call.encoded)
    elif any(trait.weight == "strong" for trait in harmful):
        yield strong("encoded", f"gives PowerShell an encoded command: {_one_line(call.decoded)}", call.encoded)
    else:
        yield weak(
            "encoded",
            f"gives PowerShell an encoded command, harmless as far as it can be read: {_one_line(call.decoded)}",
            call.encoded,
        )


def _one_line(text: str) -> str:
    flat = " ".join(text[:1000].split())
    return flat if len(flat) <= 160 else flat[:160] + "\u2026"


def _of_cmd(line: _Line) -> Iterator[Trait]:
    """What cmd is told to run: each command of the chain is judged like a command of its own."""
    match = re.search(r"(?:^|\s)/[a-z:/]*?[ckr](?=[\s\"]|$)", line.arguments, re.IGNORECASE)
    inner = line.arguments[match.end() :].strip() if match else ""
    if not inner or line.depth >= _DEEPEST:
        yield from _of_files(line, "runs a file in")
        return
    if inner.startswith('"') and inner.endswith('"') and inner.count('"') % 2 == 0:
        inner = inner[1:-1]
    for piece in _CHAIN.split(inner.replace("^", ""))[:20]:
        piece = re.sub(r"^(?:@|call\s+|start\s+(?:\"[^\"]*\"\s+)?(?:/\w+(?::\w+)?\s+)*)+", "", piece.strip(), flags=re.IGNORECASE)
        if piece:
            yield from _judged(piece, "", line.host, line.depth + 1)


def _of_script_host(line: _Line) -> Iterator[Trait]:
    files = _files(line.arguments)
    places = [place_of(path) for path in files]
    for path, place in zip(files, places, strict=True):
        yield from _of_place(path, place, "runs a script in")
    quiet = re.search(r"//(?:b|e:\S+)", line.arguments, re.IGNORECASE)
    if quiet is not None and not (places and all(place.of_the_system for place in places)):
        yield strong(
            "quiet-script", "runs a script without any message, or under another language than its name says", line.arguments
        )
    elif line.arguments:
        yield weak("script-host", f"runs a script with {line.stem}", line.arguments)


def _of_runner(line: _Line) -> Iterator[Trait]:
    yield from _of_files(line, "loads a file in")
    if line.stem == "rundll32":
        yield from _of_rundll32(line)


def _of_rundll32(line: _Line) -> Iterator[Trait]:
    library = re.sub(r"^(?:/d\s+)?", "", line.arguments, flags=re.IGNORECASE).partition(",")[0].strip().strip('"')
    if not library:
        yield strong("rundll32", "starts rundll32 without a library, as code that was put into its process does", line.whole)
    elif "." in library.rpartition("\\")[2] and not library.casefold().endswith(
        (".dll", ".cpl", ".ocx", ".tlb", ".drv", ".ax", ".exe")
    ):
        yield strong("rundll32", "lets rundll32 load a file that is not named like a library", library)
    else:
        yield weak("rundll32", "runs a function of a library with rundll32", line.arguments)


def _of_wrapper(line: _Line) -> Iterator[Trait]:
    """What a program that only starts another one is given to start."""
    if line.depth >= _DEEPEST:
        return
    inner = ""
    if line.stem == "conhost":
        inner = re.sub(r"^(?:--\w+\s+|0x\w+\s*)+", "", line.arguments)
    elif line.stem == "forfiles":
        match = re.search(r"/c\s+(?:\"([^\"]*)\"|(\S.*))", line.arguments, re.IGNORECASE)
        inner = (match[1] or match[2] or "") if match else ""
    elif line.stem == "pcalua":
        inner = re.sub(r"^.*?-a\s+", "", line.arguments, flags=re.IGNORECASE).replace(" -c ", " ")
    if inner.strip():
        yield from _judged(inner.strip(), "", line.host, line.depth + 1)


__all__ = [
    "Place",
    "Trait",
    "expand",
    "judge",
    "known_product",
    "place_of",
    "plain",
    "program_of",
    "split_line",
    "windows_folder",
]
