"""The maintainers' tool: finds, executes, stores, compares and reports chapters."""

import sys


def main() -> None:
    """The command `lmcourse`; says what to install when only the readers' library is there."""
    try:
        from lmcourse.runner.cli import app
    except ModuleNotFoundError as error:
        if (error.name or "").startswith("lmcourse"):
            raise
        sys.exit(f"lmcourse: {error.name} is missing: pip install 'lmcourse[run]'.")
    app()
