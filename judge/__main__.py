"""`python -m judge`: the command line, without what lies in the working directory.

Python puts that directory in front of everything that is installed. The tool is run in repositories under test, and
one of those may have a `click.py` of its own.
"""

import os
import sys

_INSTALLED = ("site-packages", "dist-packages")


def _leave_working_directory_out() -> None:
    here = os.path.realpath(os.curdir)
    sys.path[:] = [
        entry
        for entry in sys.path
        if os.path.realpath(entry or os.curdir) != here or os.path.basename(entry) in _INSTALLED  # noqa: PTH119 - pathlib is not imported yet
    ]


if __name__ == "__main__":
    _leave_working_directory_out()
    from judge.cli import main

    main()
