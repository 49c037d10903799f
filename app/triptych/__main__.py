"""`python -m triptych`.

Python puts the current folder first on the import path here, and that folder may be evidence: a file `json.py` in it would be
run. So the path is mended before anything else is imported.
"""

import os
import sys

if __name__ == "__main__" and not sys.flags.safe_path and sys.path[0] != os.path.dirname(os.path.dirname(__file__)):  # noqa: PTH120 - pathlib is not imported yet
    del sys.path[0]

from triptych.cli import main

if __name__ == "__main__":
    raise SystemExit(main())
