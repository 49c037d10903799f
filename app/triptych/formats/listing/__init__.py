"""What other tools printed of a machine's tasks: schtasks, PowerShell, autorunsc, Velociraptor; with their quoting faults."""
