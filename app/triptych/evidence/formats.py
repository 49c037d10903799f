"""What can be opened, in one tuple: `triptych formats` and the start page show it."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Format:
    name: str
    says: str


FORMATS: tuple[Format, ...] = (
    Format("Mounted image or volume", "the root of a mounted image, a drive, any folder that holds a Windows"),
    Format("Collection", "folder, zip or tar of KAPE, Velociraptor, CyLR, acquire; Windows.old, RegBack and VSS copies as views"),
    Format("Registry hive", "SOFTWARE with its LOG1 and LOG2, SYSTEM, NTUSER.DAT, UsrClass.dat"),
    Format("Registry export", ".reg (version 5 and REGEDIT4), regedit's text export"),
    Format("Tasks folder", "the files of System32\\Tasks, or one of them"),
    Format("Older stores", ".job files, SCHEDLGU.TXT, ScheduledTasks.xml of a Group Policy"),
    Format("Event log", ".evtx whatever it is called, archived, exported or carved"),
    Format(
        "Listing of events", "XML or CSV of Event Viewer, wevtutil qe /f:xml, CSV or JSON of EvtxECmd, JSON lines of a collector"
    ),
    Format("Scheduler listing", "schtasks (CSV, LIST, TABLE, XML), Get-ScheduledTask (JSON, CSV, CLIXML), autorunsc, Velociraptor"),
)
